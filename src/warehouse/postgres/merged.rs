//! A table as it will be, as a query: the rows that stay, and the staged ones.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, JoinType, ScalarValue, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::draft::{Draft, Effect, Layer, Step};
use super::spool::Spool;
use crate::warehouse::WarehouseError;

const HERE: &str = "here";
const STAGED: &str = "staged";

/// The draft's rows, on top of `base`, the table as it is.
pub fn provider(draft: &Draft, base: Option<Arc<dyn TableProvider>>) -> Result<Arc<dyn TableProvider>, WarehouseError> {
    let mut table = base.filter(|_| !draft.replaces());
    for step in &draft.steps {
        table = Some(match (step, table) {
            (Step::Rows(layer), table) => meet(layer, table)?,
            (Step::Deletion(deletion), Some(table)) => {
                let schema = table.schema();
                let stays = without(scan(HERE, table)?, HERE, &deletion.keys, &deletion.key)?;
                Arc::new(ViewTable::new(project(stays, HERE, &schema)?, None))
            }
            (Step::Deletion(_), None) => return Err(nothing()),
        });
    }
    table.ok_or_else(nothing)
}

/// All rows of a spool.
pub fn table_of(spool: &Spool) -> Result<Arc<dyn TableProvider>, WarehouseError> {
    together(spool.providers()?.into_iter().map(|part| scan(STAGED, part)).collect::<QueryResult<_>>()?)
}

fn nothing() -> WarehouseError {
    WarehouseError::Task("nothing is staged".to_string())
}

/// What a layer makes of the table below it.
fn meet(layer: &Layer, base: Option<Arc<dyn TableProvider>>) -> Result<Arc<dyn TableProvider>, WarehouseError> {
    let mut staged = layer.spool.providers()?;
    if base.is_none() && staged.len() == 1 {
        return Ok(staged.remove(0));
    }
    let schema = widened(base.as_deref(), &layer.spool.schema);
    let mut parts = Vec::new();
    if let Some(base) = base {
        let mut stays = scan(HERE, base)?;
        if let Effect::Merge { unique_key } = &layer.effect {
            stays = without(stays, HERE, &layer.spool, unique_key)?;
        }
        parts.push(project(stays, HERE, &schema)?);
    }
    for provider in staged {
        parts.push(project(scan(STAGED, provider)?, STAGED, &schema)?);
    }
    together(parts)
}

fn together(parts: Vec<LogicalPlan>) -> Result<Arc<dyn TableProvider>, WarehouseError> {
    let mut parts = parts.into_iter();
    let mut whole = parts.next().ok_or_else(nothing)?;
    for part in parts {
        whole = LogicalPlanBuilder::from(whole).union(part)?.build()?;
    }
    Ok(Arc::new(ViewTable::new(whole, None)))
}

fn widened(base: Option<&dyn TableProvider>, comes: &Schema) -> Schema {
    let Some(base) = base else { return comes.clone() };
    let has = base.schema();
    let new = comes.fields().iter().filter(|field| has.index_of(field.name()).is_err());
    Schema::new(has.fields().iter().chain(new).cloned().collect::<Vec<_>>())
}

fn scan(alias: &str, provider: Arc<dyn TableProvider>) -> QueryResult<LogicalPlan> {
    LogicalPlanBuilder::scan(TableReference::bare(alias), provider_as_source(provider), None)?.build()
}

/// The rows of `plan` whose key is not among `keys`. A key with a null in it is among none.
fn without(plan: LogicalPlan, alias: &str, keys: &Spool, key: &[String]) -> Result<LogicalPlan, WarehouseError> {
    let mut plan = plan;
    for (number, provider) in keys.providers()?.into_iter().enumerate() {
        let other = format!("keys_{number}");
        let columns: Vec<Expr> = key.iter().map(|name| column(&other, name)).collect();
        let keys = LogicalPlanBuilder::from(scan(&other, provider)?).project(columns)?.build()?;
        let on = |alias: &str| key.iter().map(|name| qualified(alias, name)).collect::<Vec<_>>();
        let sides = (on(alias), on(&other));
        plan = LogicalPlanBuilder::from(plan).join(keys, JoinType::LeftAnti, sides, None)?.build()?;
    }
    Ok(plan)
}

fn project(plan: LogicalPlan, alias: &str, schema: &Schema) -> QueryResult<LogicalPlan> {
    let has = plan.schema().clone();
    let columns: QueryResult<Vec<Expr>> = schema
        .fields()
        .iter()
        .map(|field| {
            let known = has.fields().iter().any(|had| had.name() == field.name());
            let value =
                if known { column(alias, field.name()) } else { lit(ScalarValue::try_from(field.data_type())?) };
            Ok(value.alias(field.name()))
        })
        .collect();
    LogicalPlanBuilder::from(plan).project(columns?)?.build()
}

fn qualified(alias: &str, name: &str) -> Column {
    Column::new(Some(TableReference::bare(alias)), name)
}

fn column(alias: &str, name: &str) -> Expr {
    Expr::Column(qualified(alias, name))
}
