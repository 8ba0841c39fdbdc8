"""How far a whole build on Postgres is from the least that it could take: COPY of the tables that it ends with.

After a build its tables are written to files in COPY's binary format. Then, A B A B: a first build into new databases, and
`psql \\copy … from` of these files into new tables, one after the other: without an index, with the build's own indexes made
afterwards, and with them from the start. What the build does besides, reading the CSV, computing and testing, is in its time.
A second part changes the same number of rows in tables of two sizes.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path
from statistics import median

from harness.inputs import Inputs
from harness.measure import Step, load_average, run
from harness.postgres import Cluster
from harness.postgres_tools import MedallionPostgres
from harness.tables import SCHEMAS, VIEWS
from harness.tools import REPOSITORY

TABLES = {table: place for table, place in SCHEMAS.items() if table not in VIEWS}
WAYS = {
    "bare": "COPY, no index",
    "indexed after": "COPY, then the indexes",
    "indexed before": "COPY into tables with the indexes",
}


class Floor:
    """The tables of a build as files, and what it takes to read them into new tables."""

    def __init__(self, cluster, folder: Path):
        self.cluster, self.folder = cluster, folder
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        self.tables, self.indexes = [], []
        for table, (schema, name) in TABLES.items():
            self.take(table, "data_lake" if table == "source" else "pro", schema, name)

    def take(self, table, database, schema, name):
        """A table's rows, columns and indexes."""
        columns = self.cluster.psql(database, f"""
            select string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
            from pg_attribute where attrelid = '{schema}."{name}"'::regclass and attnum > 0 and not attisdropped""")
        self.tables.append((table, columns))
        found = self.cluster.psql(database, f"select indexdef from pg_indexes where schemaname = '{schema}' and tablename = '{name}'")
        for definition in found.splitlines():
            # Without a name: those of two schemas may be the same.
            self.indexes.append(re.sub(r"INDEX \S+ ON (ONLY )?\S+ USING", f"INDEX ON {table}_new USING", definition))
        copy = f"\\copy {schema}.\"{name}\" to '{self.folder / table}' with (format binary)"
        self.cluster.psql(database, copy)

    def bytes(self):
        return sum((self.folder / table).stat().st_size for table, _ in self.tables)

    def script(self, way) -> str:
        """One psql script: each table in a transaction of its own, as COPY by hand would be."""
        copies = [f"\\copy {table}_new from '{self.folder / table}' with (format binary)" for table, _ in self.tables]
        indexes = [f"{definition};" for definition in self.indexes]
        return "\n".join({"bare": copies, "indexed after": copies + indexes, "indexed before": copies}[way])

    def prepare(self, way):
        self.cluster.drop("peer")
        self.cluster.psql("postgres", "create database peer")
        for table, columns in self.tables:
            self.cluster.psql("peer", f"create table {table}_new ({columns})")
        if way == "indexed before":
            self.cluster.psql("peer", "; ".join(self.indexes))
        self.cluster.psql("postgres", "checkpoint")

    def step(self, way) -> Step:
        self.prepare(way)
        file = self.folder / "copy.sql"
        file.write_text(self.script(way) + "\n")
        argv = self.cluster.psql_argv("peer", "")[:-2] + ["-f", file]
        return Step(WAYS[way], argv, self.folder, {})


def first_build(cluster, args, inputs, scratch, log):
    ours = MedallionPostgres(scratch / "medallion", inputs, args.binary, cluster)
    ours.prepare("first")
    cluster.psql("postgres", "checkpoint")
    return ours, run(ours.steps("first")[0], log)


def floor(cluster, args, scratch, log):
    inputs = Inputs(args.generator, args.work / "input", args.rows)
    first_build(cluster, args, inputs, scratch, log)
    files = Floor(cluster, scratch / "floor")
    builds, copies = [], {way: [] for way in WAYS}
    for number in range(args.rounds):
        builds.append(first_build(cluster, args, inputs, scratch, log)[1].seconds)
        for way in WAYS:
            copies[way].append(run(files.step(way), log).seconds)
        last = ", ".join(f"{way} {runs[-1]:.1f}" for way, runs in copies.items())
        print(f"round {number + 1}: build {builds[-1]:.1f} s, {last} (load {load_average()})", file=sys.stderr)
    print(f"\nFirst build of {args.rows:,} rows, {len(files.tables)} tables, {len(files.indexes)} indexes, {files.bytes() / 1e6:.0f} MB in COPY's format, {args.rounds} rounds:\n")
    print("| | s | build ÷ it |\n|---|--:|--:|")
    print(f"| `medallion build` | {median(builds):.2f} | |")
    for way, runs in copies.items():
        ratio = median(build / copy for build, copy in zip(builds, runs))
        print(f"| {WAYS[way]} | {median(runs):.2f} | **{ratio:.2f}** |")


def changes(cluster, args, scratch, log):
    """Builds after the same number of corrections, in tables of two sizes."""
    print(f"\n{args.changed:,} changed rows, {args.rounds} rounds (each into a database of its own):\n")
    print("| rows in the table | first build, s | build after the change, s | nothing new, s |\n|--:|--:|--:|--:|")
    found = {}
    for _ in range(args.rounds):
        for rows in args.sizes:
            # Somewhat more than are kept: the generator picks by chance.
            inputs = Inputs(args.generator, args.work / "input", rows, min(1.0, 1.2 * args.changed / rows), args.changed)
            ours, first = first_build(cluster, args, inputs, scratch, log)
            ours.prepare("changed")
            # What the first build left the server to write is no cost of the change.
            cluster.psql("pro", "checkpoint")
            changed = run(ours.steps("changed")[0], log)
            noop = run(ours.steps("noop")[0], log)
            found.setdefault(rows, []).append((first.seconds, changed.seconds, noop.seconds))
            print(f"{rows:,} rows: {found[rows][-1]} (load {load_average()})", file=sys.stderr)
    for rows, runs in found.items():
        first, changed, noop = (median(values) for values in zip(*runs))
        print(f"| {rows:,} | {first:.2f} | {changed:.2f} | {noop:.3f} |")
    medians = [median(run_[1] for run_ in runs) for runs in found.values()]
    print(f"\nLargest ÷ smallest table: {medians[-1] / medians[0]:.2f}.")


def main():
    target = REPOSITORY / "target"
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  python3 benches/peers/postgres_floor.py --rows 1000000 --rounds 3 --changed 1000 --sizes 100000,1000000",
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the first build [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--changed", type=int, default=1_000, help="rows to change in the second part [%(default)s]")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[100_000, 1_000_000], help="table sizes of the second part")
    parser.add_argument("--parts", default="floor,changes", help="[%(default)s]")
    parser.add_argument("--binary", type=Path, default=target / "release/medallion", help="[%(default)s]")
    parser.add_argument("--generator", type=Path, default=target / "release/examples/generate", help="[%(default)s]")
    parser.add_argument("--work", type=Path, default=target / "peers", help="[%(default)s]")
    args = parser.parse_args()
    for name in ("binary", "generator", "work"):
        setattr(args, name, getattr(args, name).resolve())
    scratch = args.work / "floor"
    shutil.rmtree(scratch, ignore_errors=True)
    with Cluster() as cluster:
        print(cluster.version())
        if "floor" in args.parts:
            floor(cluster, args, scratch, args.work / "floor.log")
        if "changes" in args.parts:
            changes(cluster, args, scratch, args.work / "floor.log")


if __name__ == "__main__":
    sys.exit(main())
