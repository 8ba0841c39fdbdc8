//! Staged rows take the place of the stored ones with their key.
//!
//! A row that stays under its key is updated, and not deleted and inserted: what others hang on it (foreign keys that
//! cascade, triggers) would see it go.

use tokio_postgres::error::SqlState;

use super::apply::{Applied, Into, matching};
use super::draft::Layer;
use super::extras::columns_of_indexes;
use super::wire::PgColumn;
use super::{failed, quote};
use crate::warehouse::WarehouseError;

pub struct Merge<'a> {
    pub into: &'a Into<'a>,
    /// Quoted.
    pub staged: &'a str,
    pub layer: &'a Layer,
    pub key: &'a [String],
    /// The columns of the table.
    pub has: &'a [PgColumn],
}

impl Merge<'_> {
    pub async fn run(&self) -> Result<Applied, WarehouseError> {
        let (table, staged, matches) = (&self.into.table, self.staged, matching("t", "s", self.key));
        // Only where a key stands once at most is there one row to update.
        if self.is_key_unique().await?
            && let Some(updated) = self.update().await?
        {
            let new = format!("{staged} s where not exists (select 1 from {table} t where {matches})");
            return Ok(Applied { inserted: self.into.insert(self.layer, &new).await?, updated, deleted: 0 });
        }
        let deleted = self.into.execute(&format!("delete from {table} t using {staged} s where {matches}")).await?;
        Ok(Applied { inserted: self.into.insert(self.layer, staged).await?, updated: 0, deleted })
    }

    async fn is_key_unique(&self) -> Result<bool, WarehouseError> {
        let mut key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        key.sort_unstable();
        let indexes = columns_of_indexes(self.into.connection, &self.into.table).await?;
        Ok(indexes.into_iter().any(|(mut columns, unique, _)| {
            columns.sort_unstable();
            unique && columns == key
        }))
    }

    /// `None` where two rows would have had one value of a unique column while the update went on.
    async fn update(&self) -> Result<Option<u64>, WarehouseError> {
        let comes = |column: &PgColumn| self.layer.columns.names().any(|name| name == column.name);
        let given = |column: &&PgColumn| !self.key.contains(&column.name) && !self.into.makes(&column.name);
        let assignments = self.has.iter().filter(given).map(|column| {
            let quoted = quote::identifier(&column.name);
            // As an inserted row would have it.
            if comes(column) { format!("{quoted} = s.{quoted}") } else { format!("{quoted} = default") }
        });
        let assignments = assignments.collect::<Vec<_>>().join(", ");
        if assignments.is_empty() {
            return Ok(None);
        }
        let (table, staged, matches) = (&self.into.table, self.staged, matching("t", "s", self.key));
        self.batch("savepoint medallion_update").await?;
        let sql = format!("update {table} t set {assignments} from {staged} s where {matches}");
        match self.into.connection.execute(&sql, &[]).await {
            Ok(updated) => {
                self.batch("release medallion_update").await?;
                Ok(Some(updated))
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                self.batch("rollback to medallion_update; release medallion_update").await?;
                Ok(None)
            }
            Err(error) => Err(failed(self.into.connection, format!("cannot write {}", self.into.name))(error)),
        }
    }

    async fn batch(&self, sql: &str) -> Result<(), WarehouseError> {
        let done = self.into.connection.batch_execute(sql).await;
        done.map_err(failed(self.into.connection, format!("cannot write {}", self.into.name)))
    }
}
