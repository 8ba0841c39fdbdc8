//! A relation on its way to the server.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;

use super::rows::Columns;
use super::spool::Spool;
use super::wire::PgColumn;
use crate::warehouse::WarehouseError;

/// A table as it will be: what is there, and staged rows that meet it.
#[derive(Clone, Default)]
pub struct Draft {
    /// Each meets what those before it made of the table.
    pub layers: Vec<Layer>,
    /// Rows that go after all that, by their key.
    pub deletions: Vec<Deletion>,
    pub changed: bool,
}

/// Rows that were staged together.
#[derive(Clone)]
pub struct Layer {
    pub columns: Columns,
    pub spool: Spool,
    pub place: Place,
    pub effect: Effect,
    pub copied: Arc<Copying>,
}

impl Draft {
    /// The name of the new table that holds the rows, if they are not to go into the one that is there.
    pub fn new_table(&self) -> Option<&str> {
        match &self.layers.first()?.place {
            Place::New(table) => Some(table),
            Place::Temporary(_) => None,
        }
    }

    /// Whether the rows that are there play no part.
    pub fn replaces(&self) -> bool {
        self.layers.first().is_some_and(|layer| layer.effect == Effect::Replace)
    }

    /// The columns of the table, given those that it has.
    pub fn columns(&self, has: &[PgColumn]) -> Vec<PgColumn> {
        let mut columns = if self.replaces() { Vec::new() } else { has.to_vec() };
        for column in self.layers.iter().flat_map(|layer| &layer.columns.columns) {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// How many rows the table will have, where that follows from the staged rows alone.
    pub fn rows(&self) -> Option<u64> {
        let [only] = self.layers.as_slice() else { return None };
        (only.effect == Effect::Replace && self.deletions.is_empty()).then_some(only.spool.rows)
    }

    /// Everything that is being copied for it.
    pub fn copies(&self) -> impl Iterator<Item = &Arc<Copying>> {
        let layers = self.layers.iter().map(|layer| &layer.copied);
        layers.chain(self.deletions.iter().map(|deletion| &deletion.copied))
    }
}

/// Where the rows were copied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A new table that takes the name when the publication happens; quoted, in the relation's own schema.
    New(String),
    /// A temporary table, whose rows go into the one that is there.
    Temporary(String),
}

/// What the rows do to those that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Replace,
    Append,
    /// They take the place of the rows with their key.
    Merge {
        unique_key: Vec<String>,
    },
}

#[derive(Clone)]
pub struct Deletion {
    pub key: Vec<String>,
    pub keys: Spool,
    /// The temporary table with the keys, quoted.
    pub table: String,
    pub copied: Arc<Copying>,
}

/// Rows being copied in the background.
pub struct Copying(Mutex<Option<JoinHandle<Result<u64, WarehouseError>>>>);

impl Copying {
    pub fn new(task: JoinHandle<Result<u64, WarehouseError>>) -> Arc<Self> {
        Arc::new(Copying(Mutex::new(Some(task))))
    }

    /// Waits until all rows are on the server. An error is told once.
    pub async fn finish(&self) -> Result<(), WarehouseError> {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match task {
            Some(task) => task.await?.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Nobody needs the rows any more.
impl Drop for Copying {
    fn drop(&mut self) {
        if let Some(task) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}
