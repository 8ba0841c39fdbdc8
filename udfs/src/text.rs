//! Text arguments of any Arrow encoding, for the functions that read them row by row.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, StringArray, StringBuilder, StringViewArray};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs};

/// A text argument: a constant or a column, and one `Option<&str>` a row whatever its encoding.
pub(crate) enum Text<'a> {
    Constant(Option<&'a str>),
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Text<'a> {
    /// `value` as text. An error when it is something else, which the functions' signatures rule out.
    pub(crate) fn of(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Scalar(scalar) => match scalar.try_as_str() {
                Some(text) => Ok(Self::Constant(text)),
                None => exec_err!("text expected, found {}", scalar.data_type()),
            },
            ColumnarValue::Array(array) => match array.data_type() {
                DataType::Utf8 => Ok(Self::Small(array.as_string())),
                DataType::LargeUtf8 => Ok(Self::Large(array.as_string())),
                DataType::Utf8View => Ok(Self::View(array.as_string_view())),
                other => exec_err!("text expected, found {other}"),
            },
        }
    }

    /// The text of row `row`, `None` when it is null.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Constant(text) => *text,
            Self::Small(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The types that the arguments of a function of texts are brought to: each stays as it is, a dictionary becomes plain
/// and an untyped null a text. A planning error for another type or number of arguments.
pub(crate) fn text_types(name: &str, arg_types: &[DataType], count: RangeInclusive<usize>) -> Result<Vec<DataType>> {
    if !count.contains(&arg_types.len()) {
        return plan_err!("{name} does not take {} arguments", arg_types.len());
    }
    arg_types.iter().map(|arg_type| text_type(name, arg_type)).collect()
}

/// As [`text_types`], for one argument.
pub(crate) fn text_type(name: &str, arg_type: &DataType) -> Result<DataType> {
    match arg_type {
        DataType::Null => Ok(DataType::Utf8),
        DataType::Dictionary(_, value) if is_text(value) => Ok(value.as_ref().clone()),
        text if is_text(text) => Ok(text.clone()),
        other => plan_err!("{name} takes text, not {other}: cast it to text first"),
    }
}

/// The rows that a function has to compute: one when every argument is a constant.
pub(crate) fn rows(args: &ScalarFunctionArgs) -> usize {
    if is_constant(args) { 1 } else { args.number_rows }
}

/// The computed column as a result: a constant when every argument is one.
pub(crate) fn result(args: &ScalarFunctionArgs, column: ArrayRef) -> Result<ColumnarValue> {
    if is_constant(args) {
        Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&column, 0)?))
    } else {
        Ok(ColumnarValue::Array(column))
    }
}

fn is_constant(args: &ScalarFunctionArgs) -> bool {
    args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)))
}

/// A text column made row by row; `None` is null.
pub(crate) fn collect_text<T: AsRef<str>>(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<T>>,
) -> Result<ArrayRef> {
    let mut builder = StringBuilder::with_capacity(rows, rows * 8);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(Arc::new(builder.finish()))
}
