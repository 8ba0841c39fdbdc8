//! Makes a table hold exactly the staged rows, and touches only those that differ.

use super::apply::Applied;
use super::connect::Connection;
use super::wire::{PgColumn, PgType};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Rows without a counterpart on the other side; taken away again before the transaction ends.
const PAIRS: &str = "pg_temp.medallion_pairs";

/// The rows of `staged` into `table`, both quoted. Equal rows are counted: of three that were there two stay where two
/// come. The columns are the same and stand in the same order.
pub async fn replace(
    connection: &Connection,
    name: &RelationName,
    (table, staged): (&str, &str),
    columns: &[PgColumn],
) -> Result<Applied, WarehouseError> {
    let execute = async |sql: String| {
        connection.execute(&sql, &[]).await.map_err(failed(connection, format!("cannot write {name}")))
    };
    let hashes = hashes(connection, columns);
    // Equal rows are told apart by a number.
    let rows = |of: &str| {
        format!(
            "select r.ctid as place, {hashes}, row_number() over (partition by {hashes}) as number from {of} r",
            hashes = hashes.join(", ")
        )
    };
    let alias = |side: &str| {
        let named: Vec<String> = (0..hashes.len()).map(|number| format!("h{number}")).collect();
        format!("{side} (place, {}, number)", named.join(", "))
    };
    let equal: Vec<String> = (0..hashes.len()).map(|number| format!("o.h{number} = s.h{number}")).collect();
    execute(format!(
        "create temporary table {PAIRS} as select o.place as old, s.place as new from ({}) {} full join ({}) {} \
         on {} and o.number = s.number where o.place is null or s.place is null",
        rows(table),
        alias("o"),
        rows(staged),
        alias("s"),
        equal.join(" and "),
    ))
    .await?;
    let among = |side: &str| format!("ctid = any (array(select {side} from {PAIRS} where {side} is not null))");
    let deleted = execute(format!("delete from {table} where {}", among("old"))).await?;
    let list = quote::identifiers(columns.iter().map(|column| column.name.as_str()));
    let inserted =
        execute(format!("insert into {table} ({list}) select {list} from {staged} where {}", among("new"))).await?;
    execute(format!("drop table {PAIRS}")).await?;
    Ok(Applied { inserted, updated: 0, deleted })
}

/// Expressions over a row `r` of which two rows have the same only where they are the same: 128 bits.
fn hashes(connection: &Connection, columns: &[PgColumn]) -> Vec<String> {
    // The function is there since PostgreSQL 14.
    if connection.server_major() < 14 || columns.is_empty() {
        return vec!["md5((r.*)::text)".to_string()];
    }
    let row = columns.iter().map(exact).collect::<Vec<_>>().join(", ");
    (0..2).map(|seed| format!("hash_record_extended(row({row}), {seed})")).collect()
}

/// A column as something of which equal values are the same ones. Numbers may be equal and not look the same, other
/// types have no equality; all have a text.
fn exact(column: &PgColumn) -> String {
    let value = format!("r.{}", quote::identifier(&column.name));
    match column.pg_type {
        PgType::Bool
        | PgType::Int2
        | PgType::Int4
        | PgType::Int8
        | PgType::Date
        | PgType::Time
        | PgType::Timestamp
        | PgType::Timestamptz
        | PgType::Uuid
        | PgType::Bytea => value,
        // A collation may take two texts for equal.
        PgType::Text | PgType::Varchar(_) => format!("{value} collate \"C\""),
        _ => format!("{value}::text collate \"C\""),
    }
}
