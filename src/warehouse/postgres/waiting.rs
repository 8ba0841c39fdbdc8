//! Whoever publishes may wait for a row that somebody else's open transaction has changed. Said after a while, or nobody
//! would know what the run is doing.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use super::connect::{Connection, Settings, connect};
use super::{failed, quote};
use crate::warehouse::WarehouseError;

/// How often is looked whether the session waits.
const INTERVAL: Duration = Duration::from_secs(3);

const BLOCKING: &str = "
select a.pid, coalesce(a.usename::text, a.backend_type), a.application_name, coalesce(a.state, 'active'),
       extract(epoch from now() - a.xact_start)::bigint
from unnest(pg_blocking_pids($1)) as b (pid) join pg_catalog.pg_stat_activity a using (pid)";

/// Does the work of the connection, and tells for whom it waits.
pub async fn telling<T>(
    connection: &Connection,
    settings: &Settings,
    work: impl Future<Output = Result<T, WarehouseError>>,
) -> Result<T, WarehouseError> {
    let own = connection.query_one("select pg_backend_pid()", &[]).await;
    let own: i32 = own.map_err(failed(connection, "cannot ask for the session's number"))?.get(0);
    tokio::select! {
        done = work => done,
        never = watch(connection, settings, own) => match never {},
    }
}

async fn watch(connection: &Connection, settings: &Settings, own: i32) -> Infallible {
    let mut told = BTreeSet::new();
    loop {
        tokio::time::sleep(INTERVAL).await;
        for (pid, who) in blocking(settings, own).await.unwrap_or_default() {
            if told.insert(pid) {
                connection.tell(&who);
            }
        }
    }
}

/// The sessions that keep the session waiting, each with what to say of it.
async fn blocking(settings: &Settings, waiting: i32) -> Option<Vec<(i32, String)>> {
    let connection = connect(settings).await.ok()?;
    let rows = connection.query(BLOCKING, &[&waiting]).await.ok()?;
    let say = |row: &tokio_postgres::Row| {
        let (pid, role): (i32, &str) = (row.get(0), row.get(1));
        let program: Option<&str> = row.get(2);
        let program = program.filter(|name| !name.is_empty()).map(|name| format!(", {name}")).unwrap_or_default();
        let state: &str = row.get(3);
        let since: Option<i64> = row.get(4);
        let since = since.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
        let what = format!(
            "waiting for rows that another session has locked: process {pid} of {}{program}, {state}{since}; it goes on when \
             that transaction ends (`select pg_terminate_backend({pid})` ends it)",
            quote::identifier(role)
        );
        (pid, what)
    };
    Some(rows.iter().map(say).collect())
}
