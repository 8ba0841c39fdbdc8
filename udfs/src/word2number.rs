//! `word2number(text) → float8`: a number written in digits or in English words; anything else is null.
//!
//! ```sql
//! SELECT word2number('two hundred thousand and one');   -- 200001
//! SELECT word2number('One Hundred-and-Fifteen'), word2number('a hundred'), word2number('minus point five');
//! SELECT word2number('$1,000.5'), word2number(' 12.5 '), word2number('1e3');
//! SELECT word2number('twenty fifteen');                 -- null: not a number
//! ```
//!
//! The grammar is described at [`crate::number_text`].

use std::sync::Arc;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray, Float64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::number_text::parse_number;
use crate::text::is_text;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Word2Number {
    signature: Signature,
}

impl Default for Word2Number {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Word2Number {
    fn name(&self) -> &str {
        "word2number"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [DataType::Null] => Ok(vec![DataType::Utf8]),
            [text] if is_text(text) => Ok(vec![text.clone()]),
            [DataType::Dictionary(_, text)] if is_text(text) => Ok(arg_types.to_vec()),
            [other] => plan_err!("word2number takes text, not {other}"),
            _ => plan_err!("word2number takes one argument, not {}", arg_types.len()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(numbers(array)?)),
            [ColumnarValue::Scalar(scalar)] => {
                let number = scalar.try_as_str().flatten().and_then(|text| parse_number(text.as_bytes()));
                Ok(ColumnarValue::Scalar(ScalarValue::Float64(number)))
            }
            _ => exec_err!("word2number takes one argument"),
        }
    }
}

/// The number of every row of a text column, or of a dictionary of texts, each of whose values is read once.
fn numbers(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Utf8 => Arc::new(parse_all(array.as_string::<i32>())),
        DataType::LargeUtf8 => Arc::new(parse_all(array.as_string::<i64>())),
        DataType::Utf8View => Arc::new(parse_all(array.as_string_view())),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = numbers(dictionary.values())?;
            cast(&dictionary.with_values(values), &DataType::Float64)?
        }
        other => return exec_err!("word2number takes text, not {other}"),
    })
}

fn parse_all<'a, A: ArrayAccessor<Item = &'a str> + Copy>(texts: A) -> Float64Array {
    let mut values = Vec::with_capacity(texts.len());
    let nulls = texts.nulls();
    let valid = BooleanBuffer::collect_bool(texts.len(), |row| {
        // A null row may hold any bytes: read like the others, it is masked below.
        let number = parse_number(texts.value(row).as_bytes());
        values.push(number.unwrap_or_default());
        number.is_some()
    });
    let valid = NullBuffer::union(Some(&NullBuffer::new(valid)), nulls).filter(|all| all.null_count() > 0);
    Float64Array::new(ScalarBuffer::from(values), valid)
}

#[cfg(test)]
#[path = "word2number_tests.rs"]
mod tests;
