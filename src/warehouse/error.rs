//! What can go wrong in a warehouse.

use datafusion::error::DataFusionError;

use super::RelationName;
use super::postgres::connect::ServerError;
use crate::diagnostic::Diagnostic;

#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// Another publication changed the same relation first. Nothing of this one is visible.
    #[error("another run published {relation} at the same time")]
    Conflict { relation: String },
    /// Another program wrote the very log entry that a publication, which is visible by now, was about to write. The
    /// table is that program's, and the run can be done again.
    #[error(
        "another program wrote version {version} of the Delta table {dir} at the same moment, in place of this run"
    )]
    Overtaken { dir: String, version: u64 },
    #[error("there is no table {0}")]
    NoSuchRelation(RelationName),
    /// `as_of` or `rollback` named a publication that is not there, or several.
    #[error("{0}")]
    NoSuchPublication(String),
    #[error("{relation}: {message}")]
    Unsupported { relation: String, message: String },
    /// A document of ours that does not read: somebody edited it, or a newer medallion wrote it.
    #[error("{path}: {message}")]
    Corrupt { path: String, message: String },
    #[error("{action}: {source}")]
    Store { action: String, source: object_store::Error },
    #[error("{action}: {source}")]
    Delta { action: String, source: Box<deltalake::DeltaTableError> },
    /// The rows to be staged could not be computed.
    #[error(transparent)]
    Query(#[from] DataFusionError),
    #[error("cannot write Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    #[error("{0}")]
    Task(String),
    /// A PostgreSQL server, or the way to it.
    #[error(transparent)]
    Server(Box<ServerError>),
}

impl WarehouseError {
    pub(crate) fn store(action: impl Into<String>) -> impl FnOnce(object_store::Error) -> Self {
        let action = action.into();
        move |source| WarehouseError::Store { action, source }
    }

    pub(crate) fn delta(action: impl Into<String>) -> impl FnOnce(deltalake::DeltaTableError) -> Self {
        let action = action.into();
        move |source| WarehouseError::Delta { action, source: Box::new(source) }
    }
}

impl WarehouseError {
    /// What to do next, where the error knows.
    pub fn hint(&self) -> Option<&str> {
        match self {
            WarehouseError::Server(error) => error.hint.as_deref(),
            WarehouseError::Query(error) => hint_of(error),
            _ => None,
        }
    }

    /// Whether nothing of this run is visible, and the same done again from its start may succeed with nothing changed.
    pub fn may_pass(&self) -> bool {
        match self {
            WarehouseError::Conflict { .. } | WarehouseError::Overtaken { .. } => true,
            WarehouseError::Server(error) => error.kind.can_be_repeated(),
            WarehouseError::Query(error) => may_pass(error),
            _ => false,
        }
    }
}

/// Whether a query stumbled over an error of the warehouse that may pass.
pub fn may_pass(error: &DataFusionError) -> bool {
    let DataFusionError::External(source) = error.find_root() else { return false };
    let server = source.downcast_ref::<ServerError>().is_some_and(|error| error.kind.can_be_repeated());
    server || source.downcast_ref::<WarehouseError>().is_some_and(WarehouseError::may_pass)
}

/// The hint of the warehouse's error that a query stumbled over, if it was one.
pub fn hint_of(error: &DataFusionError) -> Option<&str> {
    let DataFusionError::External(source) = error.find_root() else { return None };
    let server = || source.downcast_ref::<ServerError>().and_then(|error| error.hint.as_deref());
    source.downcast_ref::<WarehouseError>().and_then(WarehouseError::hint).or_else(server)
}

/// For users: the message, and the hint where there is one.
impl From<WarehouseError> for Diagnostic {
    fn from(error: WarehouseError) -> Self {
        let told = Diagnostic::new(error.to_string()).may_pass(error.may_pass());
        match error.hint() {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}

impl From<ServerError> for WarehouseError {
    fn from(error: ServerError) -> Self {
        WarehouseError::Server(Box::new(error))
    }
}

/// For a query that reads from a warehouse.
impl From<WarehouseError> for DataFusionError {
    fn from(error: WarehouseError) -> Self {
        match error {
            WarehouseError::Query(error) => error,
            other => DataFusionError::External(Box::new(other)),
        }
    }
}

impl From<tokio::task::JoinError> for WarehouseError {
    fn from(error: tokio::task::JoinError) -> Self {
        WarehouseError::Task(format!("a worker stopped: {error}"))
    }
}
