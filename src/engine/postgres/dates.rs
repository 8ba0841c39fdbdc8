//! A date and an interval make a timestamp.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator};

use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Plus | Operator::Minus), right }) = expr else {
        return Ok(Transformed::no(expr));
    };
    let (of_left, of_right) = (type_of(&left, schema), type_of(&right, schema));
    let (left, right, transformed) = match (of_left, of_right) {
        (Some(DataType::Date32), Some(DataType::Interval(_))) => (timestamp(left), right, true),
        (Some(DataType::Interval(_)), Some(DataType::Date32)) => (left, timestamp(right), true),
        _ => (left, right, false),
    };
    Ok(Transformed::new_transformed(Expr::BinaryExpr(BinaryExpr { left, op, right }), transformed))
}

fn timestamp(date: Box<Expr>) -> Box<Expr> {
    Box::new(Expr::Cast(Cast::new(date, DataType::Timestamp(TimeUnit::Microsecond, None))))
}
