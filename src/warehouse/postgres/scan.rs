//! A relation of the server as a DataFusion table: read by binary COPY, with columns, filters and limit chosen there.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::exec::{CopyExec, Part};
use super::predicate::to_sql;
use super::quote;
use super::reader::Reader;
use super::wire::{PgColumn, placeholder_field};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// A table of fewer pages (of 8 KiB, as a rule) is read over one connection.
const PAGES_OF_A_PART: i64 = 4096;

/// What is known of a relation that is to be read.
#[derive(Debug, Clone)]
pub struct Shape {
    pub name: RelationName,
    pub columns: Vec<PgColumn>,
    /// Zero where it has no pages of its own: it is read over one connection.
    pub pages: i64,
    pub rows: Option<u64>,
    /// Of columns with an index: the greatest value.
    pub greatest: Vec<(usize, ScalarValue)>,
}

pub struct PgScan {
    reader: Arc<Reader>,
    shape: Shape,
    schema: SchemaRef,
}

impl std::fmt::Debug for PgScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PgScan({})", self.shape.name)
    }
}

impl PgScan {
    pub fn new(reader: Arc<Reader>, shape: Shape) -> Self {
        let fields: Vec<_> = shape.columns.iter().map(placeholder_field).collect();
        PgScan { reader, shape, schema: Arc::new(Schema::new(fields)) }
    }

    /// Ranges of the table's pages that can be read at once; the last has no end, since the table may have grown.
    fn parts(&self, wanted: usize) -> Vec<String> {
        let count = (self.shape.pages / PAGES_OF_A_PART).clamp(1, wanted.max(1) as i64);
        if count == 1 {
            return vec![String::new()];
        }
        let border = |part: i64| self.shape.pages * part / count;
        let range = |part: i64| {
            let from = (part > 0).then(|| format!("ctid >= '({},0)'::tid", border(part)));
            let to = (part + 1 < count).then(|| format!("ctid < '({},0)'::tid", border(part + 1)));
            from.into_iter().chain(to).collect::<Vec<_>>().join(" and ")
        };
        (0..count).map(range).collect()
    }
}

#[async_trait]
impl TableProvider for PgScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let pushed = |filter: &&Expr| match to_sql(filter, &self.shape.columns) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(pushed).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.shape.columns.len()).collect();
        let chosen = projection.unwrap_or(&all);
        let columns: Vec<PgColumn> = chosen.iter().map(|index| self.shape.columns[*index].clone()).collect();
        let schema: SchemaRef = Arc::new(self.schema.project(chosen)?);
        let conditions: Vec<String> = filters.iter().filter_map(|filter| to_sql(filter, &self.shape.columns)).collect();
        let limit = limit.filter(|_| conditions.len() == filters.len());
        let names = quote::identifiers(columns.iter().map(|column| column.name.as_str()));
        let table = quote::relation(&self.shape.name);
        let parts = self.parts(state.config().target_partitions()).into_iter().map(|range| {
            let condition = conditions
                .iter()
                .cloned()
                .chain((!range.is_empty()).then_some(range))
                .collect::<Vec<_>>()
                .join(" and ");
            let condition = if condition.is_empty() { condition } else { format!(" where {condition}") };
            let limit = limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
            let query = format!("select {names} from {table}{condition}{limit}");
            let part = Part {
                reader: Arc::clone(&self.reader),
                table: self.shape.name.clone(),
                query,
                columns: columns.clone(),
            };
            Arc::new(part)
        });
        let parts: Vec<Arc<Part>> = parts.collect();
        let statistics = self.known().project(Some(chosen));
        // What a filter or a limit leaves is anybody's guess.
        let statistics = if filters.is_empty() && limit.is_none() { statistics } else { statistics.to_inexact() };
        Ok(Arc::new(CopyExec::new(parts, schema, statistics)))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known())
    }
}

impl PgScan {
    fn known(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        if let Some(rows) = self.shape.rows {
            statistics.num_rows = Precision::Exact(rows as usize);
        }
        for (index, value) in &self.shape.greatest {
            statistics.column_statistics[*index].max_value = Precision::Exact(value.clone());
        }
        statistics
    }
}

/// The columns of a relation, and what helps to plan its reading.
pub async fn shape(
    reader: &Reader,
    name: &RelationName,
    entry: &super::catalog::Entry,
) -> std::result::Result<Shape, WarehouseError> {
    let columns = super::columns::of(reader.client(), name, entry.oid).await?;
    let rows = entry.recorded.as_ref().and_then(|recorded| recorded.rows);
    let pages = if entry.kind == 'r' { entry.pages } else { 0 };
    let greatest = super::columns::greatest(reader.client(), name, entry, &columns).await?;
    Ok(Shape { name: name.clone(), columns, pages, rows, greatest })
}
