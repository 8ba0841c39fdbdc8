//! What a prompt needs of the engine.

use async_trait::async_trait;
use datafusion::physical_plan::SendableRecordBatchStream;

use crate::diagnostic::Diagnostic;

/// Answers queries about a warehouse.
#[async_trait]
pub trait Session: Send + Sync {
    /// Starts a query. Dropping the stream, or this future, cancels it.
    ///
    /// # Errors
    /// For SQL that cannot be read or planned, with its place.
    async fn query(&self, sql: &str) -> Result<SendableRecordBatchStream, Diagnostic>;

    /// The tables and views that a query can name.
    fn tables(&self) -> Vec<TableEntry>;
}

/// A table or view as a query names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    /// `data_lake.forex.customer_transactions`
    pub name: String,
    /// Names and types, in the order of the table.
    pub columns: Vec<(String, String)>,
}

impl TableEntry {
    /// Whether `wanted` means this table: its name, or the end of it after a dot.
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        self.name == wanted || self.name.strip_suffix(wanted).is_some_and(|before| before.ends_with('.'))
    }
}
