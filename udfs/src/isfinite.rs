//! `isfinite(date | timestamp | interval) → boolean`: true, since none of them is infinite here.
//!
//! ```sql
//! SELECT isfinite(date '2024-01-01');   -- true
//! ```

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::compute::is_not_null;
use arrow::datatypes::DataType;
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::text::{result, rows};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct IsFinite {
    signature: Signature,
}

impl Default for IsFinite {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for IsFinite {
    fn name(&self) -> &str {
        "isfinite"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] if value.is_temporal() || value.is_null() => Ok(arg_types.to_vec()),
            _ => plan_err!("isfinite takes one date, timestamp or interval"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = args.args[0].to_array(rows(&args))?;
        let valid = is_not_null(&values)?;
        result(&args, Arc::new(BooleanArray::new(valid.values().clone(), values.logical_nulls())))
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use datafusion_common::ScalarValue;
    use datafusion_expr::ScalarUDFImpl;

    use super::IsFinite;
    use crate::testing::{assert_calls, date};

    #[test]
    fn every_moment_is_finite() {
        assert_calls(&IsFinite::default(), &[(&[date("2024-01-01")], Some("true"))]);
        assert_calls(&IsFinite::default(), &[(&[ScalarValue::Date32(None)], None)]);
        assert!(IsFinite::default().coerce_types(&[DataType::Utf8]).is_err());
    }
}
