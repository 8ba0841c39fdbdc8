//! The connection that publishes: one transaction, from the first lock to the commit.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OnceCell, OwnedMutexGuard};

use super::ahead::{Coming, Rest};
use super::connect::{Connection, Settings, connect};
use super::draft::{Copying, Place};
use super::link::Link;
use super::lock::lock;
use super::rows::Columns;
use super::target::{Rows, Target};
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
    /// How many wait for the connection.
    waiting: Arc<AtomicUsize>,
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
            waiting: Arc::default(),
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
        let connection = Arc::clone(opened.await?);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        Ok(connection.lock_owned().await)
    }

    /// Starts to copy the rows to their place, as they come. Copies take their turn.
    pub fn copy(&self, name: &RelationName, place: &Place, columns: &Columns, coming: Coming) -> Arc<Copying> {
        let (writer, name, place, columns) = (self.clone(), name.clone(), place.clone(), columns.clone());
        Copying::start(async move |wanted| {
            let into = Target { name: &name, place: &place, columns: &columns, wanted: &wanted };
            writer.copy_in_turns(&into, coming).await
        })
    }

    /// First what comes while the rest is computed, then the rest.
    async fn copy_in_turns(&self, into: &Target<'_>, mut coming: Coming) -> Result<(), WarehouseError> {
        coming.begin().await;
        if let Place::New(table) = into.place {
            self.ensure_schema(&into.name.schema).await?;
            self.made().tables.insert((into.name.schema.clone(), table.clone()));
        }
        self.copy_in_turn(into, Rows::First { coming: &mut coming, waiting: &self.waiting }).await?;
        match coming.rest().await {
            None | Some(Rest::None) => Ok(()),
            Some(Rest::Some(rows)) => self.copy_in_turn(into, Rows::Rest(rows)).await,
            Some(Rest::Anew(rows)) => self.copy_in_turn(into, Rows::Anew(rows)).await,
        }
    }

    /// What fails, or nobody wants any more, leaves the transaction as it was.
    async fn copy_in_turn(&self, into: &Target<'_>, rows: Rows<'_>) -> Result<(), WarehouseError> {
        let connection = self.connection().await?;
        if !into.wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let cannot = || failed(&connection, format!("cannot copy the rows of {}", into.name));
        connection.batch_execute("savepoint medallion_copy").await.map_err(cannot())?;
        let copied = into.copy(&connection, rows).await;
        let end = match &copied {
            Ok(()) => "release medallion_copy",
            Err(_) => "rollback to medallion_copy; release medallion_copy",
        };
        let ended = connection.batch_execute(end).await.map_err(cannot());
        copied?;
        ended
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

/// Somebody waits for the connection, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
