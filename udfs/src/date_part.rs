//! `date_part(unit, value) → float8` and `extract(unit FROM value) → numeric`: a field of a date, a timestamp or an
//! interval, as in PostgreSQL.
//!
//! ```sql
//! SELECT extract(second FROM timestamp '2024-05-06 07:08:09.25');   -- 9.250000
//! SELECT date_part('isodow', date '2024-05-06');                    -- 1, which is Monday
//! SELECT extract(year FROM date '2024-05-06') / 5;                  -- 404.8: a numeric division
//! ```
//!
//! `extract` is spelled with `FROM` and planned by [`crate::PostgresPlanner`].

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Field, FieldRef, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::date_unit::DateUnit;
use crate::decimal::rescale;
use crate::interval_text::of_micros;
use crate::pattern_cache::PatternCache;
use crate::template::calendar::MICROS_PER_DAY;
use crate::text::{Text, result, rows, text_type};
use crate::timestamp::{micros, moment_type};

/// Decimals of an `extract` whose unit is not a constant.
const ANY_DECIMALS: i8 = 6;

/// One of the two functions; they are immutable, since the time zone cannot be set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct DatePart {
    is_extract: bool,
    signature: Signature,
}

impl DatePart {
    /// `date_part`
    pub fn float8() -> Self {
        Self { is_extract: false, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `extract`
    pub fn extract() -> Self {
        Self { is_extract: true, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DatePart {
    fn name(&self) -> &str {
        if self.is_extract { "extract" } else { "date_part" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [unit, value] = arg_types else {
            return plan_err!("{} takes a unit and a date, a timestamp or an interval", self.name());
        };
        let value = match value {
            DataType::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
            DataType::Duration(_) => DataType::Duration(TimeUnit::Microsecond),
            other => match moment_type(other) {
                Some(moment) => moment,
                None => return plan_err!("{} takes a date, a timestamp or an interval, not {other}", self.name()),
            },
        };
        Ok(vec![text_type(self.name(), unit)?, value])
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        exec_err!("the type of extract depends on the unit")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = if self.is_extract {
            let unit = args.scalar_arguments.first().copied().flatten().and_then(|unit| unit.try_as_str()).flatten();
            let is_date = args.arg_fields[1].data_type() == &DataType::Date32;
            let decimals = match unit.map(DateUnit::parse).transpose()? {
                Some(_) if is_date => 0,
                Some(unit) => unit.decimals(),
                None => ANY_DECIMALS,
            };
            DataType::Decimal128(if decimals > ANY_DECIMALS { 38 } else { 20 }, decimals)
        } else {
            DataType::Float64
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let units = Text::of(&args.args[0])?;
        let values = args.args[1].to_array(rows(&args))?;
        let fields = (0..rows(&args)).scan(PatternCache::new(|unit, _| DateUnit::parse(unit)), |parsed, row| {
            Some(match units.get(row).filter(|_| values.is_valid(row)) {
                Some(unit) => parsed.get(unit, "").and_then(|unit| self.field(*unit, &values, row)).map(Some),
                None => Ok(None),
            })
        });
        let fields: Vec<Option<(i128, i8)>> = fields.collect::<Result<_>>()?;
        let column: ArrayRef = match args.return_type() {
            DataType::Decimal128(precision, scale) => {
                let decimals = fields.into_iter().map(|field| {
                    field.and_then(|(value, decimals)| rescale(value, i32::from(decimals), i32::from(*scale)))
                });
                Arc::new(Decimal128Array::from_iter(decimals).with_precision_and_scale(*precision, *scale)?)
            }
            _ => {
                let doubles = fields
                    .into_iter()
                    .map(|field| field.map(|(value, decimals)| value as f64 / 10f64.powi(i32::from(decimals))));
                Arc::new(Float64Array::from_iter(doubles))
            }
        };
        result(&args, column)
    }
}

impl DatePart {
    /// The field of a row that is not null, and its decimals.
    fn field(&self, unit: DateUnit, values: &ArrayRef, row: usize) -> Result<(i128, i8)> {
        if let DataType::Interval(_) = values.data_type() {
            let interval = values.as_primitive::<IntervalMonthDayNanoType>().value(row);
            return Ok((unit.of_interval(interval)?, unit.decimals()));
        }
        if let DataType::Duration(_) = values.data_type() {
            let micros = values.as_primitive::<DurationMicrosecondType>().value(row);
            return Ok((unit.of_interval(of_micros(micros))?, unit.decimals()));
        }
        if self.is_extract && values.data_type() == &DataType::Date32 && !unit.is_date_field() {
            return exec_err!("unit \"{unit:?}\" not supported for type date");
        }
        // The last dates have no microseconds since 1970 that a bigint holds.
        let (days, time) = match values.as_primitive_opt::<Date32Type>() {
            Some(dates) => (i64::from(dates.value(row)), 0),
            None => {
                let micros = micros(values, row).unwrap_or_default();
                (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY))
            }
        };
        Ok((unit.of_moment(days, time), unit.decimals()))
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::IntervalMonthDayNano;
    use arrow::datatypes::{DataType, Field};
    use datafusion_common::ScalarValue;
    use datafusion_expr::{ReturnFieldArgs, ScalarUDFImpl};
    use std::sync::Arc;

    use super::DatePart;
    use crate::testing::{assert_calls, assert_errors, date, text, timestamp};

    #[test]
    fn fields_are_numbers() {
        let moment = || timestamp("2024-05-06", 25_689_250_000);
        for (unit, part) in [
            ("second", "9.25"),
            ("milliseconds", "9250"),
            ("minute", "8"),
            ("hour", "7"),
            ("dow", "1"),
            ("isodow", "1"),
            ("doy", "127"),
            ("week", "19"),
            ("quarter", "2"),
            ("year", "2024"),
            ("decade", "202"),
            ("century", "21"),
            ("epoch", "1714979289.25"),
        ] {
            assert_calls(&DatePart::float8(), &[(&[text(unit), moment()], Some(part))]);
        }
        assert_calls(&DatePart::float8(), &[(&[text("hour"), date("2024-05-06")], Some("0"))]);
        let interval = ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(14, 3, 1_500_000_000)));
        assert_calls(&DatePart::float8(), &[(&[text("epoch"), interval], Some("37000801.5"))]);
    }

    #[test]
    fn the_unit_decides_on_the_decimals_of_an_extract() {
        for (unit, value, decimals) in
            [("second", DataType::Date32, 0), ("year", TIMESTAMP, 0), ("second", TIMESTAMP, 6), ("ms", TIMESTAMP, 3)]
        {
            let unit = text(unit);
            let fields = [DataType::Utf8, value].map(|data_type| Arc::new(Field::new("argument", data_type, true)));
            let args = ReturnFieldArgs { arg_fields: &fields, scalar_arguments: &[Some(&unit), None] };
            let field = DatePart::extract().return_field_from_args(args).expect("a type");
            assert_eq!(field.data_type(), &DataType::Decimal128(20, decimals), "{unit}");
        }
    }

    const TIMESTAMP: DataType = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None);

    #[test]
    fn a_date_has_no_time_of_day() {
        let args = [text("hour"), date("2024-05-06")];
        assert_errors(&DatePart::extract(), &[(&args, "not supported for type date")]);
        assert_errors(&DatePart::extract(), &[(&[text("fortnight"), date("2024-05-06")], "not recognized")]);
    }
}
