//! Scalar subqueries of a filter are computed before the statement is.
//!
//! `where load_timestamp > (select max(load_timestamp) from t)` is a join to the planner, and a join tells a scan nothing.
//! As a value it reaches the scan: row groups are skipped, and a server uses its index. What the subquery reads does not
//! change in between, since a session reads one state.

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::prelude::DataFrame;

/// `plan` with values in place of the subqueries that depend on no row.
pub async fn resolve(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut found = Vec::new();
    plan.apply(|node| {
        if let LogicalPlan::Filter(filter) = node {
            collect(&filter.predicate, &mut found)?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if found.is_empty() {
        return Ok(plan);
    }
    let mut values = Vec::with_capacity(found.len());
    for subquery in found {
        let value = Box::pin(value_of(state, &subquery)).await?;
        values.push((subquery, value));
    }
    let replaced = plan.transform_up(|node| {
        let LogicalPlan::Filter(mut filter) = node else { return Ok(Transformed::no(node)) };
        let predicate = filter.predicate.transform_up(|expr| Ok(replace(expr, &values)))?;
        filter.predicate = predicate.data;
        Ok(if predicate.transformed {
            Transformed::yes(LogicalPlan::Filter(filter))
        } else {
            Transformed::no(LogicalPlan::Filter(filter))
        })
    })?;
    Ok(replaced.data)
}

fn collect(predicate: &Expr, found: &mut Vec<Subquery>) -> Result<()> {
    predicate.apply(|expr| {
        if let Expr::ScalarSubquery(subquery) = expr
            && subquery.outer_ref_columns.is_empty()
            && !found.contains(subquery)
        {
            found.push(subquery.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn replace(expr: Expr, values: &[(Subquery, ScalarValue)]) -> Transformed<Expr> {
    let known = match &expr {
        Expr::ScalarSubquery(subquery) => values.iter().find(|(known, _)| known == subquery),
        _ => None,
    };
    match known {
        Some((_, value)) => Transformed::yes(Expr::Literal(value.clone(), None)),
        None => Transformed::no(expr),
    }
}

/// `select max(column) from table` as the value that it is, where the table knows that. The planner would ask for the
/// exact number of rows too, which a server does not know.
fn known_maximum(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Aggregate(aggregate) = &node else { return Ok(Transformed::no(node)) };
    match maximum(aggregate) {
        Some(value) => {
            let name = aggregate.schema.field(0).name().clone();
            let value = Expr::Literal(value, None).alias(name);
            Ok(Transformed::yes(LogicalPlanBuilder::empty(true).project([value])?.build()?))
        }
        None => Ok(Transformed::no(node)),
    }
}

fn maximum(aggregate: &Aggregate) -> Option<ScalarValue> {
    let Aggregate { group_expr, aggr_expr, input, .. } = aggregate;
    let ([], [Expr::AggregateFunction(function)]) = (group_expr.as_slice(), aggr_expr.as_slice()) else { return None };
    let LogicalPlan::TableScan(scan) = input.as_ref() else { return None };
    let ("max", [Expr::Column(column)], None) =
        (function.func.name(), function.params.args.as_slice(), &function.params.filter)
    else {
        return None;
    };
    if !scan.filters.is_empty() || scan.fetch.is_some() {
        return None;
    }
    let table = source_as_provider(&scan.source).ok()?;
    let index = table.schema().index_of(&column.name).ok()?;
    match &table.statistics()?.column_statistics.get(index)?.max_value {
        Precision::Exact(value) if !value.is_null() => Some(value.clone()),
        _ => None,
    }
}

/// The one value of a subquery; null where it has no row.
async fn value_of(state: &SessionState, subquery: &Subquery) -> Result<ScalarValue> {
    let plan = resolve(state, subquery.subquery.as_ref().clone()).await?;
    let plan = plan.transform_up(known_maximum)?.data;
    let data_type = plan.schema().field(0).data_type().clone();
    let batches = DataFrame::new(state.clone(), plan).collect().await?;
    let batches: Vec<RecordBatch> = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
    match batches.as_slice() {
        [] => ScalarValue::try_from(&data_type),
        [one] if one.num_rows() == 1 => ScalarValue::try_from_array(one.column(0), 0),
        _ => Err(DataFusionError::Execution(
            "more than one row came from a subquery that stands for a single value".to_string(),
        )),
    }
}
