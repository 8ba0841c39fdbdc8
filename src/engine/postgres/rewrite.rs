//! The rules, applied to every expression of a plan, subqueries included.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Values};

use super::{
    alternatives, casts, concat, dates, decimal_places, divide, integers, keys, recursion, regex, subqueries, sums, texts,
    unions,
};

/// One rule: an expression whose operands are rewritten already, and the columns it may name. What a rule makes must not
/// be taken up by it again, since a view's plan is rewritten once more inside the query that reads it.
type Rule = fn(Expr, &DFSchema) -> Result<Transformed<Expr>>;

const RULES: &[Rule] = &[
    casts::rewrite,
    alternatives::rewrite,
    integers::rewrite,
    divide::rewrite,
    concat::rewrite,
    keys::rewrite,
    dates::rewrite,
    regex::rewrite,
    sums::rewrite,
    texts::rewrite,
    decimal_places::rewrite,
];

/// `plan` with Postgres' meaning. Its columns keep their names; their types may change.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    recursion::pin_types(plan)?.data.transform_up_with_subqueries(rewrite_node).map(|rewritten| rewritten.data)
}

fn rewrite_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    let names = NamePreserver::new(&plan);
    let gives_values = matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::Values(_));
    let rewritten = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let mut rewritten = expr.transform_up(|expr| apply(expr, &schema))?;
        rewritten.transformed |= gives_values && integers::narrow(&mut rewritten.data);
        Ok(if rewritten.transformed { rewritten.update_data(|expr| name.restore(expr)) } else { rewritten })
    })?;
    // The types of a node follow from its inputs too, so that all nodes above a change are computed again.
    rewritten.map_data(unions::unify)?.map_data(subqueries::rewrite)?.map_data(with_types)
}

fn apply(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    RULES.iter().try_fold(Transformed::no(expr), |done, rule| done.transform_data(|expr| rule(expr, schema)))
}

/// `plan` with the types its expressions have now.
fn with_types(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Values(Values { values, .. }) => LogicalPlanBuilder::values(values)?.build(),
        other => other.recompute_schema(),
    }
}

/// The type of an expression; `None` where it has none, and then planning says what is wrong with it.
pub fn type_of(expr: &Expr, schema: &DFSchema) -> Option<DataType> {
    expr.get_type(schema).ok()
}
