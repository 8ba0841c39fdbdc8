//! What reads a column.

use std::sync::Arc;

use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};

use super::field::{Booleans, FieldReader, Fixed};
use super::list::Lists;
use super::numeric::{Decimals128, Decimals256};
use super::text::{Content, Variable};
use crate::warehouse::postgres::wire::{EPOCH_DAYS, EPOCH_MICROS, PgType};

type Reader = Box<dyn FieldReader>;

/// For a column whose Arrow type is by [`arrow_field`](super::super::arrow_field).
pub fn reader(pg_type: &PgType, data_type: &DataType) -> Option<Reader> {
    Some(match (pg_type, data_type) {
        (PgType::Bool, _) => Box::new(Booleans::new()),
        (PgType::Int2, _) => fixed::<Int16Type, _, 2>(data_type, |bytes| Ok(i16::from_be_bytes(bytes))),
        (PgType::Int4, _) => fixed::<Int32Type, _, 4>(data_type, |bytes| Ok(i32::from_be_bytes(bytes))),
        (PgType::Int8, _) => fixed::<Int64Type, _, 8>(data_type, |bytes| Ok(i64::from_be_bytes(bytes))),
        (PgType::Oid, _) => fixed::<Int64Type, _, 4>(data_type, |bytes| Ok(i64::from(u32::from_be_bytes(bytes)))),
        (PgType::Float4, _) => fixed::<Float32Type, _, 4>(data_type, |bytes| Ok(f32::from_be_bytes(bytes))),
        (PgType::Float8, _) => fixed::<Float64Type, _, 8>(data_type, |bytes| Ok(f64::from_be_bytes(bytes))),
        (PgType::Numeric(_), DataType::Decimal128(precision, scale)) => Box::new(Decimals128::new(*precision, *scale)),
        (PgType::Numeric(_), DataType::Decimal256(precision, scale)) => Box::new(Decimals256::new(*precision, *scale)),
        (PgType::Text | PgType::Varchar(_) | PgType::Name | PgType::Json | PgType::Enum { .. }, _) => {
            Box::new(Variable::new(Content::Text))
        }
        (PgType::Bpchar(_), _) => Box::new(Variable::new(Content::Padded)),
        (PgType::Char, _) => Box::new(Variable::new(Content::Byte)),
        (PgType::Jsonb, _) => Box::new(Variable::new(Content::Jsonb)),
        (PgType::Uuid, _) => Box::new(Variable::new(Content::Uuid)),
        (PgType::Bytea, _) => Box::new(Variable::new(Content::Bytea)),
        (PgType::Date, _) => fixed::<Date32Type, _, 4>(data_type, date),
        (PgType::Time, _) => fixed::<Time64MicrosecondType, _, 8>(data_type, |bytes| Ok(i64::from_be_bytes(bytes))),
        (PgType::Timestamp | PgType::Timestamptz, _) => fixed::<TimestampMicrosecondType, _, 8>(data_type, timestamp),
        (PgType::Interval, _) => fixed::<IntervalMonthDayNanoType, _, 16>(data_type, interval),
        (PgType::Array { element, .. }, DataType::List(field)) => {
            Box::new(Lists::new(Arc::clone(field), reader(element, field.data_type())?))
        }
        _ => return None,
    })
}

fn fixed<T, F, const N: usize>(data_type: &DataType, parse: F) -> Reader
where
    T: ArrowPrimitiveType,
    F: Fn([u8; N]) -> Result<T::Native, String> + Send + 'static,
{
    Box::new(Fixed::<T, F, N>::new(data_type, parse))
}

/// An infinite date is an error: no Arrow date compares like it, and a NULL or a far date would be another answer than
/// Postgres gives.
fn date(bytes: [u8; 4]) -> Result<i32, String> {
    match i32::from_be_bytes(bytes) {
        i32::MAX => Err(infinite("date", "infinity")),
        i32::MIN => Err(infinite("date", "-infinity")),
        days => {
            days.checked_add(EPOCH_DAYS).ok_or_else(|| "the date is after the last one that can be read".to_string())
        }
    }
}

fn timestamp(bytes: [u8; 8]) -> Result<i64, String> {
    match i64::from_be_bytes(bytes) {
        i64::MAX => Err(infinite("timestamp", "infinity")),
        i64::MIN => Err(infinite("timestamp", "-infinity")),
        micros => micros
            .checked_add(EPOCH_MICROS)
            .ok_or_else(|| "the timestamp is after the year 294246, the last that can be read".to_string()),
    }
}

fn interval(bytes: [u8; 16]) -> Result<IntervalMonthDayNano, String> {
    let [a, b, c, d, e, f, g, h, days @ .., m, n, o, p] = bytes;
    let micros = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let nanoseconds = micros
        .checked_mul(1000)
        .ok_or_else(|| format!("the interval has {micros} microseconds, more than the 292 years that can be read"))?;
    let months = i32::from_be_bytes([m, n, o, p]);
    Ok(IntervalMonthDayNano::new(months, i32::from_be_bytes(days), nanoseconds))
}

#[cold]
fn infinite(pg_type: &str, value: &str) -> String {
    format!(
        "the {pg_type} is {value}, which Arrow does not have; read a view that makes it something else, for instance \
         nullif(column, '{value}')"
    )
}
