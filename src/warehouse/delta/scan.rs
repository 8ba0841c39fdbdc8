//! Reading a set of data files as a DataFusion table.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetRowSelection};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use roaring::RoaringTreemap;

use super::files::{DataFile, file_path};
use super::key_search::KeySearch;
use super::keyed_scan::{Keyed, KeyedScan};
use super::lake::Lake;
use super::stats::null_counts;

/// Data files that together are a table, or will be.
#[derive(Debug)]
pub struct LakeScan {
    lake: Lake,
    dir: String,
    schema: SchemaRef,
    files: Arc<Vec<DataFile>>,
    makes_keys: bool,
}

impl LakeScan {
    pub fn new(lake: Lake, dir: String, schema: SchemaRef, files: Arc<Vec<DataFile>>) -> Self {
        LakeScan { lake, dir, schema, files, makes_keys: false }
    }

    /// Whether key files are made where they are missing.
    pub fn making_keys(self, makes_keys: bool) -> Self {
        LakeScan { makes_keys, ..self }
    }

    fn file_group(&self) -> FileGroup {
        self.files
            .iter()
            .map(|file| {
                let mut statistics = Statistics::new_unknown(&self.schema);
                statistics.num_rows = Precision::Exact(file.live_rows() as usize);
                let partitioned = PartitionedFile::new_from_meta(ObjectMeta {
                    location: file_path(&self.lake, &self.dir, file),
                    last_modified: chrono::DateTime::from_timestamp_millis(file.modified_ms).unwrap_or_default(),
                    size: file.size,
                    e_tag: None,
                    version: None,
                })
                .with_statistics(Arc::new(statistics));
                match &file.deleted {
                    Some(deleted) => partitioned.with_extension(all_but(file.rows, &deleted.rows)),
                    None => partitioned,
                }
            })
            .collect()
    }
}

#[async_trait]
impl TableProvider for LakeScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Row groups are skipped by their statistics; the rows that stay are filtered above.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.files.is_empty() {
            let schema = match projection {
                Some(indices) => Arc::new(self.schema.project(indices)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let url = ObjectStoreUrl::parse(store_url(&self.lake))?;
        state.runtime_env().register_object_store(url.as_ref(), Arc::clone(&self.lake.store));
        let mut source = ParquetSource::new(Arc::clone(&self.schema)).with_table_parquet_options(TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..Default::default()
        });
        // Many nodes read of the same files, whose footers never change.
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(Arc::clone(&self.lake.store), footers);
        source = source.with_parquet_file_reader_factory(Arc::new(readers));
        if let Some(filter) = conjunction(filters.to_vec()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &schema)?);
        }
        let groups = self.file_group().split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics(&self.schema, &self.files))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        let search = KeySearch { lake: self.lake.clone(), dir: self.dir.clone(), makes: self.makes_keys };
        let keyed = Keyed { search, schema: Arc::clone(&self.schema), files: Arc::clone(&self.files) };
        if keyed.is_worth_it() {
            return Ok(DataSourceExec::from_data_source(KeyedScan::new(config, keyed)));
        }
        Ok(DataSourceExec::from_data_source(config))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(with_nulls(&self.schema, &self.files))
    }
}

/// Also the nulls, where they are known.
pub fn with_nulls(schema: &Schema, files: &[DataFile]) -> Statistics {
    let mut statistics = statistics(schema, files);
    for (column, nulls) in statistics.column_statistics.iter_mut().zip(null_counts(schema, files)) {
        column.null_count = nulls.map_or(Precision::Absent, Precision::Exact);
    }
    statistics
}

/// Of the rows that are read: by it a join chooses which side it keeps in memory.
fn statistics(schema: &Schema, files: &[DataFile]) -> Statistics {
    let rows: u64 = files.iter().map(DataFile::live_rows).sum();
    let bytes: u64 = files.iter().map(DataFile::live_bytes).sum();
    let mut statistics = Statistics::new_unknown(schema);
    statistics.num_rows = Precision::Exact(rows as usize);
    statistics.total_byte_size = Precision::Inexact(bytes as usize);
    statistics
}

/// A file of so many rows without those that are gone.
fn all_but(rows: u64, gone: &RoaringTreemap) -> ParquetRowSelection {
    selection(rows, gone, false)
}

/// These rows of a file of so many.
pub fn only(rows: u64, wanted: &RoaringTreemap) -> ParquetRowSelection {
    selection(rows, wanted, true)
}

fn selection(rows: u64, named: &RoaringTreemap, are_read: bool) -> ParquetRowSelection {
    let (total, most) = (rows as usize, named.len() > rows / 2);
    // The fewer of the two are gone through.
    let fewer = if most { complement(rows, named) } else { named.clone() };
    let are_read = are_read != most;
    let mut selectors = Vec::with_capacity(2 * fewer.len() as usize + 1);
    let mut next = 0;
    for row in fewer.iter().map(|row| row as usize) {
        selectors.push(selector(row - next, are_read));
        selectors.push(selector(1, !are_read));
        next = row + 1;
    }
    selectors.push(selector(total - next, are_read));
    // Neighbours of one kind become one, and empty ones go.
    ParquetRowSelection::new(RowSelection::from(selectors))
}

fn selector(rows: usize, skip: bool) -> RowSelector {
    if skip { RowSelector::skip(rows) } else { RowSelector::select(rows) }
}

/// The row numbers of a file of so many rows that are not among these.
pub fn complement(rows: u64, of: &RoaringTreemap) -> RoaringTreemap {
    let mut others = RoaringTreemap::new();
    others.insert_range(0..rows);
    others - of
}

/// A name for the lake's store among the stores of a session. Data files are named by their full path in that store.
fn store_url(lake: &Lake) -> String {
    let host = lake.url.host_str().unwrap_or("local");
    format!("medallion-{}://{host}", lake.url.scheme())
}
