//! Making an earlier state current again, as a publication like any other.

use std::sync::Arc;

use chrono::Utc;

use super::catalog::{Catalog, Change, Entry, LogCommit, PublicationRecord, own_path};
use super::lake::Lake;
use super::log::{Entries, entry, roll_forward};
use super::snapshot::LakeSnapshot;
use super::table::TableCache;
use crate::warehouse::{AsOf, Receipt, RelationName, RunLabel, WarehouseError};

/// Publishes the state after `run` once more. The tables' logs get entries that bring the earlier files back, so that
/// other Delta readers see it too.
pub async fn rollback(
    lake: &Lake,
    cache: &Arc<TableCache>,
    run: &str,
    label: RunLabel,
) -> Result<Receipt, WarehouseError> {
    let target = Catalog::find(lake, &AsOf::Run(run.to_string())).await?;
    let latest = LakeSnapshot::read(lake, cache, &AsOf::Now).await?.catalog;
    let id = uuid::Uuid::now_v7().simple().to_string();
    let mut next = target.clone();
    next.version = latest.version + 1;
    next.commits = Vec::new();
    let mut changed = Vec::new();
    for (name, wanted) in &mut next.relations {
        if latest.relations.get(name) == Some(wanted) {
            continue;
        }
        if let Some(commit) = bring_back(lake, cache, &latest, name, wanted, &id).await? {
            next.commits.push(commit);
        }
        changed.push(Change { name: name.clone(), rows: 0 });
    }
    changed.extend(
        latest
            .relations
            .keys()
            .filter(|name| !target.relations.contains_key(*name))
            .map(|name| Change { name: name.clone(), rows: 0 }),
    );
    let views = changed.len() - next.commits.len();
    let tables = next.commits.len();
    next.publication = Some(PublicationRecord { id, published_at: Utc::now(), label, changed });
    if !next.put(lake).await? {
        return Err(WarehouseError::Conflict { relation: "the lake".to_string() });
    }
    roll_forward(lake, &next.commits, Entries::AreNew).await?;
    Ok(Receipt { publication: next.version.to_string(), tables, views })
}

/// Stages the log entry after which the table consists of the files that `wanted` had.
async fn bring_back(
    lake: &Lake,
    cache: &TableCache,
    latest: &Catalog,
    name: &RelationName,
    wanted: &mut Entry,
    id: &str,
) -> Result<Option<LogCommit>, WarehouseError> {
    let Entry::Table { dir, version, .. } = wanted else { return Ok(None) };
    let now = match latest.relations.get(name) {
        Some(Entry::Table { version, .. }) => *version,
        _ => super::log::newest_version(lake, dir, *version).await?,
    };
    if now == *version {
        return Ok(None);
    }
    let then = cache.open(lake, dir, *version).await?;
    let base = cache.open(lake, dir, now).await?;
    let bytes = entry(Some(&base), &then.schema, &then.files, id)?;
    let staged = format!("commits/{id}/{}.json", name.quoted().replace(['/', '"'], "_"));
    lake.put_if_absent(&own_path(lake, &staged), bytes).await?;
    *version = now + 1;
    Ok(Some(LogCommit { dir: dir.clone(), version: now + 1, staged }))
}
