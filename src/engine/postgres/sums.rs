//! Sums and averages of integers that are numerics: `sum(bigint)`, which must not wrap, and `avg` of any integer.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{Cast, Expr, WindowFunctionDefinition};

use super::rewrite::type_of;

/// The average of a decimal has four decimals more than it: 16, of a quotient as Postgres computes it.
const AVERAGED: DataType = DataType::Decimal128(34, 12);
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
    let Some(from) = type_of(argument, schema) else { return false };
    let to = match function {
        "sum" if from == DataType::Int64 => SUMMED,
        "avg" if from.is_integer() => AVERAGED,
        _ => return false,
    };
    *argument = Expr::Cast(Cast::new(Box::new(std::mem::take(argument)), to));
    true
}
