//! `pg_cast_numeric(float8 | real) → numeric(38, 10)`: a floating-point number as a decimal, the way PostgreSQL's cast
//! does it, from its first 15 (of a real 6) significant digits.
//!
//! ```sql
//! SELECT pg_cast_numeric(0.1::float8 + 0.2::float8);              -- 0.3, not 0.3000000000000000444
//! SELECT round(pg_cast_numeric(2.675::float8), 2);                -- 2.68: the double is a little below 2.675
//! ```
//!
//! PostgreSQL's `numeric` has no bounds; this one has ten decimals and is an error from 10^28 on, and for NaN and the
//! infinities.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::decimal::rescale;
use crate::text::{result, rows};

const PRECISION: u8 = 38;
const SCALE: i8 = 10;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastNumeric {
    signature: Signature,
}

impl Default for PgCastNumeric {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgCastNumeric {
    fn name(&self) -> &str {
        "pg_cast_numeric"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [DataType::Float32 | DataType::Float64] => Ok(arg_types.to_vec()),
            [DataType::Float16 | DataType::Null] => Ok(vec![DataType::Float64]),
            _ => plan_err!("pg_cast_numeric takes one floating-point number"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(PRECISION, SCALE))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let decimals: Decimal128Array = match values.data_type() {
            DataType::Float32 => values.as_primitive::<Float32Type>().try_unary(|value| decimal(f64::from(value), 6)),
            DataType::Float64 => values.as_primitive::<Float64Type>().try_unary(|value| match short(value) {
                Some(decimal) => Ok(decimal),
                None => decimal(value, 15),
            }),
            other => exec_err!("a floating-point number expected, found {other}"),
        }?;
        let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(PRECISION, SCALE)?);
        result(&args, decimals)
    }
}

/// What [`decimal`] gives, where the value has four decimals at most, as amounts of money do. The quotient of two numbers
/// is the double nearest to it, so that a value which is one has the dividend's digits, and those are fewer than 15.
fn short(value: f64) -> Option<i128> {
    const DECIMALS: f64 = 1e4;
    const TO_SCALE: i128 = 1_000_000;
    let scaled = (value * DECIMALS).round();
    (scaled.abs() < 1e15 && scaled / DECIMALS == value).then(|| scaled as i128 * TO_SCALE)
}

/// `value`, to so many significant digits, as a multiple of 10^-[`SCALE`].
fn decimal(value: f64, significant: usize) -> Result<i128> {
    let overflow =
        || exec_datafusion_err!("numeric field overflow: {value} does not fit numeric({PRECISION}, {SCALE})");
    if value == 0.0 {
        return Ok(0);
    }
    if value.abs() >= 1e28 || value.is_nan() {
        return Err(overflow());
    }
    // d.ddde±x; without the point the digits are a multiple of 10^(x + 1 - significant).
    let text = format!("{value:.*e}", significant - 1);
    let (mantissa, exponent) = text.split_once('e').ok_or_else(overflow)?;
    let digits: i128 = mantissa.replace('.', "").parse().map_err(|_| overflow())?;
    let exponent: i32 = exponent.parse().map_err(|_| overflow())?;
    rescale(digits, significant as i32 - 1 - exponent, i32::from(SCALE)).ok_or_else(overflow)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use proptest::prelude::*;

    use super::{PgCastNumeric, decimal, short};
    use crate::testing::{assert_calls, assert_errors, double};

    #[test]
    fn the_first_fifteen_digits_count() {
        for (value, expected) in [
            (0.1 + 0.2, "0.3000000000"),
            (1.005, "1.0050000000"),
            (-2.675, "-2.6750000000"),
            (123_456_789_012.345, "123456789012.3450000000"),
            (1_234_567.123_456_789, "1234567.1234567900"),
            (0.0, "0.0000000000"),
            (1e-11, "0.0000000000"),
            (1e27, "1000000000000000000000000000.0000000000"),
        ] {
            assert_calls(&PgCastNumeric::default(), &[(&[double(value)], Some(expected))]);
        }
        assert_calls(&PgCastNumeric::default(), &[(&[ScalarValue::from(0.1f32)], Some("0.1000000000"))]);
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!(short(1234.5678), Some(12_345_678_000_000));
        assert_eq!(short(-0.0), Some(0));
        for value in [0.1 + 0.2, 1e-5, 123_456_789_012.345, f64::NAN, f64::INFINITY] {
            assert_eq!(short(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_short_has_the_same_digits(whole in -(1i64 << 53)..(1i64 << 53), decimals in 0..7i32, ulps in -1i64..2) {
            let near = (whole as f64 / 10f64.powi(decimals)).to_bits() as i64 + ulps;
            let value = f64::from_bits(near as u64);
            if let Some(decimals) = short(value) {
                prop_assert_eq!(decimals, decimal(value, 15).unwrap());
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for value in [1e28, f64::NAN, f64::INFINITY] {
            assert_errors(&PgCastNumeric::default(), &[(&[double(value)], "numeric field overflow")]);
        }
    }
}
