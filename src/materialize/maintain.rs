//! A `table` whose rows come one by one from the rows of a loaded table need not be made anew: the rows of what was loaded
//! since take the place of those with their keys.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, lit};
use datafusion::prelude::DataFrame;

use super::{Compiled, LoadedSince, Made, Prior, Workspace, failed, invalid, postgres_type};
use crate::diagnostic::Diagnostic;
use crate::engine::Rows;
use crate::warehouse::{RelationName, StageMode};

/// Beyond this share of the table's rows, making all anew is what costs less.
const MOST_PERCENT: u64 = 20;

/// So many rows are few whatever the table has.
const FEW: u64 = 1000;

/// `None` where the table has to be made anew.
pub async fn stage(
    workspace: &Workspace,
    relation: &RelationName,
    compiled: &Compiled,
    prior: &Prior,
) -> Result<Option<Made>, Diagnostic> {
    let Some(since) = &prior.since else { return Ok(None) };
    let plan = workspace.session.plan(&compiled.sql).await.map_err(invalid(compiled))?;
    let Some(rows) = RowByRow::of(workspace, &plan, since) else { return Ok(None) };
    if !fits(workspace, relation, &plan).await || !few(workspace, since).await {
        return Ok(None);
    }
    let Ok((come, gone)) = rows.plans() else { return Ok(None) };
    let state = workspace.session.context().state();
    let streams = async |plan: LogicalPlan| {
        workspace.session.partitions(DataFrame::new(state.clone(), plan)).await.map_err(invalid(compiled))
    };
    let (publication, unique_key) = (&workspace.publication, rows.key_names());
    // Rows that are equal stay: keys of other tables may refer to them.
    let mode = StageMode::MergeChanged { unique_key: unique_key.clone(), ignoring: Vec::new() };
    let staged = publication.stage(relation, streams(come).await?, mode).await.map_err(failed(compiled))?;
    let keys = streams(gone).await?;
    let gone = publication.stage_delete(relation, &unique_key, keys).await.map_err(failed(compiled))?;
    let verb = match gone.removed {
        0 => format!("MERGE {}", staged.rows),
        removed => format!("MERGE {}, DELETE {removed}", staged.rows),
    };
    Ok(Some(Made { verb, rows: Some(staged.rows + gone.removed) }))
}

/// Whether the rows have the columns of the table that is there.
pub async fn fits(workspace: &Workspace, relation: &RelationName, plan: &LogicalPlan) -> bool {
    let Ok(stored) = workspace.relations.scan(relation).await else { return false };
    let Ok(comes) = workspace.publication.storable(relation, plan.schema().as_arrow()) else { return false };
    let stored = stored.schema();
    let columns = |schema: &arrow::datatypes::Schema| {
        let column = |field: &Arc<arrow::datatypes::Field>| (field.name().clone(), postgres_type(field.data_type()));
        schema.fields().iter().map(column).collect::<Vec<_>>()
    };
    columns(&stored) == columns(&comes)
}

async fn few(workspace: &Workspace, since: &LoadedSince) -> bool {
    let LoadedSince { table, column, after, .. } = since;
    let sql = format!("select count(*) from {} where \"{column}\" > timestamp '{}'", table.quoted(), after.naive_utc());
    let Ok(counted) = workspace.session.numbers(&sql).await else { return false };
    let loaded = counted.first().copied().flatten().and_then(|rows| u64::try_from(rows).ok());
    let rows = rows_of(workspace, table).await;
    loaded.zip(rows).is_none_or(|(loaded, rows)| loaded <= (rows / 100 * MOST_PERCENT).max(FEW))
}

/// How many rows a published table has, about.
pub async fn rows_of(workspace: &Workspace, table: &RelationName) -> Option<u64> {
    let base = workspace.publication.base();
    let described = base.describe(table).or_else(|| workspace.relations.describe(table))?;
    if described.rows.is_some() {
        return described.rows;
    }
    let rows = match base.scan(table).await {
        Ok(rows) => rows,
        Err(_) => workspace.relations.scan(table).await.ok()?,
    };
    rows.statistics()?.num_rows.get_value().map(|rows| *rows as u64)
}

/// Rows of one table, each computed from itself alone, with their key among them.
struct RowByRow<'a> {
    plan: &'a LogicalPlan,
    scan: &'a TableScan,
    /// The key's columns, and their names in the plan's rows.
    key: Vec<(String, String)>,
    is_new: Expr,
}

impl<'a> RowByRow<'a> {
    fn of(workspace: &Workspace, plan: &'a LogicalPlan, since: &LoadedSince) -> Option<Self> {
        let rows = Rows::of(plan).filter(|rows| rows.scan.filters.is_empty())?;
        let target = &workspace.manifest.target;
        if rows.table(&target.database, &target.schema) != since.table || !all_plain(plan) {
            return None;
        }
        let shown = plan.schema().fields().iter().map(|field| field.name());
        let shown: Vec<(&String, Option<String>)> = shown.zip(rows.columns).collect();
        let name_of =
            |key: &String| shown.iter().find(|(_, stored)| stored.as_ref() == Some(key)).map(|(name, _)| *name);
        let key = since.unique_key.iter().map(|key| Some((key.clone(), name_of(key)?.clone())));
        let key = key.collect::<Option<Vec<_>>>()?;
        let loaded_at = Expr::Column(Column::new(Some(rows.scan.table_name.clone()), since.column));
        let is_new = loaded_at.gt(lit(instant(since.after)));
        Some(RowByRow { plan, scan: rows.scan, key, is_new })
    }

    fn key_names(&self) -> Vec<String> {
        self.key.iter().map(|(_, shown)| shown.clone()).collect()
    }

    fn new_rows(&self) -> LogicalPlanBuilder {
        LogicalPlanBuilder::from(LogicalPlan::TableScan(self.scan.clone()))
    }

    /// The rows that come of what was loaded, and the keys of which none comes: rows with them go, where there are any.
    fn plans(&self) -> QueryResult<(LogicalPlan, LogicalPlan)> {
        let come = self.come()?;
        let loaded = LogicalPlanBuilder::from(self.keys()?).alias("loaded")?;
        let coming = LogicalPlanBuilder::from(come.clone()).alias("coming")?.build()?;
        let of = |table: &str| self.key.iter().map(|(_, shown)| Column::new(Some(table), shown)).collect::<Vec<_>>();
        let gone = loaded.join(coming, JoinType::LeftAnti, (of("loaded"), of("coming")), None)?;
        Ok((come, gone.build()?))
    }

    /// The keys of what was loaded, under the names that they have in the rows.
    fn keys(&self) -> QueryResult<LogicalPlan> {
        let column = |(stored, shown): &(String, String)| {
            Expr::Column(Column::new(Some(self.scan.table_name.clone()), stored)).alias(shown)
        };
        self.new_rows().filter(self.is_new.clone())?.project(self.key.iter().map(column))?.build()
    }

    fn come(&self) -> QueryResult<LogicalPlan> {
        let narrowed = self.plan.clone().transform_up(|node| match node {
            LogicalPlan::TableScan(_) => Ok(Transformed::yes(self.new_rows().filter(self.is_new.clone())?.build()?)),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(narrowed.data)
    }
}

/// As the column with the time of the load is stored.
fn instant(at: DateTime<Utc>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(at.timestamp_micros()), None)
}

/// Whether no expression of the plan looks at more than its row.
fn all_plain(plan: &LogicalPlan) -> bool {
    let mut all = true;
    let walked = plan.apply(|node| {
        node.apply_expressions(|expr| {
            all &= plain(expr);
            Ok(TreeNodeRecursion::Continue)
        })
    });
    all && walked.is_ok()
}

/// Whether the expression looks at nothing but its row.
fn plain(expr: &Expr) -> bool {
    let mut plain = true;
    let walked = expr.apply(|part| {
        let looks_further = match part {
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => true,
            Expr::OuterReferenceColumn(..) | Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::Unnest(_) => {
                true
            }
            part => part.is_volatile_node(),
        };
        plain &= !looks_further;
        Ok(if plain { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    plain && walked.is_ok()
}
