//! The rows that a publication takes out of a table. Many nodes ask for some of their columns, and they lie scattered over large
//! files: each column is read once.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;
use futures::future::try_join_all;
use tokio::sync::OnceCell;

use super::files::{DataFile, read_file};
use super::lake::Lake;
use super::scan::{complement, statistics};
use crate::warehouse::WarehouseError;

/// More rows are not kept in memory.
const MOST_ROWS: u64 = 1 << 18;

pub struct Removed {
    lake: Lake,
    dir: String,
    schema: SchemaRef,
    /// With no other rows than those that go.
    files: Vec<DataFile>,
    /// Of each column the values, by file.
    columns: Vec<OnceCell<Vec<ArrayRef>>>,
}

impl Removed {
    /// `None`: they are too many.
    pub fn of(lake: Lake, dir: String, schema: SchemaRef, files: Vec<DataFile>) -> Option<Self> {
        let rows: u64 = files.iter().map(DataFile::live_rows).sum();
        let columns = schema.fields().iter().map(|_| OnceCell::new()).collect();
        (rows <= MOST_ROWS).then_some(Removed { lake, dir, schema, files, columns })
    }

    async fn column(&self, index: usize) -> std::result::Result<&Vec<ArrayRef>, WarehouseError> {
        let read = async || {
            let schema = Arc::new(self.schema.project(&[index])?);
            let files = self.files.iter().map(|file| {
                let (lake, dir, schema) = (self.lake.clone(), self.dir.clone(), Arc::clone(&schema));
                let file = file.clone();
                tokio::spawn(async move { values(&lake, &dir, &file, schema).await })
            });
            try_join_all(files).await?.into_iter().collect()
        };
        self.columns[index].get_or_try_init(read).await
    }
}

/// The one column of a file's rows.
async fn values(
    lake: &Lake,
    dir: &str,
    file: &DataFile,
    schema: SchemaRef,
) -> std::result::Result<ArrayRef, WarehouseError> {
    let rows = file.deleted.as_ref().map(|gone| complement(file.rows, &gone.rows));
    let mut found = vec![new_empty_array(schema.field(0).data_type())];
    let mut batches = std::pin::pin!(read_file(lake, dir, file, schema, rows.as_ref()).await?);
    while let Some(batch) = batches.try_next().await? {
        found.push(alone(batch.column(0)));
    }
    let values: Vec<&dyn Array> = found.iter().map(AsRef::as_ref).collect();
    Ok(concat(&values)?)
}

/// The values, without those of the rows between them, which stand in the same pages.
fn alone(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Utf8View => Arc::new(values.as_string_view().gc()),
        DataType::BinaryView => Arc::new(values.as_binary_view().gc()),
        _ => Arc::clone(values),
    }
}

impl fmt::Debug for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Removed({})", self.dir)
    }
}

#[async_trait]
impl TableProvider for Removed {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let chosen = projection.unwrap_or(&all);
        let columns = try_join_all(chosen.iter().map(|index| self.column(*index))).await?;
        let schema = Arc::new(self.schema.project(chosen)?);
        let batches = self.files.iter().enumerate().map(|(file, of)| {
            let rows = RecordBatchOptions::new().with_row_count(Some(of.live_rows() as usize));
            let columns = columns.iter().map(|column| Arc::clone(&column[file])).collect();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)?)
        });
        let batches = batches.collect::<Result<Vec<_>>>()?;
        let memory = MemorySourceConfig::try_new(&[batches], schema, None)?;
        Ok(datafusion::datasource::source::DataSourceExec::from_data_source(memory.with_limit(limit)))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(statistics(&self.schema, &self.files))
    }
}
