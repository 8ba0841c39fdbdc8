//! `pg_numeric_add`, `pg_numeric_subtract`, `pg_numeric_multiply` and `pg_numeric_remainder` of numerics of any precision:
//! exact, with an error where the result has more than 38 digits before the point.
//!
//! ```sql
//! SELECT pg_numeric_multiply(12.50, 0.1);        -- 1.25
//! SELECT pg_numeric_remainder(-7.5, 2);          -- -1.5
//! ```
//!
//! These are what `+`, `-`, `*` and `%` are rewritten to where no other decimal type has room for the result.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal256Array};
use arrow::compute::kernels::arity::try_binary;
use arrow::datatypes::{DataType, Decimal256Type, i256};
use arrow::error::ArrowError;
use datafusion_common::{Result, exec_datafusion_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::any_numeric::{ANY_NUMERIC, add, multiply, overflow, subtract};
use crate::text::{result, rows};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Remainder,
}

/// One of the functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct NumericArithmetic {
    operation: Operation,
    signature: Signature,
}

impl NumericArithmetic {
    /// `pg_numeric_add`
    pub fn add() -> Self {
        Self::new(Operation::Add)
    }

    /// `pg_numeric_subtract`
    pub fn subtract() -> Self {
        Self::new(Operation::Subtract)
    }

    /// `pg_numeric_multiply`
    pub fn multiply() -> Self {
        Self::new(Operation::Multiply)
    }

    /// `pg_numeric_remainder`
    pub fn remainder() -> Self {
        Self::new(Operation::Remainder)
    }

    fn new(operation: Operation) -> Self {
        Self { operation, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn compute(&self, left: i256, right: i256) -> Result<i256> {
        match self.operation {
            Operation::Add => add(left, right),
            Operation::Subtract => subtract(left, right),
            Operation::Multiply => multiply(left, right),
            Operation::Remainder if right == i256::ZERO => return Err(exec_datafusion_err!("division by zero")),
            Operation::Remainder => left.checked_rem(right),
        }
        .ok_or_else(overflow)
    }
}

impl ScalarUDFImpl for NumericArithmetic {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Add => "pg_numeric_add",
            Operation::Subtract => "pg_numeric_subtract",
            Operation::Multiply => "pg_numeric_multiply",
            Operation::Remainder => "pg_numeric_remainder",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let is_exact = |number: &DataType| number.is_decimal() || number.is_integer() || number.is_null();
        match arg_types {
            [left, right] if is_exact(left) && is_exact(right) => Ok(vec![ANY_NUMERIC; 2]),
            _ => plan_err!("{} takes two numerics", self.name()),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(ANY_NUMERIC)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let left = args.args[0].to_array(rows(&args))?;
        let right = args.args[1].to_array(rows(&args))?;
        let computed = all(&left, &right, |left, right| self.compute(left, right))?;
        result(&args, computed)
    }
}

/// A column of what is computed from two columns of numerics of any precision.
pub(crate) fn all(left: &ArrayRef, right: &ArrayRef, compute: impl Fn(i256, i256) -> Result<i256>) -> Result<ArrayRef> {
    let (left, right) = (left.as_primitive::<Decimal256Type>(), right.as_primitive::<Decimal256Type>());
    let external = |error| ArrowError::ExternalError(Box::new(error));
    let computed: Decimal256Array = try_binary(left, right, |left, right| compute(left, right).map_err(external))
        .map_err(|error| match error {
            ArrowError::ExternalError(error) => exec_datafusion_err!("{}", message(&error.to_string())),
            other => other.into(),
        })?;
    Ok(Arc::new(computed.with_data_type(ANY_NUMERIC)))
}

/// An error that went through arrow, without what says so twice.
fn message(text: &str) -> &str {
    text.strip_prefix("Execution error: ").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::NumericArithmetic;
    use crate::testing::{assert_calls, assert_errors, decimal, integer};

    #[test]
    fn results_are_exact() {
        assert_calls(&NumericArithmetic::add(), &[(&[decimal("1.25"), integer(1)], Some("2.25"))]);
        assert_calls(&NumericArithmetic::subtract(), &[(&[decimal("1.25"), decimal("1.5")], Some("-0.25"))]);
        assert_calls(&NumericArithmetic::multiply(), &[(&[decimal("12.50"), decimal("0.1")], Some("1.25"))]);
        assert_calls(&NumericArithmetic::remainder(), &[(&[decimal("-7.5"), integer(2)], Some("-1.5"))]);
    }

    #[test]
    fn what_cannot_be_computed_is_an_error() {
        let digits = decimal("99999999999999999999");
        assert_errors(&NumericArithmetic::multiply(), &[(&[digits.clone(), digits], "more than 38 digits")]);
        assert_errors(&NumericArithmetic::remainder(), &[(&[integer(1), integer(0)], "division by zero")]);
    }
}
