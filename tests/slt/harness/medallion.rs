//! medallion's engine over tables in memory.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::Expr;
use medallion::engine::{Engine, EngineOptions, Relations, Session, SessionOptions};
use medallion::relation::RelationName;
use medallion::warehouse::{Description, RelationKind, WarehouseError};
use medallion_udfs::PgCastText;
use parking_lot::Mutex;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use crate::visible;

/// 2024-02-29 12:34:56.789012 UTC
const INSTANT_MICROS: i64 = 1_709_210_096_789_012;

/// A view, or a table and its rows.
type Stored = (RelationKind, Option<Arc<MemTable>>);

/// Tables and views of one file.
#[derive(Default)]
struct InMemory {
    tables: Mutex<HashMap<RelationName, Stored>>,
}

#[async_trait]
impl Relations for InMemory {
    fn names(&self) -> Vec<RelationName> {
        self.tables.lock().keys().cloned().collect()
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        let (kind, _) = self.tables.lock().get(name)?.clone();
        Some(Description { kind, version: String::new(), rows: None })
    }

    async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        match self.tables.lock().get(name) {
            Some((_, Some(table))) => Ok(Arc::clone(table) as Arc<dyn TableProvider>),
            _ => Err(WarehouseError::NoSuchRelation(name.clone())),
        }
    }
}

pub struct MedallionDb {
    relations: Arc<InMemory>,
    session: Session,
}

impl MedallionDb {
    pub fn new() -> Result<Self, DataFusionError> {
        // One partition: rows are printed through a projection, which keeps their order only then.
        let engine = Engine::new(EngineOptions { partitions: Some(1), ..EngineOptions::default() })?;
        let relations = Arc::new(InMemory::default());
        let instant = DateTime::from_timestamp_micros(INSTANT_MICROS).unwrap_or_default();
        let options =
            SessionOptions { database: "slt".to_string(), schema: "public".to_string(), instant, most_keys: 0 };
        let session = engine.session(Arc::clone(&relations) as Arc<dyn Relations>, &options)?;
        Ok(MedallionDb { relations, session })
    }

    /// `create table t as …` and `create view v as …`: the engine itself only reads.
    pub async fn create(&self, name: &str, is_table: bool, query: &str) -> Result<(), DataFusionError> {
        let entry = if is_table {
            let frame = self.session.query(query).await?;
            let schema = Arc::clone(frame.schema().inner());
            (RelationKind::Table, Some(Arc::new(MemTable::try_new(schema, vec![frame.collect().await?])?)))
        } else {
            self.session.plan(query).await?;
            (RelationKind::View { sql: query.to_string() }, None)
        };
        self.relations.tables.lock().insert(RelationName::new("slt", "public", name), entry);
        Ok(())
    }

    /// How many columns the query gives.
    pub async fn columns(&self, sql: &str) -> Result<usize, DataFusionError> {
        Ok(self.session.query(sql).await?.schema().fields().len())
    }

    async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, DataFusionError> {
        let frame = self.session.query(sql).await?;
        let text = ScalarUDF::from(PgCastText::default());
        let shown = frame.schema().iter().enumerate().map(|(number, (qualifier, field))| {
            let column = Expr::Column(Column::from((qualifier, field)));
            let is_written = field.data_type().is_numeric()
                || matches!(
                    field.data_type(),
                    DataType::Timestamp(_, _) | DataType::Interval(_) | DataType::Duration(_)
                );
            if !is_written { column } else { text.call(vec![column]) }.alias(format!("column{number}"))
        });
        let batches = frame.clone().select(shown.collect::<Vec<_>>())?.collect().await?;
        Ok(batches.iter().flat_map(rows_of).collect())
    }
}

fn rows_of(batch: &RecordBatch) -> Vec<Vec<String>> {
    (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| value_of(column, row)).collect()).collect()
}

/// As psql shows it.
fn value_of(column: &ArrayRef, row: usize) -> String {
    // An untyped null has no bits that say so.
    if column.is_null(row) || column.data_type() == &DataType::Null {
        return visible(None);
    }
    match column.data_type() {
        DataType::Boolean if column.as_boolean().value(row) => "t".to_string(),
        DataType::Boolean => "f".to_string(),
        _ => visible(arrow::util::display::array_value_to_string(column, row).ok().as_deref()),
    }
}

/// Name and query of `create table|view name as query`.
pub fn creation(sql: &str) -> Option<(bool, &str, &str)> {
    let (head, query) = sql.split_once(" as ").or_else(|| sql.split_once(" as\n"))?;
    match head.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["create", kind @ ("table" | "view"), name] => Some((*kind == "table", name, query)),
        _ => None,
    }
}

#[async_trait]
impl AsyncDB for MedallionDb {
    type Error = DataFusionError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, DataFusionError> {
        if let Some((is_table, name, query)) = creation(sql) {
            self.create(name, is_table, query).await?;
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows = self.rows(sql).await?;
        let types = vec![DefaultColumnType::Any; rows.first().map_or(0, Vec::len)];
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "medallion"
    }
}
