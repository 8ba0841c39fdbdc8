//! What can go wrong between Arrow and Postgres.

use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::warehouse::WarehouseError;

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A column of a Postgres table whose type we do not read.
    #[error(
        "column '{column}' has the Postgres type {pg_type}, which medallion does not read; leave the column out, or read a \
         view that casts it, for instance to text"
    )]
    Unreadable { column: String, pg_type: String },
    /// A column of a model whose type no Postgres column has.
    #[error("column '{column}' has type {data_type}, which a Postgres table cannot store; cast it to another type")]
    Unstorable { column: String, data_type: DataType },
    /// A model gives a column in another type than the table has.
    #[error("column '{column}' has type {data_type}, but is {pg_type} in the table; cast it to that type")]
    Mismatch { column: String, data_type: DataType, pg_type: String },
    #[error("the table has {expected} columns, and {given} were given")]
    Columns { given: usize, expected: usize },
    /// A value that the other side does not have. The first row is 1.
    #[error("column '{column}', row {row}: {message}")]
    Value { column: String, row: u64, message: String },
    /// Bytes that are no binary COPY, or one that was cut off.
    #[error("the server's rows do not read: {0}")]
    Malformed(String),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

impl WireError {
    /// The error as one of the warehouse's, that says whose column it is.
    pub fn of(self, relation: &(impl ToString + ?Sized)) -> WarehouseError {
        match self {
            WireError::Arrow(error) => WarehouseError::Arrow(error),
            error => WarehouseError::Unsupported { relation: relation.to_string(), message: error.to_string() },
        }
    }
}

/// A value that the other side does not have, before it is known whose column it is in.
#[derive(Debug)]
pub struct BadValue {
    /// Within the batch, the first is 0.
    pub row: usize,
    pub message: String,
}

impl BadValue {
    pub fn new(row: usize, message: impl Into<String>) -> Self {
        BadValue { row, message: message.into() }
    }

    pub fn at(self, column: &str, rows_before: u64) -> WireError {
        WireError::Value { column: column.to_string(), row: rows_before + self.row as u64 + 1, message: self.message }
    }
}
