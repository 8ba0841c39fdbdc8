//! Functions of texts take texts: a number or a date among their arguments is an error, as it is in Postgres.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::common_type::{Category, type_name};
use super::rewrite::type_of;

/// Functions whose first argument is a text.
const OF_TEXT: &[&str] = &[
    "ascii",
    "bit_length",
    "btrim",
    "character_length",
    "initcap",
    "left",
    "lower",
    "lpad",
    "ltrim",
    "octet_length",
    "repeat",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "translate",
    "upper",
];

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    if let Expr::ScalarFunction(call) = &expr
        && OF_TEXT.contains(&call.name())
        && let Some(first) = call.args.first()
        && let Some(data_type) = type_of(first, schema)
        && Category::of(&data_type).is_some_and(|category| !matches!(category, Category::Text | Category::Bytes))
    {
        let (name, type_name) = (call.name(), type_name(&data_type));
        return plan_err!("{name} takes a text, not a value of type {type_name}: cast it to text first");
    }
    Ok(Transformed::no(expr))
}
