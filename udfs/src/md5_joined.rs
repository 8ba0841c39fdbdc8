//! `md5_joined(value, default, value, default, …) → text`: what `md5(coalesce(value, default) || …)` gives, without the
//! joined texts ever being a column. Nobody writes it: it takes the place of such calls in a plan.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::md5_column::{HEX_LENGTH, HexColumn};
use crate::text::{Text, result, rows, text_type};

/// The function; it is immutable. A null value is its default, and one without a default (where that is null) makes the
/// hash null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Md5Joined {
    signature: Signature,
}

impl Default for Md5Joined {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Md5Joined {
    fn name(&self) -> &str {
        "md5_joined"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.is_empty() || !arg_types.len().is_multiple_of(2) {
            return plan_err!("md5_joined takes pairs of a value and a default");
        }
        arg_types.iter().map(|arg_type| text_type(self.name(), arg_type)).collect()
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = rows(&args);
        let texts = args.args.iter().map(Text::of).collect::<Result<Vec<_>>>()?;
        let mut hex = HexColumn::with_capacity(rows);
        let mut joined = Vec::new();
        let mut has_value = Vec::with_capacity(rows);
        for row in 0..rows {
            joined.clear();
            let whole = texts.chunks_exact(2).all(|pair| {
                let text = pair[0].get(row).or_else(|| pair[1].get(row));
                joined.extend_from_slice(text.unwrap_or_default().as_bytes());
                text.is_some()
            });
            if whole {
                hex.push(&joined);
            }
            has_value.push(whole);
        }
        let lengths = has_value.iter().map(|has_value| if *has_value { HEX_LENGTH } else { 0 });
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = NullBuffer::from(has_value);
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        result(&args, Arc::new(StringArray::try_new(offsets, Buffer::from_vec(hex.finish()), nulls)?))
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::Md5Joined;
    use crate::testing::{assert_calls, text};

    #[test]
    fn it_is_the_hash_of_the_joined_texts() {
        let null = ScalarValue::Utf8(None);
        let view = ScalarValue::Utf8View(Some("c".to_owned()));
        assert_calls(
            &Md5Joined::default(),
            &[
                (
                    &[text("a"), null.clone(), text("b"), text("x"), view.clone(), null.clone()],
                    Some("900150983cd24fb0d6963f7d28e17f72"),
                ),
                (
                    &[null.clone(), text("a"), text("b"), null.clone(), view, null.clone()],
                    Some("900150983cd24fb0d6963f7d28e17f72"),
                ),
                (
                    &[text(""), null.clone(), text(""), null.clone(), text(""), null.clone()],
                    Some("d41d8cd98f00b204e9800998ecf8427e"),
                ),
                (&[text("a"), text("b"), null.clone(), null, text("c"), text("d")], None),
            ],
        );
    }
}
