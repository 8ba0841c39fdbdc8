//! Reading one state of a database over as many connections as are needed.
//!
//! The first connection opens a transaction and exports its snapshot; the others join it. Whatever is published in the
//! meantime, all of them see the same rows.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio_postgres::error::SqlState;

use super::connect::{Connection, ErrorKind, ServerError, Settings, connect};
use super::{failed, quote};
use crate::warehouse::WarehouseError;

/// How many connections read at once, beside the one that holds the snapshot.
const CONNECTIONS: usize = 8;

const BEGIN: &str = "begin isolation level repeatable read read only";

pub struct Reader {
    settings: Settings,
    /// Holds the snapshot, and reads the catalog.
    first: Connection,
    /// The snapshot's name, once somebody joined it.
    exported: OnceCell<String>,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Reader {
    pub async fn begin(settings: &Settings, first: Connection) -> Result<Self, WarehouseError> {
        first.batch_execute(BEGIN).await.map_err(failed(&first, "cannot start reading"))?;
        Ok(Reader {
            settings: settings.clone(),
            first,
            exported: OnceCell::new(),
            idle: Mutex::default(),
            free: Arc::new(Semaphore::new(CONNECTIONS)),
        })
    }

    /// For short questions, one after the other.
    pub fn client(&self) -> &Connection {
        &self.first
    }

    /// A connection of one's own, for as long as the lease lives. Waits while all are in use.
    pub async fn lease(self: &Arc<Self>) -> Result<Lease, WarehouseError> {
        let closed = |_| WarehouseError::Task("the state that was read is closed".to_string());
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(closed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.join().await?,
        };
        Ok(Lease { connection: Some(connection), reader: Arc::clone(self), finished: false, _permit: permit })
    }

    async fn join(&self) -> Result<Connection, WarehouseError> {
        let action = "cannot share a snapshot between connections";
        let exported = self.exported.get_or_try_init(|| async {
            let row =
                self.first.query_one("select pg_export_snapshot()", &[]).await.map_err(failed(&self.first, action))?;
            Ok::<String, WarehouseError>(row.get(0))
        });
        let snapshot = quote::literal(exported.await?);
        let connection = connect(&self.settings).await?;
        let joined = connection.batch_execute(&format!("{BEGIN}; set transaction snapshot {snapshot}")).await;
        match joined {
            // A snapshot goes with the transaction that exported it.
            Err(error) if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => {
                let lost = format!("{action}: the connection that held it was lost");
                Err(ServerError::new(ErrorKind::Lost, lost).hint("run again: nothing was published").into())
            }
            Err(error) => Err(failed(&connection, action)(error)),
            Ok(()) => Ok(connection),
        }
    }

    /// Ends all its transactions: the locks they hold on what they read would be in the way of changing it. Nothing can
    /// be read any more.
    pub async fn close(&self) {
        self.free.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle.iter().chain([&self.first]) {
            // A connection that is broken holds no lock.
            let _ = connection.batch_execute("rollback").await;
        }
    }
}

/// A connection on loan.
pub struct Lease {
    connection: Option<Connection>,
    reader: Arc<Reader>,
    finished: bool,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// What was asked has been answered in full: the connection can answer others.
    pub fn finish(&mut self) {
        self.finished = true;
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // It is there until the lease is dropped.
        self.connection.as_ref().unwrap_or(&self.reader.first)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.finished {
            self.reader.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        } else {
            // Nobody wants the rest: the server need not go on with it.
            let canceller = connection.canceller();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    let _ = canceller.cancel().await;
                });
            }
        }
    }
}
