//! Forgetting: catalog versions that were replaced long ago, and the files that only they, or runs that died, used.
//!
//! What is named by a state that stays is never touched, and what is young never either: a run that is under way may be
//! about to publish it. The logs of tables stay too, since a table of that name goes on with its log whenever it comes.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::catalog::{Catalog, Entry, own_path, path_of, versions};
use super::deletion_vector::is_deletion_vector;
use super::files::{file_path, is_data_file};
use super::key_search::data_file_of;
use super::lake::Lake;
use super::snapshot::LakeSnapshot;
use super::table::TableCache;
use crate::warehouse::{AsOf, Cleaned, WarehouseError};

/// How long a file is left alone though no state names it.
const GRACE: TimeDelta = TimeDelta::hours(24);

pub async fn clean(
    lake: &Lake,
    cache: &Arc<TableCache>,
    older_than: DateTime<Utc>,
    dry_run: bool,
) -> Result<Cleaned, WarehouseError> {
    let mut cleaner = Cleaner { lake, cache, known_dirs: HashSet::new(), needed: HashSet::new() };
    let forgotten = cleaner.split(&versions(lake).await?, older_than).await?;
    if !dry_run {
        // The states first: one that is half gone must not be found any more. What was published meanwhile, a rollback to
        // one of them too, stays.
        for path in &forgotten {
            lake.delete(path).await?;
        }
        cleaner.split(&versions(lake).await?, DateTime::UNIX_EPOCH).await?;
    }
    // With what other writers added to the tables since: their files are in use. Log entries that earlier versions promised
    // are in the logs by now.
    let current = LakeSnapshot::read(lake, cache, &AsOf::Now).await?.catalog;
    cleaner.keep(&current).await?;
    cleaner.needed.extend(current.commits.iter().map(|commit| own_path(lake, &commit.staged)));
    let old = older_than.min(Utc::now() - GRACE);
    let mut cleaned = Cleaned { publications: forgotten.len(), ..Cleaned::default() };
    let objects = lake.list(&lake.prefix).await?;
    for object in objects.into_iter().filter(|object| object.last_modified < old && cleaner.is_unused(object)) {
        if !dry_run {
            lake.delete(&object.location).await?;
        }
        cleaned.files += 1;
        cleaned.bytes += object.size;
    }
    let unfinished = lake.unfinished(old, !dry_run).await?;
    cleaned.files += unfinished.files;
    cleaned.bytes += unfinished.bytes;
    Ok(cleaned)
}

/// What the catalog's versions know and need.
struct Cleaner<'a> {
    lake: &'a Lake,
    cache: &'a Arc<TableCache>,
    /// The folders of all tables there are or were.
    known_dirs: HashSet<Path>,
    /// Data files, deletion vectors and staged log entries of the states that stay.
    needed: HashSet<Path>,
}

impl Cleaner<'_> {
    /// Notes what the states need that stay, and gives back the documents of the others.
    async fn split(&mut self, versions: &[u64], older_than: DateTime<Utc>) -> Result<Vec<Path>, WarehouseError> {
        let mut forgotten = Vec::new();
        let mut earlier: Option<Catalog> = None;
        for version in versions {
            let catalog = Catalog::read(self.lake, *version).await?;
            if let Some(earlier) = earlier.take() {
                let replaced_at = catalog.publication.as_ref().map(|publication| publication.published_at);
                if replaced_at.is_some_and(|at| at < older_than) {
                    self.know(&earlier);
                    forgotten.push(path_of(self.lake, earlier.version));
                } else {
                    self.keep(&earlier).await?;
                }
            }
            earlier = Some(catalog);
        }
        if let Some(latest) = earlier {
            self.keep(&latest).await?;
        }
        Ok(forgotten)
    }

    fn know(&mut self, catalog: &Catalog) {
        let tables = catalog.relations.values().filter_map(|entry| match entry {
            Entry::Table { dir, .. } => Some(self.lake.table_path(dir)),
            Entry::View { .. } => None,
        });
        self.known_dirs.extend(tables);
    }

    async fn keep(&mut self, catalog: &Catalog) -> Result<(), WarehouseError> {
        self.know(catalog);
        for entry in catalog.relations.values() {
            let Entry::Table { dir, version, .. } = entry else { continue };
            // A version that was opened before costs nothing.
            let table = self.cache.open(self.lake, dir, *version).await?;
            self.needed.extend(table.files.iter().map(|file| file_path(self.lake, dir, file)));
            let deleted = table.files.iter().filter_map(|file| file.deleted.as_ref());
            self.needed.extend(deleted.filter_map(|deleted| deleted.path(self.lake, dir)));
        }
        Ok(())
    }

    /// Whether an object of the lake is a data file, with its keys, a deletion vector or a staged log entry that no state needs.
    /// Anything else is not ours to judge.
    fn is_unused(&self, object: &ObjectMeta) -> bool {
        let path = &object.location;
        if let Some(data) = data_file_of(path) {
            return !self.needed.contains(&data);
        }
        if self.needed.contains(path) {
            return false;
        }
        if path.prefix_matches(&own_path(self.lake, "commits")) {
            return true;
        }
        let name = path.filename().unwrap_or_default();
        // A run that died before its first publication leaves files in folders that no catalog ever named. Only names
        // that we give are ours there.
        let is_of_a_table = name.ends_with(".parquet") || is_deletion_vector(name);
        is_data_file(name) || is_of_a_table && self.known_dirs.iter().any(|dir| is_in(path, dir))
    }
}

/// Whether the object lies in the folder itself.
fn is_in(path: &Path, folder: &Path) -> bool {
    path.prefix_match(folder).is_some_and(|mut below| below.next().is_some() && below.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_in_the_log_and_not_in_the_table() {
        let dir = Path::from("lake/dev/main/t");
        assert!(is_in(&Path::from("lake/dev/main/t/a.parquet"), &dir));
        assert!(!is_in(&Path::from("lake/dev/main/t/_delta_log/00000000000000000010.checkpoint.parquet"), &dir));
        assert!(!is_in(&Path::from("lake/dev/main/t2/a.parquet"), &dir));
    }
}
