//! Where tables live. The trait says what every warehouse promises; each implementation has a folder.
//!
//! A run reads one [`Snapshot`] and writes one [`Publication`]: tables are *staged* (computed, not yet visible), and
//! `commit` makes all of them visible at once, or none.

mod by_keys;
pub mod delta;
mod error;
pub mod keys;
mod places;
pub mod postgres;
mod settings;
pub mod state_key;
mod stays_unique;
mod types;

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::SendableRecordBatchStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use by_keys::{ByKeys, ColumnName, Keys, When};
pub use error::{WarehouseError, hint_of, may_pass};
pub use places::Places;
pub use settings::{Index, RelationSettings};
pub use stays_unique::StaysUnique;

pub use crate::relation::RelationName;

/// A place that holds tables and views in databases and schemas.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// What differs between warehouses, so that nobody has to ask for their names.
    fn capabilities(&self) -> Capabilities;

    /// All relations as they are together now, or were at `as_of`. Later publications do not change it.
    async fn snapshot(&self, as_of: AsOf) -> Result<Arc<dyn Snapshot>, WarehouseError>;

    /// Starts a publication on top of what is visible now. `writes` are the relations it may change: a warehouse that
    /// has locks waits here until nobody else is changing one of them.
    async fn begin(&self, run: RunLabel, writes: &[RelationName]) -> Result<Arc<dyn Publication>, WarehouseError>;

    /// The publications that can still be read, newest first.
    async fn history(&self) -> Result<Vec<HistoryEntry>, WarehouseError>;

    /// Makes the state after the publication `run` current again, by a publication of its own. The relations and
    /// documents of the databases in `except` stay as they are.
    async fn rollback(&self, run: &str, except: &[String], label: RunLabel) -> Result<Receipt, WarehouseError>;

    /// Forgets states that were replaced before `older_than`, and whatever only they (or dead runs) used.
    async fn clean(&self, older_than: DateTime<Utc>, dry_run: bool) -> Result<Cleaned, WarehouseError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `delta` or `postgres`.
    pub name: &'static str,
    /// Whether earlier publications can be read.
    pub history: bool,
    /// Whether hooks are run, inside the publication.
    pub hooks: bool,
    /// Rows with one of at most so many keys are found without looking at all of them.
    pub most_keys: usize,
}

/// Which state to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsOf {
    Now,
    /// After the publication of this name: its number, its run's id, or an unambiguous beginning of that.
    Run(String),
    /// After the last publication that was visible at this instant.
    Time(DateTime<Utc>),
}

/// A consistent state of all relations.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// The publication this state came from; `None` before the first.
    fn publication(&self) -> Option<&str>;

    fn relations(&self) -> Vec<RelationName>;

    fn describe(&self, name: &RelationName) -> Option<Description>;

    /// Reads a table. A view has no rows of its own: its SQL is in [`Description`].
    async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError>;

    /// The nulls in columns of a table, where they can be counted without reading them here. `None`: not so.
    async fn count_nulls(&self, _name: &RelationName, _columns: &[&str]) -> Result<Option<NullCounts>, WarehouseError> {
        Ok(None)
    }

    /// A document that a publication left, see [`Publication::put_state`].
    fn state(&self, key: &str) -> Option<Value>;

    /// The keys of documents that start with `prefix`.
    fn state_keys(&self, prefix: &str) -> Vec<String>;
}

/// What is known of a relation without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub kind: RelationKind,
    /// Of a table: changes whenever the content may have changed, and only then. Of a view: changes with its SQL.
    pub version: String,
    /// The number of rows, where the warehouse knows it at no cost.
    pub rows: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RelationKind {
    Table,
    View { sql: String },
}

/// How staged rows meet the rows that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageMode {
    /// The table becomes the staged rows. With a key, of several rows of one key one stays, as for `Merge`.
    Replace { unique_key: Vec<String> },
    /// The staged rows join those that are there.
    Append,
    /// A staged row takes the place of the rows with its key. Of several staged rows with one key the last stays,
    /// in the order of the stream.
    Merge { unique_key: Vec<String> },
    /// All rows whose key is staged go, then all staged rows come, equal keys included.
    DeleteInsert { unique_key: Vec<String> },
    /// As `Merge`, but a staged row that equals the stored one in all columns except `ignoring` is left out: the
    /// stored row stays as it is. It is what is staged first under a name: whether it is compared with rows that were
    /// staged before in the same publication is left to the warehouse.
    MergeChanged { unique_key: Vec<String>, ignoring: Vec<String> },
}

/// How many rows a table has, and how many nulls each of the columns that were asked for, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NullCounts {
    pub rows: u64,
    pub nulls: Vec<u64>,
}

/// What staging came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// Rows that will be written: inserted or taking the place of others.
    pub rows: u64,
    /// Staged rows that a later row of the same key replaced.
    pub duplicates: u64,
    /// Rows that were equal to the stored one (`MergeChanged` only).
    pub unchanged: u64,
    /// Stored rows that go.
    pub removed: u64,
    /// Whether the relation will differ from what it was.
    pub changed: bool,
}

/// What a publication changes of a table. A row that stays may be on both sides, as often on the one as on the other.
#[derive(Clone)]
pub struct Changes {
    /// Rows of the table in `base`.
    pub removed: Arc<dyn TableProvider>,
    /// Rows of the table as it will be.
    pub added: Arc<dyn TableProvider>,
}

/// Tables on their way to becoming visible together. Dropping it without `commit` leaves what readers see as it was.
#[async_trait]
pub trait Publication: Send + Sync {
    /// The state on which it stands: what this run reads.
    fn base(&self) -> Arc<dyn Snapshot>;

    /// The schema in which rows of `schema` are stored: types that the warehouse has not become the nearest that it has.
    fn storable(&self, name: &RelationName, schema: &Schema) -> Result<SchemaRef, WarehouseError>;

    /// Stages rows. The streams are partitions of one result; their order counts where `mode` says so, one stream after
    /// the other. What is staged a second time under a name meets what was staged before.
    async fn stage(
        &self,
        name: &RelationName,
        streams: Vec<SendableRecordBatchStream>,
        mode: StageMode,
    ) -> Result<Staged, WarehouseError>;

    /// Takes rows out of a table: those whose key columns equal a row of `keys`. Works on what is staged so far.
    async fn stage_delete(
        &self,
        name: &RelationName,
        unique_key: &[String],
        keys: Vec<SendableRecordBatchStream>,
    ) -> Result<Staged, WarehouseError>;

    /// Stages a view.
    fn stage_view(&self, name: &RelationName, sql: &str) -> Result<Staged, WarehouseError>;

    /// What the relation shall have beside its rows, once it is staged. Nothing, where the warehouse knows of nothing.
    fn configure(&self, _name: &RelationName, _settings: RelationSettings) {}

    /// SQL to run first and last of all in the publication. Nothing, where the warehouse has no hooks.
    fn run_hooks(&self, _first: Vec<String>, _last: Vec<String>) {}

    /// Whether a view of this warehouse can read the relation.
    fn view_can_read(&self, _name: &RelationName) -> bool {
        true
    }

    /// Forgets what was staged under this name.
    fn unstage(&self, name: &RelationName);

    /// The relations there will be.
    fn relations(&self) -> Vec<RelationName>;

    /// What the relation will be: staged, else as in `base`.
    fn describe(&self, name: &RelationName) -> Option<Description>;

    /// Reads the table as it will be.
    async fn scan_staged(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError>;

    /// As [`Snapshot::count_nulls`], of the table as it will be.
    async fn count_nulls(&self, _name: &RelationName, _columns: &[&str]) -> Result<Option<NullCounts>, WarehouseError> {
        Ok(None)
    }

    /// In which rows the table as it will be differs from the one in `base`. `None`: the warehouse does not know, or has
    /// no such table in `base`.
    async fn scan_changes(&self, _name: &RelationName) -> Result<Option<Changes>, WarehouseError> {
        Ok(None)
    }

    /// Whether each value of the column is in one row of the table at most, as it was in `base`.
    fn stays_unique(&self, _of: &ColumnName) -> bool {
        false
    }

    /// For who needs the keys of changed rows only.
    fn by_keys(&self) -> Option<&dyn ByKeys> {
        None
    }

    /// Leaves a document beside the tables, visible with them. `None` takes it away.
    fn put_state(&self, key: &str, value: Option<Value>);

    /// Makes everything visible at once. [`WarehouseError::Conflict`] when another publication changed one of the same
    /// relations in the meantime: nothing became visible, and the run can be done again.
    async fn commit(&self) -> Result<Option<Receipt>, WarehouseError>;
}

/// Who publishes, for `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLabel {
    pub invocation_id: String,
    pub command: String,
    pub target: String,
    pub started_at: DateTime<Utc>,
}

/// A publication that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The name by which `history`, `sql --as-of` and `rollback` know it.
    pub publication: String,
    pub tables: usize,
    pub views: usize,
}

/// One line of `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    pub publication: String,
    pub published_at: DateTime<Utc>,
    #[serde(flatten)]
    pub label: RunLabel,
    /// Relations that changed.
    pub relations: usize,
    /// Rows written.
    pub rows: u64,
    pub current: bool,
}

/// What `clean` removed, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    pub publications: usize,
    pub files: usize,
    pub bytes: u64,
}
