//! `pg_nullable(x) → x`: the value as it is, of a column that may hold nulls.
//!
//! A subquery that stands for a value is null where it has no row, whatever its columns are said to be; without this
//! `select (select 1 where false)` would be a null in a column that has none.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Nullable {
    signature: Signature,
}

impl Default for Nullable {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Nullable {
    fn name(&self) -> &str {
        "pg_nullable"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [value] => Ok(vec![value.clone()]),
            _ => plan_err!("pg_nullable takes one argument, not {}", arg_types.len()),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types[0].clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name(), args.arg_fields[0].data_type().clone(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.into_iter().next() {
            Some(value) => Ok(value),
            None => exec_err!("pg_nullable takes a value"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Nullable;
    use crate::testing::{assert_calls, integer};

    #[test]
    fn the_value_stays() {
        assert_calls(&Nullable::default(), &[(&[integer(5)], Some("5"))]);
    }
}
