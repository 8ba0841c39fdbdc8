//! `pg_add`, `pg_subtract`, `pg_multiply` and `pg_negate` of integers: a result beyond the type's range is an error.
//!
//! ```sql
//! SELECT pg_add(2147483647, 1);                  -- error: integer out of range
//! SELECT pg_multiply(2147483647::bigint, 2);     -- 4294967294
//! ```
//!
//! These are what `+`, `-` and `*` of integers are rewritten to. `a + b + c` is one call, which begins at the left. The result
//! has the widest type of the operands.

use arrow::array::{ArrayRef, Datum, Scalar};
use arrow::compute::kernels::numeric::{add, mul, neg, sub};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion_common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Negate,
}

/// One of the functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Checked {
    operation: Operation,
    signature: Signature,
}

impl Checked {
    /// `pg_add`
    pub fn add() -> Self {
        Self::new(Operation::Add)
    }

    /// `pg_subtract`
    pub fn subtract() -> Self {
        Self::new(Operation::Subtract)
    }

    /// `pg_multiply`
    pub fn multiply() -> Self {
        Self::new(Operation::Multiply)
    }

    /// `pg_negate`
    pub fn negate() -> Self {
        Self::new(Operation::Negate)
    }

    fn new(operation: Operation) -> Self {
        Self { operation, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Add => "pg_add",
            Operation::Subtract => "pg_subtract",
            Operation::Multiply => "pg_multiply",
            Operation::Negate => "pg_negate",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let widest = arg_types.iter().map(width).try_fold(0, |widest, width| Some(widest.max(width?)));
        let integer = match widest {
            Some(0 | 2) => DataType::Int16,
            Some(4) => DataType::Int32,
            Some(_) => DataType::Int64,
            None => return plan_err!("{} takes integers", self.name()),
        };
        Ok(vec![integer; arg_types.len()])
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types[0].clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let data_type = args.return_type().clone();
        let operands = args.args.into_iter().map(Operand::of).collect::<Result<Vec<_>>>()?;
        let out_of_range = |error| match error {
            ArrowError::ArithmeticOverflow(_) => exec_datafusion_err!("{} out of range", name_of(&data_type)),
            other => DataFusionError::from(other),
        };
        let mut operands = operands.into_iter();
        let Some(first) = operands.next() else { return exec_err!("{} takes an operand", self.name()) };
        let computed = if self.operation == Operation::Negate {
            first.map(neg(first.datum().get().0).map_err(out_of_range)?)
        } else {
            operands.try_fold(first, |left, right| {
                let computed = self.two(&left, &right).map_err(out_of_range)?;
                Ok::<_, DataFusionError>(if left.is_constant() { right.map(computed) } else { left.map(computed) })
            })?
        };
        match computed {
            Operand::Constant(scalar) => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&scalar.into_inner(), 0)?))
            }
            Operand::Column(array) => Ok(ColumnarValue::Array(array)),
        }
    }
}

impl Checked {
    fn two(&self, left: &Operand, right: &Operand) -> std::result::Result<ArrayRef, ArrowError> {
        let compute = match self.operation {
            Operation::Add => add,
            Operation::Subtract => sub,
            Operation::Multiply | Operation::Negate => mul,
        };
        compute(left.datum(), right.datum())
    }
}

enum Operand {
    Constant(Scalar<ArrayRef>),
    Column(ArrayRef),
}

impl Operand {
    fn of(value: ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Scalar(scalar) => Self::Constant(scalar.to_scalar()?),
            ColumnarValue::Array(array) => Self::Column(array),
        })
    }

    fn datum(&self) -> &dyn Datum {
        match self {
            Self::Constant(scalar) => scalar,
            Self::Column(array) => array,
        }
    }

    /// What was computed from this, and from constants.
    fn map(&self, computed: ArrayRef) -> Self {
        if self.is_constant() { Self::Constant(Scalar::new(computed)) } else { Self::Column(computed) }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}

/// Bytes of the integer type that holds every value of `data_type`.
fn width(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Null => Some(0),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => Some(2),
        DataType::UInt16 | DataType::Int32 => Some(4),
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => Some(8),
        _ => None,
    }
}

fn name_of(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int16 => "smallint",
        DataType::Int32 => "integer",
        _ => "bigint",
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::Checked;
    use crate::testing::{assert_calls, assert_errors, integer};

    fn int4(value: i32) -> ScalarValue {
        ScalarValue::from(value)
    }

    #[test]
    fn results_have_the_wider_type() {
        for (left, right, expected) in [
            (int4(2_147_483_646), int4(1), "2147483647"),
            (int4(2_147_483_647), integer(1), "2147483648"),
            (ScalarValue::from(32_767i16), int4(1), "32768"),
        ] {
            assert_calls(&Checked::add(), &[(&[left, right], Some(expected))]);
        }
        assert_calls(&Checked::subtract(), &[(&[int4(-2_147_483_647), int4(1)], Some("-2147483648"))]);
        assert_calls(&Checked::multiply(), &[(&[int4(-3), int4(5)], Some("-15"))]);
        assert_calls(&Checked::negate(), &[(&[int4(5)], Some("-5"))]);
    }

    #[test]
    fn a_chain_begins_at_the_left() {
        assert_calls(&Checked::subtract(), &[(&[int4(9), int4(3), int4(2)], Some("4"))]);
        assert_calls(&Checked::multiply(), &[(&[int4(2), int4(3), int4(4)], Some("24"))]);
        assert_errors(&Checked::add(), &[(&[int4(i32::MAX), int4(1), int4(-1)], "integer out of range")]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert_errors(&Checked::add(), &[(&[int4(i32::MAX), int4(1)], "integer out of range")]);
        assert_errors(&Checked::subtract(), &[(&[integer(i64::MIN), int4(1)], "bigint out of range")]);
        let small = ScalarValue::from(i16::MAX);
        assert_errors(&Checked::multiply(), &[(&[small.clone(), small], "smallint out of range")]);
        assert_errors(&Checked::negate(), &[(&[int4(i32::MIN)], "integer out of range")]);
    }
}
