//! `/` of numbers that are not both integers: by zero it is an error, and a numeric quotient has Postgres' decimals.

use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ScalarUDF};
use medallion_udfs::Divide;

use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) if is_rewritten(&left, &right, schema) => {
            Ok(Transformed::yes(ScalarUDF::from(Divide::quotient()).call(vec![*left, *right])))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn is_rewritten(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let (Some(left), Some(right)) = (type_of(left, schema), type_of(right, schema)) else { return false };
    let are_numbers = (left.is_numeric() || left.is_null()) && (right.is_numeric() || right.is_null());
    let is_fraction = [&left, &right].iter().any(|kind| kind.is_floating() || kind.is_decimal());
    are_numbers && is_fraction
}
