//! `pg_cast_float8(numeric) → float8`: the double that is nearest to a decimal, which is what PostgreSQL's cast gives.
//!
//! ```sql
//! SELECT pg_cast_float8(1.250);   -- 1.25
//! ```
//!
//! A cast of a decimal of more than 15 digits is rewritten to it: arrow's divides by a power of ten, and the quotient of
//! two rounded doubles is not always the nearest one.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type, i256};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::{SCALE, rescale, to_float8};
use crate::decimal::decimal_type;
use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastFloat8 {
    signature: Signature,
}

impl Default for PgCastFloat8 {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgCastFloat8 {
    fn name(&self) -> &str {
        "pg_cast_float8"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [number] => match decimal_type(number) {
                Some(decimal) => Ok(vec![decimal]),
                None => plan_err!("pg_cast_float8 takes a numeric, not {number}"),
            },
            _ => plan_err!("pg_cast_float8 takes one argument, not {}", arg_types.len()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let doubles: Float64Array = match values.data_type() {
            DataType::Decimal128(_, scale) => {
                let scale = i32::from(*scale);
                let nearest = |value| nearest(value, scale);
                values.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(nearest)
            }
            DataType::Decimal256(_, _) => values.as_primitive::<Decimal256Type>().unary::<_, Float64Type>(to_float8),
            other => return exec_err!("a numeric expected, found {other}"),
        };
        let doubles: ArrayRef = Arc::new(doubles);
        result(&args, doubles)
    }
}

/// The double that is nearest to `value` × 10^-`scale`.
fn nearest(value: i128, scale: i32) -> f64 {
    // Both operands are doubles themselves.
    if value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS && (0..=22).contains(&scale) {
        return value as f64 / 10f64.powi(scale);
    }
    // Up to 38 digits before the point and behind it, so that there is room.
    rescale(i256::from_i128(value), scale, i32::from(SCALE)).map_or(f64::NAN, to_float8)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use proptest::prelude::*;

    use super::{PgCastFloat8, nearest};
    use crate::testing::{assert_calls, decimal};

    #[test]
    fn doubles_are_nearest() {
        assert_calls(&PgCastFloat8::default(), &[(&[decimal("1.250")], Some("1.25"))]);
        let third = ScalarValue::Decimal128(Some(9_533_333_333_333_333), 38, 16);
        assert_calls(&PgCastFloat8::default(), &[(&[third], Some("0.9533333333333333"))]);
    }

    proptest! {
        #[test]
        fn as_if_read_from_text(value in any::<i128>().prop_map(|value| value % 10i128.pow(38)), scale in 0i32..39) {
            let read: f64 = format!("{value}e-{scale}").parse().unwrap();
            prop_assert_eq!(nearest(value, scale), read);
        }
    }
}
