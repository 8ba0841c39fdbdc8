//! `trunc(float8) → float8`, `trunc(numeric) → numeric` and `trunc(numeric, integer) → numeric`: cut towards zero.
//!
//! ```sql
//! SELECT trunc(2.567, 2), trunc(-2.5), trunc(12345.678, -2);   -- 2.56, -2, 12300
//! ```
//!
//! With a constant number of places the result has as many decimals, else those of the argument.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Float64Type, Int32Type};
use datafusion_common::{Result, ScalarValue, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::decimal::{decimal_type, rescale};
use crate::text::{result, rows};

const PRECISION: u8 = 38;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Trunc {
    signature: Signature,
}

impl Default for Trunc {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Trunc {
    fn name(&self) -> &str {
        "trunc"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] => match decimal_type(value) {
                Some(decimal) if !value.is_integer() => Ok(vec![decimal]),
                _ if value.is_numeric() || value.is_null() => Ok(vec![DataType::Float64]),
                _ => plan_err!("trunc takes a number, not {value}"),
            },
            [value, places] if places.is_integer() || places.is_null() => match decimal_type(value) {
                Some(decimal) => Ok(vec![decimal, DataType::Int32]),
                None => plan_err!(
                    "trunc to decimal places takes a numeric, not {value}: write trunc(value::numeric, places)"
                ),
            },
            _ => plan_err!("trunc takes a number, and decimal places as an integer"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        exec_err!("the type of trunc depends on the decimal places")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match args.arg_fields[0].data_type() {
            DataType::Decimal128(_, scale) => {
                let places = match args.scalar_arguments {
                    [_] => Some(0),
                    [_, Some(places)] => match places.cast_to(&DataType::Int32) {
                        Ok(ScalarValue::Int32(places)) => places,
                        _ => None,
                    },
                    _ => None,
                };
                let kept = places.map_or(i32::from(*scale), |places| places.clamp(0, i32::from(*scale)));
                DataType::Decimal128(PRECISION, kept as i8)
            }
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
                    value.map(|value| cut_decimal(value, i32::from(*from), places, i32::from(*to))).transpose()
                });
                Arc::new(cut.collect::<Result<Decimal128Array>>()?.with_precision_and_scale(*precision, *to)?)
            }
            _ => Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::trunc)),
        };
        result(&args, cut)
    }
}

/// `value` / 10^`from`, cut to `places`, as a multiple of 10^-`to`.
fn cut_decimal(value: i128, from: i32, places: i32, to: i32) -> Result<i128> {
    let dropped = from.saturating_sub(places).max(0);
    let unit = 10i128.checked_pow(dropped as u32);
    let kept = unit.map_or(0, |unit| value / unit * unit);
    match rescale(kept, from, to) {
        Some(cut) => Ok(cut),
        None => exec_err!("numeric field overflow"),
    }
}

#[cfg(test)]
mod tests {
    use super::Trunc;
    use crate::testing::{assert_calls, decimal, double, integer};

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
            assert_calls(&Trunc::default(), &[(&[decimal(value), integer(places)], Some(expected))]);
        }
        assert_calls(&Trunc::default(), &[(&[decimal("-2.9")], Some("-2")), (&[double(-2.9)], Some("-2"))]);
    }
}
