//! Tables of few rows, which the nodes of a run read again and again. Opening a file takes longer than going through them: they are
//! kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;

use super::few_rows::FewRows;
use super::files::DataFile;
use super::lake::Lake;

/// A debug build reads more tables from their files, so that all tests go by them.
const MOST_ROWS: u64 = if cfg!(debug_assertions) { 1 << 8 } else { 1 << 14 };
const MOST_BYTES: u64 = 1 << 20;

/// So much of them is kept, as it is in files.
const MOST_BYTES_OF_ALL: u64 = 32 << 20;

#[derive(Default)]
pub struct SmallTables {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: u64,
    /// By folder, the table as it is published and as it will be.
    tables: HashMap<String, Vec<Small>>,
}

/// The rows of these files.
struct Small {
    files: Arc<Vec<DataFile>>,
    rows: Arc<FewRows>,
}

impl SmallTables {
    /// `None`: the table is read from its files.
    pub fn table(
        &self,
        lake: &Lake,
        dir: &str,
        schema: &SchemaRef,
        files: &Arc<Vec<DataFile>>,
    ) -> Option<Arc<FewRows>> {
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        if rows > MOST_ROWS || bytes > MOST_BYTES {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.tables.get(dir).into_iter().flatten().find(|small| Arc::ptr_eq(&small.files, files));
        if let Some(small) = known {
            return Some(Arc::clone(&small.rows));
        }
        if kept.bytes + bytes > MOST_BYTES_OF_ALL {
            return None;
        }
        let rows =
            FewRows::of_files(lake.clone(), dir.to_string(), Arc::clone(schema), files.to_vec()).map(Arc::new)?;
        kept.bytes += bytes;
        let small = Small { files: Arc::clone(files), rows: Arc::clone(&rows) };
        kept.tables.entry(dir.to_string()).or_default().push(small);
        Some(rows)
    }
}
