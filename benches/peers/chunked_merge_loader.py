"""The kind of loader that medallion replaces: the file in chunks of 1,000 rows, number words row by row, a MERGE a chunk.

    POSTGRES_HOST=… POSTGRES_PORT=… POSTGRES_USER=… python chunked_merge_loader.py FILE [ROWS_A_CHUNK]

It builds each MERGE as text, into a table without an index, and commits after each chunk.
"""

import csv
import itertools
import os
import sys
from datetime import datetime, timezone

import psycopg
from word2number import w2n

from harness.tables import SOURCE

TYPES = {"text": "text", "float": "double precision"}
COLUMNS = [*SOURCE, "load_timestamp"]


def number(text):
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return float(w2n.word_to_num(text.replace(",", "")))


def literal(value):
    if value is None or value == "":
        return "null"
    return str(value) if isinstance(value, float) else "'" + value.replace("'", "''") + "'"


def row(record, moment):
    record["price_value"], record["tax_value"] = number(record["price"]), number(record["tax"])
    record["customer_id"], record["quantity"] = number(record["customer_id"]), number(record["quantity"])
    record["load_timestamp"] = moment
    return "(" + ", ".join(literal(record[name]) for name in COLUMNS) + ")"


def merge(rows):
    casts = ", ".join(f"{name}::{TYPES[type_]} as {name}" for name, type_ in SOURCE.items())
    return f"""
        merge into forex.customer_transactions as target
        using (select {casts}, load_timestamp::timestamp as load_timestamp from (values {', '.join(rows)}) as chunk({', '.join(COLUMNS)})) as source
        on target.transaction_id = source.transaction_id
        when matched then update set {', '.join(f'{name} = source.{name}' for name in COLUMNS)}
        when not matched then insert ({', '.join(COLUMNS)}) values ({', '.join(f'source.{name}' for name in COLUMNS)})"""


def main(path, size):
    server = psycopg.connect(host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"], user=os.environ["POSTGRES_USER"], dbname="peer")
    columns = ", ".join(f"{name} {TYPES[type_]}" for name, type_ in SOURCE.items())
    server.execute("create schema if not exists forex")
    server.execute(f"create table if not exists forex.customer_transactions ({columns}, load_timestamp timestamp)")
    with open(path, newline="", encoding="utf-8") as file:
        records = csv.DictReader(file)
        while chunk := list(itertools.islice(records, size)):
            moment = datetime.now(timezone.utc).isoformat()
            server.execute(merge([row(record, moment) for record in chunk]))
            server.commit()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 1_000)
