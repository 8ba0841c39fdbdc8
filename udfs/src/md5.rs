//! `md5(text | bytea) → text`: the MD5 hash as 32 lower-case hexadecimal digits.
//!
//! ```sql
//! SELECT md5('abc');   -- 900150983cd24fb0d6963f7d28e17f72
//! ```

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use md5::{Digest, Md5 as Hasher};

use crate::text::{result, rows, text_types};

pub(crate) const HEX_LENGTH: usize = 32;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Md5 {
    signature: Signature,
}

impl Default for Md5 {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Md5 {
    fn name(&self) -> &str {
        "md5"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [DataType::Binary | DataType::LargeBinary | DataType::BinaryView] => Ok(arg_types.to_vec()),
            [DataType::FixedSizeBinary(_)] => Ok(vec![DataType::Binary]),
            _ => text_types(self.name(), arg_types, 1..=1),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        result(&args, hash_all(&values)?)
    }
}

fn hash_all(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(Arc::new(match values.data_type() {
        DataType::Utf8 => hex_column(values, values.as_string::<i32>().iter().map(|text| text.map(str::as_bytes))),
        DataType::LargeUtf8 => hex_column(values, values.as_string::<i64>().iter().map(|text| text.map(str::as_bytes))),
        DataType::Utf8View => hex_column(values, values.as_string_view().iter().map(|text| text.map(str::as_bytes))),
        DataType::Binary => hex_column(values, values.as_binary::<i32>().iter()),
        DataType::LargeBinary => hex_column(values, values.as_binary::<i64>().iter()),
        DataType::BinaryView => hex_column(values, values.as_binary_view().iter()),
        other => return exec_err!("md5 does not take {other}"),
    }?))
}

/// The hashes as one text column, written straight into its buffer; a null row has no bytes in it.
fn hex_column<'a>(values: &ArrayRef, bytes: impl Iterator<Item = Option<&'a [u8]>>) -> Result<StringArray> {
    let hashed = values.len() - values.null_count();
    let mut hex = Vec::with_capacity(hashed * HEX_LENGTH);
    let mut seen = Seen::default();
    let lengths = bytes.map(|bytes| match bytes {
        Some(bytes) => {
            hex.extend_from_slice(&seen.hash(bytes));
            HEX_LENGTH
        }
        None => 0,
    });
    let lengths: Vec<usize> = lengths.collect();
    Ok(StringArray::try_new(OffsetBuffer::from_lengths(lengths), Buffer::from_vec(hex), values.nulls().cloned())?)
}

/// Values hashed a short while ago: of a column with few different values, each is hashed once or a few times.
#[derive(Default)]
pub(crate) struct Seen {
    /// By a few of the value's bytes; a newer value takes the place of an older one.
    slots: Vec<Option<(Vec<u8>, [u8; HEX_LENGTH])>>,
    looked: u32,
    found: u32,
}

impl Seen {
    const SLOTS: usize = 1024;
    /// After so many values it is clear whether looking them up pays.
    const TRIAL: u32 = 256;

    pub(crate) fn hash(&mut self, bytes: &[u8]) -> [u8; HEX_LENGTH] {
        if self.looked >= Self::TRIAL && self.found < self.looked / 4 {
            return hex_digits(&Hasher::digest(bytes).into());
        }
        self.slots.resize(Self::SLOTS, None);
        self.looked += 1;
        match &mut self.slots[Self::slot(bytes)] {
            Some((value, hex)) if value == bytes => {
                self.found += 1;
                *hex
            }
            Some((value, hex)) => {
                value.clear();
                value.extend_from_slice(bytes);
                *hex = hex_digits(&Hasher::digest(bytes).into());
                *hex
            }
            slot => slot.insert((bytes.to_vec(), hex_digits(&Hasher::digest(bytes).into()))).1,
        }
    }

    /// From the length and four bytes at either end.
    fn slot(bytes: &[u8]) -> usize {
        let word = |part: Option<&[u8]>| {
            part.and_then(|part| part.try_into().ok()).map_or(bytes.len() as u32, u32::from_le_bytes)
        };
        let ends = u64::from(word(bytes.get(..4))) << 32 | u64::from(word(bytes.get(bytes.len().saturating_sub(4)..)));
        let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 54) as usize % Self::SLOTS
    }
}

fn hex_digits(hash: &[u8; 16]) -> [u8; HEX_LENGTH] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; HEX_LENGTH];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    hex
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing::{assert_calls, text};

    #[test]
    fn a_value_that_comes_again_has_the_same_hash() {
        let values: Vec<String> = (0..9000).map(|i| format!("{}-{}", "x".repeat(i % 3), i * i % 1500)).collect();
        let column: ArrayRef = Arc::new(StringArray::from(values.clone()));
        let hashed = hash_all(&column).unwrap();
        for (value, hash) in values.iter().zip(hashed.as_string::<i32>().iter()) {
            assert_eq!(hash.unwrap().as_bytes(), hex_digits(&Hasher::digest(value).into()), "{value}");
        }
    }

    #[test]
    fn hashes_are_lower_case_hexadecimal() {
        for (value, hash) in [
            (text(""), "d41d8cd98f00b204e9800998ecf8427e"),
            (text("abc"), "900150983cd24fb0d6963f7d28e17f72"),
            (text("äöü"), "0a09d7ee1e23c509e5e6846c86823081"),
            (ScalarValue::Utf8View(Some("abc".to_owned())), "900150983cd24fb0d6963f7d28e17f72"),
            (ScalarValue::LargeUtf8(Some("abc".to_owned())), "900150983cd24fb0d6963f7d28e17f72"),
            (ScalarValue::Binary(Some(b"abc".to_vec())), "900150983cd24fb0d6963f7d28e17f72"),
        ] {
            assert_calls(&Md5::default(), &[(&[value], Some(hash))]);
        }
        assert_calls(&Md5::default(), &[(&[ScalarValue::Utf8(None)], None)]);
    }
}
