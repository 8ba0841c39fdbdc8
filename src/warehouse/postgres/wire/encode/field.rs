//! Fields of one column: four bytes of length (-1 for null), and the value.

use std::ops::Range;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;

use crate::warehouse::postgres::wire::error::BadValue;

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// One column of a batch, ready to be written.
pub trait FieldWriter {
    /// Adds the size of each row's field.
    fn measure(&self, rows: Range<usize>, sizes: &mut [usize]);

    /// Writes each row's field at its cursor and moves the cursor behind it.
    fn write(&self, rows: Range<usize>, cursors: &mut [usize], out: &mut [u8]) -> Result<(), BadValue>;
}

#[inline(always)]
pub fn put<const N: usize>(out: &mut [u8], cursor: &mut usize, bytes: [u8; N]) {
    out[*cursor..*cursor + N].copy_from_slice(&bytes);
    *cursor += N;
}

#[inline(always)]
pub fn put_null(out: &mut [u8], cursor: &mut usize) {
    put(out, cursor, NULL);
}

/// The field of a value of `N` bytes; `M` is `N + 4`.
#[inline(always)]
pub fn field<const N: usize, const M: usize>(value: [u8; N]) -> [u8; M] {
    let mut field = [0; M];
    field[..4].copy_from_slice(&(N as i32).to_be_bytes());
    field[4..].copy_from_slice(&value);
    field
}

/// Values that all have the same size.
pub struct Fixed<T: ArrowNativeType, F, const M: usize> {
    pub values: ScalarBuffer<T>,
    pub nulls: Option<NullBuffer>,
    pub field: F,
}

impl<T: ArrowNativeType, F: Fn(T) -> [u8; M], const M: usize> FieldWriter for Fixed<T, F, M> {
    fn measure(&self, rows: Range<usize>, sizes: &mut [usize]) {
        match &self.nulls {
            None => sizes.iter_mut().for_each(|size| *size += M),
            Some(nulls) => {
                for (row, size) in rows.zip(sizes) {
                    *size += if nulls.is_valid(row) { M } else { 4 };
                }
            }
        }
    }

    fn write(&self, rows: Range<usize>, cursors: &mut [usize], out: &mut [u8]) -> Result<(), BadValue> {
        let values = &self.values[rows.clone()];
        match &self.nulls {
            None => {
                for (value, cursor) in values.iter().zip(cursors) {
                    put(out, cursor, (self.field)(*value));
                }
            }
            Some(nulls) => {
                for ((row, value), cursor) in rows.zip(values).zip(cursors) {
                    if nulls.is_valid(row) {
                        put(out, cursor, (self.field)(*value));
                    } else {
                        put_null(out, cursor);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Nothing but nulls.
pub struct Nulls;

impl FieldWriter for Nulls {
    fn measure(&self, _: Range<usize>, sizes: &mut [usize]) {
        sizes.iter_mut().for_each(|size| *size += 4);
    }

    fn write(&self, _: Range<usize>, cursors: &mut [usize], out: &mut [u8]) -> Result<(), BadValue> {
        cursors.iter_mut().for_each(|cursor| put_null(out, cursor));
        Ok(())
    }
}

/// Fields that were put together before, one after the other, as their size could not be told without.
#[derive(Default)]
pub struct Packed {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Packed {
    pub fn with_capacity(rows: usize, bytes: usize) -> Self {
        Packed { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(rows) }
    }

    /// All fields of a column.
    pub fn of(writer: &dyn FieldWriter, rows: usize) -> Result<Self, BadValue> {
        let mut ends = vec![0; rows];
        writer.measure(0..rows, &mut ends);
        let mut total = 0;
        for end in &mut ends {
            let begin = total;
            total += *end;
            *end = begin;
        }
        let mut bytes = vec![0; total];
        // Writing moves each cursor from its field's beginning to its end.
        writer.write(0..rows, &mut ends, &mut bytes)?;
        Ok(Packed { bytes, ends })
    }

    pub fn push(&mut self, field: &[u8]) {
        self.bytes.extend_from_slice(field);
        self.ends.push(self.bytes.len());
    }

    pub fn push_null(&mut self) {
        self.push(&NULL);
    }

    /// A field of several parts.
    pub fn push_parts(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.ends.push(self.bytes.len());
    }

    /// The fields of these rows.
    pub fn fields(&self, rows: Range<usize>) -> &[u8] {
        let (begin, end) = (self.begin(rows.start), self.begin(rows.end));
        &self.bytes[begin..end]
    }

    fn begin(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.ends[row - 1] }
    }
}

impl FieldWriter for Packed {
    fn measure(&self, rows: Range<usize>, sizes: &mut [usize]) {
        let mut begin = self.begin(rows.start);
        for (end, size) in self.ends[rows].iter().zip(sizes) {
            *size += end - begin;
            begin = *end;
        }
    }

    fn write(&self, rows: Range<usize>, cursors: &mut [usize], out: &mut [u8]) -> Result<(), BadValue> {
        let mut begin = self.begin(rows.start);
        for (end, cursor) in self.ends[rows].iter().zip(cursors) {
            let field = &self.bytes[begin..*end];
            out[*cursor..*cursor + field.len()].copy_from_slice(field);
            *cursor += field.len();
            begin = *end;
        }
        Ok(())
    }
}

/// The nulls of a column; `None` if there are none.
pub fn nulls(array: &ArrayRef) -> Option<NullBuffer> {
    array.logical_nulls().filter(|nulls| nulls.null_count() > 0)
}
