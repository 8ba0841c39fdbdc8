//! The embedded lake: Delta tables in a folder or object store, and a catalog that says which versions belong together.
//!
//! A publication writes data files and log entries where nobody looks for them, then puts the catalog's next version if
//! it is absent: that is the moment it happens. The entries are copied into the tables' Delta logs afterwards, by the
//! publisher or by whoever opens the lake next, so a process that dies at any point leaves the state before that moment
//! or the one after it. `docs/adr/0002-lake-format.md` has the reasons.

mod asked_keys;
mod by_keys;
mod catalog;
mod clean;
mod deletion_vector;
mod difference;
mod disk;
mod few_rows;
pub(super) mod files;
mod keeper;
mod key_file;
mod key_index;
mod key_lookup;
mod key_search;
mod keyed_scan;
pub(super) mod lake;
mod lanes;
mod log;
mod merge;
mod part_reader;
mod publication;
mod reader;
mod rollback;
pub(super) mod scan;
mod small_tables;
mod snapshot;
mod stage;
pub mod stats;
mod table;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::catalog::{Catalog, versions};
use self::lake::Lake;
use self::publication::LakePublication;
use self::snapshot::LakeSnapshot;
use self::table::TableCache;
use crate::warehouse::{
    AsOf, Capabilities, Cleaned, HistoryEntry, Publication, Receipt, RelationName, RunLabel, Snapshot, Warehouse,
    WarehouseError,
};

/// For more of them most of what a table has would be read.
const MOST_KEYS: usize = 1 << 18;

/// The lake at a path or URL.
pub struct DeltaWarehouse {
    lake: Lake,
    cache: Arc<TableCache>,
}

impl DeltaWarehouse {
    /// Opens the lake; one that is not there is empty until the first publication makes it.
    pub fn open(location: &str, options: &HashMap<String, String>) -> Result<Self, WarehouseError> {
        Ok(DeltaWarehouse { lake: Lake::open(location, options)?, cache: Arc::default() })
    }

    async fn read(&self, as_of: &AsOf) -> Result<LakeSnapshot, WarehouseError> {
        LakeSnapshot::read(&self.lake, &self.cache, as_of).await
    }
}

#[async_trait]
impl Warehouse for DeltaWarehouse {
    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "delta", history: true, hooks: false, most_keys: MOST_KEYS }
    }

    async fn snapshot(&self, as_of: AsOf) -> Result<Arc<dyn Snapshot>, WarehouseError> {
        Ok(Arc::new(self.read(&as_of).await?))
    }

    async fn begin(&self, run: RunLabel, _: &[RelationName]) -> Result<Arc<dyn Publication>, WarehouseError> {
        Ok(Arc::new(LakePublication::new(self.read(&AsOf::Now).await?, run)))
    }

    async fn history(&self) -> Result<Vec<HistoryEntry>, WarehouseError> {
        let known = versions(&self.lake).await?;
        let mut entries = Vec::with_capacity(known.len());
        for version in known.iter().rev() {
            let Some(publication) = Catalog::read(&self.lake, *version).await?.publication else { continue };
            entries.push(HistoryEntry {
                publication: version.to_string(),
                published_at: publication.published_at,
                label: publication.label,
                relations: publication.changed.len(),
                rows: publication.changed.iter().map(|change| change.rows).sum(),
                current: Some(version) == known.last(),
            });
        }
        Ok(entries)
    }

    async fn rollback(&self, run: &str, except: &[String], label: RunLabel) -> Result<Receipt, WarehouseError> {
        rollback::rollback(&self.lake, &self.cache, run, except, label).await
    }

    async fn clean(&self, older_than: DateTime<Utc>, dry_run: bool) -> Result<Cleaned, WarehouseError> {
        clean::clean(&self.lake, &self.cache, older_than, dry_run).await
    }
}
