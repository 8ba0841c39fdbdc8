//! Some groups of a plan by their keys, so that nothing is read for the others.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, plan_err};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder};
use futures::TryStreamExt;

use super::Workspace;

/// The name of the keys in a plan.
const KEYS: &str = "keys of some groups";

pub struct GroupKeys {
    table: Arc<MemTable>,
    count: usize,
}

impl GroupKeys {
    /// The rows of a query, each a key.
    pub async fn of(workspace: &Workspace, sql: &str) -> Result<Self> {
        let rows = workspace.session.stream(sql).await?;
        Self::of_rows(rows.schema(), rows.try_collect().await?)
    }

    pub fn of_rows(schema: SchemaRef, rows: Vec<RecordBatch>) -> Result<Self> {
        let count = rows.iter().map(RecordBatch::num_rows).sum();
        Ok(GroupKeys { table: Arc::new(MemTable::try_new(schema, vec![rows])?), count })
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The plan's groups that have these keys. Its one aggregate groups by `columns` of its input, in the order of the keys.
    pub fn only(&self, plan: LogicalPlan, columns: &[&str]) -> Result<LogicalPlan> {
        let narrowed = plan.transform_up(|node| match node {
            LogicalPlan::Aggregate(grouped) => {
                if !columns.iter().all(|column| is_grouped_by(&grouped, column)) {
                    return plan_err!("the groups are not those of the keys");
                }
                let rows = self.meet(grouped.input.as_ref().clone(), columns, JoinType::LeftSemi)?;
                let grouped = Aggregate::try_new(Arc::new(rows), grouped.group_expr, grouped.aggr_expr)?;
                Ok::<_, DataFusionError>(Transformed::yes(LogicalPlan::Aggregate(grouped)))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(narrowed.data)
    }

    /// The rows whose `column` is one of these keys.
    pub fn among(&self, rows: LogicalPlan, column: &str) -> Result<LogicalPlan> {
        self.meet(rows, &[column], JoinType::LeftSemi)
    }

    /// The rows whose `columns` are none of these keys.
    pub fn others(&self, rows: LogicalPlan, columns: &[&str]) -> Result<LogicalPlan> {
        self.meet(rows, columns, JoinType::LeftAnti)
    }

    fn meet(&self, rows: LogicalPlan, columns: &[&str], kind: JoinType) -> Result<LogicalPlan> {
        let left = columns.iter().map(|column| {
            let (qualifier, field) = rows.schema().qualified_field_with_unqualified_name(column)?;
            Ok(Column::new(qualifier.cloned(), field.name()))
        });
        let left = left.collect::<Result<Vec<_>>>()?;
        let keys = self.table.schema();
        let right = keys.fields().iter().map(|key| Column::new(Some(KEYS), key.name())).collect::<Vec<_>>();
        let keys =
            LogicalPlanBuilder::scan(KEYS, provider_as_source(Arc::<MemTable>::clone(&self.table)), None)?.build()?;
        LogicalPlanBuilder::from(rows).join(keys, kind, (left, right), None)?.build()
    }
}

/// Whether a column of the table is among those that are grouped by, and no other that took its name.
fn is_grouped_by(grouped: &Aggregate, name: &str) -> bool {
    let is_it = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == name);
    grouped.group_expr.iter().any(is_it) && keeps_its_name(name, &grouped.input)
}

fn keeps_its_name(name: &str, plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => keeps_its_name(name, &alias.input),
        LogicalPlan::Filter(filter) => keeps_its_name(name, &filter.input),
        LogicalPlan::Projection(projection) => {
            let same = |expr: &Expr| match expr.clone().unalias_nested().data {
                Expr::Column(column) => column.name == name,
                _ => false,
            };
            let mut named =
                projection.schema.fields().iter().zip(&projection.expr).filter(|(field, _)| field.name() == name);
            named.all(|(_, expr)| same(expr)) && keeps_its_name(name, &projection.input)
        }
        // How a table is put together is not the view's doing.
        _ => true,
    }
}
