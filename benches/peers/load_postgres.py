"""Loads a CSV file into the source table of the database `peer`, merged by key: the fast way, DuckDB reads and COPY writes.

    POSTGRES_HOST=… POSTGRES_PORT=… POSTGRES_USER=… python load_postgres.py FILE
"""

import os
import sys
import tempfile

import duckdb
import psycopg

from duckdb_source import all_files, create_number_names, create_source
from harness.tables import SOURCE

TYPES = {"text": "text", "float": "double precision"}
TABLE = f"""
    create schema if not exists forex;
    create table if not exists forex.customer_transactions (
        {', '.join(f'{name} {TYPES[type_]}' for name, type_ in SOURCE.items())}, load_timestamp timestamp,
        primary key (transaction_id));
    create temp table loaded (like forex.customer_transactions)"""
NAMES = ", ".join([*SOURCE, "load_timestamp"])


def main(path):
    source = duckdb.connect()
    create_number_names(source)
    create_source(source, all_files([path]))
    server = psycopg.connect(host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"], user=os.environ["POSTGRES_USER"], dbname="peer")
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, server:
        source.execute("set timezone = 'UTC'")
        source.execute(f"copy (select * replace (load_timestamp::timestamp as load_timestamp) from source) to '{file.name}' (format csv, header false)")
        server.execute(TABLE)
        with server.cursor().copy("copy loaded from stdin with (format csv)") as copy, open(file.name, "rb") as rows:
            while block := rows.read(1 << 20):
                copy.write(block)
        updates = ", ".join(f"{name} = excluded.{name}" for name in [*SOURCE, "load_timestamp"])
        server.execute(f"insert into forex.customer_transactions select * from loaded on conflict (transaction_id) do update set {updates}")
        server.execute("analyze forex.customer_transactions")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
