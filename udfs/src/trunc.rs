//! `trunc(float8) → float8`, `trunc(numeric) → numeric` and `trunc(numeric, integer) → numeric`: cut towards zero; `ceil`
//! and `floor` of a float8 or numeric: the next integer above or below.
//!
//! ```sql
//! SELECT trunc(2.567, 2), trunc(-2.5), trunc(12345.678, -2);   -- 2.56, -2, 12300
//! SELECT ceil(2.1), floor(-2.1);                               -- 3, -3
//! ```
//!
//! With a constant number of places the result has as many decimals, else those of the argument.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Float64Type, Int32Type};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::decimal::{Places, decimal_type, rescale};
use crate::numeric_rounding;
use crate::text::{result, rows};

const PRECISION: u8 = 38;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Direction {
    ToZero,
    Up,
    Down,
}

impl From<Direction> for numeric_rounding::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::ToZero => Self::ToZero,
            Direction::Up => Self::Up,
            Direction::Down => Self::Down,
        }
    }
}

/// One of the functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Trunc {
    direction: Direction,
    places: Places,
    signature: Signature,
}

impl Trunc {
    /// `trunc`
    pub fn to_zero() -> Self {
        Self::new(Direction::ToZero)
    }

    /// `ceil`
    pub fn ceil() -> Self {
        Self::new(Direction::Up)
    }

    /// `floor`
    pub fn floor() -> Self {
        Self::new(Direction::Down)
    }

    /// `trunc` whose result has at most so many decimals, or those of its argument, whatever its arguments are said to be.
    pub fn with_places(places: Option<i32>) -> Self {
        Self { places: Places::Decided(places), ..Self::to_zero() }
    }

    /// Whether the type of the result can still change.
    pub fn is_undecided(&self) -> bool {
        self.places == Places::Argument
    }

    fn new(direction: Direction) -> Self {
        Self { direction, places: Places::Argument, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Trunc {
    fn name(&self) -> &str {
        match self.direction {
            Direction::ToZero => "trunc",
            Direction::Up => "ceil",
            Direction::Down => "floor",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] => match decimal_type(value) {
                Some(decimal) if !value.is_integer() => Ok(vec![decimal]),
                _ if value.is_numeric() || value.is_null() => Ok(vec![DataType::Float64]),
                _ => plan_err!("{} takes a number, not {value}", self.name()),
            },
            [value, places] if self.direction == Direction::ToZero && (places.is_integer() || places.is_null()) => {
                match decimal_type(value) {
                    Some(decimal) => Ok(vec![decimal, DataType::Int32]),
                    None => plan_err!(
                        "trunc to decimal places takes a numeric, not {value}: write trunc(value::numeric, places)"
                    ),
                }
            }
            _ => plan_err!("{} does not take {} arguments of these types", self.name(), arg_types.len()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        exec_err!("the type of trunc depends on the decimal places")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match args.arg_fields[0].data_type() {
            DataType::Decimal128(_, scale) => {
                let places = self.places.known(&args);
                let kept = places.map_or(i32::from(*scale), |places| places.clamp(0, i32::from(*scale)));
                DataType::Decimal128(PRECISION, kept as i8)
            }
            DataType::Decimal256(_, _) => numeric_rounding::rounded_type(self.places.known(&args)),
            other => other.clone(),
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let places = args.args.get(1).map(|places| places.to_array(rows(&args))).transpose()?;
        let cut: ArrayRef = match (values.data_type(), args.return_type()) {
            (DataType::Decimal128(_, from), DataType::Decimal128(precision, to)) => {
                let places = places.as_ref().map(|places| places.as_primitive::<Int32Type>());
                let cut = values.as_primitive::<Decimal128Type>().iter().enumerate().map(|(row, value)| {
                    let places = match places {
                        Some(places) if places.is_null(row) => return Ok(None),
                        Some(places) => places.value(row),
                        None => 0,
                    };
                    value.map(|value| self.cut(value, i32::from(*from), places, i32::from(*to))).transpose()
                });
                Arc::new(cut.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(*precision, *to)?)
            }
            (DataType::Decimal256(_, _), to) => {
                numeric_rounding::round_all(&values, places.as_ref(), self.direction.into(), to)?
            }
            _ => {
                let cut = match self.direction {
                    Direction::ToZero => f64::trunc,
                    Direction::Up => f64::ceil,
                    Direction::Down => f64::floor,
                };
                Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(cut))
            }
        };
        result(&args, cut)
    }
}

impl Trunc {
    /// `value` / 10^`from`, cut to `places`, as a multiple of 10^-`to`.
    fn cut(&self, value: i128, from: i32, places: i32, to: i32) -> Result<i128> {
        let dropped = from.saturating_sub(places).max(0);
        let unit = 10i128.checked_pow(dropped as u32);
        let kept = match (unit, self.direction) {
            (None, _) => Some(0),
            (Some(unit), Direction::ToZero) => Some(value / unit * unit),
            (Some(unit), Direction::Down) => value.div_euclid(unit).checked_mul(unit),
            (Some(unit), Direction::Up) => {
                let below = value.div_euclid(unit).checked_mul(unit);
                below.and_then(|below| if below == value { Some(below) } else { below.checked_add(unit) })
            }
        };
        match kept.and_then(|kept| rescale(kept, from, to)) {
            Some(cut) => Ok(cut),
            None => exec_err!("numeric field overflow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trunc;
    use crate::testing::{assert_calls, decimal, double, integer};

    #[test]
    fn ceil_and_floor_give_whole_numbers() {
        for (value, above, below) in [("2.1", "3", "2"), ("-2.1", "-2", "-3"), ("2.0", "2", "2"), ("-0.5", "0", "-1")] {
            assert_calls(&Trunc::ceil(), &[(&[decimal(value)], Some(above))]);
            assert_calls(&Trunc::floor(), &[(&[decimal(value)], Some(below))]);
        }
        assert_calls(&Trunc::ceil(), &[(&[double(2.1)], Some("3")), (&[integer(5)], Some("5"))]);
    }

    #[test]
    fn numbers_are_cut() {
        for (value, places, expected) in [
            ("2.567", 2, "2.56"),
            ("-2.567", 1, "-2.5"),
            ("12345.678", -2, "12300"),
            ("12345.678", -9, "0"),
            ("1.999", 0, "1"),
            ("1.5", 1, "1.5"),
        ] {
            assert_calls(&Trunc::to_zero(), &[(&[decimal(value), integer(places)], Some(expected))]);
        }
        assert_calls(&Trunc::to_zero(), &[(&[decimal("-2.9")], Some("-2")), (&[double(-2.9)], Some("-2"))]);
    }
}
