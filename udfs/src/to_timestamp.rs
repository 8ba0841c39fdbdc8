//! `to_timestamp(text, pattern)` and `to_timestamp(seconds) → timestamptz`, to the microsecond: PostgreSQL's.
//!
//! ```sql
//! SELECT to_timestamp('2023-07-25 14:05:06.25', 'YYYY-MM-DD HH24:MI:SS.MS');
//! SELECT to_timestamp(1690293906.25);   -- seconds since 1970-01-01 00:00:00 UTC
//! ```

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Float64Type, TimeUnit};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pattern_cache::PatternCache;
use crate::template::Template;
use crate::template::calendar::{MICROS_PER_SECOND, POSTGRES_EPOCH_MICROS};
use crate::text::{Text, result, rows, text_types};
use crate::timestamp::UTC;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ToTimestamp {
    signature: Signature,
}

impl Default for ToTimestamp {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ToTimestamp {
    fn name(&self) -> &str {
        "to_timestamp"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [seconds] if seconds.is_numeric() || seconds.is_null() => Ok(vec![DataType::Float64]),
            [other] => {
                plan_err!("to_timestamp of one argument takes seconds, not {other}: give the pattern of the text")
            }
            _ => text_types(self.name(), arg_types, 1..=2),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let timestamps = match args.args.as_slice() {
            [seconds] => from_seconds(&seconds.to_array(rows(&args))?)?,
            [texts, patterns] => from_texts(&Text::of(texts)?, &Text::of(patterns)?, rows(&args))?,
            _ => return exec_err!("to_timestamp takes one or two arguments"),
        };
        result(&args, Arc::new(timestamps.with_timezone(UTC)))
    }
}

fn from_texts(texts: &Text<'_>, patterns: &Text<'_>, rows: usize) -> Result<TimestampMicrosecondArray> {
    let mut templates = PatternCache::new(|pattern, _| Ok(Template::parse(pattern)));
    let timestamps = (0..rows).map(|row| match (texts.get(row), patterns.get(row)) {
        (Some(text), Some(pattern)) => templates.get(pattern, "")?.read(text)?.timestamp(text).map(Some),
        _ => Ok(None),
    });
    timestamps.collect()
}

fn from_seconds(seconds: &ArrayRef) -> Result<TimestampMicrosecondArray> {
    seconds.as_primitive::<Float64Type>().iter().map(|seconds| seconds.map(micros).transpose()).collect()
}

/// The nearest microsecond since 1970, halves to even, of a moment given in seconds. PostgreSQL rounds what it counts,
/// the time since 2000.
fn micros(seconds: f64) -> Result<i64> {
    if seconds.is_nan() {
        return exec_err!("timestamp cannot be NaN");
    }
    let since_2000 = ((seconds - (POSTGRES_EPOCH_MICROS / MICROS_PER_SECOND) as f64) * 1e6).round_ties_even();
    // A double this large is a whole number, so that the comparison is exact.
    if since_2000.abs() >= i64::MAX as f64 {
        return exec_err!("timestamp out of range: \"{seconds}\"");
    }
    match (since_2000 as i64).checked_add(POSTGRES_EPOCH_MICROS) {
        Some(micros) => Ok(micros),
        None => exec_err!("timestamp out of range: \"{seconds}\""),
    }
}

#[cfg(test)]
mod tests {

    use super::ToTimestamp;
    use crate::testing::{assert_calls, assert_errors, double, integer, text};

    #[test]
    fn texts_and_seconds_become_timestamps() {
        let pattern = text("YYYY-MM-DD HH24:MI:SS.US");
        let expected = Some("2023-07-25 14:05:06.25+00");
        assert_calls(&ToTimestamp::default(), &[(&[text("2023-07-25 14:05:06.25"), pattern], expected)]);
        for (seconds, expected) in [
            (double(1_690_293_906.25), "2023-07-25 14:05:06.25+00"),
            (double(-0.5), "1969-12-31 23:59:59.5+00"),
            (integer(0), "1970-01-01 00:00:00+00"),
        ] {
            assert_calls(&ToTimestamp::default(), &[(&[seconds], Some(expected))]);
        }
    }

    #[test]
    fn seconds_beyond_the_calendar_are_an_error() {
        for (seconds, message) in
            [(f64::NAN, "cannot be NaN"), (1e300, "out of range"), (f64::INFINITY, "out of range")]
        {
            assert_errors(&ToTimestamp::default(), &[(&[double(seconds)], message)]);
        }
    }
}
