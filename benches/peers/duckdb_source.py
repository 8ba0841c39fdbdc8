"""The source table in DuckDB's SQL: files → rows with the numbers cleaned. Used by duckdb_script.py and load_duckdb.py."""

from datetime import datetime, timedelta, timezone

from number_words import NAMES
from harness.tables import SOURCE

FILE_COLUMNS = [
    "transaction_id", "customer_id", "transaction_date", "product_id", "product_name", "quantity", "price", "tax",
    "customer_first_name", "customer_last_name", "customer_email", "customer_phone", "customer_country", "customer_city",
]


def create_number_names(connection):
    """The table that number words are looked up in."""
    rows = ", ".join(f"('{name}', {value})" for value, name in enumerate(NAMES))
    connection.execute(f"create or replace temp table number_names as select * from (values {rows}) as names(name, value)")


def read_csv(path) -> str:
    """The file's columns, with their types given: nothing is guessed, and the file is read once, on all cores."""
    types = ", ".join(
        f"'{name}': '{'DOUBLE' if name in ('customer_id', 'quantity') else 'VARCHAR'}'" for name in FILE_COLUMNS
    )
    return f"read_csv('{path}', header = true, delim = ',', quote = '\"', auto_detect = false, columns = {{{types}}})"


def load_timestamp(number: int) -> str:
    """The time of a load; each file is a second later than the one before."""
    moment = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=number)
    return f"timestamptz '{moment.isoformat()}'"


def create_source(connection, files: str, table="source"):
    """Makes the table of the source's rows, out of a relation with the file's columns and `load_timestamp`.

    Each distinct number in words is read once: the fastest of the ways that were tried.
    """
    connection.execute(f"""
        create or replace temp table raw as
        select *, try_cast(price as double) as price_number, try_cast(tax as double) as tax_number from {files}""")
    connection.execute(f"""
        create or replace temp table number_words as
        with texts as (
            select distinct unnest([case when price_number is null then price end, case when tax_number is null then tax end]) as text
            from raw where price_number is null or tax_number is null
        ), parts as (
            select text, string_split(replace(replace(replace(lower(text), '-', ' '), ',', ''), ' and ', ' '), ' thousand') as part
            from texts where text is not null
        )
        select text,
            case when len(part) = 1 then low.value
                 else 1000 * high.value + case when part[2] = '' then 0 else low.value end end as value
        from parts
        left join number_names as high on len(part) = 2 and high.name = part[1]
        left join number_names as low on low.name = trim(part[-1])""")
    columns = ", ".join(name for name in SOURCE if not name.endswith("_value"))
    connection.execute(f"""
        create or replace temp table {table} as
        select {columns}, coalesce(price_number, prices.value) as price_value, coalesce(tax_number, taxes.value) as tax_value,
            load_timestamp
        from raw
        left join number_words as prices on prices.text = case when price_number is null then price end
        left join number_words as taxes on taxes.text = case when tax_number is null then tax end""")
    connection.execute("drop table raw")


def all_files(paths) -> str:
    """The rows of several files, of which a later one replaces the rows of earlier ones by key. A file is taken to have
    each key once."""
    parts = []
    for number, path in enumerate(paths):
        later = " union all ".join(f"select transaction_id from {read_csv(other)}" for other in paths[number + 1:])
        only = f" where transaction_id not in ({later})" if later else ""
        parts.append(f"select *, {load_timestamp(number)} as load_timestamp from {read_csv(path)}{only}")
    return "(" + " union all ".join(parts) + ")"


CLEAN_DATE = """
    case when length(trim({column})) = 8 then cast(try_strptime(trim({column}), '%d-%m-%y') as date)
         else coalesce(
            try_cast(trim({column}) as date),
            cast(try_strptime(trim({column}), ['%d-%m-%Y', '%d/%m/%Y', '%Y/%m/%d', '%Y-%m-%d %H:%M:%S']) as date))
    end"""


def surrogate_key(*columns) -> str:
    """What dbt_utils.generate_surrogate_key gives."""
    return "md5(" + " || '-' || ".join(
        f"coalesce(cast({column} as varchar), '_dbt_utils_surrogate_key_null_')" for column in columns
    ) + ")"
