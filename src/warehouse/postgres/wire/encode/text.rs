//! Values of any length: text and bytes.

use std::ops::Range;

use arrow::array::{Array, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ByteArrayType, ByteViewType};

use super::copy::copy;
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
    pub fn new(array: A, content: Content) -> Result<Self, BadValue> {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        // Postgres has no value over 1 GB; what does not fit into its size is ours to find.
        let over = |row: &usize| array.size(*row) >= i32::MAX as usize;
        match (0..array.len()).find(over) {
            Some(row) => Err(BadValue::new(row, "the value has over 2 GB; Postgres takes 1 GB")),
            None => Ok(Variable { array, nulls, content }),
        }
    }

    /// Gives whether the value has a zero byte.
    #[inline(always)]
    fn write_one(&self, row: usize, cursor: &mut usize, out: &mut [u8]) -> bool {
        let value = self.array.bytes(row);
        let version = usize::from(self.content == Content::Jsonb);
        put(out, cursor, ((value.len() + version) as u32).to_be_bytes());
        if version == 1 {
            put(out, cursor, [1]);
        }
        let zero = copy(value, &mut out[*cursor..]);
        *cursor += value.len();
        zero
    }

    #[cold]
    fn zero_byte(&self, rows: Range<usize>) -> BadValue {
        let is_valid = |row: usize| self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let mut zeros = rows.clone().filter_map(|row| {
            let value = self.array.bytes(row);
            memchr::memchr(0, value).filter(|_| is_valid(row)).map(|place| (row, &value[..place]))
        });
        let (row, before) = zeros.next().unwrap_or((rows.start, &[]));
        let before: Vec<char> = String::from_utf8_lossy(before).chars().collect();
        let shown: String = before[before.len().saturating_sub(20)..].iter().collect();
        BadValue::new(
            row,
            format!(
                "the text has a zero byte after '{shown}', which Postgres cannot store; take it out, for instance with \
                 replace(…, chr(0), '')"
            ),
        )
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
        let mut zero = false;
        match &self.nulls {
            None => {
                for (row, cursor) in rows.clone().zip(cursors) {
                    zero |= self.write_one(row, cursor, out);
                }
            }
            Some(nulls) => {
                for (row, cursor) in rows.clone().zip(cursors) {
                    if nulls.is_valid(row) {
                        zero |= self.write_one(row, cursor, out);
                    } else {
                        put_null(out, cursor);
                    }
                }
            }
        }
        if zero && self.content != Content::Bytea { Err(self.zero_byte(rows)) } else { Ok(()) }
    }
}
