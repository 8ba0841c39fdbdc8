//! `sum(bigint)` is a numeric, which does not wrap.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Cast, Expr, WindowFunctionDefinition};

use super::rewrite::type_of;

const SUMMED: DataType = DataType::Decimal128(38, 0);

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
            let transformed = widen(func.name(), &mut params.args, schema);
            Ok(Transformed::new_transformed(Expr::AggregateFunction(AggregateFunction { func, params }), transformed))
        }
        Expr::WindowFunction(mut window) => {
            let WindowFunction { fun, params } = window.as_mut();
            let transformed = match fun {
                WindowFunctionDefinition::AggregateUDF(function) => widen(function.name(), &mut params.args, schema),
                WindowFunctionDefinition::WindowUDF(_) => false,
            };
            Ok(Transformed::new_transformed(Expr::WindowFunction(window), transformed))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn widen(function: &str, args: &mut [Expr], schema: &DFSchema) -> bool {
    let [argument] = args else { return false };
    let is_widened = function == "sum" && is_bigint(argument, schema);
    if is_widened {
        *argument = Expr::Cast(Cast::new(Box::new(std::mem::take(argument)), SUMMED));
    }
    is_widened
}

/// A number that is written out makes no bigint of an expression, unless it is too large for another type.
fn is_bigint(expr: &Expr, schema: &DFSchema) -> bool {
    let is_narrow = match expr {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => i32::try_from(*number).is_ok(),
        Expr::BinaryExpr(binary) => !is_bigint(&binary.left, schema) && !is_bigint(&binary.right, schema),
        Expr::Negative(operand) => !is_bigint(operand, schema),
        _ => false,
    };
    !is_narrow && type_of(expr, schema) == Some(DataType::Int64)
}
