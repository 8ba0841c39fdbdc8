//! `pg_interval_scale(interval, factor)`: an interval times a number, and `pg_interval_micros(interval)`: what intervals
//! are compared by, a month being 30 days and a day 24 hours.
//!
//! ```sql
//! SELECT pg_interval_scale(interval '1 month 1 day', 1.5);     -- 1 mon 16 days 12:00:00
//! SELECT pg_interval_micros(interval '1 day');                 -- 86400000000
//! ```
//!
//! They are what `*` and `/` of an interval, and comparisons of two, are rewritten to. The difference of two timestamps
//! is taken too.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray};
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit,
};
use datafusion_common::{Result, exec_datafusion_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::interval_text::of_micros;
use crate::template::calendar::MICROS_PER_DAY;
use crate::text::{result, rows};

const DAYS_PER_MONTH: f64 = 30.0;

/// One of the two functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct IntervalArithmetic {
    is_scale: bool,
    signature: Signature,
}

impl IntervalArithmetic {
    /// `pg_interval_scale`
    pub fn scale() -> Self {
        Self { is_scale: true, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `pg_interval_micros`
    pub fn micros() -> Self {
        Self { is_scale: false, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for IntervalArithmetic {
    fn name(&self) -> &str {
        if self.is_scale { "pg_interval_scale" } else { "pg_interval_micros" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let interval = match arg_types.first() {
            Some(DataType::Duration(_)) => DataType::Duration(TimeUnit::Microsecond),
            Some(DataType::Interval(_) | DataType::Null) => DataType::Interval(IntervalUnit::MonthDayNano),
            _ => return plan_err!("{} takes an interval", self.name()),
        };
        match arg_types {
            [_] if !self.is_scale => Ok(vec![interval]),
            [_, factor] if self.is_scale && (factor.is_numeric() || factor.is_null()) => {
                Ok(vec![interval, DataType::Float64])
            }
            _ => plan_err!("{} does not take these arguments", self.name()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(if self.is_scale { DataType::Interval(IntervalUnit::MonthDayNano) } else { DataType::Int64 })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let intervals = args.args[0].to_array(rows(&args))?;
        let computed: ArrayRef = if self.is_scale {
            let factors = args.args[1].to_array(rows(&args))?;
            let factors = factors.as_primitive::<Float64Type>();
            let scaled = factors.iter().enumerate().map(|(row, factor)| match (interval(&intervals, row), factor) {
                (Some(interval), Some(factor)) => {
                    scale(interval, factor).map(Some).ok_or_else(|| exec_datafusion_err!("interval out of range"))
                }
                _ => Ok(None),
            });
            Arc::new(IntervalMonthDayNanoArray::from(scaled.collect::<Result<Vec<_>>>()?))
        } else {
            let micros = (0..intervals.len()).map(|row| interval(&intervals, row).map(micros));
            Arc::new(Int64Array::from_iter(micros))
        };
        result(&args, computed)
    }
}

fn interval(intervals: &ArrayRef, row: usize) -> Option<IntervalMonthDayNano> {
    intervals.is_valid(row).then(|| match intervals.data_type() {
        DataType::Duration(_) => of_micros(intervals.as_primitive::<DurationMicrosecondType>().value(row)),
        _ => intervals.as_primitive::<IntervalMonthDayNanoType>().value(row),
    })
}

/// Saturates, beyond 290000 years.
fn micros(interval: IntervalMonthDayNano) -> i64 {
    let days = i64::from(interval.months) * DAYS_PER_MONTH as i64 + i64::from(interval.days);
    days.saturating_mul(MICROS_PER_DAY).saturating_add(interval.nanoseconds / 1000)
}

/// The fraction of a month becomes days, that of a day time. `None` when a part is out of range.
fn scale(interval: IntervalMonthDayNano, factor: f64) -> Option<IntervalMonthDayNano> {
    let months = f64::from(interval.months) * factor;
    let days = f64::from(interval.days) * factor;
    let month_days = rounded((months - months.trunc()) * DAYS_PER_MONTH);
    let day_fraction = rounded(days - days.trunc() + month_days - month_days.trunc());
    let micros = (interval.nanoseconds / 1000) as f64 * factor + day_fraction * MICROS_PER_DAY as f64;
    let parts = [months.trunc(), days.trunc() + month_days.trunc(), micros.round_ties_even()];
    let in_range = parts[..2].iter().all(|part| part.abs() <= f64::from(i32::MAX)) && parts[2].abs() < 9e15;
    in_range.then(|| IntervalMonthDayNano::new(parts[0] as i32, parts[1] as i32, parts[2] as i64 * 1000))
}

/// To microseconds of a day, so that 0.1 of one is no less than that.
fn rounded(days: f64) -> f64 {
    (days * MICROS_PER_DAY as f64).round_ties_even() / MICROS_PER_DAY as f64
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::IntervalMonthDayNano;
    use datafusion_common::ScalarValue;

    use super::IntervalArithmetic;
    use crate::testing::{assert_calls, assert_errors, double};

    fn interval(months: i32, days: i32, seconds: i64) -> ScalarValue {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, seconds * 1_000_000_000)))
    }

    #[test]
    fn intervals_are_multiplied() {
        for (value, factor, expected) in [
            (interval(0, 1, 0), 2.0, "2 days"),
            (interval(1, 1, 0), 1.5, "1 mon 16 days 12:00:00"),
            (interval(0, 0, 3600), 0.5, "00:30:00"),
            (interval(0, 1, 0), -1.0, "-1 days"),
            (ScalarValue::DurationMicrosecond(Some(90_000_000_000)), 2.0, "2 days 02:00:00"),
        ] {
            assert_calls(&IntervalArithmetic::scale(), &[(&[value, double(factor)], Some(expected))]);
        }
        assert_errors(&IntervalArithmetic::scale(), &[(&[interval(1, 0, 0), double(1e18)], "interval out of range")]);
    }

    #[test]
    fn a_month_is_thirty_days() {
        for value in [interval(1, 0, 0), interval(0, 30, 0), interval(0, 29, 86_400)] {
            assert_calls(&IntervalArithmetic::micros(), &[(&[value], Some("2592000000000"))]);
        }
    }
}
