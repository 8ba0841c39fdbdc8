//! A relation on its way to the server.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;

use super::rows::Columns;
use super::spool::Spool;
use crate::warehouse::WarehouseError;

/// A table as it will be: what is there, and staged rows that meet it.
#[derive(Clone)]
pub struct Draft {
    pub columns: Columns,
    pub spool: Spool,
    pub place: Place,
    pub effect: Effect,
    /// Rows that go after all that, by their key.
    pub deletions: Vec<Deletion>,
    pub changed: bool,
    pub copied: Arc<Copying>,
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
