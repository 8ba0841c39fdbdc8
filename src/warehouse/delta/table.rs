//! A table of the lake at one version of its Delta log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;
use deltalake::kernel::{Metadata, Protocol};
use deltalake::{DeltaTable, DeltaTableBuilder};

use super::deletion_vector;
use super::files::{DataFile, count_rows};
use super::lake::Lake;
use crate::warehouse::WarehouseError;

/// What a version of a table consists of.
#[derive(Debug, Clone)]
pub struct LakeTable {
    /// The folder below the lake.
    pub dir: String,
    pub version: u64,
    /// Text as views, since that is how it is read.
    pub schema: SchemaRef,
    pub files: Arc<Vec<DataFile>>,
    pub metadata: Metadata,
    pub protocol: Protocol,
}

/// Tables that were opened before. A version never changes, so it is opened once a process.
#[derive(Debug, Default)]
pub struct TableCache {
    tables: Mutex<HashMap<(String, u64), Arc<LakeTable>>>,
}

impl TableCache {
    pub async fn open(&self, lake: &Lake, dir: &str, version: u64) -> Result<Arc<LakeTable>, WarehouseError> {
        let key = (dir.to_string(), version);
        let known = self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(table) = known {
            return Ok(table);
        }
        let table = Arc::new(open(lake, dir, version).await?);
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&table));
        Ok(table)
    }
}

/// The Delta table of a folder, as the deltalake crate has it.
pub async fn delta_table(lake: &Lake, dir: &str, version: Option<u64>) -> Result<DeltaTable, WarehouseError> {
    let url = lake.table_url(dir)?;
    let action = || format!("cannot open the Delta table {dir}");
    let mut builder = DeltaTableBuilder::from_url(url.clone())
        .map_err(WarehouseError::delta(action()))?
        .with_storage_backend(Arc::clone(&lake.store), url);
    if let Some(version) = version {
        builder = builder.with_version(version);
    }
    builder.load().await.map_err(WarehouseError::delta(action()))
}

async fn open(lake: &Lake, dir: &str, version: u64) -> Result<LakeTable, WarehouseError> {
    let table = delta_table(lake, dir, Some(version)).await?;
    let state = table.snapshot().map_err(WarehouseError::delta(format!("cannot read the log of {dir}")))?;
    let unsupported =
        |message: &str| WarehouseError::Unsupported { relation: dir.to_string(), message: message.to_string() };
    let metadata = state.metadata().clone();
    if !metadata.partition_columns().is_empty() {
        return Err(unsupported("is partitioned, which medallion does not read yet"));
    }
    let written: Schema = state.schema().as_ref().try_into_arrow()?;
    let mut files = Vec::new();
    for view in state.log_data().iter() {
        let mut file = DataFile {
            path: view.path().into_owned(),
            size: view.size().unsigned_abs(),
            rows: 0,
            stats: view.stats(),
            modified_ms: view.modification_time(),
            deleted: None,
        };
        file.rows = match view.num_records() {
            Some(rows) => rows as u64,
            None => count_rows(lake, dir, &file).await?,
        };
        if let Some(stored) = view.deletion_vector_descriptor() {
            file.deleted = Some(Arc::new(deletion_vector::read(lake, dir, &file, stored).await?));
        }
        files.push(file);
    }
    // The log keeps no order; with one, equal inputs are read equally.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(LakeTable {
        dir: dir.to_string(),
        version,
        schema: Arc::new(read_schema(&written)),
        files: Arc::new(files),
        metadata,
        protocol: state.protocol().clone(),
    })
}

fn read_schema(written: &Schema) -> Schema {
    let fields = written.fields().iter().map(|field| {
        let data_type = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::Binary => DataType::BinaryView,
            other => other.clone(),
        };
        Field::new(field.name(), data_type, true)
    });
    Schema::new(fields.collect::<Vec<_>>())
}
