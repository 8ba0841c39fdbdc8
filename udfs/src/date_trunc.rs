//! `date_trunc(unit, timestamp) → timestamp`: the beginning of the unit that a moment is in, as in PostgreSQL. Of a
//! `timestamptz` or a date it is a `timestamptz`.
//!
//! ```sql
//! SELECT date_trunc('quarter', timestamp '2024-05-06 07:08:09');   -- 2024-04-01 00:00:00
//! SELECT date_trunc('decade', date '2024-05-06');                  -- 2020-01-01 00:00:00+00
//! ```

use std::sync::Arc;

use arrow::array::{ArrayRef, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::date_unit::DateUnit;
use crate::pattern_cache::PatternCache;
use crate::text::{Text, result, rows, text_type};
use crate::timestamp::{UTC, micros, moment_type};

/// The function; it is immutable, since the time zone cannot be set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct DateTrunc {
    signature: Signature,
}

impl Default for DateTrunc {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        "date_trunc"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [unit, value] => match moment_type(value) {
                Some(moment) => Ok(vec![text_type(self.name(), unit)?, moment]),
                None => plan_err!("date_trunc takes a date or a timestamp, not {value}"),
            },
            _ => plan_err!("date_trunc takes a unit and a timestamp"),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(match &arg_types[1] {
            DataType::Date32 => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            timestamp => timestamp.clone(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let units = Text::of(&args.args[0])?;
        let values = args.args[1].to_array(rows(&args))?;
        let mut parsed = PatternCache::new(|unit, _| DateUnit::parse(unit));
        let truncated = (0..rows(&args)).map(|row| match (units.get(row), micros(&values, row)) {
            (Some(unit), Some(micros)) => parsed.get(unit, "")?.truncate(micros).map(Some),
            _ => Ok(None),
        });
        let truncated: TimestampMicrosecondArray = truncated.collect::<Result<_>>()?;
        let truncated: ArrayRef = Arc::new(truncated.with_data_type(args.return_type().clone()));
        result(&args, truncated)
    }
}

#[cfg(test)]
mod tests {

    use super::DateTrunc;
    use crate::testing::{assert_calls, assert_errors, date, text, timestamp};

    #[test]
    fn units_begin() {
        let moment = || timestamp("2024-05-06", 25_689_123_456);
        for (unit, expected) in [
            ("microseconds", "2024-05-06 07:08:09.123456"),
            ("milliseconds", "2024-05-06 07:08:09.123"),
            ("second", "2024-05-06 07:08:09"),
            ("MINUTE", "2024-05-06 07:08:00"),
            ("hour", "2024-05-06 07:00:00"),
            ("day", "2024-05-06 00:00:00"),
            ("week", "2024-05-06 00:00:00"),
            ("month", "2024-05-01 00:00:00"),
            ("quarter", "2024-04-01 00:00:00"),
            ("year", "2024-01-01 00:00:00"),
            ("decade", "2020-01-01 00:00:00"),
            ("century", "2001-01-01 00:00:00"),
            ("millennium", "2001-01-01 00:00:00"),
        ] {
            assert_calls(&DateTrunc::default(), &[(&[text(unit), moment()], Some(expected))]);
        }
        let before_1970 = timestamp("1969-12-31", 1);
        assert_calls(&DateTrunc::default(), &[(&[text("week"), before_1970], Some("1969-12-29 00:00:00"))]);
        let day = date("2024-05-06");
        assert_calls(&DateTrunc::default(), &[(&[text("month"), day], Some("2024-05-01 00:00:00+00"))]);
    }

    #[test]
    fn an_unknown_unit_is_an_error() {
        let args = [text("fortnight"), date("2024-05-06")];
        assert_errors(&DateTrunc::default(), &[(&args, "unit \"fortnight\" not recognized")]);
    }
}
