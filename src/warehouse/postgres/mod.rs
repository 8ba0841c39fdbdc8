//! A database of a PostgreSQL server.
//!
//! A run reads one snapshot of it, over as many connections as are needed, and writes over one, in one transaction:
//! staged rows are copied into it while models are still computed, and become visible with its commit. Whatever dies
//! before that, the transaction is rolled back by the server and nothing is left. `docs/adr/0004-postgres-publication.md`
//! has the reasons.

mod ahead;
mod apply;
mod at_hand;
mod catalog;
mod changed;
mod columns;
mod commit;
pub mod connect;
mod copy;
mod draft;
mod exchange;
mod exec;
mod extras;
mod folder;
mod foreign_server;
mod guards;
mod link;
mod lock;
mod merge;
mod merged;
mod narrow;
mod patience;
mod predicate;
pub mod probe;
mod publication;
mod quote;
mod reader;
mod record;
mod removal;
mod replace;
mod rights;
mod rows;
mod scan;
mod settle;
pub mod setup;
mod snapshot;
mod spool;
mod tally;
mod target;
mod views;
mod waiting;
mod wire;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::at_hand::AtHand;
use self::connect::{Connection, Settings, connect};
pub use self::link::Link;
use self::publication::PgPublication;
use self::snapshot::PgSnapshot;
pub use self::wire::PG_TYPE;
use self::writer::Writer;
use crate::relation::RelationName;
use crate::warehouse::{
    AsOf, Capabilities, Cleaned, HistoryEntry, Publication, Receipt, RunLabel, Snapshot, Warehouse, WarehouseError,
};

/// One database.
pub struct PostgresWarehouse {
    settings: Settings,
    links: Arc<Vec<Link>>,
    at_hand: Arc<AtHand>,
}

impl PostgresWarehouse {
    /// `links` are the other databases that views of this one may read. Nothing is connected to yet.
    pub fn new(settings: Settings, links: Vec<Link>) -> Self {
        PostgresWarehouse { settings, links: Arc::new(links), at_hand: Arc::default() }
    }
}

/// A statement with more of them takes longer to plan than to read the table.
const MOST_KEYS: usize = 20_000;

const HISTORY: &str = "
select number::text, published_at::text, label::text, relations, rows from medallion.publication as p order by p.number desc";

#[async_trait]
impl Warehouse for PostgresWarehouse {
    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "postgres", history: false, hooks: true, most_keys: MOST_KEYS }
    }

    async fn snapshot(&self, as_of: AsOf) -> Result<Arc<dyn Snapshot>, WarehouseError> {
        if as_of != AsOf::Now {
            return Err(no_history());
        }
        Ok(Arc::new(PgSnapshot::read(&self.settings, &self.at_hand).await?))
    }

    async fn begin(&self, run: RunLabel, writes: &[RelationName]) -> Result<Arc<dyn Publication>, WarehouseError> {
        let writer = Writer::new(&self.settings, &self.links);
        if !writes.is_empty() {
            // What is read must be what is there once the others are done.
            writer.lock(writes).await?;
        }
        let base = PgSnapshot::read(&self.settings, &self.at_hand).await?;
        Ok(Arc::new(PgPublication::new(base, writer, run)))
    }

    async fn history(&self) -> Result<Vec<HistoryEntry>, WarehouseError> {
        let connection = connect(&self.settings).await?;
        let cannot = || failed(&connection, "cannot read the history");
        if !has_history(&connection).await.map_err(cannot())? {
            return Ok(Vec::new());
        }
        let rows = connection.query(HISTORY, &[]).await.map_err(cannot())?;
        let corrupt = |message: String| WarehouseError::Corrupt { path: "medallion.publication".to_string(), message };
        let entry = |(index, row): (usize, &tokio_postgres::Row)| {
            let at: DateTime<Utc> = format!("{}:00", row.get::<_, &str>(1))
                .parse::<DateTime<chrono::FixedOffset>>()
                .map_err(|error| corrupt(error.to_string()))?
                .into();
            Ok(HistoryEntry {
                publication: row.get(0),
                published_at: at,
                label: serde_json::from_str(row.get(2)).map_err(|error| corrupt(error.to_string()))?,
                relations: usize::try_from(row.get::<_, i32>(3)).unwrap_or_default(),
                rows: u64::try_from(row.get::<_, i64>(4)).unwrap_or_default(),
                current: index == 0,
            })
        };
        rows.iter().enumerate().map(entry).collect()
    }

    async fn rollback(&self, _: &str, _: &[String], _: RunLabel) -> Result<Receipt, WarehouseError> {
        Err(no_history())
    }

    async fn clean(&self, older_than: DateTime<Utc>, dry_run: bool) -> Result<Cleaned, WarehouseError> {
        let connection = connect(&self.settings).await?;
        let cannot = || failed(&connection, "cannot forget old publications");
        if !has_history(&connection).await.map_err(cannot())? {
            return Ok(Cleaned::default());
        }
        // The newest stays: its number tells the next one.
        let old = "from medallion.publication where published_at < to_timestamp($1::float8) \
                   and number < (select max(number) from medallion.publication)";
        let before = older_than.timestamp_micros() as f64 / 1e6;
        let count: i64 = if dry_run {
            connection.query_one(&format!("select count(*) {old}"), &[&before]).await.map_err(cannot())?.get(0)
        } else {
            connection.execute(&format!("delete {old}"), &[&before]).await.map_err(cannot())? as i64
        };
        Ok(Cleaned { publications: usize::try_from(count).unwrap_or_default(), ..Cleaned::default() })
    }
}

/// Whether anything was ever published to the database.
async fn has_history(connection: &Connection) -> Result<bool, tokio_postgres::Error> {
    let kept = connection.query_one("select to_regclass('medallion.publication') is not null", &[]).await?;
    Ok(kept.get(0))
}

fn no_history() -> WarehouseError {
    WarehouseError::NoSuchPublication(
        "a Postgres database keeps its last publication only; earlier states can be read and brought back in an embedded \
         lake (`type: delta`)"
            .to_string(),
    )
}

/// The error of a statement, in words.
fn failed<'c>(
    connection: &'c Connection,
    action: impl AsRef<str> + 'c,
) -> impl Fn(tokio_postgres::Error) -> WarehouseError + 'c {
    move |error| WarehouseError::from(connection.explain(&error, action.as_ref()))
}
