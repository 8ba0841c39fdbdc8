//! Staged rows meet those that are there, on the server, inside the transaction that publishes.
//!
//! A table that keeps its columns is changed in place, row by row: a reader whose transaction began before goes on to see
//! the old rows, and whoever begins after sees the new ones. A table that takes another's place by name would be empty to
//! the former.

use super::connect::Connection;
use super::draft::{Draft, Effect, Place};
use super::wire::{PgColumn, PgType};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// How many rows a table gained and lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub inserted: u64,
    pub deleted: u64,
}

/// From so many rows on, a temporary table is analyzed: without that the server plans for a handful.
const WORTH_ANALYZING: u64 = 1000;

/// Applies the draft to the table that is there. A new table has its rows already.
pub async fn apply(
    connection: &Connection,
    name: &RelationName,
    draft: &Draft,
    has: &[PgColumn],
) -> Result<Applied, WarehouseError> {
    let mut applied = Applied::default();
    let table = match &draft.place {
        Place::New(new) => {
            applied.inserted = draft.spool.rows;
            format!("{}.{new}", quote::identifier(&name.schema))
        }
        Place::Temporary(staged) => {
            add_columns(connection, name, draft, has).await?;
            applied = meet(connection, name, draft, staged).await?;
            quote::relation(name)
        }
    };
    for deletion in &draft.deletions {
        analyze(connection, &deletion.table, deletion.keys.rows).await?;
        let matches = matching("t", "k", &deletion.key);
        let sql = format!("delete from {table} t using {} k where {matches}", deletion.table);
        applied.deleted += execute(connection, name, &sql).await?;
    }
    Ok(applied)
}

async fn meet(
    connection: &Connection,
    name: &RelationName,
    draft: &Draft,
    staged: &str,
) -> Result<Applied, WarehouseError> {
    analyze(connection, staged, draft.spool.rows).await?;
    let table = quote::relation(name);
    let columns = quote::identifiers(draft.columns.names());
    let mut applied = Applied::default();
    match &draft.effect {
        Effect::Append => {}
        Effect::Merge { unique_key } => {
            let sql = format!("delete from {table} t using {staged} s where {}", matching("t", "s", unique_key));
            applied.deleted = execute(connection, name, &sql).await?;
        }
        Effect::Replace => return replace(connection, name, staged, &columns).await,
    }
    let sql = format!("insert into {table} ({columns}) select {columns} from {staged}");
    applied.inserted = execute(connection, name, &sql).await?;
    Ok(applied)
}

/// Makes the table hold exactly the staged rows, equal rows counted, and touches only those that differ. The columns
/// are the same and stand in the same order.
async fn replace(
    connection: &Connection,
    name: &RelationName,
    staged: &str,
    columns: &str,
) -> Result<Applied, WarehouseError> {
    let table = quote::relation(name);
    // Rows as text: two types in a hundred have no equality, and all have a text. Equal rows are told apart by number.
    let rows = |of: &str, place: &str| {
        format!("select {place}, md5(r::text) as h, row_number() over (partition by md5(r::text)) as n from {of} r")
    };
    let missing = format!(
        "delete from {table} where ctid in (select c from ({}) o where not exists \
         (select 1 from ({}) s where s.h = o.h and s.n = o.n))",
        rows(&table, "r.ctid as c"),
        rows(staged, "1 as c")
    );
    let deleted = execute(connection, name, &missing).await?;
    let new = format!(
        "insert into {table} ({columns}) select {columns} from (select r.*, md5(r::text) as medallion_h, \
         row_number() over (partition by md5(r::text)) as medallion_n from {staged} r) s where not exists \
         (select 1 from ({}) o where o.h = s.medallion_h and o.n = s.medallion_n)",
        rows(&table, "1 as c")
    );
    Ok(Applied { inserted: execute(connection, name, &new).await?, deleted })
}

/// Adds the columns that the rows have and the table has not.
async fn add_columns(
    connection: &Connection,
    name: &RelationName,
    draft: &Draft,
    has: &[PgColumn],
) -> Result<(), WarehouseError> {
    let new = draft.columns.columns.iter().filter(|column| !has.iter().any(|had| had.name == column.name));
    let clauses: Vec<String> =
        new.map(|column| format!("add column {} {}", quote::identifier(&column.name), column.pg_type.sql())).collect();
    if !clauses.is_empty() {
        execute(connection, name, &format!("alter table {} {}", quote::relation(name), clauses.join(", "))).await?;
    }
    Ok(())
}

/// Takes out of the staged rows those that equal the stored one in all columns but `ignoring`. Gives how many.
pub async fn leave_unchanged(
    connection: &Connection,
    name: &RelationName,
    draft: &Draft,
    staged: &str,
    unique_key: &[String],
    ignoring: &[String],
) -> Result<u64, WarehouseError> {
    analyze(connection, staged, draft.spool.rows).await?;
    let compared = draft.columns.columns.iter().filter(|column| !ignoring.contains(&column.name));
    let values = |alias: &str| {
        let value = |column: &PgColumn| {
            let value = format!("{alias}.{}", quote::identifier(&column.name));
            // json has no equality.
            if column.pg_type == PgType::Json { format!("{value}::text") } else { value }
        };
        compared.clone().map(value).collect::<Vec<_>>().join(", ")
    };
    let sql = format!(
        "delete from {staged} s using {} t where {} and row({}) is not distinct from row({})",
        quote::relation(name),
        matching("s", "t", unique_key),
        values("s"),
        values("t")
    );
    execute(connection, name, &sql).await
}

fn matching(left: &str, right: &str, key: &[String]) -> String {
    let equal = |column: &String| format!("{left}.{0} = {right}.{0}", quote::identifier(column));
    key.iter().map(equal).collect::<Vec<_>>().join(" and ")
}

async fn analyze(connection: &Connection, table: &str, rows: u64) -> Result<(), WarehouseError> {
    if rows < WORTH_ANALYZING {
        return Ok(());
    }
    connection
        .batch_execute(&format!("analyze {table}"))
        .await
        .map_err(failed(connection, "cannot analyze staged rows"))
}

async fn execute(connection: &Connection, name: &RelationName, sql: &str) -> Result<u64, WarehouseError> {
    connection.execute(sql, &[]).await.map_err(failed(connection, format!("cannot write {name}")))
}
