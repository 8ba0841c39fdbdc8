//! A recursive query reads its own rows by the types that planning found; rewriting must not change those.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, LogicalPlanBuilder, RecursiveQuery};

/// Casts both terms of every recursive query to the types they have now.
pub fn pin_types(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_down_with_subqueries(|plan| match plan {
        LogicalPlan::RecursiveQuery(query) => {
            let static_term = pinned(query.static_term.as_ref(), query.static_term.as_ref())?;
            let recursive_term = pinned(query.recursive_term.as_ref(), query.static_term.as_ref())?;
            let query = RecursiveQuery { static_term, recursive_term, ..query };
            Ok(Transformed::yes(LogicalPlan::RecursiveQuery(query)))
        }
        other => Ok(Transformed::no(other)),
    })
}

fn pinned(term: &LogicalPlan, typed: &LogicalPlan) -> Result<Arc<LogicalPlan>> {
    let columns = term.schema().iter().zip(typed.schema().fields()).map(|((qualifier, field), typed)| {
        let column = Box::new(Expr::Column(Column::from((qualifier, field))));
        Expr::Cast(Cast::new(column, typed.data_type().clone())).alias_qualified(qualifier.cloned(), field.name())
    });
    Ok(Arc::new(LogicalPlanBuilder::from(term.clone()).project(columns.collect::<Vec<_>>())?.build()?))
}
