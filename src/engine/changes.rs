//! The rows that a publication changes of a table, as a table: its columns, and what becomes of the row.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use crate::warehouse::Changes;

/// Says of a changed row whether it goes (`delete`) or comes (`insert`), as the Change Data Feed of Delta has it. A row
/// that is replaced goes, and comes as it will be.
const CHANGE_TYPE: &str = "_change_type";

pub fn table(changes: Changes) -> Result<ViewTable> {
    let removed = side(changes.removed, "delete")?;
    let added = side(changes.added, "insert")?;
    Ok(ViewTable::new(LogicalPlanBuilder::from(removed).union(added)?.build()?, None))
}

fn side(rows: Arc<dyn TableProvider>, change_type: &str) -> Result<LogicalPlan> {
    let schema = rows.schema();
    let columns = schema.fields().iter().map(|field| Expr::Column(Column::from_name(field.name())).alias(field.name()));
    let columns: Vec<Expr> = columns.chain([lit(change_type).alias(CHANGE_TYPE)]).collect();
    LogicalPlanBuilder::scan("changes", provider_as_source(rows), None)?.project(columns)?.build()
}
