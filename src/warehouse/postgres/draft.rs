//! A relation on its way to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::quote;
use super::rows::Columns;
use super::spool::Spool;
use super::wire::PgColumn;
use crate::warehouse::{RelationName, StaysUnique, WarehouseError};

/// A table as it will be: what is there, and staged rows that meet it.
#[derive(Clone, Default)]
pub struct Draft {
    /// Each meets what those before it made of the table.
    pub steps: Vec<Step>,
    pub changed: bool,
    pub stays_unique: StaysUnique,
}

#[derive(Clone)]
pub enum Step {
    Rows(Layer),
    /// Rows go, by their key.
    Deletion(Deletion),
}

/// Staged keys: of rows that meet those of a table.
pub struct Keys<'a> {
    /// The temporary table with them, quoted.
    pub table: &'a str,
    pub key: &'a [String],
    pub rows: u64,
}

impl Step {
    /// The keys of which no row stays as it was; `None`: rows do not meet others.
    pub fn keys(&self) -> Option<Keys<'_>> {
        match self {
            Step::Deletion(Deletion { table, key, keys, .. }) => Some(Keys { table, key, rows: keys.rows }),
            Step::Rows(layer) => match (&layer.effect, &layer.place) {
                (Effect::Merge { unique_key }, Place::Temporary(table)) => {
                    Some(Keys { table, key: unique_key, rows: layer.spool.rows })
                }
                _ => None,
            },
        }
    }
}

/// Rows that were staged together.
#[derive(Clone)]
pub struct Layer {
    pub columns: Columns,
    pub spool: Spool,
    pub place: Place,
    pub effect: Effect,
    pub copied: Arc<Copying>,
    /// Whether the server took some out that equal those it has: the spool has them still.
    pub trimmed: bool,
}

impl Draft {
    fn first_layer(&self) -> Option<&Layer> {
        match self.steps.first()? {
            Step::Rows(layer) => Some(layer),
            Step::Deletion(_) => None,
        }
    }

    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.steps.iter().filter_map(|step| match step {
            Step::Rows(layer) => Some(layer),
            Step::Deletion(_) => None,
        })
    }

    /// The name of the new table that holds the rows, if they are not to go into the one that is there.
    pub fn new_table(&self) -> Option<&str> {
        match &self.first_layer()?.place {
            Place::New(table) => Some(table),
            Place::Temporary(_) => None,
        }
    }

    /// Whether the rows that are there play no part.
    pub fn replaces(&self) -> bool {
        self.first_layer().is_some_and(|layer| layer.effect == Effect::Replace)
    }

    /// The columns of the table, given those that it has.
    pub fn columns(&self, has: &[PgColumn]) -> Vec<PgColumn> {
        let mut columns = if self.replaces() { Vec::new() } else { has.to_vec() };
        for column in self.layers().flat_map(|layer| &layer.columns.columns) {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// How many rows the table will have, where that follows from the staged rows alone.
    pub fn rows(&self) -> Option<u64> {
        let [Step::Rows(only)] = self.steps.as_slice() else { return None };
        (only.effect == Effect::Replace).then_some(only.spool.rows)
    }

    /// Everything that is being copied for it.
    pub fn copies(&self) -> impl Iterator<Item = &Arc<Copying>> {
        self.steps.iter().map(|step| match step {
            Step::Rows(layer) => &layer.copied,
            Step::Deletion(deletion) => &deletion.copied,
        })
    }
}

/// Where the rows were copied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A new table that takes the name when the publication happens: its own name, quoted, in the relation's schema.
    New(String),
    /// A temporary table, whose rows go into the one that is there.
    Temporary(String),
}

impl Place {
    /// The name of the table, quoted, of rows of this relation.
    pub fn table(&self, relation: &RelationName) -> String {
        match self {
            Place::New(table) => format!("{}.{table}", quote::identifier(&relation.schema)),
            Place::Temporary(table) => table.clone(),
        }
    }
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
pub struct Copying {
    /// Locked while somebody waits for it: others wait as well.
    task: Mutex<Option<JoinHandle<Result<(), WarehouseError>>>>,
    wanted: Arc<AtomicBool>,
}

impl Copying {
    /// `copy` asks now and then whether the rows are still wanted.
    pub fn start<F>(copy: impl FnOnce(Arc<AtomicBool>) -> F) -> Arc<Self>
    where
        F: Future<Output = Result<(), WarehouseError>> + Send + 'static,
    {
        let wanted = Arc::new(AtomicBool::new(true));
        let task = tokio::spawn(copy(Arc::clone(&wanted)));
        Arc::new(Copying { task: Mutex::new(Some(task)), wanted })
    }

    /// Waits until all rows are on the server. An error is told once.
    pub async fn finish(&self) -> Result<(), WarehouseError> {
        let mut task = self.task.lock().await;
        match task.as_mut() {
            Some(running) => {
                let ended = running.await;
                *task = None;
                ended?
            }
            None => Ok(()),
        }
    }
}

/// Nobody needs the rows any more. The task is not aborted: others copy over the same connection, and it must leave the
/// transaction in order.
impl Drop for Copying {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}
