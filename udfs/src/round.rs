//! `round(float8) → float8`, `round(numeric) → numeric` and `round(numeric, integer) → numeric`: PostgreSQL's. A double
//! is rounded half to even, a numeric half away from zero.
//!
//! ```sql
//! SELECT round(2.5::float8), round(2.5::numeric);       -- 2, 3
//! SELECT round(1.005::numeric, 2), round(1234, -2);     -- 1.01, 1200
//! ```
//!
//! As in PostgreSQL there is no `round(float8, integer)`: a double has no exact decimal places. With a constant number
//! of places the result has as many decimals, without one it keeps those of the argument.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef, Float64Type, Int32Type};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::decimal::{Places, decimal_type, rescale};
use crate::numeric_rounding::{self, Direction};
use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Round {
    places: Places,
    signature: Signature,
}

impl Default for Round {
    fn default() -> Self {
        Self { places: Places::Argument, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl Round {
    /// The function whose result has so many decimals, or those of its argument, whatever its arguments are said to be.
    pub fn with_places(places: Option<i32>) -> Self {
        Self { places: Places::Decided(places), ..Self::default() }
    }

    /// Whether the type of the result can still change.
    pub fn is_undecided(&self) -> bool {
        self.places == Places::Argument
    }
}

impl ScalarUDFImpl for Round {
    fn name(&self) -> &str {
        "round"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] => match decimal_type(value) {
                Some(decimal) if !value.is_integer() => Ok(vec![decimal]),
                _ if value.is_numeric() || value.is_null() => Ok(vec![DataType::Float64]),
                _ => plan_err!("round takes a number, not {value}"),
            },
            [value, places] if places.is_integer() || places.is_null() => match decimal_type(value) {
                Some(decimal) => Ok(vec![decimal, DataType::Int32]),
                None => plan_err!(
                    "round to decimal places takes a numeric, not {value}: write round(value::numeric, places)"
                ),
            },
            _ => plan_err!("round takes a number, and decimal places as an integer"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        exec_err!("the type of round depends on the decimal places")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match args.arg_fields[0].data_type() {
            DataType::Decimal128(precision, scale) => rounded_type(*precision, *scale, self.places.known(&args)),
            DataType::Decimal256(_, _) => numeric_rounding::rounded_type(self.places.known(&args)),
            _ => DataType::Float64,
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let rounded: ArrayRef = match (values.data_type(), args.return_type()) {
            (DataType::Decimal128(_, from), DataType::Decimal128(precision, to)) => {
                let places = args.args.get(1).map(|places| places.to_array(values.len())).transpose()?;
                let rounded = round_decimals(values.as_primitive(), *from, places.as_ref(), *to)?;
                Arc::new(rounded.with_precision_and_scale(*precision, *to)?)
            }
            (DataType::Decimal256(_, _), to) => {
                let places = args.args.get(1).map(|places| places.to_array(values.len())).transpose()?;
                numeric_rounding::round_all(&values, places.as_ref(), Direction::Nearest, to)?
            }
            _ => {
                let doubles = values.as_primitive::<Float64Type>();
                Arc::new(doubles.unary::<_, Float64Type>(f64::round_ties_even))
            }
        };
        result(&args, rounded)
    }
}

/// Room for the digits before the point, one more that rounding can carry into, and the decimals.
fn rounded_type(precision: u8, scale: i8, places: Option<i32>) -> DataType {
    let whole_digits = i32::from(precision) - i32::from(scale) + 1;
    let max_scale = (i32::from(DECIMAL128_MAX_PRECISION) - whole_digits).max(i32::from(scale));
    let scale = places.map_or(i32::from(scale), |places| places.clamp(0, max_scale));
    let precision = (whole_digits + scale).clamp(1, i32::from(DECIMAL128_MAX_PRECISION));
    DataType::Decimal128(precision as u8, scale as i8)
}

fn round_decimals(values: &Decimal128Array, from: i8, places: Option<&ArrayRef>, to: i8) -> Result<Decimal128Array> {
    let places = places.map(|places| places.as_primitive::<Int32Type>());
    let rounded = values.iter().enumerate().map(|(row, value)| {
        let places = match places {
            Some(places) if places.is_null(row) => return Ok(None),
            Some(places) => places.value(row),
            None => 0,
        };
        value.map(|value| round_decimal(value, i32::from(from), places, i32::from(to))).transpose()
    });
    rounded.collect()
}

/// `value` / 10^`from`, rounded to `places`, as a multiple of 10^-`to`.
fn round_decimal(value: i128, from: i32, places: i32, to: i32) -> Result<i128> {
    // Places that the value does not have change nothing; beyond 38 digits nothing is left of it.
    let places = places.clamp(from - 39, from);
    match rescale(value, from, places).and_then(|rounded| rescale(rounded, places, to)) {
        Some(rounded) => Ok(rounded),
        None => exec_err!("numeric field overflow"),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use datafusion_expr::ScalarUDFImpl;

    use super::Round;
    use crate::testing::{assert_calls, decimal, double, integer};

    #[test]
    fn a_double_is_rounded_half_to_even() {
        for (value, rounded) in [(2.5, "2"), (3.5, "4"), (-2.5, "-2"), (0.5, "0"), (f64::NAN, "NaN"), (1e300, "1e+300")]
        {
            assert_calls(&Round::default(), &[(&[double(value)], Some(rounded))]);
        }
        assert_calls(&Round::default(), &[(&[integer(5)], Some("5"))]);
    }

    #[test]
    fn a_decimal_is_rounded_half_away_from_zero() {
        for (value, places, rounded) in [
            ("1.005", 2, "1.01"),
            ("-1.005", 2, "-1.01"),
            ("2.345", 2, "2.35"),
            ("1.5", 4, "1.5000"),
            ("1234.5678", -2, "1200"),
            ("50", -2, "100"),
            ("49", -9, "0"),
            ("99.995", 2, "100.00"),
        ] {
            assert_calls(&Round::default(), &[(&[decimal(value), integer(places)], Some(rounded))]);
        }
        assert_calls(&Round::default(), &[(&[decimal("2.5")], Some("3")), (&[decimal("-2.5")], Some("-3"))]);
    }

    #[test]
    fn a_double_has_no_decimal_places() {
        let error = Round::default().coerce_types(&[DataType::Float64, DataType::Int64]).expect_err("an error");
        assert!(error.to_string().contains("round(value::numeric, places)"), "{error}");
    }
}
