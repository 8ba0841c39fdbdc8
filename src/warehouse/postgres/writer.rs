//! The connection that publishes: one transaction, from the first lock to the commit.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use tokio::sync::{OnceCell, OwnedMutexGuard};

use super::connect::{Connection, Settings, connect};
use super::copy::Outgoing;
use super::draft::{Copying, Place};
use super::link::Link;
use super::lock::lock;
use super::rows::Columns;
use super::spool::Spool;
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Settings of the transaction: it may idle while models are computed, and its statements take as long as they take. Rows
/// that a policy hides from our role would be left as they are, without a word: that is to be an error.
pub const BEGIN: &str = "begin; set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; \
                         set local row_security = off";

/// What only a first publication has to make; whoever comes second finds it there.
const MADE_BY_ANOTHER: [&str; 3] = ["23505", "42P06", "42P07"];

type Shared = Arc<tokio::sync::Mutex<Connection>>;

#[derive(Clone)]
pub struct Writer {
    settings: Settings,
    links: Arc<Vec<Link>>,
    connection: Arc<OnceCell<Shared>>,
    made: Arc<Mutex<Made>>,
}

/// What is there, and what this publication made.
#[derive(Default)]
struct Made {
    schemas: BTreeSet<String>,
    /// New tables: schema, and quoted name.
    tables: BTreeSet<(String, String)>,
}

impl Writer {
    /// Opens no connection yet.
    pub fn new(settings: &Settings, links: &Arc<Vec<Link>>) -> Self {
        Writer {
            settings: settings.clone(),
            links: Arc::clone(links),
            connection: Arc::default(),
            made: Arc::default(),
        }
    }

    /// Waits until nobody else is publishing one of the relations.
    pub async fn lock(&self, relations: &[RelationName]) -> Result<(), WarehouseError> {
        lock(&*self.connection().await?, relations).await
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Whether a view of this database can read relations of that one.
    pub fn can_reach(&self, database: &str) -> bool {
        database == self.settings.database || self.links.iter().any(|link| link.database == database)
    }

    /// The connection, in its transaction, for oneself alone.
    pub async fn connection(&self) -> Result<OwnedMutexGuard<Connection>, WarehouseError> {
        let opened = self.connection.get_or_try_init(|| async {
            let connection = connect(&self.settings).await?;
            // A session whose program died while it waited for a lock would wait on, with all the locks it has. Older servers
            // have no such setting, and some systems cannot tell.
            let _ = connection.batch_execute("set client_connection_check_interval = '5s'").await;
            connection.batch_execute(BEGIN).await.map_err(failed(&connection, "cannot start a transaction"))?;
            Ok::<_, WarehouseError>(Arc::new(tokio::sync::Mutex::new(connection)))
        });
        Ok(Arc::clone(opened.await?).lock_owned().await)
    }

    /// Starts to copy the rows to their place. Copies take their turn.
    pub fn copy(&self, name: &RelationName, place: &Place, columns: &Columns, spool: &Spool) -> Arc<Copying> {
        let (writer, name, place) = (self.clone(), name.clone(), place.clone());
        let (columns, spool) = (columns.clone(), spool.clone());
        Copying::start(async move |wanted| writer.copy_in_turn(&name, &place, &columns, &spool, &wanted).await)
    }

    /// A copy that fails, or that nobody wants any more, leaves the transaction as it was.
    async fn copy_in_turn(
        &self,
        name: &RelationName,
        place: &Place,
        columns: &Columns,
        spool: &Spool,
        wanted: &AtomicBool,
    ) -> Result<u64, WarehouseError> {
        if let Place::New(table) = place {
            self.ensure_schema(&name.schema).await?;
            self.made().tables.insert((name.schema.clone(), table.clone()));
        }
        let connection = self.connection().await?;
        if !wanted.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let cannot = || failed(&connection, format!("cannot copy the rows of {name}"));
        connection.batch_execute("savepoint medallion_copy").await.map_err(cannot())?;
        let copied = copy_now(&connection, name, place, columns, spool, wanted).await;
        let end = match &copied {
            Ok(Some(_)) => "release medallion_copy",
            _ => "rollback to medallion_copy; release medallion_copy",
        };
        let ended = connection.batch_execute(end).await.map_err(cannot());
        let rows = copied?;
        ended.map(|()| rows.unwrap_or_default())
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The new tables that were made: schema, and quoted name.
    pub fn created(&self) -> Vec<(String, String)> {
        self.made().tables.iter().cloned().collect()
    }

    /// Makes a schema that is missing, over a connection of its own: two runs that make it at once must not fail.
    pub async fn ensure_schema(&self, schema: &str) -> Result<(), WarehouseError> {
        if self.made().schemas.contains(schema) {
            return Ok(());
        }
        let connection = connect(&self.settings).await?;
        let action = format!("cannot create the schema {schema}");
        // Whoever may not make schemas may use those that are there.
        let there = "select exists (select from pg_catalog.pg_namespace where nspname = $1)";
        let there = connection.query_one(there, &[&schema]).await.map_err(failed(&connection, action.as_str()))?;
        if there.get(0) {
            self.made().schemas.insert(schema.to_string());
            return Ok(());
        }
        let create = format!("create schema if not exists {}", quote::identifier(schema));
        self.make(&create, &action).await?;
        self.made().schemas.insert(schema.to_string());
        Ok(())
    }

    /// Runs a statement that makes what is missing, outside of the transaction.
    pub async fn make(&self, sql: &str, action: &str) -> Result<(), WarehouseError> {
        let connection = connect(&self.settings).await?;
        match connection.batch_execute(sql).await {
            Err(error) if error.code().is_some_and(|code| MADE_BY_ANOTHER.contains(&code.code())) => {
                // The other one is done by now; what is still missing is made by trying again.
                connection.batch_execute(sql).await.map_err(failed(&connection, action))
            }
            other => other.map_err(failed(&connection, action)),
        }
    }
}

/// `None` where the rows were not wanted any more.
async fn copy_now(
    connection: &Connection,
    name: &RelationName,
    place: &Place,
    columns: &Columns,
    spool: &Spool,
    wanted: &AtomicBool,
) -> Result<Option<u64>, WarehouseError> {
    let (table, create, end) = match place {
        Place::New(new) => (format!("{}.{new}", quote::identifier(&name.schema)), "create table", ""),
        Place::Temporary(table) => (table.clone(), "create temporary table", " on commit drop"),
    };
    let create = format!("{create} {table} ({}){end}", columns.definition());
    connection.batch_execute(&create).await.map_err(failed(connection, format!("cannot create {name}")))?;
    if spool.rows == 0 {
        return Ok(Some(0));
    }
    let mut outgoing = Outgoing::open(connection, &table, &columns.schema, &columns.columns).await?;
    let mut batches = Box::pin(spool.batches());
    while let Some(batch) = batches.next().await {
        if !wanted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        outgoing.write(&batch?).await?;
    }
    outgoing.close().await.map(Some)
}
