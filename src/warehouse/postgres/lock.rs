//! Who may change which relation: one publication at a time.

use super::connect::{Connection, ErrorKind, ServerError, Site};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// How many locks there are. A publication takes those of all its relations, and a server has room for some thousands.
const LOCKS: u64 = 1024;

/// Takes the locks of the relations until the connection's transaction ends. Always in one order, so that two
/// publications never wait for each other.
pub async fn lock(connection: &Connection, relations: &[RelationName]) -> Result<(), WarehouseError> {
    let mut numbers: Vec<i64> = relations.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Ok(());
    }
    let list = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let cannot = || failed(connection, "cannot lock the relations of this run");
    // One after the other, in the order of the list, up to the first that somebody else has.
    let tried = format!(
        "select bool_and(pg_try_advisory_xact_lock(n)), current_setting('transaction_read_only') = 'on', \
         pg_is_in_recovery() from unnest(array[{list}]::bigint[]) as n"
    );
    let answer = connection.query_one(&tried, &[]).await.map_err(cannot())?;
    if answer.get(1) {
        return Err(only_reads(connection, answer.get(2)).into());
    }
    if !answer.get::<_, bool>(0) {
        connection.tell("another run is publishing some of the same relations; waiting until it is done");
        // What was taken beyond the first that is not free must be given back, or two runs may wait for each other.
        connection.batch_execute("rollback").await.map_err(cannot())?;
        connection.batch_execute(super::writer::BEGIN).await.map_err(cannot())?;
        for number in numbers {
            connection.batch_execute(&format!("select pg_advisory_xact_lock({number})")).await.map_err(cannot())?;
        }
    }
    Ok(())
}

/// Said before anything is computed that could not be written.
fn only_reads(connection: &Connection, is_standby: bool) -> ServerError {
    let Site { address, database, .. } = connection.site();
    let (why, hint) = if is_standby {
        ("the server is a standby", "connect to its primary: `host` and `port` in profiles.yml must be the primary's")
    } else {
        (
            "its transactions are read-only",
            "switch default_transaction_read_only off for the database, the role or the server, or connect to another: \
             `host`, `port` and `dbname` in profiles.yml",
        )
    };
    let what = format!("nothing can be written to the database '{database}' at {address}: {why}");
    ServerError::new(ErrorKind::ReadOnly, what).hint(hint)
}

/// A number that no other program's locks are likely to have.
fn number(name: &RelationName) -> i64 {
    const SPACE: i64 = 0x6d65_6461_6c6c_0000;
    let hash = xxhash_rust::xxh3::xxh3_64(quote::relation(name).as_bytes());
    SPACE + i64::try_from(hash % LOCKS).unwrap_or_default()
}
