//! `trim_scale(numeric) → numeric`: the number without the zeros that end its decimals.
//!
//! ```sql
//! SELECT trim_scale(8.4100);   -- 8.41
//! ```
//!
//! The result is a numeric of any precision, which is shown with the decimals that each value has.

use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use arrow::datatypes::DataType;

use crate::any_numeric::ANY_NUMERIC;

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct TrimScale {
    signature: Signature,
}

impl Default for TrimScale {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TrimScale {
    fn name(&self) -> &str {
        "trim_scale"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [number] if number.is_decimal() || number.is_integer() || number.is_null() => Ok(vec![ANY_NUMERIC]),
            _ => plan_err!("trim_scale takes one numeric"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(ANY_NUMERIC)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // The type says it: the argument was brought to it.
        Ok(args.args[0].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::TrimScale;
    use crate::testing::{assert_calls, decimal, integer};

    #[test]
    fn zeros_at_the_end_are_gone() {
        assert_calls(
            &TrimScale::default(),
            &[
                (&[decimal("8.4100")], Some("8.41")),
                (&[decimal("-0.50")], Some("-0.5")),
                (&[integer(100)], Some("100")),
            ],
        );
    }
}
