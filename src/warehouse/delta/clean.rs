//! Forgetting: catalog versions that were replaced long ago, and the files that only they, or runs that died, used.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::ObjectStore;
use object_store::path::Path;

use super::catalog::{Catalog, Entry, own_path, path_of, versions};
use super::files::file_path;
use super::lake::Lake;
use super::snapshot::LakeSnapshot;
use super::table::TableCache;
use crate::warehouse::{AsOf, Cleaned, WarehouseError};

/// A file that no version names may belong to a run that is about to publish it: it is left alone for so long.
const GRACE: TimeDelta = TimeDelta::hours(24);

pub async fn clean(
    lake: &Lake,
    cache: &Arc<TableCache>,
    older_than: DateTime<Utc>,
    dry_run: bool,
) -> Result<Cleaned, WarehouseError> {
    let mut catalogs = Vec::new();
    for version in versions(lake).await? {
        catalogs.push(Catalog::read(lake, version).await?);
    }
    let Some(latest) = catalogs.last() else { return Ok(Cleaned::default()) };
    // With what other writers added to the tables since: their files are in use.
    let adopted = LakeSnapshot::read(lake, cache, &AsOf::Now).await?.catalog;
    let replaced_at =
        |index: usize| catalogs.get(index + 1).and_then(|c| c.publication.as_ref()).map(|p| p.published_at);
    let forgotten: HashSet<usize> =
        (0..catalogs.len()).filter(|index| replaced_at(*index).is_some_and(|at| at < older_than)).collect();
    let mut kept = References::default();
    let mut known = References::default();
    for (index, catalog) in catalogs.iter().enumerate() {
        known.add(lake, cache, catalog).await?;
        if !forgotten.contains(&index) {
            kept.add(lake, cache, catalog).await?;
        }
    }
    kept.add(lake, cache, &adopted).await?;
    let mut cleaned = Cleaned { publications: forgotten.len(), ..Cleaned::default() };
    let mut doomed: Vec<Path> = forgotten.iter().map(|index| path_of(lake, catalogs[*index].version)).collect();
    let orphaned_before = older_than.min(Utc::now() - GRACE);
    for dir in known.dirs.iter() {
        for object in list(lake, &lake.table_path(dir)).await? {
            let gone =
                if kept.dirs.contains(dir) { is_unused_data(&object, &kept, &known, orphaned_before) } else { true };
            if gone {
                cleaned.files += 1;
                cleaned.bytes += object.size;
                doomed.push(object.location);
            }
        }
    }
    doomed.extend(old_entries(lake, latest, orphaned_before).await?);
    if !dry_run {
        // Catalog versions first: a state that is half gone must not be found any more.
        for path in &doomed {
            lake.delete(path).await?;
        }
    }
    Ok(cleaned)
}

fn is_unused_data(object: &ObjectMeta, kept: &References, known: &References, orphaned_before: DateTime<Utc>) -> bool {
    let in_log = object.location.parts().any(|part| part.as_ref() == "_delta_log");
    let is_data = object.location.extension() == Some("parquet") && !in_log;
    is_data
        && !kept.files.contains(&object.location)
        && (known.files.contains(&object.location) || object.last_modified < orphaned_before)
}

/// Staged log entries that are in the logs by now, or belong to runs that died.
async fn old_entries(lake: &Lake, latest: &Catalog, before: DateTime<Utc>) -> Result<Vec<Path>, WarehouseError> {
    let needed: HashSet<Path> = latest.commits.iter().map(|commit| own_path(lake, &commit.staged)).collect();
    let found = list(lake, &own_path(lake, "commits")).await?;
    Ok(found
        .into_iter()
        .filter(|o| o.last_modified < before && !needed.contains(&o.location))
        .map(|o| o.location)
        .collect())
}

async fn list(lake: &Lake, folder: &Path) -> Result<Vec<ObjectMeta>, WarehouseError> {
    match lake.store.list(Some(folder)).try_collect().await {
        Ok(found) => Ok(found),
        Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
        Err(source) => Err(WarehouseError::store(format!("cannot list {folder}"))(source)),
    }
}

/// Folders and data files that catalog versions name.
#[derive(Default)]
struct References {
    dirs: HashSet<String>,
    files: HashSet<Path>,
    seen: HashSet<(String, u64)>,
}

impl References {
    async fn add(&mut self, lake: &Lake, cache: &TableCache, catalog: &Catalog) -> Result<(), WarehouseError> {
        for entry in catalog.relations.values() {
            let Entry::Table { dir, version, .. } = entry else { continue };
            if !self.seen.insert((dir.clone(), *version)) {
                continue;
            }
            self.dirs.insert(dir.clone());
            let table = cache.open(lake, dir, *version).await?;
            self.files.extend(table.files.iter().map(|file| file_path(lake, dir, file)));
        }
        Ok(())
    }
}
