"""What the tables of one tool hold, as JSON: for each table the rows, the keys, a sum over the hashes of all rows and of each column.

    python fingerprint.py parquet FOLDER      <table>.parquet of each table; views that are missing are computed
    python fingerprint.py csv FOLDER          <table>.csv of each table
    python fingerprint.py duckdb FILE         a DuckDB database, with the schemas that medallion has
"""

import json
import sys
from pathlib import Path

import duckdb

from harness.tables import COLUMNS, HAS_LOAD_TIMESTAMP, KEYS, SCHEMAS

TYPES = {"text": "varchar", "float": "double", "int": "integer", "date": "date", "money": "double"}

MARTS = {
    "agg_sales_monthly": """
        select year_number as year, month_of_year as month, quarter_of_year as quarter, sum(quantity * price) as monthly_revenue
        from transaction_fct join date_dim on date = transaction_date group by all""",
    "agg_sales_customer": "select customer_id, sum(quantity * price) as revenue from transaction_fct group by all",
    "agg_sales_country": """
        select country, sum(quantity * price) as monthly_revenue
        from transaction_fct join location_dim on location_dim.id = customer_location_id group by all""",
}


def relation(kind, place, table):
    """The SQL that reads a table, or None where it is not there."""
    if kind == "duckdb":
        schema, name = SCHEMAS[table]
        return f'tool."{schema}"."{name}"'
    path = Path(place) / f"{table}.{kind}"
    if not path.exists():
        return None
    if kind == "parquet":
        return f"read_parquet('{path}')"
    types = {name: TYPES[type_] for name, type_ in COLUMNS[table].items()}
    if table in HAS_LOAD_TIMESTAMP:
        types["load_timestamp"] = "varchar"
    columns = ", ".join(f"'{name}': '{type_}'" for name, type_ in types.items())
    return f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{columns}}})"


def fingerprint(connection, table):
    def exact(name, type_):
        return f'cast("{name}" as {TYPES[type_]})'

    columns = COLUMNS[table]
    hashed = {name: exact(name, type_) for name, type_ in columns.items() if type_ != "money"}
    wanted = {
        "rows": "count(*)",
        "keys": f"count(distinct {KEYS[table]})",
        "hash of rows": f"sum(hash({', '.join(hashed.values())}))",
        **{f"hash of {name}": f"sum(hash({value}))" for name, value in hashed.items()},
        **{f"sum of {name}": f"sum({exact(name, type_)})" for name, type_ in columns.items() if type_ == "money"},
        **{f"nulls of {name}": f"count(*) - count({name})" for name, type_ in columns.items() if type_ == "money"},
    }
    if table in HAS_LOAD_TIMESTAMP:
        wanted["rows of the last load"] = (
            f"(select count(*) from {table} where load_timestamp = (select max(load_timestamp) from {table}))"
        )
    values = connection.execute(f"select {', '.join(wanted.values())} from {table}").fetchone()
    return {name: value if isinstance(value, float) else str(value) for name, value in zip(wanted, values)}


def main(kind, place):
    connection = duckdb.connect()
    if kind == "duckdb":
        connection.execute(f"attach '{place}' as tool (read_only)")
    for table in COLUMNS:
        found = relation(kind, place, table)
        query = MARTS[table] if found is None and table in MARTS else f"select * from {found}"
        connection.execute(f"create temp view {table} as {query}")
    print(json.dumps({table: fingerprint(connection, table) for table in COLUMNS}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
