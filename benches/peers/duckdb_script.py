"""A hand-written DuckDB script: CSV files → the tables of the bundled project as Parquet files.

    python duckdb_script.py OUTPUT_FOLDER FILE [FILE_WITH_CORRECTIONS …]

It keeps no state, tests nothing and replaces nothing at once: each run does the whole job again.
"""

import os
import sys

import duckdb

from duckdb_source import CLEAN_DATE, all_files, create_number_names, create_source, surrogate_key

CUSTOMER = ("customer_first_name", "customer_last_name", "customer_email", "customer_phone")
TEXTS = (*CUSTOMER, "customer_country", "customer_city")

SILVER = f"""
    with trimmed as (
        select
            transaction_id as source_transaction_id,
            {CLEAN_DATE.format(column='transaction_date')} as transaction_date,
            nullif(trim(product_name), '') as product_name,
            {', '.join(f"nullif(trim({name}), '') as {name}" for name in TEXTS)},
            cast(quantity as integer) as quantity, price_value as price, tax_value as tax, load_timestamp
        from source
    )
    select
        {surrogate_key(*CUSTOMER, 'product_name', 'transaction_date')} as transaction_id,
        {surrogate_key(*CUSTOMER)} as customer_id,
        {surrogate_key('product_name')} as product_id,
        transaction_date, product_name, {', '.join(CUSTOMER)},
        {surrogate_key('customer_city', 'customer_country')} as customer_location_id,
        customer_country, customer_city, quantity, price, tax, load_timestamp, source_transaction_id
    from trimmed"""

DATE_DIM = """
    select date, cast(day(date) as double) as day_of_month, cast(month(date) as integer) as month_of_year,
        cast(year(date) as integer) as year_number, dayname(date) as day_of_week,
        cast(week(date) as integer) as week_of_year, cast(quarter(date) as integer) as quarter_of_year
    from (
        select cast(day as date) as date from generate_series(date '2020-01-01', date '2050-12-30', interval 1 day) as days(day)
        union all select null
    )"""

# Table → the query that makes it, in order.
GOLD = {
    "missing_quantity": "select * from source where quantity is null",
    "transaction_fct": """
        select transaction_id, customer_id, product_id, customer_location_id, transaction_date, quantity, price, tax, load_timestamp
        from transaction""",
    "customer_dim": """
        select customer_id as id, customer_first_name as first_name, customer_last_name as last_name, customer_email as email,
            customer_phone as phone, max(load_timestamp) as load_timestamp
        from transaction group by all""",
    "product_dim": "select product_id as id, any_value(product_name) as name, max(load_timestamp) as load_timestamp from transaction group by product_id",
    "location_dim": """
        select customer_location_id as id, any_value(customer_city) as city, any_value(customer_country) as country,
            max(load_timestamp) as load_timestamp
        from transaction group by customer_location_id""",
    "date_dim": DATE_DIM,
}


def main(folder, paths):
    os.makedirs(folder, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    create_number_names(connection)

    def write(table):
        connection.execute(f"copy {table} to '{folder}/{table}.parquet' (format parquet, compression snappy)")

    create_source(connection, all_files(paths))
    write("source")
    connection.execute(f"create temp table transaction as {SILVER}")
    write("transaction")
    for table, query in GOLD.items():
        connection.execute(f"copy ({query}) to '{folder}/{table}.parquet' (format parquet, compression snappy)")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
