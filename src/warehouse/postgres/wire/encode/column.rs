//! Which column can go into which, and what writes it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DECIMAL256_MAX_PRECISION, DataType, Date32Type, Decimal128Type, Decimal256Type, Field, Float32Type, Float64Type,
    Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};

use super::decimal::{self, Shown};
use super::field::{FieldWriter, Fixed, Nulls, field, nulls};
use super::text::{Bytes, Content, Variable};
use super::{list, uuid};
use crate::warehouse::postgres::wire::error::BadValue;
use crate::warehouse::postgres::wire::{EPOCH_DAYS, EPOCH_MICROS, PgType};
use crate::warehouse::types;

type Writer = Box<dyn FieldWriter>;

/// 4714-11-24 BC and the day after 5874897-12-31, from 1970.
const DAYS: std::ops::Range<i32> = -2_451_545 + EPOCH_DAYS..2_145_031_949 + EPOCH_DAYS;
/// 4714-11-24 BC and, for want of bits, the last instant that Arrow has: it is before Postgres' last.
const MICROS: std::ops::RangeInclusive<i64> = -211_813_488_000_000_000 + EPOCH_MICROS..=i64::MAX;
const DAY_MICROS: std::ops::RangeInclusive<i64> = 0..=86_400_000_000;

/// The type that a column is cast to before it is written into `target`. `None` if it does not go there as it is.
pub fn source_type(data_type: &DataType, target: &PgType) -> Option<DataType> {
    use DataType as D;
    Some(match (data_type, target) {
        (_, PgType::Unsupported { .. } | PgType::Char) => return None,
        (D::Null, _) => D::Null,
        (D::Dictionary(_, values), _) => match source_type(values, target)? {
            // The views of a dictionary's values cost less than copies.
            D::Utf8 | D::LargeUtf8 => D::Utf8View,
            other => other,
        },
        (D::Boolean, PgType::Bool) => D::Boolean,
        (integer, PgType::Int2) if integer.is_integer() => D::Int16,
        (integer, PgType::Int4) if integer.is_integer() => D::Int32,
        (integer, PgType::Int8 | PgType::Oid) if integer.is_integer() => D::Int64,
        (integer, PgType::Numeric(_)) if integer.is_integer() => D::Decimal128(20, 0),
        (D::Int8 | D::Int16 | D::Int32 | D::UInt8 | D::UInt16 | D::UInt32, PgType::Float8) => D::Float64,
        (D::Float16 | D::Float32, PgType::Float4) => D::Float32,
        (D::Float16 | D::Float32 | D::Float64, PgType::Float8) => D::Float64,
        (decimal, PgType::Numeric(declared)) => decimal_source(decimal, *declared)?,
        (D::Utf8 | D::LargeUtf8 | D::Utf8View, text) if is_text(text) => data_type.clone(),
        (D::FixedSizeBinary(16), PgType::Uuid) => data_type.clone(),
        (D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_), PgType::Bytea) => data_type.clone(),
        (D::Date32 | D::Date64, PgType::Date) => D::Date32,
        (D::Timestamp(_, None), PgType::Timestamp) => D::Timestamp(TimeUnit::Microsecond, None),
        (D::Timestamp(_, Some(_)), PgType::Timestamptz) => D::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        (D::Time32(_) | D::Time64(_), PgType::Time) => D::Time64(TimeUnit::Microsecond),
        (D::Interval(_) | D::Duration(_), PgType::Interval) => D::Interval(IntervalUnit::MonthDayNano),
        (D::List(field) | D::LargeList(field), PgType::Array { element, element_oid: Some(_) })
            if !matches!(**element, PgType::Array { .. }) =>
        {
            D::List(Arc::new(Field::new("element", source_type(field.data_type(), element)?, true)))
        }
        _ => return None,
    })
}

fn is_text(target: &PgType) -> bool {
    matches!(
        target,
        PgType::Text
            | PgType::Varchar(_)
            | PgType::Bpchar(_)
            | PgType::Name
            | PgType::Uuid
            | PgType::Json
            | PgType::Jsonb
            | PgType::Enum { .. }
    )
}

/// The server would round what has more decimals than the column.
fn decimal_source(data_type: &DataType, declared: Option<(u16, i16)>) -> Option<DataType> {
    let (precision, scale) = match data_type {
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => (*p, *s),
        DataType::Decimal256(p, s) => (*p, *s),
        _ => return None,
    };
    if declared.is_some_and(|(_, most)| i16::from(scale) > most.max(0)) {
        return None;
    }
    if scale < 0 {
        let digits = precision.checked_add(scale.unsigned_abs())?;
        return (digits <= DECIMAL256_MAX_PRECISION).then_some(DataType::Decimal256(digits, 0));
    }
    Some(match data_type {
        DataType::Decimal256(..) => data_type.clone(),
        _ => DataType::Decimal128(precision, scale),
    })
}

/// What writes this array, whose `source` is by [`source_type`].
pub fn writer(array: &ArrayRef, source: &DataType, target: &PgType) -> Result<Writer, BadValue> {
    let array = if array.data_type() == source { Arc::clone(array) } else { cast(array, source)? };
    match source {
        DataType::Null => Ok(Box::new(Nulls)),
        DataType::Boolean => {
            let bytes: Vec<u8> = array.as_boolean().values().iter().map(u8::from).collect();
            Ok(Box::new(Fixed { values: bytes.into(), nulls: nulls(&array), field: |byte| field::<1, 5>([byte]) }))
        }
        DataType::Int64 if *target == PgType::Oid => {
            check(array.as_primitive::<Int64Type>(), |value| u32::try_from(value).is_ok(), "is no oid")?;
            Ok(fixed::<Int64Type, _, 8>(&array, |value| field::<4, 8>((value as u32).to_be_bytes())))
        }
        DataType::Int16 => Ok(fixed::<Int16Type, _, 6>(&array, |value| field(value.to_be_bytes()))),
        DataType::Int32 => Ok(fixed::<Int32Type, _, 8>(&array, |value| field(value.to_be_bytes()))),
        DataType::Int64 => Ok(fixed::<Int64Type, _, 12>(&array, |value| field(value.to_be_bytes()))),
        DataType::Float32 => Ok(fixed::<Float32Type, _, 8>(&array, |value| field(value.to_be_bytes()))),
        DataType::Float64 => Ok(fixed::<Float64Type, _, 12>(&array, |value| field(value.to_be_bytes()))),
        DataType::Decimal128(_, scale) => {
            let shown = Shown::of(*scale, *target == PgType::Numeric(None));
            Ok(Box::new(decimal::pack_128(array.as_primitive::<Decimal128Type>(), shown)))
        }
        DataType::Decimal256(_, scale) => {
            let shown = Shown::of(*scale, *target == PgType::Numeric(None));
            Ok(Box::new(decimal::pack_256(array.as_primitive::<Decimal256Type>(), shown)))
        }
        DataType::Date32 | DataType::Timestamp(..) | DataType::Time64(_) | DataType::Interval(_) => temporal(&array),
        DataType::Utf8 => bytes(array.as_string::<i32>(), target),
        DataType::LargeUtf8 => bytes(array.as_string::<i64>(), target),
        DataType::Utf8View => bytes(array.as_string_view(), target),
        DataType::Binary => bytes(array.as_binary::<i32>(), target),
        DataType::LargeBinary => bytes(array.as_binary::<i64>(), target),
        DataType::BinaryView => bytes(array.as_binary_view(), target),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary(), target),
        DataType::List(_) => match target {
            PgType::Array { element, element_oid: Some(oid) } => {
                Ok(Box::new(list::pack(array.as_list(), element, *oid)?))
            }
            other => Err(BadValue::new(0, format!("a list does not go into {}", other.sql()))),
        },
        other => Err(BadValue::new(0, format!("{other} does not go into {}", target.sql()))),
    }
}

fn fixed<T, F, const M: usize>(array: &ArrayRef, field: F) -> Writer
where
    T: ArrowPrimitiveType,
    F: Fn(T::Native) -> [u8; M] + 'static,
{
    Box::new(Fixed { values: array.as_primitive::<T>().values().clone(), nulls: nulls(array), field })
}

fn temporal(array: &ArrayRef) -> Result<Writer, BadValue> {
    Ok(match array.data_type() {
        DataType::Date32 => {
            check(
                array.as_primitive::<Date32Type>(),
                |value| DAYS.contains(&value),
                "days from 1970-01-01 are no date of Postgres'",
            )?;
            fixed::<Date32Type, _, 8>(array, |value| field(value.wrapping_sub(EPOCH_DAYS).to_be_bytes()))
        }
        DataType::Timestamp(..) => {
            check(
                array.as_primitive::<TimestampMicrosecondType>(),
                |value| MICROS.contains(&value),
                "microseconds from 1970-01-01 are no timestamp of Postgres'",
            )?;
            fixed::<TimestampMicrosecondType, _, 12>(array, |value| {
                field(value.wrapping_sub(EPOCH_MICROS).to_be_bytes())
            })
        }
        DataType::Time64(_) => {
            check(
                array.as_primitive::<Time64MicrosecondType>(),
                |value| DAY_MICROS.contains(&value),
                "microseconds are no time of day",
            )?;
            fixed::<Time64MicrosecondType, _, 12>(array, |value| field(value.to_be_bytes()))
        }
        _ => fixed::<IntervalMonthDayNanoType, _, 20>(array, |value| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(value.nanoseconds / 1000).to_be_bytes());
            bytes[8..12].copy_from_slice(&value.days.to_be_bytes());
            bytes[12..].copy_from_slice(&value.months.to_be_bytes());
            field(bytes)
        }),
    })
}

fn bytes<A: Bytes + Clone + 'static>(array: &A, target: &PgType) -> Result<Writer, BadValue> {
    let content = match target {
        PgType::Uuid if *array.data_type() != DataType::FixedSizeBinary(16) => {
            return Ok(Box::new(uuid::pack(array, array.logical_nulls().as_ref())?));
        }
        PgType::Uuid | PgType::Bytea => Content::Bytea,
        PgType::Jsonb => Content::Jsonb,
        _ => Content::Text,
    };
    Ok(Box::new(Variable::new(array.clone(), content)?))
}

/// All at once, and only if one is wrong, each by itself.
fn check<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    is_right: impl Fn(T::Native) -> bool,
    complaint: &str,
) -> Result<(), BadValue> {
    if array.values().iter().fold(true, |right, value| right & is_right(*value)) {
        return Ok(());
    }
    let wrong = array.iter().position(|value| value.is_some_and(|value| !is_right(value)));
    wrong.map_or(Ok(()), |row| {
        let value = array.value(row);
        Err(BadValue::new(row, format!("{value:?} {complaint}")))
    })
}

/// A value that does not fit is an error, never a null.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, BadValue> {
    types::cast(array, to).map_err(|error| {
        let wrong = (0..array.len()).find_map(|row| {
            types::cast(&array.slice(row, 1), to).err().map(|error| BadValue::new(row, error.to_string()))
        });
        wrong.unwrap_or_else(|| BadValue::new(0, error.to_string()))
    })
}
