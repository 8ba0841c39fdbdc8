"""A hand-written polars script: CSV files → the tables of the bundled project as Parquet files.

    python polars_script.py OUTPUT_FOLDER FILE [FILE_WITH_CORRECTIONS …]

It keeps no state, tests nothing and replaces nothing at once: each run does the whole job again. The keys come from
polars-hash, a plugin in Rust; polars itself has no md5.
"""

import os
import sys
from datetime import date, datetime, timedelta, timezone

import polars as pl
import polars_hash as plh

from duckdb_source import FILE_COLUMNS
from harness.tables import SOURCE
from number_words import NAMES

CUSTOMER = ("customer_first_name", "customer_last_name", "customer_email", "customer_phone")
TEXTS = ("product_name", *CUSTOMER, "customer_country", "customer_city")


def read(paths) -> pl.DataFrame:
    """The rows of all files, of which a later one replaces the rows of earlier ones by key."""
    schema = {name: pl.Float64 if name in ("customer_id", "quantity") else pl.String for name in FILE_COLUMNS}
    now = datetime.now(timezone.utc).replace(microsecond=0)
    rows = None
    for number, path in enumerate(paths):
        moment = pl.lit(now + timedelta(seconds=number)).alias("load_timestamp")
        part = pl.read_csv(path, schema=schema).with_columns(moment)
        rows = part if rows is None else pl.concat([rows.join(part, on="transaction_id", how="anti"), part])
    return rows


def number_words(rows: pl.DataFrame) -> pl.DataFrame:
    """The value of each distinct text that is no number in digits."""
    texts = pl.concat([
        rows.filter(pl.col(name).cast(pl.Float64, strict=False).is_null() & pl.col(name).is_not_null())[name].alias("text")
        for name in ("price", "tax")
    ]).unique()
    names = {name: float(value) for value, name in enumerate(NAMES)}
    plain = (
        pl.col("text").str.to_lowercase().str.replace_all("-", " ", literal=True).str.replace_all(",", "", literal=True)
        .str.replace_all(" and ", " ", literal=True).str.split(" thousand")
    )
    split = texts.to_frame().with_columns(part=plain)
    high, low = (
        pl.col("part").list.get(index).str.strip_chars().replace_strict(names, default=None, return_dtype=pl.Float64)
        for index in (0, -1)
    )
    value = (
        pl.when(pl.col("part").list.len() == 1).then(low)
        .when(pl.col("part").list.get(-1) == "").then(1000 * high)
        .otherwise(1000 * high + low)
    )
    return split.select("text", value.alias("value"))


def source(paths) -> pl.DataFrame:
    rows = read(paths)
    words = number_words(rows)
    for name in ("price", "tax"):
        rows = rows.join(words.rename({"value": "word_value"}), left_on=name, right_on="text", how="left").with_columns(
            pl.coalesce(pl.col(name).cast(pl.Float64, strict=False), "word_value").alias(f"{name}_value")
        ).drop("word_value")
    return rows.select(*SOURCE, "load_timestamp")


def md5_of(frame, alias, *columns):
    """A key made of each row's own values."""
    parts = [pl.col(name).cast(pl.String).fill_null("_dbt_utils_surrogate_key_null_") for name in columns]
    return frame.with_columns(pl.concat_str(parts, separator="-").alias(alias)).with_columns(plh.col(alias).nchash.md5())


def with_repeated_key(frame, alias, *columns):
    """A key made of values that repeat: each distinct one is hashed once."""
    return frame.join(md5_of(frame.select(columns).unique(), alias, *columns), on=columns, how="left", nulls_equal=True)


def clean_date():
    text = pl.col("transaction_date").str.strip_chars()
    formats = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S")
    full = pl.coalesce(text.str.to_date(pattern, strict=False) for pattern in formats)
    return pl.when(text.str.len_bytes() == 8).then(text.str.to_date("%d-%m-%y", strict=False)).otherwise(full)


def silver(rows: pl.DataFrame) -> pl.DataFrame:
    def trimmed(name):
        text = pl.col(name).str.strip_chars(" ")
        return pl.when(text != "").then(text).alias(name)

    rows = rows.select(
        clean_date().alias("transaction_date"), *map(trimmed, TEXTS), pl.col("quantity").round().cast(pl.Int32),
        pl.col("price_value").alias("price"), pl.col("tax_value").alias("tax"), "load_timestamp",
        pl.col("transaction_id").alias("source_transaction_id"),
    )
    rows = md5_of(rows, "transaction_id", *CUSTOMER, "product_name", "transaction_date")
    rows = md5_of(rows, "customer_id", *CUSTOMER)
    rows = with_repeated_key(rows, "product_id", "product_name")
    rows = with_repeated_key(rows, "customer_location_id", "customer_city", "customer_country")
    return rows.select(
        "transaction_id", "customer_id", "product_id", "transaction_date", "product_name", *CUSTOMER, "customer_location_id",
        "customer_country", "customer_city", "quantity", "price", "tax", "load_timestamp", "source_transaction_id",
    )


def dimension(rows, key, **columns):
    return rows.group_by(pl.col(key).alias("id")).agg(
        *(pl.col(column).first().alias(name) for name, column in columns.items()), pl.col("load_timestamp").max()
    )


def date_dim() -> pl.DataFrame:
    day = pl.col("date")
    days = pl.date_range(date(2020, 1, 1), date(2050, 12, 30), eager=True).alias("date").to_frame()
    return pl.concat([days, pl.DataFrame({"date": [None]}, schema={"date": pl.Date})]).with_columns(
        day.dt.day().cast(pl.Float64).alias("day_of_month"), day.dt.month().cast(pl.Int32).alias("month_of_year"),
        day.dt.year().alias("year_number"), day.dt.strftime("%A").alias("day_of_week"),
        day.dt.week().cast(pl.Int32).alias("week_of_year"), day.dt.quarter().cast(pl.Int32).alias("quarter_of_year"),
    )


def main(folder, paths):
    os.makedirs(folder, exist_ok=True)

    def write(table, frame):
        frame.write_parquet(f"{folder}/{table}.parquet", compression="snappy")

    rows = source(paths)
    write("source", rows)
    write("missing_quantity", rows.filter(pl.col("quantity").is_null()))
    rows = silver(rows)
    write("transaction", rows)
    write("transaction_fct", rows.select(
        "transaction_id", "customer_id", "product_id", "customer_location_id", "transaction_date", "quantity", "price", "tax",
        "load_timestamp",
    ))
    customer = {name.removeprefix("customer_"): name for name in CUSTOMER}
    write("customer_dim", dimension(rows, "customer_id", **customer))
    write("product_dim", dimension(rows, "product_id", name="product_name"))
    write("location_dim", dimension(rows, "customer_location_id", city="customer_city", country="customer_country"))
    write("date_dim", date_dim())


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
