//! Making an earlier state current again, as a publication like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;

use super::catalog::{Catalog, Change, Entry, LogCommit, PublicationRecord, own_path};
use super::lake::Lake;
use super::log::{entry, roll_forward, settle_entries};
use super::snapshot::LakeSnapshot;
use super::table::TableCache;
use crate::warehouse::{AsOf, Receipt, RelationName, RunLabel, WarehouseError, state_key};

/// How often the state is put together again after another run published first.
const ATTEMPTS: u32 = 5;

/// Publishes the state after `run` once more, without what belongs to the databases in `except`. The tables' logs get
/// entries that bring the earlier files back, so that other Delta readers see it too.
pub async fn rollback(
    lake: &Lake,
    cache: &Arc<TableCache>,
    run: &str,
    except: &[String],
    label: RunLabel,
) -> Result<Receipt, WarehouseError> {
    let target = Catalog::find(lake, &AsOf::Run(run.to_string())).await?;
    for _ in 0..ATTEMPTS {
        let latest = LakeSnapshot::read(lake, cache, &AsOf::Now).await?.catalog;
        let rollback = Rollback { lake, cache, except, id: uuid::Uuid::now_v7().simple().to_string() };
        let next = rollback.next(&target, &latest, label.clone()).await?;
        let staged: Vec<_> = next.commits.iter().map(|commit| own_path(lake, &commit.staged)).collect();
        lake.settle(&[], &staged).await?;
        settle_entries(lake, &latest).await?;
        if next.put(lake).await? {
            if let Some(taken) = roll_forward(lake, &next).await?.into_iter().next() {
                return Err(WarehouseError::Overtaken { dir: taken.dir, version: taken.version });
            }
            let changed = next.publication.as_ref().map_or(0, |publication| publication.changed.len());
            let tables = next.commits.len();
            return Ok(Receipt { publication: next.version.to_string(), tables, views: changed - tables });
        }
    }
    Err(WarehouseError::Conflict { relation: "the lake".to_string() })
}

/// One attempt, on top of one version of the catalog.
struct Rollback<'a> {
    lake: &'a Lake,
    cache: &'a TableCache,
    except: &'a [String],
    /// Names the log entries it stages.
    id: String,
}

impl Rollback<'_> {
    /// The catalog after the rollback.
    async fn next(&self, target: &Catalog, latest: &Catalog, label: RunLabel) -> Result<Catalog, WarehouseError> {
        let mut next = latest.clone();
        next.version += 1;
        next.commits = Vec::new();
        next.state = self.state(target, latest);
        let mut changed = Vec::new();
        let names: BTreeSet<&RelationName> = target.relations.keys().chain(latest.relations.keys()).collect();
        for name in names.into_iter().filter(|name| !self.except.contains(&name.database)) {
            let then = target.relations.get(name);
            if then == latest.relations.get(name) {
                continue;
            }
            match then.cloned() {
                None => drop(next.relations.remove(name)),
                Some(mut entry) => {
                    next.commits.extend(self.bring_back(latest, name, &mut entry).await?);
                    next.relations.insert(name.clone(), entry);
                }
            }
            changed.push(Change { name: name.clone(), rows: 0 });
        }
        let (id, published_at) = (self.id.clone(), Utc::now());
        next.publication = Some(PublicationRecord { id, published_at, label, changed });
        Ok(next)
    }

    /// The documents of then, and those of now of what stays.
    fn state(&self, target: &Catalog, latest: &Catalog) -> BTreeMap<String, serde_json::Value> {
        let stays = |key: &str| self.except.iter().any(|database| state_key::is_of(key, database));
        let then = target.state.iter().filter(|(key, _)| !stays(key));
        let now = latest.state.iter().filter(|(key, _)| stays(key));
        then.chain(now).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Stages the log entry after which the table consists of the files that `wanted` had.
    async fn bring_back(
        &self,
        latest: &Catalog,
        name: &RelationName,
        wanted: &mut Entry,
    ) -> Result<Option<LogCommit>, WarehouseError> {
        let Entry::Table { dir, version, .. } = wanted else { return Ok(None) };
        let now = match latest.relations.get(name) {
            Some(Entry::Table { version, .. }) => *version,
            _ => super::log::newest_version(self.lake, dir, *version).await?,
        };
        if now == *version {
            return Ok(None);
        }
        let then = self.cache.open(self.lake, dir, *version).await?;
        let base = self.cache.open(self.lake, dir, now).await?;
        let bytes = entry(Some(&base), &then.schema, &then.files, &self.id)?;
        let staged = format!("commits/{}/{}.json", self.id, name.quoted().replace(['/', '"'], "_"));
        self.lake.put_if_absent(&own_path(self.lake, &staged), bytes).await?;
        *version = now + 1;
        Ok(Some(LogCommit { dir: dir.clone(), version: now + 1, staged }))
    }
}
