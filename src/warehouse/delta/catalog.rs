//! The lake's catalog: one small JSON document a version, `_medallion/catalog/<version>.json`.
//!
//! A version says, for all databases of the lake, which relations there are and at which version of their Delta log.
//! Putting the next version, which fails if it is there already, is the one moment in which a publication happens.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lake::Lake;
use crate::warehouse::{AsOf, RelationName, RunLabel, WarehouseError};

/// Written into each version; a reader refuses what it does not know.
const FORMAT: u32 = 1;
const FOLDER: &str = "_medallion";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Catalog {
    format: u32,
    /// Counts from one. Zero is the empty lake, which has no document.
    pub version: u64,
    pub publication: Option<PublicationRecord>,
    #[serde(with = "entries")]
    pub relations: BTreeMap<RelationName, Entry>,
    /// Documents by key, see `Publication::put_state`.
    pub state: BTreeMap<String, Value>,
    /// Log entries this version promises. They are copied into the tables' logs after the version is visible; whoever
    /// finds one missing copies it.
    pub commits: Vec<LogCommit>,
}

/// Who published this version, and what changed in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationRecord {
    /// Unique, and part of the names of the files it wrote.
    pub id: String,
    pub published_at: DateTime<Utc>,
    pub label: RunLabel,
    pub changed: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    #[serde(flatten)]
    pub name: RelationName,
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Entry {
    Table {
        /// The folder below the lake.
        dir: String,
        /// Of its Delta log.
        version: u64,
        /// Changes with the content only: a rollback brings the earlier one back.
        content: String,
        /// Unknown where somebody else wrote the table.
        rows: Option<u64>,
    },
    View {
        sql: String,
    },
}

/// One entry of a table's Delta log, kept beside the catalog until it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCommit {
    pub dir: String,
    pub version: u64,
    /// The file with the bytes, below `_medallion/`.
    pub staged: String,
}

impl Catalog {
    pub fn empty() -> Self {
        Catalog {
            format: FORMAT,
            version: 0,
            publication: None,
            relations: BTreeMap::new(),
            state: BTreeMap::new(),
            commits: Vec::new(),
        }
    }

    /// The newest version.
    pub async fn latest(lake: &Lake) -> Result<Self, WarehouseError> {
        match versions(lake).await?.last() {
            Some(version) => Self::read(lake, *version).await,
            None => Ok(Self::empty()),
        }
    }

    pub async fn read(lake: &Lake, version: u64) -> Result<Self, WarehouseError> {
        let path = path_of(lake, version);
        let corrupt = |message: String| WarehouseError::Corrupt { path: path.to_string(), message };
        let bytes = lake.read(&path).await?.ok_or_else(|| {
            WarehouseError::NoSuchPublication(format!("publication {version} is not in the lake any more"))
        })?;
        let catalog: Catalog = serde_json::from_slice(&bytes)
            .map_err(|error| corrupt(format!("is no catalog that this medallion reads: {error}")))?;
        if catalog.format != FORMAT {
            return Err(corrupt(format!("has format {}, this medallion reads {FORMAT}", catalog.format)));
        }
        Ok(catalog)
    }

    /// Makes this version the newest one. False when somebody else has put it first. What it names must be settled.
    pub async fn put(&self, lake: &Lake) -> Result<bool, WarehouseError> {
        let bytes = serde_json::to_vec(self).map_err(|error| WarehouseError::Task(error.to_string()))?;
        let path = path_of(lake, self.version);
        if !lake.put_if_absent(&path, Bytes::from(bytes)).await? {
            return Ok(false);
        }
        lake.settle(&[], &[path]).await?;
        if self.version == 1 {
            lake.settle_root().await?;
        }
        Ok(true)
    }

    /// The version that `as_of` names.
    pub async fn find(lake: &Lake, as_of: &AsOf) -> Result<Self, WarehouseError> {
        match as_of {
            AsOf::Now => Self::latest(lake).await,
            AsOf::Run(name) => Self::find_run(lake, name).await,
            AsOf::Time(time) => {
                for version in versions(lake).await?.into_iter().rev() {
                    let catalog = Self::read(lake, version).await?;
                    if catalog.publication.as_ref().is_some_and(|publication| publication.published_at <= *time) {
                        return Ok(catalog);
                    }
                }
                Err(WarehouseError::NoSuchPublication(format!(
                    "nothing that can still be read was published before {time}; `medallion history` lists what there is"
                )))
            }
        }
    }

    async fn find_run(lake: &Lake, name: &str) -> Result<Self, WarehouseError> {
        let known = versions(lake).await?;
        if let Ok(version) = name.trim_start_matches('#').parse::<u64>()
            && known.contains(&version)
        {
            return Self::read(lake, version).await;
        }
        let mut found: Option<Catalog> = None;
        for version in known.into_iter().rev() {
            let catalog = Self::read(lake, version).await?;
            let invocation = catalog.publication.as_ref().map(|publication| publication.label.invocation_id.clone());
            if !invocation.as_ref().is_some_and(|id| name.len() >= 4 && id.starts_with(name)) {
                continue;
            }
            match &found {
                // A build publishes its loads and its models apart: the run's name means the state after both.
                Some(newer) if newer.publication.as_ref().map(|p| &p.label.invocation_id) == invocation.as_ref() => {}
                Some(_) => {
                    return Err(WarehouseError::NoSuchPublication(format!(
                        "several runs start with '{name}'; give more of the id"
                    )));
                }
                None => found = Some(catalog),
            }
        }
        found.ok_or_else(|| {
            WarehouseError::NoSuchPublication(format!(
                "there is no publication '{name}'; `medallion history` lists them"
            ))
        })
    }
}

/// All versions that are there, oldest first.
pub async fn versions(lake: &Lake) -> Result<Vec<u64>, WarehouseError> {
    let folder = lake.path(&[FOLDER, "catalog"]);
    let objects = lake.list(&folder).await?;
    let mut versions: Vec<u64> = objects.iter().filter_map(|object| version_of(&object.location)).collect();
    versions.sort_unstable();
    Ok(versions)
}

pub fn path_of(lake: &Lake, version: u64) -> Path {
    lake.path(&[FOLDER, "catalog", &format!("{version:020}.json")])
}

/// A file below `_medallion/`, by the name that [`LogCommit::staged`] keeps.
pub fn own_path(lake: &Lake, name: &str) -> Path {
    name.split('/').fold(lake.path(&[FOLDER]), |path, part| path.join(part))
}

fn version_of(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

/// Relations as a list of objects: a name has three parts, and a JSON key only one.
mod entries {
    use super::*;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Named<E> {
        #[serde(flatten)]
        name: RelationName,
        #[serde(flatten)]
        entry: E,
    }

    pub fn serialize<S: Serializer>(map: &BTreeMap<RelationName, Entry>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map.iter().map(|(name, entry)| Named { name: name.clone(), entry }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<RelationName, Entry>, D::Error> {
        let listed = Vec::<Named<Entry>>::deserialize(from)?;
        Ok(listed.into_iter().map(|named| (named.name, named.entry)).collect())
    }
}
