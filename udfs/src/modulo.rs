//! `mod(a, b)`: the remainder, with the sign of `a`, of integers or numerics; `mod(a, 0)` is an error.
//!
//! ```sql
//! SELECT mod(-7, 3), mod(7.5, 2);   -- -1, 1.5
//! ```

use arrow::array::Array;
use arrow::compute::kernels::numeric::rem;
use arrow::datatypes::DataType;
use datafusion_common::{DataFusionError, Result, exec_err, plan_err};
use datafusion_expr::type_coercion::binary::comparison_coercion;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::ANY_NUMERIC;
use crate::decimal_room::{Computed, needs_any_numeric};
use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Modulo {
    signature: Signature,
}

impl Default for Modulo {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Modulo {
    fn name(&self) -> &str {
        "mod"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = arg_types else {
            return plan_err!("mod takes two arguments, not {}", arg_types.len());
        };
        match comparison_coercion(left, right) {
            Some(DataType::Null) => Ok(vec![DataType::Int64; 2]),
            Some(common) if common.is_decimal() && needs_any_numeric(Computed::Remainder, left, right) => {
                Ok(vec![ANY_NUMERIC; 2])
            }
            Some(common) if common.is_integer() || common.is_decimal() => Ok(vec![common; 2]),
            _ => plan_err!("mod takes integers or numerics, not {left} and {right}"),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types[0].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let left = args.args[0].to_array(rows(&args))?;
        let right = args.args[1].to_array(rows(&args))?;
        match rem(&left, &right) {
            Ok(remainder) => {
                let remainder = arrow::compute::cast(&remainder, left.data_type())?;
                result(&args, remainder)
            }
            Err(arrow::error::ArrowError::DivideByZero) => exec_err!("division by zero"),
            Err(other) => Err(DataFusionError::from(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::Modulo;
    use crate::testing::{assert_errors, call, decimal, double, integer};

    #[test]
    fn the_remainder_has_the_sign_of_the_dividend() {
        for (left, right, expected) in [
            (integer(7), integer(3), "1"),
            (integer(-7), integer(3), "-1"),
            (integer(7), integer(-3), "1"),
            (decimal("7.5"), integer(2), "1.5"),
            (decimal("-7.5"), decimal("2.5"), "0.0"),
        ] {
            let args = [left, right];
            let remainder = call(&Modulo::default(), &args).expect("a remainder");
            let expected: f64 = expected.parse().expect("a number");
            assert_eq!(remainder.cast_to(&DataType::Float64).expect("a double"), double(expected), "{args:?}");
        }
        assert_errors(&Modulo::default(), &[(&[integer(1), integer(0)], "division by zero")]);
    }
}
