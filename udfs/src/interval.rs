//! Intervals: `age(timestamp, timestamp)`, `justify_days`, `justify_hours` and `justify_interval`, as in PostgreSQL. A
//! month counts as 30 days and a day as 24 hours where they are turned into one another.
//!
//! ```sql
//! SELECT age(timestamp '2024-03-15', timestamp '2020-01-20');   -- 4 years 1 mon 26 days
//! SELECT justify_interval(interval '35 days 30 hours');         -- 1 mon 6 days 06:00:00
//! ```

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::template::calendar::{Day, MICROS_PER_DAY, days_in_month};
use crate::text::{result, rows};
use crate::timestamp::{micros, moment_type};

const NANOS_PER_DAY: i64 = MICROS_PER_DAY * 1000;
const DAYS_PER_MONTH: i64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Age,
    JustifyDays,
    JustifyHours,
    JustifyInterval,
}

/// One of the functions; they are immutable. `age` of one argument, which depends on today, is not one of them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct IntervalFunction {
    operation: Operation,
    signature: Signature,
}

impl IntervalFunction {
    /// `age`
    pub fn age() -> Self {
        Self::new(Operation::Age)
    }

    /// `justify_days`
    pub fn justify_days() -> Self {
        Self::new(Operation::JustifyDays)
    }

    /// `justify_hours`
    pub fn justify_hours() -> Self {
        Self::new(Operation::JustifyHours)
    }

    /// `justify_interval`
    pub fn justify_interval() -> Self {
        Self::new(Operation::JustifyInterval)
    }

    fn new(operation: Operation) -> Self {
        Self { operation, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for IntervalFunction {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Age => "age",
            Operation::JustifyDays => "justify_days",
            Operation::JustifyHours => "justify_hours",
            Operation::JustifyInterval => "justify_interval",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let interval = DataType::Interval(IntervalUnit::MonthDayNano);
        match (self.operation, arg_types) {
            (Operation::Age, [left, right]) => match (moment_type(left), moment_type(right)) {
                (Some(left), Some(right)) => Ok(vec![left, right]),
                _ => plan_err!("age takes timestamps, not {left} and {right}"),
            },
            (Operation::Age, _) => plan_err!("age takes two timestamps: write age(current_date, timestamp)"),
            (_, [DataType::Interval(_) | DataType::Null]) => Ok(vec![interval]),
            _ => plan_err!("{} takes one interval", self.name()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Interval(IntervalUnit::MonthDayNano))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(|value| value.to_array(rows(&args))).collect::<Result<Vec<_>>>()?;
        let intervals = (0..rows(&args)).map(|row| self.row(&columns, row));
        let intervals: IntervalMonthDayNanoArray = intervals.collect::<Result<Vec<_>>>()?.into();
        result(&args, Arc::new(intervals))
    }
}

impl IntervalFunction {
    fn row(&self, columns: &[ArrayRef], row: usize) -> Result<Option<IntervalMonthDayNano>> {
        if columns.iter().any(|column| column.is_null(row)) {
            return Ok(None);
        }
        let interval = || columns[0].as_primitive::<IntervalMonthDayNanoType>().value(row);
        let overflow = || exec_datafusion_err!("interval out of range");
        let justified = match self.operation {
            Operation::Age => match columns {
                [left, right] => age(micros(left, row).unwrap_or_default(), micros(right, row).unwrap_or_default()),
                _ => return exec_err!("age takes two timestamps"),
            },
            Operation::JustifyDays => Parts::of(interval()).justify_days().interval(),
            Operation::JustifyHours => Parts::of(interval()).justify_hours().interval(),
            Operation::JustifyInterval => Parts::of(interval()).justify().interval(),
        };
        justified.map(Some).ok_or_else(overflow)
    }
}

/// The parts of an interval, wide enough to compute with.
#[derive(Clone, Copy)]
struct Parts {
    months: i64,
    days: i64,
    nanos: i64,
}

impl Parts {
    fn of(interval: IntervalMonthDayNano) -> Self {
        Self { months: i64::from(interval.months), days: i64::from(interval.days), nanos: interval.nanoseconds }
    }

    /// `None` when a part is out of range.
    fn interval(self) -> Option<IntervalMonthDayNano> {
        let months = i32::try_from(self.months).ok()?;
        let days = i32::try_from(self.days).ok()?;
        Some(IntervalMonthDayNano::new(months, days, self.nanos))
    }

    /// Whole months out of the days; then both of one sign.
    fn justify_days(mut self) -> Self {
        self.months += self.days / DAYS_PER_MONTH;
        self.days %= DAYS_PER_MONTH;
        let carry = borrow(self.months, self.days);
        self.months -= carry;
        self.days += carry * DAYS_PER_MONTH;
        self
    }

    /// Whole days out of the time; then both of one sign.
    fn justify_hours(mut self) -> Self {
        self.days += self.nanos / NANOS_PER_DAY;
        self.nanos %= NANOS_PER_DAY;
        let carry = borrow(self.days, self.nanos);
        self.days -= carry;
        self.nanos += carry * NANOS_PER_DAY;
        self
    }

    /// Both, and all three parts of one sign.
    fn justify(mut self) -> Self {
        self.days += self.nanos / NANOS_PER_DAY;
        self.nanos %= NANOS_PER_DAY;
        self.months += self.days / DAYS_PER_MONTH;
        self.days %= DAYS_PER_MONTH;
        let rest = if self.days == 0 { self.nanos } else { self.days };
        let mixed_up = self.days != 0 && self.months != 0 && borrow(self.days, self.nanos) == self.months.signum();
        let carry = if mixed_up { 0 } else { borrow(self.months, rest) };
        self.months -= carry;
        self.days += carry * DAYS_PER_MONTH;
        let carry = borrow(self.days, self.nanos);
        self.days -= carry;
        self.nanos += carry * NANOS_PER_DAY;
        self
    }
}

/// 1 or -1 when the larger unit has to give one away so that the smaller one gets its sign, else 0.
fn borrow(larger: i64, smaller: i64) -> i64 {
    if larger > 0 && smaller < 0 {
        1
    } else if larger < 0 && smaller > 0 {
        -1
    } else {
        0
    }
}

/// Years and months, days and time between two moments, counted as a person does: a month more as long as the day is
/// reached, the days then in the month of the earlier moment. `None` when out of range.
fn age(left: i64, right: i64) -> Option<IntervalMonthDayNano> {
    let sign = if left < right { -1 } else { 1 };
    let (later, earlier) = (left.max(right), left.min(right));
    let split = |micros: i64| (Day::from_unix(micros.div_euclid(MICROS_PER_DAY)), micros.rem_euclid(MICROS_PER_DAY));
    let ((later, later_time), (earlier, earlier_time)) = (split(later), split(earlier));
    let mut time = later_time - earlier_time;
    let mut days = later.day - earlier.day;
    let mut months = (later.year - earlier.year) * 12 + later.month - earlier.month;
    if time < 0 {
        time += MICROS_PER_DAY;
        days -= 1;
    }
    if days < 0 {
        days += days_in_month(earlier.year, earlier.month);
        months -= 1;
    }
    Parts { months: sign * months, days: sign * days, nanos: sign * time * 1000 }.interval()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::IntervalMonthDayNano;
    use datafusion_common::ScalarValue;

    use super::IntervalFunction;
    use crate::testing::{call, timestamp};

    fn interval(months: i32, days: i32, seconds: i64) -> ScalarValue {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, seconds * 1_000_000_000)))
    }

    #[test]
    fn ages_count_months_and_days() {
        for (left, right, expected) in [
            (("2024-03-15", 0), ("2020-01-20", 0), interval(49, 26, 0)),
            (("2020-01-20", 0), ("2024-03-15", 0), interval(-49, -26, 0)),
            (("2024-03-01", 0), ("2024-02-29", 1_000_000), interval(0, 0, 86_399)),
            (("2020-02-29", 1_000_000), ("2021-01-03", 0), interval(-10, -2, -86_399)),
            (("2024-01-01", 0), ("2024-01-01", 0), interval(0, 0, 0)),
        ] {
            let args = [timestamp(left.0, left.1), timestamp(right.0, right.1)];
            assert_eq!(call(&IntervalFunction::age(), &args).expect("an age"), expected, "{args:?}");
        }
    }

    #[test]
    fn units_are_carried_over() {
        let hours = |hours: i64| hours * 3600;
        for (function, value, expected) in [
            (IntervalFunction::justify_days(), interval(0, 35, 0), interval(1, 5, 0)),
            (IntervalFunction::justify_days(), interval(1, -35, 0), interval(0, -5, 0)),
            (IntervalFunction::justify_hours(), interval(0, 0, hours(30)), interval(0, 1, hours(6))),
            (IntervalFunction::justify_hours(), interval(0, 2, hours(-49)), interval(0, 0, hours(-1))),
            (IntervalFunction::justify_interval(), interval(1, 0, hours(-1)), interval(0, 29, hours(23))),
            (IntervalFunction::justify_interval(), interval(0, 35, hours(30)), interval(1, 6, hours(6))),
            (IntervalFunction::justify_interval(), interval(-1, 30, hours(-1)), interval(0, 0, hours(-1))),
        ] {
            assert_eq!(call(&function, std::slice::from_ref(&value)).expect("an interval"), expected, "{value}");
        }
    }
}
