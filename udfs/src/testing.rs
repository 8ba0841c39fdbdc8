//! What the tests of the functions share.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{Field, FieldRef};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl};

use crate::pg_cast_text::cast_text;
use crate::template::strict::StrictTemplate;

/// Checks calls: their arguments, and the result as PostgreSQL writes it. Each call is made with constants, with columns
/// of several rows in which a row of nulls is null, with a part of a column, and with columns without rows.
pub(crate) fn assert_calls(function: &impl ScalarUDFImpl, calls: &[(&[ScalarValue], Option<&str>)]) {
    for (args, expected) in calls {
        let value = call(function, args).expect("a value");
        let text = cast_text(&value.to_array().expect("an array")).expect("a text");
        let text = ScalarValue::try_from_array(&text, 0).expect("a row");
        assert_eq!(text.try_as_str().flatten(), *expected, "{}{args:?}", function.name());
    }
}

/// Checks that calls are errors with this message.
pub(crate) fn assert_errors(function: &impl ScalarUDFImpl, calls: &[(&[ScalarValue], &str)]) {
    for (args, message) in calls {
        let error = call(function, args).expect_err("an error").to_string();
        assert!(error.contains(message), "{}{args:?}: {error}", function.name());
    }
}

/// The value for constant arguments, which is that for columns too.
pub(crate) fn call(function: &impl ScalarUDFImpl, args: &[ScalarValue]) -> Result<ScalarValue> {
    let constants: Vec<_> = args.iter().cloned().map(ColumnarValue::Scalar).collect();
    let ColumnarValue::Scalar(value) = invoke(function, &constants, 1)? else { panic!("a constant for constants") };

    let columns: Vec<ArrayRef> = args.iter().map(column).collect();
    // Where a constant decides on the decimals of the result, a column of it does not.
    let whole = cast(&array(function, &columns, 4), &value.data_type())?;
    assert_eq!(whole.len(), 4);
    for row in [0, 2, 3] {
        assert_eq!(ScalarValue::try_from_array(&whole, row)?, value, "row {row} of {}{args:?}", function.name());
    }
    if !function.name().starts_with("concat") {
        assert!(whole.is_null(1), "{} of nulls", function.name());
    }
    let part: Vec<ArrayRef> = columns.iter().map(|column| column.slice(2, 2)).collect();
    assert_eq!(&cast(&array(function, &part, 2), &value.data_type())?, &whole.slice(2, 2));
    let empty: Vec<ArrayRef> = columns.iter().map(|column| column.slice(0, 0)).collect();
    assert_eq!(array(function, &empty, 0).len(), 0);
    Ok(value)
}

/// Four rows: the value, null, the value, the value.
fn column(value: &ScalarValue) -> ArrayRef {
    let null = ScalarValue::try_from(value.data_type()).expect("a null");
    let rows = [value.clone(), null, value.clone(), value.clone()];
    ScalarValue::iter_to_array(rows).expect("a column")
}

fn array(function: &impl ScalarUDFImpl, columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let columns: Vec<_> = columns.iter().map(|column| ColumnarValue::Array(Arc::clone(column))).collect();
    let ColumnarValue::Array(array) = invoke(function, &columns, rows).expect("values") else { panic!("a column") };
    array
}

/// Calls the function as a plan does: its arguments cast to the types it asks for.
fn invoke(function: &impl ScalarUDFImpl, args: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
    let types: Vec<_> = args.iter().map(ColumnarValue::data_type).collect();
    let types = function.coerce_types(&types)?;
    let args: Vec<_> = args.iter().zip(&types).map(|(arg, to)| arg.cast_to(to, None)).collect::<Result<_>>()?;
    let arg_fields: Vec<FieldRef> = types.into_iter().map(|to| Arc::new(Field::new("argument", to, true))).collect();
    let scalar_arguments: Vec<Option<&ScalarValue>> = args.iter().map(constant).collect();
    let fields = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &scalar_arguments };
    let return_field = function.return_field_from_args(fields)?;
    let config_options = Arc::new(ConfigOptions::default());
    function.invoke_with_args(ScalarFunctionArgs { args, arg_fields, number_rows: rows, return_field, config_options })
}

fn constant(value: &ColumnarValue) -> Option<&ScalarValue> {
    match value {
        ColumnarValue::Scalar(scalar) => Some(scalar),
        ColumnarValue::Array(_) => None,
    }
}

pub(crate) fn text(value: &str) -> ScalarValue {
    ScalarValue::from(value)
}

pub(crate) fn double(value: f64) -> ScalarValue {
    ScalarValue::from(value)
}

pub(crate) fn integer(value: i64) -> ScalarValue {
    ScalarValue::from(value)
}

/// A decimal of 20 digits with the decimals that are written.
pub(crate) fn decimal(value: &str) -> ScalarValue {
    let decimals = value.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits = value.replace('.', "").parse().expect("digits");
    ScalarValue::Decimal128(Some(digits), 20, decimals as i8)
}

/// A date written YYYY-MM-DD.
pub(crate) fn date(value: &str) -> ScalarValue {
    let template = StrictTemplate::parse("YYYY-MM-DD").expect("a pattern");
    ScalarValue::Date32(Some(template.date(value).expect("a date")))
}

/// A timestamp without time zone: a date and the microseconds since its midnight.
pub(crate) fn timestamp(day: &str, micros: i64) -> ScalarValue {
    let ScalarValue::Date32(Some(days)) = date(day) else { panic!("a date") };
    ScalarValue::TimestampMicrosecond(Some(i64::from(days) * 86_400_000_000 + micros), None)
}
