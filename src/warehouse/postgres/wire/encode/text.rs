//! Values of any length: text and bytes.

use std::ops::Range;

use arrow::array::{Array, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ByteArrayType, ByteViewType};

use super::field::{FieldWriter, put, put_null};
use crate::warehouse::postgres::wire::error::BadValue;

/// Arrays whose values are bytes.
pub trait Bytes: Array {
    fn bytes(&self, row: usize) -> &[u8];
    fn size(&self, row: usize) -> usize;
}

impl<T: ByteArrayType> Bytes for GenericByteArray<T> {
    #[inline(always)]
    fn bytes(&self, row: usize) -> &[u8] {
        self.value(row).as_ref()
    }

    #[inline(always)]
    fn size(&self, row: usize) -> usize {
        self.bytes(row).len()
    }
}

impl<T: ByteViewType + ?Sized> Bytes for GenericByteViewArray<T> {
    #[inline(always)]
    fn bytes(&self, row: usize) -> &[u8] {
        self.value(row).as_ref()
    }

    #[inline(always)]
    fn size(&self, row: usize) -> usize {
        // The lower half of a view's lower half is the length.
        self.views()[row] as u32 as usize
    }
}

impl Bytes for FixedSizeBinaryArray {
    #[inline(always)]
    fn bytes(&self, row: usize) -> &[u8] {
        self.value(row)
    }

    #[inline(always)]
    fn size(&self, _: usize) -> usize {
        self.value_length() as usize
    }
}

/// What Postgres does with the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Text,
    /// Text behind the version of the format.
    Jsonb,
    Bytea,
}

pub struct Variable<A> {
    array: A,
    nulls: Option<NullBuffer>,
    content: Content,
}

impl<A: Bytes> Variable<A> {
    pub fn new(array: A, content: Content) -> Self {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Variable { array, nulls, content }
    }

    #[inline(always)]
    fn write_one(&self, row: usize, cursor: &mut usize, out: &mut [u8]) -> Result<(), BadValue> {
        let value = self.array.bytes(row);
        if self.content != Content::Bytea && memchr::memchr(0, value).is_some() {
            return Err(zero_byte(row, value));
        }
        let version = usize::from(self.content == Content::Jsonb);
        let size = i32::try_from(value.len() + version).map_err(|_| BadValue::new(row, "the value is over 2 GB"))?;
        put(out, cursor, size.to_be_bytes());
        if version == 1 {
            put(out, cursor, [1]);
        }
        out[*cursor..*cursor + value.len()].copy_from_slice(value);
        *cursor += value.len();
        Ok(())
    }
}

impl<A: Bytes> FieldWriter for Variable<A> {
    fn measure(&self, rows: Range<usize>, sizes: &mut [usize]) {
        let besides = 4 + usize::from(self.content == Content::Jsonb);
        match &self.nulls {
            None => {
                for (row, size) in rows.zip(sizes) {
                    *size += besides + self.array.size(row);
                }
            }
            Some(nulls) => {
                for (row, size) in rows.zip(sizes) {
                    *size += if nulls.is_valid(row) { besides + self.array.size(row) } else { 4 };
                }
            }
        }
    }

    fn write(&self, rows: Range<usize>, cursors: &mut [usize], out: &mut [u8]) -> Result<(), BadValue> {
        match &self.nulls {
            None => {
                for (row, cursor) in rows.zip(cursors) {
                    self.write_one(row, cursor, out)?;
                }
            }
            Some(nulls) => {
                for (row, cursor) in rows.zip(cursors) {
                    if nulls.is_valid(row) {
                        self.write_one(row, cursor, out)?;
                    } else {
                        put_null(out, cursor);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn zero_byte(row: usize, value: &[u8]) -> BadValue {
    let before: Vec<u8> = value.iter().copied().take_while(|byte| *byte != 0).collect();
    let shown: String = String::from_utf8_lossy(&before).chars().rev().take(20).collect();
    let shown: String = shown.chars().rev().collect();
    BadValue::new(
        row,
        format!(
            "the text has a zero byte after '{shown}', which Postgres cannot store; take it out, for instance with \
             replace(…, chr(0), '')"
        ),
    )
}
