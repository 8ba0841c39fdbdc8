"""Reads all columns of a CSV file with DuckDB, polars and pyarrow, each in a process of its own, in turns.

    python csv_readers.py FILE [ROUNDS]

medallion's own reading of the same file is measured by `cargo bench`.
"""

import resource
import subprocess
import sys
import time
from statistics import median

from duckdb_source import FILE_COLUMNS, read_csv


def duckdb(path, threads):
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute("set preserve_insertion_order = false")

    def read():
        # Every field is parsed; a table of them, which DuckDB would need longer for, is not made.
        counts = ", ".join(f"count({name})" for name in FILE_COLUMNS)
        return connection.execute(f"select count(*), {counts} from {read_csv(path)}").fetchone()[0]

    return read


def polars(path, threads):
    import os

    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    schema = {name: polars.Float64 if name in ("customer_id", "quantity") else polars.String for name in FILE_COLUMNS}
    return lambda: polars.read_csv(path, schema=schema).height


def pyarrow(path, threads):
    import pyarrow
    from pyarrow import csv

    pyarrow.set_cpu_count(threads)
    types = {name: pyarrow.float64() if name in ("customer_id", "quantity") else pyarrow.string() for name in FILE_COLUMNS}
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    return lambda: csv.read_csv(path, csv.ReadOptions(use_threads=threads > 1), convert_options=options).num_rows


READERS = {"duckdb": duckdb, "polars": polars, "pyarrow": pyarrow}


def child(name, path, threads):
    """Reads once to warm up, which is not counted, and once for the clock; starting Python is not counted either."""
    read = READERS[name](path, threads)
    read()
    cpu, start = time.process_time(), time.perf_counter()
    rows = read()
    print(rows, time.perf_counter() - start, time.process_time() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main(path, rounds):
    found = {(name, threads): [] for threads in (1, 2) for name in READERS}
    for _ in range(rounds):
        for (name, threads), runs in found.items():
            argv = [sys.executable, __file__, "--child", name, path, str(threads)]
            runs.append([float(value) for value in subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()])
    print("| reader | threads | s | CPU s | million rows/s | peak, MB |\n|---|--:|--:|--:|--:|--:|")
    for (name, threads), runs in found.items():
        rows, seconds, cpu, peak = (median(values) for values in zip(*runs))
        print(f"| {name} | {threads} | {seconds:.2f} | {cpu:.2f} | {rows / seconds / 1e6:.2f} | {peak * 1024 / 1e6:.0f} |")


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--child":
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif len(sys.argv) in (2, 3):
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 3)
    else:
        sys.exit(__doc__)
