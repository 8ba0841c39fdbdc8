//! Binary COPY → record batches.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::{PgColumn, WireError, arrow_field};

/// Reads PostgreSQL's binary COPY format, however it is cut into messages.
#[derive(Debug)]
pub struct Decoder {
    schema: SchemaRef,
}

impl Decoder {
    /// For rows of these columns, in this order. A column of an unsupported type is an error.
    pub fn new(columns: &[PgColumn]) -> Result<Self, WireError> {
        let fields: Result<Vec<_>, _> = columns.iter().map(arrow_field).collect();
        Ok(Decoder { schema: std::sync::Arc::new(arrow::datatypes::Schema::new(fields?)) })
    }

    /// How many rows a batch has at most; 8192 unless told.
    pub fn with_batch_rows(self, rows: usize) -> Self {
        let _ = rows;
        self
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Takes the next bytes, and gives the batches that they filled: mostly none.
    pub fn push(&mut self, data: &[u8]) -> Result<Vec<RecordBatch>, WireError> {
        let _ = data;
        Err(WireError::Malformed("not written yet".to_string()))
    }

    /// The rows that are left. An error if the end of the COPY was not among the bytes: the connection was cut.
    pub fn finish(self) -> Result<Option<RecordBatch>, WireError> {
        Err(WireError::Malformed("not written yet".to_string()))
    }
}
