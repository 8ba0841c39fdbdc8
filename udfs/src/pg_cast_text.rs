//! `pg_cast_text(value) → text`: a number, boolean, date, timestamp or interval as PostgreSQL writes it.
//!
//! ```sql
//! SELECT pg_cast_text(5::float8), pg_cast_text(1e20::float8);              -- 5, 1e+20
//! SELECT pg_cast_text(timestamp '2023-07-25 14:05:06.250');                -- 2023-07-25 14:05:06.25
//! ```
//!
//! A cast to text, and `||` of a text and another value, are rewritten to it. A decimal is written with the decimals
//! its type has, one of any precision with those that the value needs.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal256Type, DurationMicrosecondType, Float32Type, Float64Type, IntervalMonthDayNanoType,
    IntervalUnit, TimeUnit, TimestampMicrosecondType,
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::{self, ANY_NUMERIC};
use crate::interval_text::{of_micros, write_interval};
use crate::template::calendar::{Day, MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::text::{is_text, result, rows};

/// A double is written with an exponent from 10^15 on, a real from 10^6 on, and both below 10^-4.
const DOUBLE_PLAIN_DIGITS: i32 = 15;
const REAL_PLAIN_DIGITS: i32 = 6;

/// The function; it is immutable, since neither the time zone nor the date style can be set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastText {
    signature: Signature,
}

impl Default for PgCastText {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgCastText {
    fn name(&self) -> &str {
        "pg_cast_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] => Ok(vec![castable_type(self.name(), value)?]),
            _ => plan_err!("pg_cast_text takes one argument, not {}", arg_types.len()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        result(&args, cast_text(&values)?)
    }
}

/// The type that an argument which is to be text is brought to before [`cast_text`]; a planning error when there is none.
pub(crate) fn castable_type(name: &str, data_type: &DataType) -> Result<DataType> {
    Ok(match data_type {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Date64 => DataType::Date32,
        DataType::Float16 => DataType::Float32,
        DataType::Null => DataType::Utf8,
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
        DataType::Date32 | DataType::Boolean => data_type.clone(),
        known if known.is_numeric() || is_text(known) => known.clone(),
        other => return plan_err!("{name} does not take {other}"),
    })
}

/// A column of a [`castable_type`] as text.
pub(crate) fn cast_text(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Float32 => write_all(values, |row, text| {
            let value = values.as_primitive::<Float32Type>().value(row);
            write_float(f64::from(value), &format!("{value:e}"), REAL_PLAIN_DIGITS, text);
        }),
        DataType::Float64 => write_all(values, |row, text| {
            let value = values.as_primitive::<Float64Type>().value(row);
            write_float(value, &format!("{value:e}"), DOUBLE_PLAIN_DIGITS, text);
        }),
        DataType::Date32 => write_all(values, |row, text| {
            let day = Day::from_unix(i64::from(values.as_primitive::<Date32Type>().value(row)));
            write_day(day, text);
            text.push_str(era(day));
        }),
        DataType::Timestamp(_, zone) => write_all(values, |row, text| {
            let micros = values.as_primitive::<TimestampMicrosecondType>().value(row);
            write_timestamp(micros, if zone.is_some() { "+00" } else { "" }, text);
        }),
        DataType::Interval(_) => write_all(values, |row, text| {
            write_interval(values.as_primitive::<IntervalMonthDayNanoType>().value(row), text);
        }),
        DataType::Duration(_) => write_all(values, |row, text| {
            write_interval(of_micros(values.as_primitive::<DurationMicrosecondType>().value(row)), text);
        }),
        any if any == &ANY_NUMERIC => write_all(values, |row, text| {
            any_numeric::write(values.as_primitive::<Decimal256Type>().value(row), text);
        }),
        _ => cast(values, &DataType::Utf8)?,
    })
}

/// A text column of the rows that are not null.
fn write_all(values: &ArrayRef, mut write: impl FnMut(usize, &mut String)) -> ArrayRef {
    let mut texts = StringBuilder::with_capacity(values.len(), values.len() * 8);
    let mut text = String::new();
    for row in 0..values.len() {
        if values.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        write(row, &mut text);
        texts.append_value(&text);
    }
    Arc::new(texts.finish())
}

/// `shortest` are the fewest digits that give `value` back, in the form `-1.25e-7`.
fn write_float(value: f64, shortest: &str, plain_digits: i32, text: &mut String) {
    if !value.is_finite() {
        text.push_str(match value {
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ => "NaN",
        });
        return;
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..plain_digits).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "{mantissa}e{sign}{:02}", exponent.abs());
        return;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let digits = mantissa.replace('.', "");
    text.push_str(sign);
    let point = exponent + 1;
    if point <= 0 {
        let _ = write!(text, "0.{:0>width$}", digits, width = digits.len() + point.unsigned_abs() as usize);
    } else if digits.len() <= point as usize {
        let _ = write!(text, "{digits:0<width$}", width = point as usize);
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        let _ = write!(text, "{whole}.{fraction}");
    }
}

fn write_timestamp(micros: i64, zone: &str, text: &mut String) {
    let day = Day::from_unix(micros.div_euclid(MICROS_PER_DAY));
    let micros = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    write_day(day, text);
    let _ = write!(text, " {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let digits = format!(".{fraction:06}");
        text.push_str(digits.trim_end_matches('0'));
    }
    text.push_str(zone);
    text.push_str(era(day));
}

fn write_day(day: Day, text: &mut String) {
    let year = if day.year <= 0 { 1 - day.year } else { day.year };
    let _ = write!(text, "{year:04}-{:02}-{:02}", day.month, day.day);
}

fn era(day: Day) -> &'static str {
    if day.year <= 0 { " BC" } else { "" }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::PgCastText;
    use crate::testing::{assert_calls, date, decimal, double, integer, text, timestamp};

    #[test]
    fn doubles_are_written_as_short_as_possible() {
        for (value, expected) in [
            (5.0, "5"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_calls(&PgCastText::default(), &[(&[double(value)], Some(expected))]);
        }
        let reals = [(ScalarValue::from(100_000f32), "100000"), (ScalarValue::from(1e6f32), "1e+06")];
        for (value, expected) in reals {
            assert_calls(&PgCastText::default(), &[(&[value], Some(expected))]);
        }
    }

    #[test]
    fn other_values_are_written() {
        for (value, expected) in [
            (text("a"), "a"),
            (integer(-5), "-5"),
            (decimal("1.50"), "1.50"),
            (ScalarValue::from(true), "true"),
            (date("2024-02-29"), "2024-02-29"),
            (ScalarValue::Date32(Some(-719_528)), "0001-01-01 BC"),
            (timestamp("2023-07-25", 50_706_250_000), "2023-07-25 14:05:06.25"),
            (timestamp("1969-12-31", 1), "1969-12-31 00:00:00.000001"),
            (ScalarValue::TimestampSecond(Some(0), Some("+00:00".into())), "1970-01-01 00:00:00+00"),
        ] {
            assert_calls(&PgCastText::default(), &[(&[value], Some(expected))]);
        }
    }
}
