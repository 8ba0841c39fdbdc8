//! A state of the lake: one version of its catalog, and the tables at the versions it names.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::catalog::{Catalog, Entry, LogCommit, own_path, versions};
use super::files::is_data_file;
use super::lake::Lake;
use super::log::{log_path, newest_version, roll_forward};
use super::scan::LakeScan;
use super::table::{LakeTable, TableCache};
use crate::warehouse::{AsOf, Description, RelationKind, RelationName, Snapshot, WarehouseError, state_key};

pub struct LakeSnapshot {
    pub lake: Lake,
    pub catalog: Catalog,
    pub cache: Arc<TableCache>,
    /// Whether this is for somebody who writes to the lake anyway.
    makes_keys: bool,
    name: Option<String>,
}

impl LakeSnapshot {
    pub async fn read(lake: &Lake, cache: &Arc<TableCache>, as_of: &AsOf) -> Result<Self, WarehouseError> {
        let catalog = match as_of {
            AsOf::Now => current(lake).await?,
            _ => {
                let catalog = Catalog::find(lake, as_of).await?;
                roll_forward(lake, &catalog).await?;
                catalog
            }
        };
        let name = catalog.publication.as_ref().map(|_| catalog.version.to_string());
        Ok(LakeSnapshot { lake: lake.clone(), catalog, cache: Arc::clone(cache), makes_keys: false, name })
    }

    pub fn making_keys(self) -> Self {
        LakeSnapshot { makes_keys: true, ..self }
    }

    /// The table as this state has it; `None` when there is none, or a view.
    pub async fn table(&self, name: &RelationName) -> Result<Option<Arc<LakeTable>>, WarehouseError> {
        match self.catalog.relations.get(name) {
            Some(Entry::Table { dir, version, .. }) => Ok(Some(self.cache.open(&self.lake, dir, *version).await?)),
            _ => Ok(None),
        }
    }
}

/// The newest catalog, with what other writers did since.
async fn current(lake: &Lake) -> Result<Catalog, WarehouseError> {
    loop {
        let mut catalog = Catalog::latest(lake).await?;
        forget_lost(lake, &mut catalog).await?;
        let taken = roll_forward(lake, &catalog).await?;
        give_up(&mut catalog, &taken);
        if !adopt(lake, &mut catalog).await? {
            return Ok(catalog);
        }
        // What looks foreign may belong to a publication of ours that is just being copied into the logs.
        if versions(lake).await?.last().is_none_or(|newest| *newest == catalog.version) {
            return Ok(catalog);
        }
    }
}

/// Takes in what others wrote in place of what the catalog promised: such a table is somebody else's, so that models that
/// own or read it run again, and files that were loaded into it are no longer there.
fn give_up(catalog: &mut Catalog, taken: &[LogCommit]) {
    let mut lost = Vec::new();
    for (name, entry) in &mut catalog.relations {
        if let Entry::Table { dir, version, content, rows } = entry
            && taken.iter().any(|commit| commit.dir == *dir && commit.version == *version)
        {
            *content = foreign(dir, *version);
            *rows = None;
            lost.push(name.clone());
        }
    }
    forget_files(catalog, &lost);
}

/// Files that were loaded into these tables are no longer there.
fn forget_files(catalog: &mut Catalog, lost: &[RelationName]) {
    if lost.is_empty() {
        return;
    }
    let loads = catalog.relations.keys().filter(|name| lost.contains(*name) || lost.contains(&name.rejects()));
    let files: Vec<String> = loads.map(state_key::files).collect();
    catalog.state.retain(|key, _| !files.iter().any(|prefix| key.starts_with(prefix)));
}

/// A table whose folder is gone, since somebody removed it, is not there: the next run makes it again.
async fn forget_lost(lake: &Lake, catalog: &mut Catalog) -> Result<(), WarehouseError> {
    let commits = &catalog.commits;
    let looks = catalog.relations.iter().map(|(name, entry)| async move {
        let Entry::Table { dir, version, .. } = entry else { return Ok(None) };
        let promised = commits.iter().find(|commit| commit.dir == *dir && commit.version == *version);
        let lost = !lake.exists(&log_path(lake, dir, *version)).await? && !is_pending(lake, promised).await?;
        Ok::<_, WarehouseError>(lost.then(|| (name.clone(), dir.clone())))
    });
    let lost = futures::future::try_join_all(looks).await?.into_iter().flatten();
    let (lost, dirs): (Vec<RelationName>, Vec<String>) = lost.unzip();
    forget_files(catalog, &lost);
    catalog.commits.retain(|commit| !dirs.contains(&commit.dir));
    for name in lost {
        tracing::warn!("the folder of the table {name} is gone; the table is made again when its model runs");
        catalog.relations.remove(&name);
    }
    Ok(())
}

/// Whether a log entry is not in its log yet, while the files it names are in the table's folder.
async fn is_pending(lake: &Lake, promised: Option<&LogCommit>) -> Result<bool, WarehouseError> {
    let Some(commit) = promised else { return Ok(false) };
    let Some(entry) = lake.read(&own_path(lake, &commit.staged)).await? else { return Ok(false) };
    let actions = entry.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut paths = actions.filter_map(|action| Some(action["add"]["path"].as_str()?.to_string()));
    match paths.find(|path| is_data_file(path)) {
        Some(path) => lake.exists(&lake.table_path(&commit.dir).join(path.as_str())).await,
        None => Ok(true),
    }
}

/// The content of a table that somebody else wrote.
fn foreign(dir: &str, version: u64) -> String {
    format!("{dir}@{version}")
}

/// Takes in what others wrote to the tables' logs since the catalog's version. False when there is nothing.
async fn adopt(lake: &Lake, catalog: &mut Catalog) -> Result<bool, WarehouseError> {
    let looks = catalog.relations.values_mut().map(|entry| async move {
        if let Entry::Table { dir, version, content, rows } = entry {
            let newest = newest_version(lake, dir, *version).await?;
            if newest > *version {
                *version = newest;
                *content = foreign(dir, newest);
                *rows = None;
                return Ok(true);
            }
        }
        Ok::<_, WarehouseError>(false)
    });
    Ok(futures::future::try_join_all(looks).await?.contains(&true))
}

#[async_trait]
impl Snapshot for LakeSnapshot {
    fn publication(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn relations(&self) -> Vec<RelationName> {
        self.catalog.relations.keys().cloned().collect()
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        self.catalog.relations.get(name).map(describe)
    }

    async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        let table = self.table(name).await?.ok_or_else(|| WarehouseError::NoSuchRelation(name.clone()))?;
        let (schema, files) = (Arc::clone(&table.schema), Arc::clone(&table.files));
        let scan = LakeScan::new(self.lake.clone(), table.dir.clone(), schema, files);
        Ok(Arc::new(scan.making_keys(self.makes_keys)))
    }

    fn state(&self, key: &str) -> Option<Value> {
        self.catalog.state.get(key).cloned()
    }

    fn state_keys(&self, prefix: &str) -> Vec<String> {
        let from = self.catalog.state.range(prefix.to_string()..);
        from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect()
    }
}

pub fn describe(entry: &Entry) -> Description {
    match entry {
        Entry::Table { content, rows, .. } => {
            Description { kind: RelationKind::Table, version: content.clone(), rows: *rows }
        }
        Entry::View { sql } => Description {
            kind: RelationKind::View { sql: sql.clone() },
            version: format!("{:032x}", xxh3_128(sql.as_bytes())),
            rows: None,
        },
    }
}
