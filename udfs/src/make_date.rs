//! `make_date(year, month, day) → date`: PostgreSQL's; a negative year is one before Christ, and the year 0 or a day that
//! does not exist an error.
//!
//! ```sql
//! SELECT make_date(2024, 2, 29), make_date(-44, 3, 15);   -- 2024-02-29, 0044-03-15 BC
//! ```

use std::sync::Arc;

use arrow::array::{Array, AsArray, Date32Array};
use arrow::datatypes::{DataType, Int32Type};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::template::calendar::{Day, days_in_month};
use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct MakeDate {
    signature: Signature,
}

impl Default for MakeDate {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for MakeDate {
    fn name(&self) -> &str {
        "make_date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let are_integers = arg_types.iter().all(|number| number.is_integer() || number.is_null());
        if arg_types.len() != 3 || !are_integers {
            return plan_err!("make_date takes a year, a month and a day as integers");
        }
        Ok(vec![DataType::Int32; 3])
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(|column| column.to_array(rows(&args))).collect::<Result<Vec<_>>>()?;
        let part = |column: usize, row: usize| {
            columns[column].is_valid(row).then(|| columns[column].as_primitive::<Int32Type>().value(row))
        };
        let dates = (0..rows(&args)).map(|row| match (part(0, row), part(1, row), part(2, row)) {
            (Some(year), Some(month), Some(day)) => date(year, month, day).map(Some),
            _ => Ok(None),
        });
        let dates: Date32Array = dates.collect::<Result<_>>()?;
        result(&args, Arc::new(dates))
    }
}

/// Days since 1970-01-01.
fn date(year: i32, month: i32, day: i32) -> Result<i32> {
    let date = Day {
        year: i64::from(if year < 0 { year.saturating_add(1) } else { year }),
        month: i64::from(month),
        day: i64::from(day),
    };
    let exists = year != 0
        && (1..=12).contains(&month)
        && (1..=days_in_month(date.year, date.month)).contains(&date.day)
        && date.is_in_range()
        && date.julian() >= 0;
    match i32::try_from(date.unix()) {
        Ok(days) if exists => Ok(days),
        _ => exec_err!("date field value out of range: {year}-{month:02}-{day:02}"),
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::MakeDate;
    use crate::testing::{assert_calls, assert_errors, integer};

    #[test]
    fn days_that_exist_are_made() {
        for (parts, expected) in [
            ([2024, 2, 29], "2024-02-29"),
            ([-44, 3, 15], "0044-03-15 BC"),
            ([-1, 2, 29], "0001-02-29 BC"),
            ([10_000, 12, 31], "10000-12-31"),
        ] {
            assert_calls(&MakeDate::default(), &[(&parts.map(integer), Some(expected))]);
        }
        assert_calls(&MakeDate::default(), &[(&[integer(2024), ScalarValue::Int64(None), integer(1)], None)]);
    }

    #[test]
    fn other_days_are_an_error() {
        for parts in [[2023, 2, 29], [0, 1, 1], [2024, 13, 1], [2024, 0, 1], [2024, 1, 0], [6_000_000, 1, 1]] {
            assert_errors(&MakeDate::default(), &[(&parts.map(integer), "date field value out of range")]);
        }
    }
}
