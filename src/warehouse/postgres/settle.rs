//! After the commit: did it take place, has the server counted the rows, and what does it know of them?

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::connect::{Connection, Settings, connect};
use super::record::Written;
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// The server's number of the connection's transaction.
pub async fn transaction(connection: &Connection) -> Result<i64, WarehouseError> {
    let number = connection.query_one("select txid_current()", &[]).await;
    Ok(number.map_err(failed(connection, "cannot commit"))?.get(0))
}

/// How long a commit may still be under way after its connection broke.
const UNDER_WAY: Duration = Duration::from_secs(30);

/// Whether the publication is there, asked over a new connection. `None`: nobody can say.
pub async fn was_published(settings: &Settings, transaction: i64, key: Uuid) -> Option<bool> {
    let connection = connect(settings).await.ok()?;
    // The server may not have heard yet that nobody waits for its answer.
    let asked = Instant::now();
    let is_under_way = "select txid_status($1) is not distinct from 'in progress'";
    while connection.query_one(is_under_way, &[&transaction]).await.ok()?.get::<_, bool>(0) {
        if asked.elapsed() > UNDER_WAY {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let asked = "select exists (select 1 from medallion.publication where key = $1::text::uuid)";
    connection.query_one(asked, &[&key.to_string()]).await.ok().map(|row| row.get(0))
}

const COUNTED: &str = "
select pg_stat_get_tuples_inserted(oid) = inserted and pg_stat_get_tuples_updated(oid) = updated
       and pg_stat_get_tuples_deleted(oid) = deleted
from unnest($1::oid[], $2::bigint[], $3::bigint[], $4::bigint[]) as written (oid, inserted, updated, deleted)";

/// Waits a moment until the server's counters show what was written: the next run takes a table with other counters for
/// changed by somebody else. What it does not see in time costs that run some work, and nothing else.
pub async fn settle(connection: &Connection, written: &[Written]) {
    let tables = written.iter().filter_map(|written| match written {
        Written::Table { counters, place: Some((oid, _)), .. } => Some((*oid, counters)),
        _ => None,
    });
    let (mut oids, mut inserted, mut updated, mut deleted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (oid, counters) in tables {
        oids.push(oid);
        inserted.push(counters.inserted);
        updated.push(counters.updated);
        deleted.push(counters.deleted);
    }
    if oids.is_empty() {
        return;
    }
    // From PostgreSQL 15 on counters are written at once when asked for; before, they arrive by themselves.
    if connection.server_major() >= 15 {
        let _ = connection.batch_execute("select pg_stat_force_next_flush()").await;
    }
    for _ in 0..20 {
        match connection.query(COUNTED, &[&oids, &inserted, &updated, &deleted]).await {
            Ok(rows) if rows.iter().all(|row| row.get::<_, Option<bool>>(0) == Some(true)) => return,
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(_) => return,
        }
    }
}

const INDEXED: &str = "
select string_agg(distinct quote_ident(a.attname), ', ') from pg_catalog.pg_index i
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])
where i.indrelid = $1";

/// What autovacuum would analyze within a minute is analyzed now, as far as indexes need it: the next run, and whoever
/// reads in the meantime, would not be led to them otherwise. Nobody is waited for, and a failure costs nothing but time.
pub async fn analyze(settings: &Settings, written: &[Written]) {
    const LEAST: u64 = 1000;
    let tables = written.iter().filter_map(|written| match written {
        Written::Table { name, rows, changed, place: Some((oid, _)), .. } => {
            (*changed >= LEAST.max(rows.unwrap_or_default() / 10)).then_some((name, *oid))
        }
        _ => None,
    });
    // Each over a connection of its own, on as many of the server's cores.
    futures::future::join_all(tables.map(async |(name, oid)| {
        if let Err(error) = analyze_one(settings, name, oid).await {
            tracing::debug!("cannot analyze {name}: {error}");
        }
    }))
    .await;
}

async fn analyze_one(settings: &Settings, name: &RelationName, oid: u32) -> Result<(), WarehouseError> {
    let connection = connect(settings).await?;
    let cannot = || failed(&connection, "cannot analyze");
    let columns: Option<String> = connection.query_one(INDEXED, &[&oid]).await.map_err(cannot())?.get(0);
    let Some(columns) = columns else { return Ok(()) };
    let analyze = format!("analyze (skip_locked) {} ({columns})", quote::relation(name));
    connection.batch_execute(&analyze).await.map_err(cannot())
}
