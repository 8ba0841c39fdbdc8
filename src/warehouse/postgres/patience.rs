//! Locks that readers hold are waited for without keeping other readers waiting.
//!
//! Whoever waits for such a lock makes later readers wait too, and so do the locks that were taken before it. A step that
//! takes several of them is therefore done as a whole or taken back as a whole, again and again.

use std::time::Duration;

use super::connect::{Connection, ErrorKind};
use super::failed;
use crate::warehouse::WarehouseError;

/// How long a lock is waited for at a time. It is as long as readers may have to wait.
const PATIENCE: &str = "1s";
const PAUSE: Duration = Duration::from_millis(250);
const TRIES: usize = 120;

/// Does the step once all its locks are free. It must be one that can be done again after a rollback to where it began.
pub async fn patiently<T>(
    connection: &Connection,
    action: &str,
    step: impl AsyncFn() -> Result<T, WarehouseError>,
) -> Result<T, WarehouseError> {
    let cannot = || failed(connection, action);
    let begun = format!("savepoint medallion_step; set local lock_timeout = '{PATIENCE}'");
    let mut tries = 0;
    let done = loop {
        connection.batch_execute(&begun).await.map_err(cannot())?;
        tries += 1;
        match step().await {
            Ok(done) => break done,
            Err(error) if is_locked(&error) && tries < TRIES => {
                if tries == 2 {
                    connection.tell(&format!("{error}; waiting until its readers are done"));
                }
                connection
                    .batch_execute("rollback to medallion_step; release medallion_step")
                    .await
                    .map_err(cannot())?;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    };
    connection.batch_execute("set local lock_timeout = 0; release medallion_step").await.map_err(cannot())?;
    Ok(done)
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
