//! Few rows of data files, as those that a publication takes out of a table, or adds to it. Many nodes ask for some of their
//! columns, and those that go lie scattered over large files: each column is read once.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;
use futures::future::try_join_all;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use roaring::RoaringTreemap;
use tokio::sync::OnceCell;

use super::files::{DataFile, open, read_with};
use super::key_index::Kept;
use super::key_search::{Hashed, KeySearch, MANY_ROWS};
use super::lake::Lake;
use super::scan::{complement, with_nulls};
use crate::warehouse::keys::NO_KEY;
use crate::warehouse::{Keys, WarehouseError};

/// More rows are not kept in memory.
const MOST_ROWS: u64 = 1 << 18;

/// Some rows of a data file.
#[derive(Debug, Clone)]
pub struct Part {
    file: DataFile,
    /// By number; `None`: all.
    rows: Option<RoaringTreemap>,
}

impl Part {
    pub fn of_rows(file: DataFile, rows: RoaringTreemap) -> Self {
        Part { file, rows: Some(rows) }
    }

    /// Those that are not gone.
    pub fn of(file: DataFile) -> Self {
        let rows = file.deleted.as_ref().map(|gone| complement(file.rows, &gone.rows));
        Part { file, rows }
    }

    fn numbers(&self) -> RoaringTreemap {
        self.rows.clone().unwrap_or_else(|| complement(self.file.rows, &RoaringTreemap::new()))
    }

    fn len(&self) -> u64 {
        self.rows.as_ref().map_or(self.file.rows, RoaringTreemap::len)
    }
}

struct ColumnKeys {
    keys: Keys,
    has_nulls: bool,
}

pub struct FewRows {
    lake: Lake,
    dir: String,
    schema: SchemaRef,
    parts: Vec<Part>,
    /// What each file says of itself.
    footers: OnceCell<Vec<ArrowReaderMetadata>>,
    /// Of each column the values, by part.
    columns: Vec<OnceCell<Vec<ArrayRef>>>,
    /// Of each column the values as hashes, of which as much is said as is kept of stored ones.
    keys: Vec<OnceCell<ColumnKeys>>,
}

impl FewRows {
    /// `None`: they are too many.
    pub fn of(lake: Lake, dir: String, schema: SchemaRef, parts: Vec<Part>) -> Option<Self> {
        let rows: u64 = parts.iter().map(Part::len).sum();
        let columns = schema.fields().iter().map(|_| OnceCell::new()).collect();
        let keys = schema.fields().iter().map(|_| OnceCell::new()).collect();
        let footers = OnceCell::new();
        (rows <= MOST_ROWS).then_some(FewRows { lake, dir, schema, parts, footers, columns, keys })
    }

    /// Of whole files, without the rows that are gone.
    pub fn of_files(lake: Lake, dir: String, schema: SchemaRef, files: Vec<DataFile>) -> Option<Self> {
        FewRows::of(lake, dir, schema, files.into_iter().map(Part::of).collect())
    }

    /// With these values in a column, by part.
    pub fn with(mut self, index: usize, values: Vec<ArrayRef>) -> Self {
        self.columns[index] = OnceCell::new_with(Some(values));
        self
    }

    /// The values of a column, by part.
    async fn column(&self, index: usize) -> std::result::Result<&Vec<ArrayRef>, WarehouseError> {
        let read = async || {
            let schema = Arc::new(self.schema.project(&[index])?);
            let parts = self.parts.iter().zip(self.footers().await?).map(|(part, footer)| {
                let (lake, dir, schema) = (self.lake.clone(), self.dir.clone(), Arc::clone(&schema));
                let (part, footer) = (part.clone(), footer.clone());
                tokio::spawn(async move { values(&lake, &dir, &part, footer, schema).await })
            });
            try_join_all(parts).await?.into_iter().collect()
        };
        self.columns[index].get_or_try_init(read).await
    }

    async fn footers(&self) -> std::result::Result<&Vec<ArrowReaderMetadata>, WarehouseError> {
        let open = async || try_join_all(self.parts.iter().map(|part| open(&self.lake, &self.dir, &part.file))).await;
        self.footers.get_or_try_init(open).await
    }

    pub fn index_of(&self, column: &str) -> Option<usize> {
        self.schema.index_of(column).ok()
    }

    pub async fn nulls(&self, index: usize) -> std::result::Result<usize, WarehouseError> {
        Ok(self.column(index).await?.iter().map(|values| values.logical_null_count()).sum())
    }

    /// The values of a column as hashes.
    pub async fn keys(&self, index: usize) -> std::result::Result<Keys, WarehouseError> {
        Ok(self.column_keys(index).await?.keys.clone())
    }

    /// Whether a value is null, from its hash.
    pub async fn has_null_key(&self, index: usize) -> std::result::Result<bool, WarehouseError> {
        Ok(self.column_keys(index).await?.has_nulls)
    }

    async fn column_keys(&self, index: usize) -> std::result::Result<&ColumnKeys, WarehouseError> {
        let read = async || {
            let hashes = self.hashes(index).await?;
            let has_nulls = hashes.contains(&NO_KEY);
            let keys = Keys::new(self.schema.field(index).data_type().clone(), hashes);
            Ok(ColumnKeys { keys, has_nulls })
        };
        self.keys[index].get_or_try_init(read).await
    }

    async fn hashes(&self, index: usize) -> std::result::Result<Vec<u128>, WarehouseError> {
        let hashed = Hashed::keys(&self.schema, &[index])?;
        let kept = if self.columns[index].initialized() { None } else { self.kept(&hashed).await? };
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let mut found = Vec::new();
        for values in self.column(index).await? {
            let rows = RecordBatch::try_new(Arc::clone(hashed.schema()), vec![Arc::clone(values)])?;
            found.extend(hashed.of(&rows)?.into_iter().map(|hash| Kept::of(hash).as_key()));
        }
        Ok(found)
    }

    /// As key files have them. `None`: the column is as soon read.
    async fn kept(&self, hashed: &Hashed) -> std::result::Result<Option<Vec<u128>>, WarehouseError> {
        let search = KeySearch { lake: self.lake.clone(), dir: self.dir.clone(), makes: true };
        let mut are_kept = false;
        for part in self.parts.iter().filter(|part| part.file.rows >= MANY_ROWS) {
            if part.rows.is_none() || !search.keeps(&part.file, hashed).await? {
                return Ok(None);
            }
            are_kept = true;
        }
        if !are_kept {
            return Ok(None);
        }
        let looks = self.parts.iter().map(|part| {
            let (search, hashed, part) = (search.clone(), hashed.clone(), part.clone());
            tokio::spawn(async move { search.at(&part.file, &hashed, &part.numbers()).await })
        });
        let found = try_join_all(looks).await?.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Some(found.into_iter().flatten().map(Kept::as_key).collect()))
    }
}

/// The one column of a file's rows.
async fn values(
    lake: &Lake,
    dir: &str,
    part: &Part,
    footer: ArrowReaderMetadata,
    schema: SchemaRef,
) -> std::result::Result<ArrayRef, WarehouseError> {
    let Part { file, rows } = part;
    let mut found = vec![new_empty_array(schema.field(0).data_type())];
    let mut batches = std::pin::pin!(read_with(lake, dir, file, footer, schema, rows.as_ref())?);
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

impl fmt::Debug for FewRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FewRows({})", self.dir)
    }
}

#[async_trait]
impl TableProvider for FewRows {
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
        let batches = self.parts.iter().enumerate().map(|(at, part)| {
            let rows = RecordBatchOptions::new().with_row_count(Some(part.len() as usize));
            let columns = columns.iter().map(|column| Arc::clone(&column[at])).collect();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &rows)?)
        });
        let batches = batches.collect::<Result<Vec<_>>>()?;
        let memory = MemorySourceConfig::try_new(&[batches], schema, None)?;
        Ok(datafusion::datasource::source::DataSourceExec::from_data_source(memory.with_limit(limit)))
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        if self.parts.iter().all(|part| part.rows.is_none()) {
            let files: Vec<DataFile> = self.parts.iter().map(|part| part.file.clone()).collect();
            statistics = with_nulls(&self.schema, &files);
        }
        statistics.num_rows = Precision::Exact(self.parts.iter().map(Part::len).sum::<u64>() as usize);
        Some(statistics)
    }
}
