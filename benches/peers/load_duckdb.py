"""Loads a CSV file into the source table of a DuckDB database, merged by key.

    python load_duckdb.py DATABASE FILE
"""

import sys

import duckdb

from duckdb_source import all_files, create_number_names, create_source


def main(database, path):
    connection = duckdb.connect(database)
    connection.execute("set preserve_insertion_order = false")
    create_number_names(connection)
    create_source(connection, all_files([path]), "loaded")
    connection.execute("create schema if not exists forex")
    connection.execute("create table if not exists forex.customer_transactions as select * from loaded limit 0")
    connection.execute("begin")
    connection.execute("delete from forex.customer_transactions where transaction_id in (select transaction_id from loaded)")
    connection.execute("insert into forex.customer_transactions select * from loaded")
    connection.execute("commit")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
