//! The rules, applied to every expression of a plan, subqueries included.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Values};

use super::{
    alternatives, arrays, casts, concat, dates, decimal_places, divide, integers, keys, not_in, numerics,
    outer_references, recursion, regex, subqueries, sums, texts, unions, uuids,
};

/// One rule: an expression whose operands are rewritten already, and the columns it may name. What a rule makes must not
/// be taken up by it again, since a view's plan is rewritten once more inside the query that reads it.
type Rule = fn(Expr, &DFSchema) -> Result<Transformed<Expr>>;

const RULES: &[Rule] = &[
    casts::rewrite,
    uuids::rewrite,
    arrays::rewrite,
    alternatives::rewrite,
    integers::rewrite,
    numerics::rewrite,
    divide::rewrite,
    concat::rewrite,
    keys::rewrite,
    dates::rewrite,
    regex::rewrite,
    sums::rewrite,
    texts::rewrite,
    decimal_places::rewrite,
    subqueries::nullable,
];

/// `plan` with Postgres' meaning. Its columns keep their names; their types may change.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(rewrite_plan(recursion::pin_types(plan)?.data, &[])?.data)
}

/// Rewrites what a plan reads, then its subqueries, then itself. `outer` are the columns around it, the nearest last.
#[recursive::recursive]
fn rewrite_plan(plan: LogicalPlan, outer: &[DFSchemaRef]) -> Result<Transformed<LogicalPlan>> {
    let is_join = matches!(plan, LogicalPlan::Join(_));
    let mut beside = outer.to_vec();
    let inputs = plan.map_children(|input| {
        let rewritten = rewrite_plan(input, &beside)?;
        if is_join {
            // A lateral subquery refers to the columns on its left.
            beside.push(Arc::clone(rewritten.data.schema()));
        }
        Ok(rewritten)
    })?;
    let mut schema = merge_schema(&inputs.data.inputs());
    if let LogicalPlan::TableScan(scan) = &inputs.data {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    let schema = Arc::new(schema);
    let around: Vec<DFSchemaRef> = outer.iter().chain([&schema]).map(Arc::clone).collect();
    inputs
        .transform_data(|plan| plan.map_subqueries(|subquery| rewrite_plan(subquery, &around)))?
        .transform_data(|plan| rewrite_node(plan, &schema, outer))
}

fn rewrite_node(plan: LogicalPlan, schema: &DFSchema, outer: &[DFSchemaRef]) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&plan);
    let gives_values = matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::Values(_));
    let rewritten = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let mut rewritten = expr.transform_up(|expr| {
            outer_references::retype(expr, schema, outer).transform_data(|expr| apply(expr, schema))
        })?;
        rewritten.transformed |= gives_values && integers::narrow(&mut rewritten.data);
        Ok(if rewritten.transformed { rewritten.update_data(|expr| name.restore(expr)) } else { rewritten })
    })?;
    // The types of a node follow from its inputs too, so that all nodes above a change are computed again.
    rewritten.map_data(unions::unify)?.map_data(subqueries::rewrite)?.map_data(not_in::rewrite)?.map_data(with_types)
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
