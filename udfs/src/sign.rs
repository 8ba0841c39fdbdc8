//! `sign(number)`: -1, 0 or 1, as a numeric of a numeric, else as float8.
//!
//! ```sql
//! SELECT sign(-2.5), sign(0::float8);   -- -1, 0
//! ```

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::decimal::decimal_type;
use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Sign {
    signature: Signature,
}

impl Default for Sign {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Sign {
    fn name(&self) -> &str {
        "sign"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [number] if number.is_decimal() => Ok(decimal_type(number).into_iter().collect()),
            [number] if number.is_numeric() || number.is_null() => Ok(vec![DataType::Float64]),
            _ => plan_err!("sign takes one number"),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(if arg_types[0].is_decimal() { DataType::Decimal128(1, 0) } else { DataType::Float64 })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let signs: ArrayRef = if values.data_type().is_decimal() {
            let signs: Decimal128Array = match values.as_primitive_opt::<Decimal256Type>() {
                Some(values) => values.unary(|value| value.signum().as_i128()),
                None => values.as_primitive::<Decimal128Type>().unary(i128::signum),
            };
            Arc::new(signs.with_precision_and_scale(1, 0)?)
        } else {
            let sign = |value: f64| {
                if value > 0.0 {
                    1.0
                } else if value < 0.0 {
                    -1.0
                } else {
                    value
                }
            };
            let signs: Float64Array = values.as_primitive::<Float64Type>().unary(sign);
            Arc::new(signs)
        };
        result(&args, signs)
    }
}

#[cfg(test)]
mod tests {

    use super::Sign;
    use crate::testing::{assert_calls, decimal, double, integer};

    #[test]
    fn signs() {
        for (value, expected) in [
            (double(-2.5), "-1"),
            (double(0.0), "0"),
            (double(f64::NAN), "NaN"),
            (decimal("-2.5"), "-1"),
            (decimal("0.0"), "0"),
            (integer(9), "1"),
        ] {
            assert_calls(&Sign::default(), &[(&[value], Some(expected))]);
        }
    }
}
