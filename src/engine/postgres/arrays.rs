//! Arrays with nulls, and empty ones: `x = ANY (array)` is null where no element is `x` and one is null, and an empty array has
//! no length.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array};
use datafusion::arrow::datatypes::{DataType, FieldRef, UInt64Type};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::functions_nested::length::array_length_udf;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// What DataFusion plans `x = ANY (array)` as.
const HAS: &str = "array_has";

pub fn rewrite(expr: Expr, _: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::ScalarFunction(mut call) if call.func.name() == HAS => {
            call.func = Arc::new(ScalarUDF::from(OfArray { name: "pg_any", inner: Arc::clone(&call.func) }));
            Ok(Transformed::yes(Expr::ScalarFunction(call)))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// `array_length`
pub fn array_length() -> ScalarUDF {
    ScalarUDF::from(OfArray { name: "array_length", inner: array_length_udf() })
}

/// DataFusion's function, of which some results are null.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfArray {
    name: &'static str,
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for OfArray {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(signed(self.inner.return_type(arg_types)?))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = self.inner.return_field_from_args(args)?.as_ref().clone().with_nullable(true);
        let data_type = signed(field.data_type().clone());
        Ok(Arc::new(field.with_data_type(data_type)))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        // A written array becomes an `IN`, which knows about nulls.
        self.inner.simplify(args, info)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if args.return_type() == &DataType::Int32 {
            // What the function itself gives.
            args.return_field = Arc::new(args.return_field.as_ref().clone().with_data_type(DataType::UInt64));
        }
        let (array, rows) = (args.args.first().cloned(), args.number_rows);
        match (self.inner.invoke_with_args(args)?, array) {
            (ColumnarValue::Array(found), Some(array)) => {
                Ok(ColumnarValue::Array(with_nulls(&found, &array.to_array(rows)?)))
            }
            (ColumnarValue::Scalar(found), Some(array)) => {
                let found = with_nulls(&found.to_array()?, &array.to_array(1)?);
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?))
            }
            (found, None) => Ok(found),
        }
    }
}

/// A length is an integer.
fn signed(data_type: DataType) -> DataType {
    if data_type == DataType::UInt64 { DataType::Int32 } else { data_type }
}

/// A result that an array with nulls does not have, or an empty one.
fn with_nulls(found: &ArrayRef, arrays: &ArrayRef) -> ArrayRef {
    if let Some(lengths) = found.as_primitive_opt::<UInt64Type>() {
        // An array has no more elements than an integer counts.
        let length = |length: u64| i32::try_from(length).ok().filter(|length| *length > 0);
        let lengths: Int32Array = lengths.iter().map(|found| found.and_then(length)).collect();
        return Arc::new(lengths) as ArrayRef;
    }
    let Some(found) = found.as_boolean_opt() else { return Arc::clone(found) };
    let has_null = |row: usize| {
        let elements = match arrays.data_type() {
            DataType::List(_) => arrays.as_list::<i32>().value(row),
            DataType::LargeList(_) => arrays.as_list::<i64>().value(row),
            _ => return false,
        };
        elements.null_count() > 0
    };
    let known = found.iter().enumerate().map(|(row, found)| match found {
        Some(false) if arrays.is_valid(row) && has_null(row) => None,
        other => other,
    });
    Arc::new(known.collect::<BooleanArray>())
}
