//! `~`, `~*`, `!~` and `!~*` take Postgres' regular expressions.

use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ScalarUDF, not};
use medallion_udfs::PgRegex;

pub fn rewrite(expr: Expr, _: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return Ok(Transformed::no(expr)) };
    let (regex, is_negated) = match op {
        Operator::RegexMatch => (PgRegex::regex(), false),
        Operator::RegexIMatch => (PgRegex::iregex(), false),
        Operator::RegexNotMatch => (PgRegex::regex(), true),
        Operator::RegexNotIMatch => (PgRegex::iregex(), true),
        _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
    };
    let matches = ScalarUDF::from(regex).call(vec![*left, *right]);
    Ok(Transformed::yes(if is_negated { not(matches) } else { matches }))
}
