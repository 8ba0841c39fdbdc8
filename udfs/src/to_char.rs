//! `to_char(value, pattern) → text`: PostgreSQL's, for dates, timestamps and numbers.
//!
//! ```sql
//! SELECT to_char(date '2023-07-25', 'FMDay, DD Month YYYY'), to_char(now(), 'YYYY-MM-DD HH24:MI:SS.US');
//! SELECT to_char(1234.5, 'FM999,990.00'), to_char(-7, 'S000');
//! ```
//!
//! Names are English and the time zone is UTC. An empty pattern gives null for a date and an empty text for a number.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::{self, ANY_NUMERIC};
use crate::pattern_cache::PatternCache;
use crate::template::calendar::MICROS_PER_DAY;
use crate::template::number::NumberTemplate;
use crate::template::{Moment, Template};
use crate::text::{Text, result, rows, text_type};

/// The function; it is immutable, since neither the time zone nor the language can be set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ToChar {
    signature: Signature,
}

impl Default for ToChar {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ToChar {
    fn name(&self) -> &str {
        "to_char"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [value, pattern] = arg_types else {
            return plan_err!("to_char takes two arguments, not {}", arg_types.len());
        };
        let value = match value {
            DataType::Date32 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(_, _) => value.clone(),
            DataType::Date64 => DataType::Date32,
            DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
                DataType::Decimal128(*precision, *scale)
            }
            DataType::Decimal256(_, _) => ANY_NUMERIC,
            DataType::UInt64 => DataType::Decimal128(20, 0),
            integer if integer.is_integer() => DataType::Int64,
            DataType::Null => DataType::Int64,
            other => return plan_err!("to_char takes a date, a timestamp or a number, not {other}"),
        };
        Ok(vec![value, text_type(self.name(), pattern)?])
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let patterns = Text::of(&args.args[1])?;
        let is_moment = matches!(values.data_type(), DataType::Date32 | DataType::Timestamp(_, _));
        let texts = if is_moment { moments(&values, &patterns)? } else { numbers(&values, &patterns)? };
        result(&args, texts)
    }
}

fn moments(values: &ArrayRef, patterns: &Text<'_>) -> Result<ArrayRef> {
    // A date is written as the timestamp with time zone of its midnight.
    let has_zone = !matches!(values.data_type(), DataType::Timestamp(_, None));
    let micros = |row: usize| match values.data_type() {
        DataType::Date32 => i64::from(values.as_primitive::<Date32Type>().value(row)) * MICROS_PER_DAY,
        _ => values.as_primitive::<TimestampMicrosecondType>().value(row),
    };
    let mut templates = PatternCache::new(|pattern, _| Ok(Template::parse(pattern)));
    let mut texts = StringBuilder::new();
    let mut text = String::new();
    for row in 0..values.len() {
        let Some(pattern) = patterns.get(row).filter(|pattern| !pattern.is_empty() && values.is_valid(row)) else {
            texts.append_null();
            continue;
        };
        text.clear();
        templates.get(pattern, "")?.write(&Moment::from_unix_micros(micros(row), has_zone), &mut text);
        texts.append_value(&text);
    }
    Ok(Arc::new(texts.finish()))
}

fn numbers(values: &ArrayRef, patterns: &Text<'_>) -> Result<ArrayRef> {
    let mut templates = PatternCache::new(|pattern, _| NumberTemplate::parse(pattern));
    let mut texts = StringBuilder::new();
    let mut text = String::new();
    for row in 0..values.len() {
        let Some(pattern) = patterns.get(row).filter(|_| values.is_valid(row)) else {
            texts.append_null();
            continue;
        };
        text.clear();
        let template = templates.get(pattern, "")?;
        match values.data_type() {
            DataType::Int64 => template.write_integer(values.as_primitive::<Int64Type>().value(row), &mut text),
            DataType::Decimal128(_, scale) => {
                template.write_decimal(values.as_primitive::<Decimal128Type>().value(row), *scale, &mut text);
            }
            DataType::Decimal256(_, _) => {
                let (value, scale) = any_numeric::short(values.as_primitive::<Decimal256Type>().value(row));
                template.write_decimal(value, scale, &mut text);
            }
            DataType::Float32 => template.write_real(values.as_primitive::<Float32Type>().value(row), &mut text),
            DataType::Float64 => template.write_double(values.as_primitive::<Float64Type>().value(row), &mut text),
            other => return exec_err!("to_char does not take {other}"),
        }
        texts.append_value(&text);
    }
    Ok(Arc::new(texts.finish()))
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::ToChar;
    use crate::testing::{assert_calls, date, decimal, double, integer, text, timestamp};

    #[test]
    fn moments_and_numbers_are_written() {
        let zoned = ScalarValue::TimestampNanosecond(Some(1_690_293_906_250_000_000), Some("+00:00".into()));
        for (value, pattern, expected) in [
            (date("2023-07-25"), "FMDay, DD Mon YYYY TZ", Some("Tuesday, 25 Jul 2023 UTC")),
            (timestamp("2023-07-25", 50_706_250_000), "HH24:MI:SS.US TZ", Some("14:05:06.250000 ")),
            (zoned, "HH12:MI AM TZ", Some("02:05 PM UTC")),
            (date("2023-07-25"), "", None),
            (integer(7), "S000", Some("+007")),
            (integer(99), "9EEEE", Some(" 1e+02")),
            (decimal("99"), "9EEEE", Some(" 10e+01")),
            (decimal("1234.5"), "FM999,990.00", Some("1,234.50")),
            (double(-0.5), "0.0", Some("-0.5")),
            (ScalarValue::from(1.25f32), "9.9", Some(" 1.2")),
            (integer(1), "", Some("")),
        ] {
            assert_calls(&ToChar::default(), &[(&[value, text(pattern)], expected)]);
        }
    }
}
