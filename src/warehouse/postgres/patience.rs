//! Locks that readers hold are waited for without keeping other readers waiting.
//!
//! Whoever waits for such a lock makes later readers wait too, and so do the locks that were taken before it. A step that
//! takes several of them is therefore done as a whole or taken back as a whole, again and again.

use std::time::Duration;

use super::connect::{Connection, ErrorKind};
use super::failed;
use crate::warehouse::WarehouseError;

/// How long a lock is waited for at a time. It is as long as readers may have to wait.
const PATIENCE: &str = "100ms";
const PAUSE: Duration = Duration::from_millis(400);
const TRIES: usize = 300;

/// A step that is tried until all its locks are free. It must be one that can be done again after a rollback to where it
/// began: `loop { begin; do it; end, or wait_after its error }`.
pub struct Patience<'c> {
    connection: &'c Connection,
    action: &'c str,
    tries: usize,
}

impl<'c> Patience<'c> {
    pub fn new(connection: &'c Connection, action: &'c str) -> Self {
        Patience { connection, action, tries: 0 }
    }

    pub async fn begin(&mut self) -> Result<(), WarehouseError> {
        self.tries += 1;
        self.run(&format!("savepoint medallion_step; set local lock_timeout = '{PATIENCE}'")).await
    }

    pub async fn end(self) -> Result<(), WarehouseError> {
        self.run("set local lock_timeout = 0; release medallion_step").await
    }

    /// Takes the step back and lets the readers go on, where it failed for a lock; any other error is given back.
    pub async fn wait_after(&self, error: WarehouseError) -> Result<(), WarehouseError> {
        if !is_locked(&error) || self.tries == TRIES {
            return Err(error);
        }
        self.run("rollback to medallion_step; release medallion_step").await?;
        if self.tries == 4 {
            self.connection.tell(&format!("{error}; waiting until its readers are done"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    async fn run(&self, sql: &str) -> Result<(), WarehouseError> {
        self.connection.batch_execute(sql).await.map_err(failed(self.connection, self.action))
    }
}

fn is_locked(error: &WarehouseError) -> bool {
    matches!(error, WarehouseError::Server(told) if told.kind == ErrorKind::LockTimeout)
}

/// Runs a statement after whose failure something else can be tried.
pub async fn attempt(connection: &Connection, sql: &str, action: &str) -> Result<(), WarehouseError> {
    let guarded = format!("savepoint medallion; {sql}\n; release medallion");
    let Err(error) = connection.batch_execute(&guarded).await else { return Ok(()) };
    let told = failed(connection, action)(error);
    // Where not even that is possible, the next statement says so.
    let _ = connection.batch_execute("rollback to medallion; release medallion").await;
    Err(told)
}
