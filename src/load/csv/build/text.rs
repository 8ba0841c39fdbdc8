//! Columns of text, exactly as it stands in the file.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBufferBuilder, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use super::super::field::{FieldReader, Located, halve_quotes};
use super::super::strip::Strip;
use super::{ColumnBuilder, Failure};
use crate::load::columns::BoundColumn;

/// Values up to this length are appended as so many bytes, which is a few instructions, where copying a length that is
/// not known beforehand is a call. What is too much is taken back.
const SHORT: usize = 32;

pub(super) struct TextBuilder<'a> {
    column: &'a BoundColumn,
    reader: &'a FieldReader,
    offsets: Vec<i32>,
    values: Vec<u8>,
    /// The rows of empty texts, which are not NULL: all other values without bytes are.
    empty: Vec<usize>,
    unquoted: Vec<u8>,
}

impl<'a> TextBuilder<'a> {
    pub fn new(column: &'a BoundColumn, reader: &'a FieldReader) -> Self {
        let (values, empty, unquoted) = (Vec::new(), Vec::new(), Vec::new());
        TextBuilder { column, reader, offsets: vec![0], values, empty, unquoted }
    }

    /// Appends fields that are their own values, NULL when empty.
    fn append_plain(&mut self, strip: &Strip<'_>) {
        let values = &mut self.values;
        self.offsets.extend(strip.ranges(self.column.field).map(|(from, to)| {
            append_range(values, strip.bytes(), from, to);
            values.len() as i32
        }));
    }

    /// Appends fields of which some are quoted, or NULL without being empty.
    fn append_any(&mut self, strip: &Strip<'_>) {
        for (from, to) in strip.ranges(self.column.field) {
            let raw = &strip.bytes()[from..to];
            match self.reader.locate(raw, strip.quotes()) {
                Located::Null => {}
                Located::Text { start, end } if start == end => self.empty.push(self.offsets.len() - 1),
                Located::Text { start, end } => {
                    append_range(&mut self.values, strip.bytes(), from + start, from + end);
                }
                Located::Doubled { start, end } => {
                    let text = halve_quotes(&raw[start..end], raw[0], &mut self.unquoted);
                    self.values.extend_from_slice(text);
                }
            }
            self.offsets.push(self.values.len() as i32);
        }
    }

    /// Which values are not NULL; none when all are. Leaves no empty text noted.
    fn take_validity(&mut self) -> Option<NullBuffer> {
        let rows = self.offsets.len() - 1;
        let mut valid = BooleanBufferBuilder::new(rows);
        valid.append_buffer(&BooleanBuffer::collect_bool(rows, |row| self.offsets[row] < self.offsets[row + 1]));
        for row in self.empty.drain(..) {
            valid.set_bit(row, true);
        }
        let nulls = NullBuffer::new(valid.finish());
        (nulls.null_count() > 0).then_some(nulls)
    }

    fn check_required(&mut self, strip: &Strip<'_>, failures: &mut Vec<Failure>) {
        for (row, raw) in strip.column(self.column.field).enumerate() {
            let value = self.reader.value(raw, strip.quotes(), &mut self.unquoted);
            if value.is_none_or(|value| value.trim_ascii().is_empty()) {
                failures.push(Failure::no_value(row, self.column));
            }
        }
    }
}

/// Appends `source[from..to]`.
#[inline]
fn append_range(values: &mut Vec<u8>, source: &[u8], from: usize, to: usize) {
    let length = to - from;
    match source.get(from..).and_then(|rest| rest.first_chunk::<SHORT>()) {
        Some(chunk) if length <= SHORT => {
            values.extend_from_slice(chunk);
            values.truncate(values.len() - SHORT + length);
        }
        _ => values.extend_from_slice(&source[from..to]),
    }
}

impl ColumnBuilder for TextBuilder<'_> {
    fn append(&mut self, strip: &Strip<'_>, failures: &mut Vec<Failure>) {
        if self.reader.is_plain(strip.quotes()) {
            self.append_plain(strip);
        } else {
            self.append_any(strip);
        }
        if self.column.spec.required {
            self.check_required(strip, failures);
        }
    }

    fn reserve(&mut self, times: usize) {
        self.offsets.reserve(self.offsets.len() * times);
        self.values.reserve(self.values.len() * times);
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.empty.retain(|row| *row < rows);
        self.values.truncate(self.offsets.last().map_or(0, |end| *end as usize));
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.take_validity();
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Ok(Arc::new(StringArray::try_new(offsets, values, nulls)?))
    }

    fn take_unreadable(&mut self) -> u64 {
        0
    }
}
