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

use crate::md5_column::{HEX_LENGTH, HexColumn};
use crate::text::{result, rows, text_types};

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
    let mut hex = HexColumn::with_capacity(hashed);
    let lengths = bytes.map(|bytes| match bytes {
        Some(bytes) => {
            hex.push(bytes);
            HEX_LENGTH
        }
        None => 0,
    });
    let lengths: Vec<usize> = lengths.collect();
    Ok(StringArray::try_new(
        OffsetBuffer::from_lengths(lengths),
        Buffer::from_vec(hex.finish()),
        values.nulls().cloned(),
    )?)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing::{assert_calls, text};

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
