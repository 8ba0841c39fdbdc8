//! What is in a database: its relations, and what medallion wrote down about those it published.
//!
//! medallion's own notes are in the schema `medallion` of each database it publishes to, written in the transaction that
//! publishes: `relation` has a line for each table and view, `document` the outcomes of nodes and the files taken,
//! `publication` the history.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tokio_postgres::Row;

use super::connect::Connection;
use super::exchange::Former;
use super::failed;
use crate::relation::RelationName;
use crate::warehouse::{Description, RelationKind, WarehouseError};

/// The schema with medallion's own tables.
pub const SCHEMA: &str = "medallion";

/// Makes the tables of [`SCHEMA`], which is there, where they are missing.
pub const CREATE: &str = "
create table if not exists medallion.publication (
    number bigint generated always as identity primary key,
    key uuid not null unique,
    published_at timestamp with time zone not null default clock_timestamp(),
    label jsonb not null,
    relations integer not null,
    rows bigint not null
);
create table if not exists medallion.relation (
    schema_name text not null,
    relation_name text not null,
    content text not null,
    rows bigint,
    relation_oid oid not null,
    file_node oid not null,
    inserted bigint not null,
    updated bigint not null,
    deleted bigint not null,
    view_sql text,
    view_definition text,
    primary key (schema_name, relation_name)
);
create table if not exists medallion.document (
    key text primary key,
    value jsonb not null
);
comment on table medallion.publication is 'medallion keeps this schema: it changes with what is published, in one transaction';
";

/// How often the rows of a table were written since the server began to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
}

/// Counters of all tables, by oid. They do not belong to the state that a transaction sees: read before it begins, they may
/// lack writes that it sees, so that the next run looks again; read later, they would hide writes that it does not see.
pub async fn counters(client: &Connection) -> Result<HashMap<u32, Counters>, WarehouseError> {
    const COUNTERS: &str = "
    select oid, coalesce(pg_stat_get_tuples_inserted(oid), 0), coalesce(pg_stat_get_tuples_updated(oid), 0),
           coalesce(pg_stat_get_tuples_deleted(oid), 0)
    from pg_catalog.pg_class where relkind = 'r' and oid >= 16384";
    let rows =
        client.query(COUNTERS, &[]).await.map_err(failed(client, "cannot read how often tables were written"))?;
    let counters = |row: &Row| Counters { inserted: row.get(1), updated: row.get(2), deleted: row.get(3) };
    Ok(rows.iter().map(|row| (row.get(0), counters(row))).collect())
}

/// A relation on the server.
#[derive(Debug, Clone)]
pub struct Entry {
    pub oid: u32,
    /// `r`, `p`, `v`, `m` or `f`, as `pg_class` has it.
    pub kind: char,
    pub file_node: u32,
    pub counters: Counters,
    /// What medallion wrote down, where that still holds.
    pub recorded: Option<Recorded>,
    /// The content that it wrote down last, whether that still holds or not.
    noted: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Recorded {
    pub content: String,
    pub rows: Option<u64>,
    /// Of a view: as the model has it, before names were translated.
    pub sql: Option<String>,
}

/// Everything at one instant.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub relations: BTreeMap<RelationName, Entry>,
    pub documents: BTreeMap<String, Value>,
    /// The number of the last publication.
    pub publication: Option<String>,
    /// Whether the tables of [`SCHEMA`] are there.
    pub kept: bool,
}

const RELATIONS: &str = "
select n.nspname, c.relname, c.relkind, c.oid, c.relfilenode
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'medallion')";

/// A view counts as ours as long as its definition is what the server made of our SQL.
const RECORDED: &str = "
select schema_name, relation_name, content, rows, relation_oid, file_node, inserted, updated, deleted, view_sql,
       case when view_sql is not null then md5(pg_get_viewdef(c.oid)) is not distinct from view_definition end
from medallion.relation
left join pg_catalog.pg_class c on c.oid = relation_oid and c.relkind = 'v'";

impl Catalog {
    /// Reads it through a connection that is in a transaction, for the database of this name. `counters` are from before.
    pub async fn read(
        client: &Connection,
        database: &str,
        counters: &HashMap<u32, Counters>,
    ) -> Result<Self, WarehouseError> {
        let cannot = || failed(client, format!("cannot read the catalog of database '{database}'"));
        let mut catalog = Catalog::default();
        for row in client.query(RELATIONS, &[]).await.map_err(cannot())? {
            let name = RelationName::new(database, row.get::<_, String>(0), row.get::<_, String>(1));
            catalog.relations.insert(name, entry(&row, counters));
        }
        let kept = client.query_one("select to_regclass('medallion.document') is not null", &[]).await;
        catalog.kept = kept.map_err(cannot())?.get(0);
        if !catalog.kept {
            return Ok(catalog);
        }
        for row in client.query(RECORDED, &[]).await.map_err(cannot())? {
            let name = RelationName::new(database, row.get::<_, String>(0), row.get::<_, String>(1));
            if let Some(entry) = catalog.relations.get_mut(&name) {
                entry.recorded = recorded(entry, &row);
                entry.noted = row.get(2);
            }
        }
        for row in client.query("select key, value::text from medallion.document", &[]).await.map_err(cannot())? {
            let text: String = row.get(1);
            let value = serde_json::from_str(&text).map_err(|error| WarehouseError::Corrupt {
                path: "medallion.document".to_string(),
                message: error.to_string(),
            })?;
            catalog.documents.insert(row.get(0), value);
        }
        let last = client.query_one("select max(number)::text from medallion.publication", &[]).await;
        catalog.publication = last.map_err(cannot())?.get(0);
        Ok(catalog)
    }

    pub fn describe(&self, name: &RelationName) -> Option<Description> {
        self.relations.get(name).map(|entry| entry.describe())
    }
}

impl Entry {
    pub fn former(&self) -> Former {
        Former { oid: self.oid, kind: self.kind }
    }

    fn describe(&self) -> Description {
        match &self.recorded {
            Some(Recorded { content, sql: Some(sql), .. }) => {
                Description { kind: RelationKind::View { sql: sql.clone() }, version: content.clone(), rows: None }
            }
            Some(Recorded { content, rows, sql: None }) => {
                Description { kind: RelationKind::Table, version: content.clone(), rows: *rows }
            }
            None => Description { kind: RelationKind::Table, version: self.foreign_version(), rows: None },
        }
    }

    /// Of what somebody else wrote. What the server keeps no count of may be new each time it is asked for.
    fn foreign_version(&self) -> String {
        let Counters { inserted, updated, deleted } = self.counters;
        match self.kind {
            'r' => {
                // The server's count may lag behind what we published ourselves.
                let noted = self.noted.as_deref().unwrap_or_default();
                format!("{noted}/{}/{}/{inserted}/{updated}/{deleted}", self.oid, self.file_node)
            }
            _ => uuid::Uuid::new_v4().to_string(),
        }
    }
}

fn entry(row: &Row, counters: &HashMap<u32, Counters>) -> Entry {
    let oid: u32 = row.get(3);
    Entry {
        oid,
        kind: char::from(row.get::<_, i8>(2).unsigned_abs()),
        file_node: row.get(4),
        counters: counters.get(&oid).copied().unwrap_or_default(),
        recorded: None,
        noted: None,
    }
}

/// The note about a relation, if nobody changed the relation since it was written.
fn recorded(entry: &Entry, row: &Row) -> Option<Recorded> {
    let sql: Option<String> = row.get(9);
    let same = match &sql {
        Some(_) => entry.kind == 'v' && row.get::<_, Option<bool>>(10) == Some(true),
        None => {
            let counters = Counters { inserted: row.get(6), updated: row.get(7), deleted: row.get(8) };
            entry.kind == 'r' && row.get::<_, u32>(5) == entry.file_node && counters == entry.counters
        }
    };
    if !same || row.get::<_, u32>(4) != entry.oid {
        return None;
    }
    let rows = row.get::<_, Option<i64>>(3).and_then(|rows| u64::try_from(rows).ok());
    Some(Recorded { content: row.get(2), rows, sql })
}
