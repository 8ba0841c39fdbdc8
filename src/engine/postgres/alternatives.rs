//! Where one of several values is taken, or values are compared: a float8 and a numeric meet as float8, and an integer
//! that is written out is an `integer`, not a `bigint`.
//!
//! In arithmetic such a constant stays a bigint: what an `integer` cannot hold is then no silent overflow.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{Cast, Expr, Operator};

use super::rewrite::type_of;

/// Functions that give back one of their arguments.
const CHOICES: &[&str] = &["coalesce", "greatest", "least", "nullif"];

pub fn rewrite(mut expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let transformed = match &mut expr {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
            as_doubles(vec![binary.left.as_mut(), binary.right.as_mut()], schema)
        }
        Expr::Between(between) => {
            as_doubles(vec![between.expr.as_mut(), between.low.as_mut(), between.high.as_mut()], schema)
        }
        Expr::InList(list) => as_doubles(std::iter::once(list.expr.as_mut()).chain(&mut list.list).collect(), schema),
        Expr::Case(case) => {
            let results = case.when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
            choose(results.chain(case.else_expr.as_deref_mut()).collect(), schema)
        }
        Expr::ScalarFunction(call) if CHOICES.contains(&call.name()) => choose(call.args.iter_mut().collect(), schema),
        _ => false,
    };
    Ok(Transformed::new_transformed(expr, transformed))
}

fn choose(mut values: Vec<&mut Expr>, schema: &DFSchema) -> bool {
    let mut narrowed = false;
    for value in &mut values {
        narrowed |= narrow(value);
    }
    as_doubles(values, schema) || narrowed
}

/// Makes a written bigint that fits an `integer` one.
pub fn narrow(value: &mut Expr) -> bool {
    match value {
        Expr::Alias(alias) => narrow(&mut alias.expr),
        Expr::Literal(ScalarValue::Int64(number), metadata) => {
            // A null of this type is one that stands among such constants, in VALUES.
            let Ok(number) = number.map(i32::try_from).transpose() else { return false };
            *value = Expr::Literal(ScalarValue::Int32(number), metadata.take());
            true
        }
        _ => false,
    }
}

fn as_doubles(values: Vec<&mut Expr>, schema: &DFSchema) -> bool {
    let types: Vec<Option<DataType>> = values.iter().map(|value| type_of(value, schema)).collect();
    if !types.iter().flatten().any(DataType::is_floating) {
        return false;
    }
    let mut transformed = false;
    for (value, data_type) in values.into_iter().zip(types) {
        if data_type.is_some_and(|data_type| data_type.is_decimal()) {
            *value = Expr::Cast(Cast::new(Box::new(std::mem::take(value)), DataType::Float64));
            transformed = true;
        }
    }
    transformed
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}
