//! The text of a value, as PostgreSQL prints it.
//!
//! | type | text |
//! |---|---|
//! | boolean | `t`, `f`; in CSV `true`, `false`, which other programs read too |
//! | real, double precision | the shortest digits that read back as the same number: `1`, `0.1`, `1e+20`, `NaN` |
//! | numeric | all digits of its scale: `1.50` |
//! | date, time | `2023-07-11`, `12:00:00.5` |
//! | timestamp, with time zone | `2023-07-11 00:00:00`, `2023-07-11 00:00:00.25+00` |
//! | interval | `1 year 2 mons -3 days +04:05:06` |
//! | bytea | `\x00ff` |
//! | array, row | `{1,NULL,"a b"}`, `(1,,"a b")` |

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowTemporalType, DataType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float32Type, Float64Type, IntervalDayTimeType,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset};

use medallion_udfs::ANY_NUMERIC;

use super::number;

/// How booleans are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booleans {
    /// `t` and `f`.
    Letters,
    /// `true` and `false`.
    Words,
}

/// Writes the value of a row. Values that are null are not asked for.
type Writer<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), ArrowError> + 'a>;

/// A column of a batch that can be read as text.
pub struct Column<'a> {
    nulls: Option<NullBuffer>,
    writer: Writer<'a>,
}

impl<'a> Column<'a> {
    /// # Errors
    /// For a type that has no text.
    pub fn new(array: &'a dyn Array, booleans: Booleans) -> Result<Self, ArrowError> {
        Ok(Column { nulls: array.logical_nulls(), writer: writer(array, booleans)? })
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the text of the value at `row`; nothing where it is null.
    ///
    /// # Errors
    /// For a value outside its type's range, such as a date after the year 262142.
    pub fn write(&self, row: usize, text: &mut String) -> Result<(), ArrowError> {
        if self.is_null(row) { Ok(()) } else { (self.writer)(row, text) }
    }
}

/// The columns of `batch` with dictionaries spelled out.
pub fn plain_columns(batch: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
    let plain = |array: &ArrayRef| match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values),
        _ => Ok(array.clone()),
    };
    batch.columns().iter().map(plain).collect()
}

/// Whether a column of this type stands to the right in a table.
pub fn is_numeric(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_numeric(values),
        other => other.is_numeric(),
    }
}

fn writer<'a>(array: &'a dyn Array, booleans: Booleans) -> Result<Writer<'a>, ArrowError> {
    Ok(match array.data_type() {
        DataType::Boolean => {
            let (array, words) = (array.as_boolean(), booleans == Booleans::Words);
            Box::new(move |row, text| {
                text.push_str(match (array.value(row), words) {
                    (true, true) => "true",
                    (true, false) => "t",
                    (false, true) => "false",
                    (false, false) => "f",
                });
                Ok(())
            })
        }
        DataType::Utf8 => strings(move |row| array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => strings(move |row| array.as_string::<i64>().value(row)),
        DataType::Utf8View => strings(move |row| array.as_string_view().value(row)),
        DataType::Binary => bytes(move |row| array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(move |row| array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(move |row| array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => bytes(move |row| array.as_fixed_size_binary().value(row)),
        DataType::Float32 => {
            let array = array.as_primitive::<Float32Type>();
            made(move |row| Some(number::float4(array.value(row))))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            made(move |row| Some(number::float8(array.value(row))))
        }
        DataType::Date32 => temporal(array.as_primitive::<Date32Type>(), date),
        DataType::Date64 => temporal(array.as_primitive::<Date64Type>(), date),
        DataType::Time32(TimeUnit::Second) => temporal(array.as_primitive::<Time32SecondType>(), time),
        DataType::Time32(_) => temporal(array.as_primitive::<Time32MillisecondType>(), time),
        DataType::Time64(TimeUnit::Microsecond) => temporal(array.as_primitive::<Time64MicrosecondType>(), time),
        DataType::Time64(_) => temporal(array.as_primitive::<Time64NanosecondType>(), time),
        DataType::Timestamp(unit, zone) => timestamps(array, *unit, zone.as_deref())?,
        DataType::Duration(unit) => durations(array, *unit),
        DataType::Interval(unit) => intervals(array, *unit),
        DataType::List(_) => list(array.as_list::<i32>().values(), move |row| {
            let offsets = array.as_list::<i32>().value_offsets();
            (offsets[row] as usize, offsets[row + 1] as usize)
        })?,
        DataType::LargeList(_) => list(array.as_list::<i64>().values(), move |row| {
            let offsets = array.as_list::<i64>().value_offsets();
            (offsets[row] as usize, offsets[row + 1] as usize)
        })?,
        DataType::Struct(_) => row_value(array.as_struct())?,
        any if any == &ANY_NUMERIC => any_numeric(array)?,
        _ => {
            let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
            Box::new(move |row, text| formatter.value(row).write(text))
        }
    })
}

/// A Postgres `numeric` of no declared scale: without the zeros that its type here adds.
fn any_numeric(array: &dyn Array) -> Result<Writer<'_>, ArrowError> {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
    Ok(Box::new(move |row, text| {
        text.push_str(&number::trim_fraction(formatter.value(row).try_to_string()?));
        Ok(())
    }))
}

fn strings<'a>(value: impl Fn(usize) -> &'a str + 'a) -> Writer<'a> {
    Box::new(move |row, text| {
        text.push_str(value(row));
        Ok(())
    })
}

fn bytes<'a>(value: impl Fn(usize) -> &'a [u8] + 'a) -> Writer<'a> {
    Box::new(move |row, text| {
        text.push_str("\\x");
        text.extend(value(row).iter().map(|byte| format!("{byte:02x}")));
        Ok(())
    })
}

/// A writer of values that may be out of range.
fn made<'a>(value: impl Fn(usize) -> Option<String> + 'a) -> Writer<'a> {
    Box::new(move |row, text| {
        let shown = value(row).ok_or_else(|| ArrowError::CastError("a date or time is out of range".to_string()))?;
        text.push_str(&shown);
        Ok(())
    })
}

fn temporal<'a, T: ArrowTemporalType>(
    array: &'a PrimitiveArray<T>,
    show: fn(&PrimitiveArray<T>, usize) -> Option<String>,
) -> Writer<'a>
where
    i64: From<T::Native>,
{
    made(move |row| show(array, row))
}

/// As PostgreSQL writes a day: years before the first are those before Christ.
fn day(date: NaiveDate) -> String {
    let year = if date.year() > 0 { date.year() } else { 1 - date.year() };
    format!("{year:04}-{:02}-{:02}", date.month(), date.day())
}

fn era(text: String, date: NaiveDate) -> String {
    if date.year() > 0 { text } else { format!("{text} BC") }
}

fn clock(time: NaiveTime) -> String {
    number::trim_fraction(time.format("%H:%M:%S%.9f").to_string())
}

fn date<T: ArrowTemporalType>(array: &PrimitiveArray<T>, row: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    array.value_as_date(row).map(|date| era(day(date), date))
}

fn time<T: ArrowTemporalType>(array: &PrimitiveArray<T>, row: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    let end_of_day = match array.data_type() {
        DataType::Time64(TimeUnit::Microsecond) => Some(86_400_000_000),
        _ => None,
    };
    // PostgreSQL has a last instant of the day that is no first one of the next.
    if end_of_day == Some(i64::from(array.value(row))) {
        return Some("24:00:00".to_string());
    }
    array.value_as_time(row).map(clock)
}

fn timestamps<'a>(array: &'a dyn Array, unit: TimeUnit, zone: Option<&str>) -> Result<Writer<'a>, ArrowError> {
    let zone: Option<Tz> = zone.map(str::parse).transpose()?;
    Ok(match unit {
        TimeUnit::Second => timestamp(array.as_primitive::<TimestampSecondType>(), zone),
        TimeUnit::Millisecond => timestamp(array.as_primitive::<TimestampMillisecondType>(), zone),
        TimeUnit::Microsecond => timestamp(array.as_primitive::<TimestampMicrosecondType>(), zone),
        TimeUnit::Nanosecond => timestamp(array.as_primitive::<TimestampNanosecondType>(), zone),
    })
}

fn timestamp<T: ArrowTemporalType>(array: &PrimitiveArray<T>, zone: Option<Tz>) -> Writer<'_>
where
    i64: From<T::Native>,
{
    let local = |at: NaiveDateTime| format!("{} {}", day(at.date()), clock(at.time()));
    made(move |row| match zone {
        None => {
            let at = array.value_as_datetime(row)?;
            Some(era(local(at), at.date()))
        }
        Some(zone) => {
            let at = array.value_as_datetime_with_tz(row, zone)?;
            let seconds = at.offset().fix().local_minus_utc();
            let minutes = seconds.abs() / 60;
            let sign = if seconds < 0 { '-' } else { '+' };
            let mut shown = local(at.naive_local());
            shown.push_str(&format!("{sign}{:02}", minutes / 60));
            if minutes % 60 != 0 {
                shown.push_str(&format!(":{:02}", minutes % 60));
            }
            Some(era(shown, at.date_naive()))
        }
    })
}

fn durations(array: &dyn Array, unit: TimeUnit) -> Writer<'_> {
    let nanos: Box<dyn Fn(usize) -> i128> = match unit {
        TimeUnit::Second => {
            Box::new(|row| i128::from(array.as_primitive::<DurationSecondType>().value(row)) * 1_000_000_000)
        }
        TimeUnit::Millisecond => {
            Box::new(|row| i128::from(array.as_primitive::<DurationMillisecondType>().value(row)) * 1_000_000)
        }
        TimeUnit::Microsecond => {
            Box::new(|row| i128::from(array.as_primitive::<DurationMicrosecondType>().value(row)) * 1_000)
        }
        TimeUnit::Nanosecond => Box::new(|row| i128::from(array.as_primitive::<DurationNanosecondType>().value(row))),
    };
    // The difference of two timestamps, which PostgreSQL shows in days.
    const DAY: i128 = 86_400 * 1_000_000_000;
    made(move |row| Some(number::interval(0, (nanos(row) / DAY) as i64, nanos(row) % DAY)))
}

fn intervals(array: &dyn Array, unit: IntervalUnit) -> Writer<'_> {
    match unit {
        IntervalUnit::YearMonth => {
            let array = array.as_primitive::<IntervalYearMonthType>();
            made(move |row| Some(number::interval(array.value(row), 0, 0)))
        }
        IntervalUnit::DayTime => {
            let array = array.as_primitive::<IntervalDayTimeType>();
            made(move |row| {
                let value = array.value(row);
                Some(number::interval(0, value.days.into(), i128::from(value.milliseconds) * 1_000_000))
            })
        }
        IntervalUnit::MonthDayNano => {
            let array = array.as_primitive::<IntervalMonthDayNanoType>();
            made(move |row| {
                let value = array.value(row);
                Some(number::interval(value.months, value.days.into(), value.nanoseconds.into()))
            })
        }
    }
}

fn list<'a>(values: &'a ArrayRef, range: impl Fn(usize) -> (usize, usize) + 'a) -> Result<Writer<'a>, ArrowError> {
    let elements = Column::new(values.as_ref(), Booleans::Letters)?;
    let nested = values.data_type().is_nested();
    Ok(Box::new(move |row, text| {
        let (start, end) = range(row);
        text.push('{');
        for element in start..end {
            if element > start {
                text.push(',');
            }
            if elements.is_null(element) {
                text.push_str("NULL");
                continue;
            }
            let mut shown = String::new();
            elements.write(element, &mut shown)?;
            let special = |c: char| c.is_whitespace() || "{},\"\\".contains(c);
            if !nested && (shown.is_empty() || shown.eq_ignore_ascii_case("null") || shown.contains(special)) {
                shown = format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\""));
            }
            text.push_str(&shown);
        }
        text.push('}');
        Ok(())
    }))
}

fn row_value(array: &StructArray) -> Result<Writer<'_>, ArrowError> {
    let fields = array.columns().iter().map(|field| Column::new(field.as_ref(), Booleans::Letters));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(move |row, text| {
        text.push('(');
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            let mut shown = String::new();
            field.write(row, &mut shown)?;
            let special = |c: char| c.is_whitespace() || "(),\"\\".contains(c);
            if !field.is_null(row) && (shown.is_empty() || shown.contains(special)) {
                shown = format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\"\""));
            }
            text.push_str(&shown);
        }
        text.push(')');
        Ok(())
    }))
}
