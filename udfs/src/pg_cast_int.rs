//! `pg_cast_int2`, `pg_cast_int4` and `pg_cast_int8`: a number as an integer, the way PostgreSQL's casts do it. A double
//! or real is rounded half to even, a numeric half away from zero; beyond the integer's range is an error.
//!
//! ```sql
//! SELECT pg_cast_int4(2.5::float8), pg_cast_int4(2.5::numeric);   -- 2, 3: what 2.5::float8::int and 2.5::int are
//! SELECT pg_cast_int2(40000);                                     -- error: smallint out of range
//! ```
//!
//! These are what a cast is rewritten to; a text is not taken, its cast needs no rounding.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type, Int16Type, Int32Type, Int64Type, i256};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric;
use crate::decimal::{decimal_type, rescale};
use crate::text::{result, rows};

/// The integer types of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Width {
    Small,
    Integer,
    Big,
}

/// One of the three functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastInt {
    width: Width,
    signature: Signature,
}

impl PgCastInt {
    /// `pg_cast_int2`
    pub fn int2() -> Self {
        Self::new(Width::Small)
    }

    /// `pg_cast_int4`
    pub fn int4() -> Self {
        Self::new(Width::Integer)
    }

    /// `pg_cast_int8`
    pub fn int8() -> Self {
        Self::new(Width::Big)
    }

    fn new(width: Width) -> Self {
        Self { width, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgCastInt {
    fn name(&self) -> &str {
        match self.width {
            Width::Small => "pg_cast_int2",
            Width::Integer => "pg_cast_int4",
            Width::Big => "pg_cast_int8",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [float] if float.is_floating() || float.is_null() => Ok(vec![DataType::Float64]),
            [number] => match decimal_type(number) {
                Some(decimal) => Ok(vec![decimal]),
                None => plan_err!("{} takes a number, not {number}", self.name()),
            },
            _ => plan_err!("{} takes one argument, not {}", self.name(), arg_types.len()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(match self.width {
            Width::Small => DataType::Int16,
            Width::Integer => DataType::Int32,
            Width::Big => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let integers: ArrayRef = match self.width {
            Width::Small => Arc::new(round_all::<Int16Type>(&values, "smallint")?),
            Width::Integer => Arc::new(round_all::<Int32Type>(&values, "integer")?),
            Width::Big => Arc::new(round_all::<Int64Type>(&values, "bigint")?),
        };
        result(&args, integers)
    }
}

fn round_all<T: ArrowPrimitiveType<Native: TryFrom<i128>>>(values: &ArrayRef, name: &str) -> Result<PrimitiveArray<T>> {
    let narrow = |rounded: Option<i128>| {
        rounded
            .and_then(|rounded| T::Native::try_from(rounded).ok())
            .ok_or_else(|| exec_datafusion_err!("{name} out of range"))
    };
    match values.data_type() {
        DataType::Float64 => values.as_primitive::<Float64Type>().try_unary(|value| narrow(round_double(value))),
        DataType::Decimal128(_, scale) => {
            let scale = i32::from(*scale);
            values.as_primitive::<Decimal128Type>().try_unary(|value| narrow(rescale(value, scale, 0)))
        }
        DataType::Decimal256(_, scale) => {
            let scale = i32::from(*scale);
            let rounded = |value| any_numeric::rescale(value, scale, 0).and_then(i256::to_i128);
            values.as_primitive::<Decimal256Type>().try_unary(|value| narrow(rounded(value)))
        }
        other => exec_err!("a number expected, found {other}"),
    }
}

/// `None` for what no 64-bit integer holds; conversion of a double saturates, so that the bound is checked before it.
fn round_double(value: f64) -> Option<i128> {
    (value.abs() < 1e19).then(|| value.round_ties_even() as i128)
}

#[cfg(test)]
mod tests {

    use super::PgCastInt;
    use crate::testing::{assert_calls, assert_errors, decimal, double, integer};

    #[test]
    fn numbers_are_rounded() {
        for (value, rounded) in [
            (double(2.5), "2"),
            (double(3.5), "4"),
            (double(-2.5), "-2"),
            (decimal("2.5"), "3"),
            (decimal("-2.5"), "-3"),
            (decimal("-2.4"), "-2"),
            (integer(7), "7"),
            (double(-2_147_483_648.5), "-2147483648"),
        ] {
            assert_calls(&PgCastInt::int4(), &[(&[value], Some(rounded))]);
        }
        assert_calls(&PgCastInt::int8(), &[(&[double(9.2e18)], Some("9200000000000000000"))]);
        assert_calls(&PgCastInt::int2(), &[(&[double(32767.4)], Some("32767"))]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for value in [double(2_147_483_647.5), decimal("2147483647.5"), integer(3_000_000_000), double(f64::NAN)] {
            assert_errors(&PgCastInt::int4(), &[(&[value], "integer out of range")]);
        }
        assert_errors(&PgCastInt::int2(), &[(&[integer(40_000)], "smallint out of range")]);
        assert_errors(&PgCastInt::int8(), &[(&[double(9.3e18)], "bigint out of range")]);
        assert_errors(&PgCastInt::int8(), &[(&[double(f64::INFINITY)], "bigint out of range")]);
    }
}
