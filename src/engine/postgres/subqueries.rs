//! `EXISTS (…)` and `x IN (SELECT …)` where their value is wanted: in a select list, in `CASE`, in an aggregate's argument.
//! DataFusion plans them in conditions only, and counts of rows anywhere, which is what they become here.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Expr, Limit, LogicalPlan, LogicalPlanBuilder, Projection, ScalarUDF, Subquery, lit, not, when,
};
use medallion_udfs::Nullable;

use super::alternatives;

/// A subquery that stands for a value is null where it has no row.
pub fn nullable(expr: Expr, _: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarSubquery(mut subquery) = expr else { return Ok(Transformed::no(expr)) };
    let plan = &subquery.subquery;
    let columns = plan.schema().columns();
    if columns.len() != 1 || plan.schema().field(0).is_nullable() || has_one_row(plan) {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    }
    let values = columns.into_iter().map(|column| {
        let (relation, name) = (column.relation.clone(), column.name.clone());
        ScalarUDF::from(Nullable::default()).call(vec![Expr::Column(column)]).alias_qualified(relation, name)
    });
    subquery.subquery =
        Arc::new(LogicalPlanBuilder::from(Arc::clone(plan)).project(values.collect::<Vec<_>>())?.build()?);
    Ok(Transformed::yes(Expr::ScalarSubquery(subquery)))
}

/// Whether it is an aggregation of all rows: DataFusion looks for one when it makes a join of a subquery.
fn has_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => has_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => has_one_row(&alias.input),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        _ => false,
    }
}

/// `plan` without such expressions, where it is a select list or an aggregation.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(projection) if projection.expr.iter().any(has_membership) => {
            let schema = Arc::clone(projection.input.schema());
            let counted = projection.expr.into_iter().map(|expr| {
                let name = expr.schema_name().to_string();
                let is_named = matches!(expr, Expr::Alias(_));
                let counted = expr.transform_up(|expr| counted(expr, &schema))?.data;
                Ok(if is_named || counted.schema_name().to_string() == name { counted } else { counted.alias(name) })
            });
            let counted = counted.collect::<Result<Vec<_>>>()?;
            Ok(LogicalPlan::Projection(Projection::try_new(counted, projection.input)?))
        }
        LogicalPlan::Aggregate(aggregate) if expressions(&aggregate).any(needs_projection) => below(aggregate),
        other => Ok(other),
    }
}

fn expressions(aggregate: &Aggregate) -> impl Iterator<Item = &Expr> {
    aggregate.group_expr.iter().chain(&aggregate.aggr_expr)
}

fn has_membership(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(is_membership(expr))).unwrap_or(false)
}

fn is_membership(expr: &Expr) -> bool {
    matches!(expr, Expr::Exists(_) | Expr::InSubquery(_))
}

/// A subquery of an aggregate's argument that can be computed for each row, but not there.
fn is_displaced(expr: &Expr) -> bool {
    is_membership(expr) || matches!(expr, Expr::ScalarSubquery(subquery) if !subquery.outer_ref_columns.is_empty())
}

fn needs_projection(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(is_displaced(expr))).unwrap_or(false)
}

/// Computes the subqueries of an aggregation's expressions in a select list below it.
fn below(aggregate: Aggregate) -> Result<LogicalPlan> {
    let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
    let mut columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    let names = NamePreserver::new_for_projection();
    let mut displace = |expr: Expr| -> Result<Expr> {
        let name = names.save(&expr);
        let displaced = expr.transform_down(|expr| {
            if !is_displaced(&expr) {
                return Ok(Transformed::no(expr));
            }
            let alias = format!("__subquery_{}", columns.len());
            columns.push(expr.alias(&alias));
            Ok(Transformed::yes(Expr::Column(Column::new_unqualified(alias))))
        })?;
        Ok(name.restore(displaced.data))
    };
    let group_expr = group_expr.into_iter().map(&mut displace).collect::<Result<Vec<_>>>()?;
    let aggr_expr = aggr_expr.into_iter().map(&mut displace).collect::<Result<Vec<_>>>()?;
    let computed = rewrite(LogicalPlan::Projection(Projection::try_new(columns, input)?))?;
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(computed), group_expr, aggr_expr)?))
}

/// `EXISTS` and `IN` as counts.
pub fn counted(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::Exists(Exists { subquery, negated }) => {
            let rows = count_of(bare(&subquery.subquery).clone(), &subquery, &[])?;
            Ok(Transformed::yes(if negated { rows.eq(lit(0i64)) } else { rows.gt(lit(0i64)) }))
        }
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            let found = membership(*expr, &subquery, schema)?;
            Ok(Transformed::yes(if negated { not(found) } else { found }))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// `value IN (subquery)`: null where no row is equal and a row, or the value, is null.
fn membership(value: Expr, subquery: &Subquery, schema: &DFSchema) -> Result<Expr> {
    let Members { plan, member, equal, outer } = Members::of(&value, subquery, schema)?;
    let nulls = LogicalPlanBuilder::from(plan.clone()).filter(member.is_null())?.build()?;
    let has = |rows: Expr| rows.gt(lit(0i64));
    let has_equal = has(count_of(equal, subquery, &outer)?);
    let has_null = has(count_of(nulls, subquery, &[])?);
    let has_any = has(count_of(plan.clone(), subquery, &[])?);
    when(has_equal, lit(true))
        .when(has_null.or(value.is_null().and(has_any)), lit(ScalarValue::Boolean(None)))
        .otherwise(lit(false))
}

/// The rows of a subquery that a value is looked for among.
pub struct Members<'a> {
    pub plan: &'a LogicalPlan,
    /// The subquery's column.
    pub member: Expr,
    /// The rows whose value is equal.
    pub equal: LogicalPlan,
    /// What `equal` refers to outside of the subquery, beside what the subquery itself does.
    pub outer: Vec<Expr>,
}

impl<'a> Members<'a> {
    pub fn of(value: &Expr, subquery: &'a Subquery, schema: &DFSchema) -> Result<Self> {
        let plan = unordered(&subquery.subquery);
        let member = plan.schema().iter().map(Column::from).map(Expr::Column).next();
        let member = member.ok_or_else(|| datafusion::common::plan_datafusion_err!("a subquery without columns"))?;
        let mut outer = vec![];
        let referred = value.clone().transform_up(|expr| match expr {
            Expr::Column(column) => {
                let (_, field) = schema.qualified_field_from_column(&column)?;
                let reference = Expr::OuterReferenceColumn(Arc::clone(field), column);
                outer.push(reference.clone());
                Ok(Transformed::yes(reference))
            }
            other => Ok(Transformed::no(other)),
        })?;
        let is_equal = alternatives::rewrite(referred.data.eq(member.clone()), plan.schema())?.data;
        let equal = LogicalPlanBuilder::from(plan.clone()).filter(is_equal)?.build()?;
        Ok(Members { plan, member, equal, outer })
    }
}

/// `(SELECT count(*) FROM plan)`, which stands where `subquery` did and refers to the `outer` columns too.
pub fn count_of(plan: LogicalPlan, subquery: &Subquery, outer: &[Expr]) -> Result<Expr> {
    let counted = LogicalPlanBuilder::from(plan).aggregate(Vec::<Expr>::new(), vec![count(lit(1i64))])?.build()?;
    let mut outer_ref_columns = subquery.outer_ref_columns.clone();
    outer_ref_columns.extend(outer.iter().cloned());
    Ok(Expr::ScalarSubquery(Subquery { subquery: Arc::new(counted), outer_ref_columns, spans: subquery.spans.clone() }))
}

/// Whether there are rows depends neither on their columns and order, nor on a limit that keeps one.
fn bare(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Limit(limit) if keeps_one(limit) => bare(&limit.input),
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => bare(&sort.input),
        LogicalPlan::Projection(projection) => bare(&projection.input),
        other => other,
    }
}

fn keeps_one(limit: &Limit) -> bool {
    let keeps = |fetch: &Expr| matches!(fetch, Expr::Literal(ScalarValue::Int64(Some(rows)), _) if *rows > 0);
    limit.skip.is_none() && limit.fetch.as_deref().is_none_or(keeps)
}

/// Which values there are does not depend on their order.
fn unordered(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => unordered(&sort.input),
        other => other,
    }
}
