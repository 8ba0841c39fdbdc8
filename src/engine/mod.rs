//! The only place that knows DataFusion's session: catalogs, memory, Postgres' meaning of SQL, functions.
//!
//! An [`Engine`] lives as long as the process; a [`Session`] sees one set of [`Relations`] (a run's, or those of
//! `medallion sql`) at one instant.

mod catalog;
mod changes;
mod error;
mod files;
mod postgres;
mod references;
mod rows;
mod session;
mod subqueries;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use serde_json::Value;

pub use error::diagnose;
pub use postgres::{is_volatile, parse};
pub use references::{relations_of, resolve};
pub use rows::{Rows, column_of};
pub use session::{Session, SessionOptions};

use crate::relation::RelationName;
use crate::warehouse::{AsOf, Description, NullCounts, Places, Publication, RelationKind, Snapshot, WarehouseError};

/// What a session can read.
#[async_trait]
pub trait Relations: Send + Sync {
    fn names(&self) -> Vec<RelationName>;

    fn describe(&self, name: &RelationName) -> Option<Description>;

    async fn scan(&self, name: &RelationName) -> std::result::Result<Arc<dyn TableProvider>, WarehouseError>;

    /// As [`Snapshot::count_nulls`].
    async fn count_nulls(
        &self,
        _name: &RelationName,
        _columns: &[&str],
    ) -> std::result::Result<Option<NullCounts>, WarehouseError> {
        Ok(None)
    }

    /// A document as it is published beside a relation, see [`Snapshot::state`].
    fn state(&self, _beside: &RelationName, _key: &str) -> Option<Value> {
        None
    }
}

/// Several warehouses at once: each database is looked for where it stands.
pub struct Located {
    /// Has all databases but those of `elsewhere`.
    pub target: Arc<dyn Relations>,
    /// By database.
    pub elsewhere: Vec<(String, Arc<dyn Relations>)>,
}

impl Located {
    fn part(&self, database: &str) -> &Arc<dyn Relations> {
        let other = self.elsewhere.iter().find(|(name, _)| name == database);
        other.map_or(&self.target, |(_, relations)| relations)
    }
}

#[async_trait]
impl Relations for Located {
    fn names(&self) -> Vec<RelationName> {
        let here = self.target.names().into_iter();
        let here = here.filter(|name| !self.elsewhere.iter().any(|(database, _)| *database == name.database));
        let there = self.elsewhere.iter().flat_map(|(database, relations)| {
            relations.names().into_iter().filter(move |name| name.database == *database)
        });
        let mut names: Vec<RelationName> = here.chain(there).collect();
        names.sort();
        names
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        self.part(&name.database).describe(name)
    }

    async fn scan(&self, name: &RelationName) -> std::result::Result<Arc<dyn TableProvider>, WarehouseError> {
        self.part(&name.database).scan(name).await
    }

    async fn count_nulls(
        &self,
        name: &RelationName,
        columns: &[&str],
    ) -> std::result::Result<Option<NullCounts>, WarehouseError> {
        self.part(&name.database).count_nulls(name, columns).await
    }

    fn state(&self, beside: &RelationName, key: &str) -> Option<Value> {
        self.part(&beside.database).state(beside, key)
    }
}

/// Tables as they were published.
pub struct Published(pub Arc<dyn Snapshot>);

#[async_trait]
impl Relations for Published {
    fn names(&self) -> Vec<RelationName> {
        self.0.relations()
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        self.0.describe(name)
    }

    async fn scan(&self, name: &RelationName) -> std::result::Result<Arc<dyn TableProvider>, WarehouseError> {
        self.0.scan(name).await
    }

    async fn count_nulls(
        &self,
        name: &RelationName,
        columns: &[&str],
    ) -> std::result::Result<Option<NullCounts>, WarehouseError> {
        self.0.count_nulls(name, columns).await
    }

    fn state(&self, _beside: &RelationName, key: &str) -> Option<Value> {
        self.0.state(key)
    }
}

/// What is published in the other warehouses of a project.
pub async fn published_elsewhere(
    places: &Places,
    as_of: &AsOf,
) -> std::result::Result<Vec<(String, Arc<dyn Relations>)>, WarehouseError> {
    let mut found: Vec<(String, Arc<dyn Relations>)> = Vec::new();
    for (database, warehouse) in places.elsewhere() {
        let snapshot = warehouse.snapshot(as_of.clone()).await?;
        found.push((database.clone(), Arc::new(Published(snapshot))));
    }
    Ok(found)
}

/// Tables as they will be once this publication is committed, what it changes of them ([`RelationName::changes`]), and what
/// they are until then ([`RelationName::published`]).
pub struct ToBePublished(pub Arc<dyn Publication>);

#[async_trait]
impl Relations for ToBePublished {
    fn names(&self) -> Vec<RelationName> {
        self.0.relations()
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        self.0.describe(name).or_else(|| {
            let description = match name.changes_of() {
                Some(table) => self.0.describe(&table)?,
                None => self.0.base().describe(&name.published_of()?)?,
            };
            (description.kind == RelationKind::Table).then_some(description)
        })
    }

    async fn scan(&self, name: &RelationName) -> std::result::Result<Arc<dyn TableProvider>, WarehouseError> {
        if let Some(table) = name.published_of().filter(|_| self.0.describe(name).is_none()) {
            return self.0.base().scan(&table).await;
        }
        match name.changes_of().filter(|_| self.0.describe(name).is_none()) {
            None => self.0.scan_staged(name).await,
            Some(table) => match self.0.scan_changes(&table).await? {
                Some(changes) => Ok(Arc::new(changes::table(changes)?)),
                // All rows are among those that may have changed.
                None => self.0.scan_staged(&table).await,
            },
        }
    }

    async fn count_nulls(
        &self,
        name: &RelationName,
        columns: &[&str],
    ) -> std::result::Result<Option<NullCounts>, WarehouseError> {
        self.0.count_nulls(name, columns).await
    }

    fn state(&self, _beside: &RelationName, key: &str) -> Option<Value> {
        self.0.base().state(key)
    }
}

/// What the process may use.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// In bytes; beyond it sorts, joins and aggregates spill to disk. None: three quarters of the machine's memory.
    pub memory: Option<usize>,
    /// Where spilled data goes; None: the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
    /// Partitions a query is computed in; None: one a core.
    pub partitions: Option<usize>,
}

/// Memory, disk and cores, shared by all sessions.
#[derive(Clone)]
pub struct Engine {
    runtime: Arc<RuntimeEnv>,
    partitions: usize,
}

impl Engine {
    pub fn new(options: EngineOptions) -> Result<Self> {
        let memory = options.memory.unwrap_or_else(default_memory);
        let consumers = std::num::NonZeroUsize::MIN.saturating_add(4);
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), consumers);
        let mut builder = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool));
        if let Some(dir) = options.spill_dir {
            let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![dir]));
            builder = builder.with_disk_manager_builder(disk);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Engine { runtime: builder.build_arc()?, partitions: options.partitions.unwrap_or(cores).max(1) })
    }

    pub fn session(&self, relations: Arc<dyn Relations>, options: &SessionOptions) -> Result<Session> {
        Session::new(self, relations, options)
    }
}

/// Three quarters of the machine's memory, or 4 GiB where the machine does not say.
fn default_memory() -> usize {
    const FALLBACK: usize = 4 << 30;
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total =
        meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    total.map_or(FALLBACK, |kib: usize| kib / 4 * 3 * 1024)
}
