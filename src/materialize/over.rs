//! A plan over other rows of its one table.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, TableScan};

/// The rows have the table's columns.
pub fn over(plan: LogicalPlan, rows: &Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let over = plan.transform_up(|node| match node {
        LogicalPlan::TableScan(scan) => {
            let source = provider_as_source(Arc::clone(rows));
            Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(over.data)
}
