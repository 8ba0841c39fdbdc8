//! Staged rows meet those that are there, on the server, inside the transaction that publishes.
//!
//! A table that keeps its columns is changed in place, row by row: a reader whose transaction began before goes on to see
//! the old rows, and whoever begins after sees the new ones. A table that takes another's place by name would be empty to
//! the former.

use super::connect::Connection;
use super::draft::{Draft, Effect, Layer, Place, Step};
use super::merge::Merge;
use super::replace::replace;
use super::snapshot::PgSnapshot;
use super::tally::{Nulls, Tally};
use super::wire::{PgColumn, PgType};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// How many rows a table gained and lost, and how many took the place of others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub inserted: u64,
    pub updated: u64,
    pub deleted: u64,
}

/// Applies the draft to the table that is there, or to the new one, which has the first of its rows already. Gives also the
/// nulls of the columns then, where they are known.
pub async fn apply(
    connection: &Connection,
    base: &PgSnapshot,
    (name, draft): (&RelationName, &Draft),
    has: &[PgColumn],
) -> Result<(Applied, Option<Nulls>), WarehouseError> {
    let table = table_of(name, draft);
    let generated = if draft.new_table().is_some() { Vec::new() } else { generated(connection, &table).await? };
    let into = Into { connection, name, table, generated };
    let mut tally = Tally::begin(&into, base, draft).await?;
    let mut applied = Applied::default();
    let mut has = has.to_vec();
    for step in &draft.steps {
        match step {
            Step::Rows(layer) => match &layer.place {
                Place::New(_) => {
                    applied.inserted += layer.spool.rows;
                    has.clone_from(&layer.columns.columns);
                    tally.come(layer, &into.table, &has).await?;
                }
                Place::Temporary(staged) => {
                    into.add_columns(layer, &mut has).await?;
                    if matches!(layer.effect, Effect::Merge { .. }) {
                        analyze(connection, staged, layer.spool.rows).await?;
                    }
                    tally.come(layer, staged, &has).await?;
                    let met = into.meet(layer, staged, &has).await?;
                    applied.inserted += met.inserted;
                    applied.updated += met.updated;
                    applied.deleted += met.deleted;
                }
            },
            Step::Deletion(deletion) => {
                analyze(connection, &deletion.table, deletion.keys.rows).await?;
                tally.go(&deletion.table, &deletion.key, deletion.keys.rows).await?;
                let matches = matching("t", "k", &deletion.key);
                let sql = format!("delete from {} t using {} k where {matches}", into.table, deletion.table);
                applied.deleted += into.execute(&sql).await?;
            }
        }
    }
    Ok((applied, tally.end(&has).await?))
}

/// The table that a draft's rows are in, or go into: quoted.
pub fn table_of(name: &RelationName, draft: &Draft) -> String {
    match draft.new_table() {
        Some(new) => format!("{}.{new}", quote::identifier(&name.schema)),
        None => quote::relation(name),
    }
}

/// A table that rows go into.
pub struct Into<'a> {
    pub connection: &'a Connection,
    pub name: &'a RelationName,
    /// Quoted.
    pub table: String,
    /// Columns whose values the server alone makes.
    pub generated: Vec<String>,
}

async fn generated(connection: &Connection, table: &str) -> Result<Vec<String>, WarehouseError> {
    const GENERATED: &str = "
    select attname::text from pg_catalog.pg_attribute
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and (attgenerated <> '' or attidentity = 'a')";
    let rows = connection.query(GENERATED, &[&table]).await;
    let rows = rows.map_err(failed(connection, format!("cannot read the columns of {table}")))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

impl Into<'_> {
    async fn meet(&self, layer: &Layer, staged: &str, has: &[PgColumn]) -> Result<Applied, WarehouseError> {
        let (connection, name, table) = (self.connection, self.name, self.table.as_str());
        match &layer.effect {
            Effect::Replace => replace(connection, name, (table, staged), &layer.columns.columns).await,
            Effect::Append => Ok(Applied { inserted: self.insert(layer, staged).await?, ..Applied::default() }),
            Effect::Merge { unique_key } => Merge { into: self, staged, layer, key: unique_key, has }.run().await,
        }
    }

    /// The rows of `from`, a staged table of the layer or some of its rows.
    pub async fn insert(&self, layer: &Layer, from: &str) -> Result<u64, WarehouseError> {
        let columns = quote::identifiers(layer.columns.names().filter(|name| !self.makes(name)));
        self.execute(&format!("insert into {} ({columns}) select {columns} from {from}", self.table)).await
    }

    /// Whether the server alone makes the column's values.
    pub fn makes(&self, column: &str) -> bool {
        self.generated.iter().any(|generated| generated == column)
    }

    /// Adds the columns that the rows have and the table has not.
    async fn add_columns(&self, layer: &Layer, has: &mut Vec<PgColumn>) -> Result<(), WarehouseError> {
        let new: Vec<PgColumn> = layer
            .columns
            .columns
            .iter()
            .filter(|column| !has.iter().any(|had| had.name == column.name))
            .cloned()
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let add =
            |column: &PgColumn| format!("add column {} {}", quote::identifier(&column.name), column.pg_type.sql());
        let clauses: Vec<String> = new.iter().map(add).collect();
        self.execute(&format!("alter table {} {}", self.table, clauses.join(", "))).await?;
        has.extend(new);
        Ok(())
    }

    pub async fn execute(&self, sql: &str) -> Result<u64, WarehouseError> {
        execute(self.connection, self.name, sql).await
    }
}

/// By what staged rows are told from stored ones.
pub struct Compared<'a> {
    /// The columns of the stored rows.
    pub has: &'a [PgColumn],
    pub key: &'a [String],
    pub ignoring: &'a [String],
}

/// Takes out of the staged rows those that equal the stored one in all columns but the ignored ones. Gives how many.
pub async fn leave_unchanged(
    connection: &Connection,
    name: &RelationName,
    layer: &Layer,
    staged: &str,
    compared: &Compared<'_>,
) -> Result<u64, WarehouseError> {
    analyze(connection, staged, layer.spool.rows).await?;
    let comes = &layer.columns.columns;
    let missing = |column: &PgColumn, columns: &[PgColumn]| columns.iter().all(|known| known.name != column.name);
    let all = comes.iter().chain(compared.has.iter().filter(|column| missing(column, comes)));
    let all = all.filter(|column| !compared.ignoring.contains(&column.name));
    // A column that one side has not is null there.
    let values = |alias: &str, columns: &[PgColumn]| {
        let value = |column: &PgColumn| match &column.pg_type {
            _ if missing(column, columns) => format!("null::{}", column.pg_type.sql()),
            // json has no equality.
            PgType::Json => format!("{alias}.{}::text", quote::identifier(&column.name)),
            PgType::Array { element, .. } if **element == PgType::Json => {
                format!("{alias}.{}::text", quote::identifier(&column.name))
            }
            _ => format!("{alias}.{}", quote::identifier(&column.name)),
        };
        all.clone().map(value).collect::<Vec<_>>().join(", ")
    };
    let sql = format!(
        "delete from {staged} s using {} t where {} and row({}) is not distinct from row({})",
        quote::relation(name),
        matching("s", "t", compared.key),
        values("s", comes),
        values("t", compared.has)
    );
    execute(connection, name, &sql).await
}

pub fn matching(left: &str, right: &str, key: &[String]) -> String {
    let equal = |column: &String| format!("{left}.{0} = {right}.{0}", quote::identifier(column));
    key.iter().map(equal).collect::<Vec<_>>().join(" and ")
}

/// Of a temporary table that has not been analyzed, the server takes it that it has thousands of rows, and reads another
/// one whole for the sake of twenty.
pub async fn analyze(connection: &Connection, table: &str, rows: u64) -> Result<(), WarehouseError> {
    if rows == 0 {
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
