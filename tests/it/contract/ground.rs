//! A warehouse of its own for each test, and how a test stages, publishes and reads there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Utc;
use futures::TryStreamExt;
use medallion::engine::{Engine, EngineOptions, Published, Relations, SessionOptions, ToBePublished};
use medallion::warehouse::delta::DeltaWarehouse;
use medallion::warehouse::postgres::PostgresWarehouse;
use medallion::warehouse::postgres::connect::Fields;
use medallion::warehouse::{
    AsOf, Description, Publication, RelationName, RunLabel, Snapshot, StageMode, Staged, Warehouse, WarehouseError,
};
use tempfile::TempDir;

use super::rows::{Rows, texts};
use crate::server::{self, PASSWORD, Server, USER};

pub struct Ground {
    pub warehouse: Arc<dyn Warehouse>,
    pub database: String,
    /// Of the Postgres warehouse.
    pub server: Option<&'static Server>,
    _folder: Option<TempDir>,
}

pub fn on_delta(test: impl AsyncFnOnce(Ground)) {
    let folder = TempDir::new().unwrap();
    let warehouse = DeltaWarehouse::open(&folder.path().to_string_lossy(), &HashMap::new()).unwrap();
    let database = "shop".to_string();
    run(test(Ground { warehouse: Arc::new(warehouse), database, server: None, _folder: Some(folder) }));
}

pub fn on_postgres(name: &str, test: impl AsyncFnOnce(Ground)) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let Some(server) = server::shared() else { return };
    let short: String = name.chars().take(40).collect();
    let database = format!("{short}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    server.create_database(&database).unwrap();
    run(test(Ground { warehouse: warehouse_of(server, &database), database, server: Some(server), _folder: None }));
}

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(test);
}

fn warehouse_of(server: &Server, database: &str) -> Arc<dyn Warehouse> {
    let fields = [
        ("host", "127.0.0.1".to_string()),
        ("port", server.port().to_string()),
        ("user", USER.to_string()),
        ("password", PASSWORD.to_string()),
        ("dbname", database.to_string()),
        ("retries", "0".to_string()),
    ];
    let fields = Fields::new(fields.map(|(name, value)| (name.to_string(), value)));
    Arc::new(PostgresWarehouse::new(fields.settings().unwrap(), Vec::new()))
}

/// `["id", "name"]` as a key.
pub fn key(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

pub fn replace() -> StageMode {
    StageMode::Replace { unique_key: Vec::new() }
}

pub fn merge(names: &[&str]) -> StageMode {
    StageMode::Merge { unique_key: key(names) }
}

pub fn delete_insert(names: &[&str]) -> StageMode {
    StageMode::DeleteInsert { unique_key: key(names) }
}

pub fn merge_changed(names: &[&str], ignoring: &[&str]) -> StageMode {
    StageMode::MergeChanged { unique_key: key(names), ignoring: key(ignoring) }
}

pub fn label(command: &str) -> RunLabel {
    RunLabel {
        invocation_id: format!("run of {command}"),
        command: command.to_string(),
        target: "dev".to_string(),
        started_at: Utc::now(),
    }
}

impl Ground {
    pub fn name(&self, table: &str) -> RelationName {
        RelationName::new(&self.database, "main", table)
    }

    pub async fn begin(&self, writes: &[&RelationName]) -> Arc<dyn Publication> {
        let writes: Vec<RelationName> = writes.iter().map(|name| (*name).clone()).collect();
        self.warehouse.begin(label("build"), &writes).await.unwrap()
    }

    pub async fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.warehouse.snapshot(AsOf::Now).await.unwrap()
    }

    pub async fn describe(&self, name: &RelationName) -> Option<Description> {
        self.snapshot().await.describe(name)
    }

    pub async fn version(&self, name: &RelationName) -> Option<String> {
        self.describe(name).await.map(|described| described.version)
    }

    /// Stages and publishes, and holds what every publication promises against it. Gives the rows that are there then.
    pub async fn publish(&self, name: &RelationName, rows: &Rows, mode: StageMode) -> (Staged, Vec<String>) {
        let before = self.rows_if_any(name).await;
        let version = self.version(name).await;
        let publication = self.begin(&[name]).await;
        let staged = publication.stage(name, rows.streams(), mode).await.unwrap();
        let will_be = self.staged_rows(&publication, name).await;
        assert_eq!(rows_of(&publication.base(), name).await, before, "what a run reads stays");
        assert_eq!(self.rows_if_any(name).await, before, "nobody sees it before the commit");
        self.commit(&publication, name).await;
        let after = self.rows(name).await;
        assert_eq!(after, will_be, "the table is what it was said to be");
        let changed = self.version(name).await != version;
        assert_eq!(changed, staged.changed, "the version changes with the content: {staged:?}");
        if before.as_ref() != Some(&after) {
            assert!(staged.changed, "{before:?} became {after:?}");
        }
        (staged, after)
    }

    /// Commits, and sees that the relation is described as it was while it was staged.
    pub async fn commit(&self, publication: &Arc<dyn Publication>, name: &RelationName) {
        let said = publication.describe(name);
        publication.commit().await.unwrap();
        let described = self.describe(name).await;
        let version = |description: &Option<Description>| description.as_ref().map(|known| known.version.clone());
        assert_eq!(version(&described), version(&said), "what reads it later finds the version that this run noted");
        let kind = |description: Option<Description>| description.map(|known| known.kind);
        assert_eq!(kind(described), kind(said));
    }

    pub async fn staged_rows(&self, publication: &Arc<dyn Publication>, name: &RelationName) -> Vec<String> {
        self.to_be_published(publication, &format!("select * from {}", name.quoted())).await
    }

    /// The rows of a query over what will be published, sorted.
    pub async fn to_be_published(&self, publication: &Arc<dyn Publication>, sql: &str) -> Vec<String> {
        self.query(Arc::new(ToBePublished(Arc::clone(publication))), sql).await.unwrap()
    }

    /// In which rows the table as it will be differs from the published one, and how much more often they stand.
    pub async fn changed_rows(&self, publication: &Arc<dyn Publication>, name: &RelationName) -> Vec<String> {
        let changes = name.changes().quoted();
        let more = "sum(case when _change_type = 'insert' then 1 else -1 end)";
        let sql = format!("select id, name, {more} from {changes} group by id, name having {more} <> 0");
        self.to_be_published(publication, &sql).await
    }

    /// The rows that are published, sorted.
    pub async fn rows(&self, name: &RelationName) -> Vec<String> {
        self.rows_if_any(name).await.unwrap()
    }

    pub async fn rows_if_any(&self, name: &RelationName) -> Option<Vec<String>> {
        rows_of(&self.snapshot().await, name).await
    }

    /// The rows of a query over what is published, sorted.
    pub async fn ask(&self, sql: &str) -> Vec<String> {
        self.query(Arc::new(Published(self.snapshot().await)), sql).await.unwrap()
    }

    async fn query(&self, relations: Arc<dyn Relations>, sql: &str) -> Result<Vec<String>, String> {
        query(&self.database, relations, sql).await
    }

    /// The rows as the server itself has them, where there is one.
    pub fn on_server(&self, sql: &str) -> Option<Vec<String>> {
        self.server.map(|server| server.sql(&self.database, sql))
    }
}

/// The relation's rows in that state, sorted; none where there is no such relation.
pub async fn rows_of(snapshot: &Arc<dyn Snapshot>, name: &RelationName) -> Option<Vec<String>> {
    snapshot.describe(name)?;
    let relations = Arc::new(Published(Arc::clone(snapshot)));
    Some(query(&name.database, relations, &format!("select * from {}", name.quoted())).await.unwrap())
}

async fn query(database: &str, relations: Arc<dyn Relations>, sql: &str) -> Result<Vec<String>, String> {
    let engine = Engine::new(EngineOptions { partitions: Some(2), ..EngineOptions::default() }).unwrap();
    let options = SessionOptions {
        database: database.to_string(),
        schema: "main".to_string(),
        instant: Utc::now(),
        most_keys: 20_000,
    };
    let session = engine.session(relations, &options).unwrap();
    let rows = async { session.stream(sql).await?.try_collect::<Vec<_>>().await };
    let mut rows = texts(&rows.await.map_err(|error| error.strip_backtrace())?);
    rows.sort();
    Ok(rows)
}

pub fn is_conflict(error: &WarehouseError) -> bool {
    matches!(error, WarehouseError::Conflict { .. })
}
