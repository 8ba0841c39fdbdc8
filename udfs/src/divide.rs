//! `div(a, b) → numeric`: the quotient cut to an integer; and `pg_divide(a, b)`: the quotient of two numerics or two
//! doubles as PostgreSQL's `/` gives it. Division by zero is an error, of doubles too.
//!
//! ```sql
//! SELECT div(-7.5, 2);                                  -- -3
//! SELECT pg_divide(1.0, 3);                             -- 0.3333333333333333
//! SELECT pg_divide(1::float8, 0::float8);               -- error: division by zero
//! ```
//!
//! `pg_divide` is what `/` is rewritten to. The quotient of numerics has 16 decimals, or more where an operand has more;
//! PostgreSQL's has at least 16 significant digits, and so has that of numerics of any precision.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, i256};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::{self, ANY_NUMERIC};
use crate::decimal::decimal_type;
use crate::decimal_room::{Computed, needs_any_numeric};
use crate::numeric_arithmetic::all;
use crate::text::{result, rows};

const PRECISION: u8 = 38;
const DECIMALS: i8 = 16;

/// One of the two functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Divide {
    is_div: bool,
    signature: Signature,
}

impl Divide {
    /// `div`
    pub fn truncated() -> Self {
        Self { is_div: true, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `pg_divide`
    pub fn quotient() -> Self {
        Self { is_div: false, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Divide {
    fn name(&self) -> &str {
        if self.is_div { "div" } else { "pg_divide" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = arg_types else {
            return plan_err!("{} takes two arguments, not {}", self.name(), arg_types.len());
        };
        if !self.is_div && (left.is_floating() || right.is_floating()) {
            return Ok(vec![DataType::Float64; 2]);
        }
        let number = |operand: &DataType| match operand {
            DataType::Null => Ok(DataType::Decimal128(PRECISION, 0)),
            operand => match decimal_type(operand) {
                Some(decimal) => Ok(decimal),
                None => plan_err!("{} takes numerics, not {operand}", self.name()),
            },
        };
        let (from, by) = (number(left)?, number(right)?);
        let has_decimals = left.is_decimal() || right.is_decimal();
        Ok(if has_decimals && needs_any_numeric(Computed::Quotient, &from, &by) {
            vec![ANY_NUMERIC; 2]
        } else {
            vec![from, by]
        })
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(match (&arg_types[0], &arg_types[1]) {
            (DataType::Decimal128(_, _), DataType::Decimal128(_, _)) if self.is_div => {
                DataType::Decimal128(PRECISION, 0)
            }
            (DataType::Decimal128(_, left), DataType::Decimal128(_, right)) => {
                DataType::Decimal128(PRECISION, DECIMALS.max(*left).max(*right))
            }
            (DataType::Decimal256(_, _), _) => ANY_NUMERIC,
            _ => DataType::Float64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let left = args.args[0].to_array(rows(&args))?;
        let right = args.args[1].to_array(rows(&args))?;
        let quotients: ArrayRef = match (left.data_type(), right.data_type(), args.return_type()) {
            (DataType::Decimal128(_, from), DataType::Decimal128(_, by), DataType::Decimal128(precision, to)) => {
                let power = i32::from(*to) + i32::from(*by) - i32::from(*from);
                let pairs = left.as_primitive::<Decimal128Type>().iter().zip(right.as_primitive::<Decimal128Type>());
                let quotients = pairs.map(|pair| match pair {
                    (Some(left), Some(right)) => quotient(left, right, power, self.is_div).map(Some),
                    _ => Ok(None),
                });
                let quotients: Decimal128Array = quotients.collect::<Result<_>>()?;
                Arc::new(quotients.with_precision_and_scale(*precision, *to)?)
            }
            (DataType::Decimal256(_, _), _, _) => all(&left, &right, |left, right| self.wide_quotient(left, right))?,
            _ => Arc::new(divide_doubles(left.as_primitive(), right.as_primitive())?),
        };
        result(&args, quotients)
    }
}

impl Divide {
    fn wide_quotient(&self, left: i256, right: i256) -> Result<i256> {
        if right == i256::ZERO {
            return exec_err!("division by zero");
        }
        let divide = if self.is_div { any_numeric::whole_quotient } else { any_numeric::quotient };
        divide(left, right).ok_or_else(any_numeric::overflow)
    }
}

fn divide_doubles(left: &Float64Array, right: &Float64Array) -> Result<Float64Array> {
    let quotients = left.iter().zip(right).map(|pair| match pair {
        (Some(left), Some(0.0)) if !left.is_nan() => exec_err!("division by zero"),
        (Some(left), Some(right)) => Ok(Some(left / right)),
        _ => Ok(None),
    });
    let quotients: Vec<Option<f64>> = quotients.collect::<Result<_>>()?;
    Ok(quotients.into_iter().collect::<arrow::array::PrimitiveArray<Float64Type>>())
}

/// `left` × 10^`power` / `right`, cut, or rounded half away from zero.
fn quotient(left: i128, right: i128, power: i32, cut: bool) -> Result<i128> {
    if right == 0 {
        return exec_err!("division by zero");
    }
    let overflow = || exec_datafusion_err!("numeric field overflow");
    let ten_to = |power: i32| i256::from_i128(10).checked_pow(power.unsigned_abs()).ok_or_else(overflow);
    let (mut left, mut right) = (i256::from_i128(left), i256::from_i128(right));
    if power >= 0 {
        left = left.checked_mul(ten_to(power)?).ok_or_else(overflow)?;
    } else {
        right = right.checked_mul(ten_to(power)?).ok_or_else(overflow)?;
    }
    let whole = left.checked_div(right).ok_or_else(overflow)?;
    let rest = left.wrapping_sub(whole.wrapping_mul(right)).wrapping_abs();
    let divisor = right.wrapping_abs();
    let away = !cut && rest >= divisor.wrapping_sub(rest);
    let step = if !away {
        0
    } else if (left < i256::ZERO) == (right < i256::ZERO) {
        1
    } else {
        -1
    };
    whole.wrapping_add(i256::from_i128(step)).to_i128().ok_or_else(overflow)
}

#[cfg(test)]
mod tests {

    use super::Divide;
    use crate::testing::{assert_calls, assert_errors, decimal, double, integer};

    #[test]
    fn quotients() {
        for (left, right, expected) in [
            (decimal("1.0"), integer(3), "0.3333333333333333"),
            (decimal("2.0"), integer(3), "0.6666666666666667"),
            (decimal("-2.0"), integer(3), "-0.6666666666666667"),
            (integer(7), integer(2), "3.5000000000000000"),
            (double(7.0), integer(2), "3.5"),
        ] {
            assert_calls(&Divide::quotient(), &[(&[left, right], Some(expected))]);
        }
        for (left, right, expected) in [
            (integer(7), integer(2), "3"),
            (decimal("-7.5"), integer(2), "-3"),
            (decimal("7.5"), decimal("-0.25"), "-30"),
        ] {
            assert_calls(&Divide::truncated(), &[(&[left, right], Some(expected))]);
        }
    }

    #[test]
    fn division_by_zero_is_an_error() {
        for args in [[decimal("1.0"), integer(0)], [double(1.0), double(0.0)]] {
            assert_errors(&Divide::quotient(), &[(&args, "division by zero")]);
        }
        assert_errors(&Divide::truncated(), &[(&[integer(1), integer(0)], "division by zero")]);
    }
}
