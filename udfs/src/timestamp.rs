//! Dates and timestamps as arguments: microseconds, with or without a time zone, which is always UTC.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};

use crate::template::calendar::MICROS_PER_DAY;

/// The zone of every `timestamptz`.
pub(crate) const UTC: &str = "+00:00";

/// The type that a date or timestamp argument is brought to; `None` for another type. An untyped null is a timestamp.
pub(crate) fn moment_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Date32 | DataType::Date64 => Some(DataType::Date32),
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone())),
        DataType::Null => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        _ => None,
    }
}

/// Microseconds since 1970 of row `row` of a column of a [`moment_type`]; `None` when it is null.
pub(crate) fn micros(values: &ArrayRef, row: usize) -> Option<i64> {
    values.is_valid(row).then(|| match values.data_type() {
        DataType::Date32 => i64::from(values.as_primitive::<Date32Type>().value(row)) * MICROS_PER_DAY,
        _ => values.as_primitive::<TimestampMicrosecondType>().value(row),
    })
}
