//! A relation of the server as a DataFusion table: read by binary COPY, with columns, filters and limit chosen there.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::columns::Measures;
use super::exec::{CopyExec, Request};
use super::predicate::to_sql;
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
    /// No pages where it has none of its own: it is read over one connection.
    pub measures: Measures,
    pub rows: Precision<usize>,
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
    fn ranges(&self, wanted: usize) -> Vec<String> {
        let count = (self.shape.measures.pages / PAGES_OF_A_PART).clamp(1, wanted.max(1) as i64);
        if count == 1 {
            return vec![String::new()];
        }
        let border = |part: i64| self.shape.measures.pages * part / count;
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
        let request = Request {
            reader: Arc::clone(&self.reader),
            table: self.shape.name.clone(),
            indexed: columns.iter().map(|column| self.shape.measures.indexed.contains(&column.name)).collect(),
            columns,
            conditions,
            limit,
            ranges: self.ranges(state.config().target_partitions()),
        };
        let statistics = self.known().project(Some(chosen));
        // What a filter or a limit leaves is anybody's guess.
        let statistics = if filters.is_empty() && limit.is_none() { statistics } else { statistics.to_inexact() };
        Ok(Arc::new(CopyExec::new(request, schema, statistics)))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known())
    }
}

impl PgScan {
    fn known(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = self.shape.rows;
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
    if entry.kind != 'r' {
        let unknown = Measures { pages: 0, rows: 0, indexed: HashSet::new() };
        return Ok(Shape {
            name: name.clone(),
            columns,
            measures: unknown,
            rows: Precision::Absent,
            greatest: Vec::new(),
        });
    }
    let measures = super::columns::measures(reader.client(), name, entry.oid).await?;
    let greatest = super::columns::greatest(reader.client(), name, &measures.indexed, &columns).await?;
    let recorded = entry.recorded.as_ref().and_then(|recorded| recorded.rows);
    // Never exact: a policy may hide rows from this role, and the server's counters come late.
    let rows = Precision::Inexact(recorded.unwrap_or(measures.rows) as usize);
    Ok(Shape { name: name.clone(), columns, measures, rows, greatest })
}
