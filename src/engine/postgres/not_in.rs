//! `x NOT IN (SELECT …)` as a condition: a null among the rows, or as `x`, leaves it unknown. DataFusion's join of the rows
//! that have no equal knows that where it compares a column with those of a subquery that stands alone, and nothing else is
//! compared; elsewhere the three cases are written out.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit,
};

use super::subqueries::{Members, count_of, counted};

/// `plan` with such conditions written out, where it is a filter.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Filter(mut filter) if filter.predicate.exists(|expr| Ok(is_membership(expr)))? => {
            filter.predicate = condition(filter.predicate, filter.input.schema(), true)?;
            Ok(LogicalPlan::Filter(filter))
        }
        other => Ok(other),
    }
}

fn is_membership(expr: &Expr) -> bool {
    matches!(expr, Expr::InSubquery(_))
}

/// A condition of which only matters whether it is true; `is_whole` where the rows of the filter all have to meet it.
fn condition(expr: Expr, schema: &DFSchema, is_whole: bool) -> Result<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let is_whole = is_whole && op == Operator::And;
            let side = |side: Box<Expr>| condition(*side, schema, is_whole).map(Box::new);
            Ok(Expr::BinaryExpr(BinaryExpr { left: side(left)?, op, right: side(right)? }))
        }
        Expr::Not(inner) if is_membership(&inner) => match *inner {
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                condition(Expr::InSubquery(InSubquery { expr, subquery, negated: !negated }), schema, is_whole)
            }
            other => Ok(Expr::Not(Box::new(other))),
        },
        Expr::InSubquery(InSubquery { expr, subquery, negated: true }) => {
            let stands_alone = subquery.outer_ref_columns.is_empty();
            if is_whole && stands_alone && expr.any_column_refs() {
                return Ok(Expr::InSubquery(InSubquery { expr, subquery, negated: true }));
            }
            written_out(*expr, &subquery, schema)
        }
        member @ Expr::InSubquery(_) => Ok(member),
        other => {
            let valued =
                |expr: Expr| if is_membership(&expr) { counted(expr, schema) } else { Ok(Transformed::no(expr)) };
            Ok(other.transform_up(valued)?.data)
        }
    }
}

/// No row is equal, none is null, and the value is null only where there is no row at all.
fn written_out(value: Expr, subquery: &Subquery, schema: &DFSchema) -> Result<Expr> {
    let Members { plan, member, equal, outer } = Members::of(&value, subquery, schema)?;
    let mut holds = none(equal, subquery, &outer)?;
    if member.nullable(plan.schema())? {
        let nulls = LogicalPlanBuilder::from(plan.clone()).filter(member.is_null())?.build()?;
        holds = holds.and(none(nulls, subquery, &[])?);
    }
    if value.nullable(schema)? {
        holds = holds.and(value.is_not_null().or(none(plan.clone(), subquery, &[])?));
    }
    Ok(holds)
}

/// `NOT EXISTS (plan)`, which stands where `subquery` did and refers to the `outer` columns too.
fn none(plan: LogicalPlan, subquery: &Subquery, outer: &[Expr]) -> Result<Expr> {
    let mut outer_ref_columns = subquery.outer_ref_columns.clone();
    outer_ref_columns.extend(outer.iter().cloned());
    if outer_ref_columns.is_empty() {
        // Counted once, not joined.
        return Ok(count_of(plan, subquery, &[])?.eq(lit(0i64)));
    }
    let subquery = Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: subquery.spans.clone() };
    Ok(Expr::Exists(Exists { subquery, negated: true }))
}
