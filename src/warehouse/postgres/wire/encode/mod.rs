//! Record batches → binary COPY.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use bytes::BytesMut;

use super::{PgType, WireError};

/// Writes record batches as PostgreSQL's binary COPY format: [`header`](Encoder::header) once, any number of
/// [`batch`](Encoder::batch)es, [`trailer`](Encoder::trailer) once. The buffer may be sent and emptied at any point in
/// between.
#[derive(Debug)]
pub struct Encoder {
    targets: Vec<PgType>,
}

impl Encoder {
    /// For batches of `schema` into a table whose columns have the types `targets`, in the same order. A column that its
    /// target does not take is an error.
    pub fn new(schema: &Schema, targets: &[PgType]) -> Result<Self, WireError> {
        let _ = schema;
        Ok(Encoder { targets: targets.to_vec() })
    }

    pub fn header(&self, out: &mut BytesMut) {
        let _ = out;
    }

    /// Appends the rows. On an error nothing is appended.
    pub fn batch(&mut self, batch: &RecordBatch, out: &mut BytesMut) -> Result<(), WireError> {
        let _ = (batch, out, &self.targets);
        Err(WireError::Malformed("not written yet".to_string()))
    }

    pub fn trailer(&self, out: &mut BytesMut) {
        let _ = out;
    }
}
