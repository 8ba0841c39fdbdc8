//! Which values of a column are NULL.

use arrow::buffer::NullBuffer;

/// Grows by a byte a value and is packed to bits at the end: faster than packing one by one, and easy to take back.
#[derive(Default)]
pub(super) struct Validity {
    valid: Vec<bool>,
}

impl Validity {
    pub fn push(&mut self, valid: bool) {
        self.valid.push(valid);
    }

    /// Makes room for so many times the values there are.
    pub fn reserve(&mut self, times: usize) {
        self.valid.reserve(self.valid.len() * times);
    }

    pub fn truncate(&mut self, rows: usize) {
        self.valid.truncate(rows);
    }

    /// The packed bits, when a value is NULL; empty afterwards.
    pub fn finish(&mut self) -> Option<NullBuffer> {
        let nulls = self.valid.contains(&false).then(|| NullBuffer::from(self.valid.as_slice()));
        self.valid.clear();
        nulls
    }
}
