//! `||` of a text and another value, which is written as Postgres writes it.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ScalarUDF};
use medallion_udfs::PgCastText;

use super::casts::is_text;
use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) = expr else {
        return Ok(Transformed::no(expr));
    };
    let (of_left, of_right) = (type_of(&left, schema), type_of(&right, schema));
    let concatenates_text = [&of_left, &of_right].iter().any(|kind| kind.as_ref().is_some_and(is_text));
    let needs_text = |kind: &Option<DataType>| concatenates_text && kind.as_ref().is_some_and(is_written);
    let (rewrite_left, rewrite_right) = (needs_text(&of_left), needs_text(&of_right));
    let written = |operand: Box<Expr>, rewritten| match rewritten {
        true => Box::new(ScalarUDF::from(PgCastText::default()).call(vec![*operand])),
        false => operand,
    };
    let (left, right) = (written(left, rewrite_left), written(right, rewrite_right));
    let concat = Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right });
    Ok(Transformed::new_transformed(concat, rewrite_left || rewrite_right))
}

fn is_written(data_type: &DataType) -> bool {
    let is_moment = matches!(
        data_type,
        DataType::Timestamp(_, _) | DataType::Date32 | DataType::Interval(_) | DataType::Duration(_)
    );
    data_type.is_numeric() || is_moment || data_type == &DataType::Boolean
}
