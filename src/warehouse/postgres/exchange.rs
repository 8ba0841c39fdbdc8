//! One relation takes the place of another that has other columns or is of another kind.
//!
//! Views that read the old one would keep it from going: they are dropped with it and made again, as they were, with
//! their owners, rights and comments. What guards a relation goes over to the one that takes its place: see `guards`.

use std::collections::BTreeMap;

use super::connect::Connection;
use super::extras::IndexSql;
use super::guards::Guards;
use super::rights::Rights;
use super::{extras, failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// What goes: as `pg_class` has it.
#[derive(Debug, Clone, Copy)]
pub struct Former {
    pub oid: u32,
    pub kind: char,
}

impl Former {
    /// What has the name now.
    pub async fn find(connection: &Connection, name: &RelationName) -> Result<Option<Self>, WarehouseError> {
        let find = "select oid, relkind from pg_catalog.pg_class where oid = to_regclass($1)";
        let found = connection.query_opt(find, &[&quote::relation(name)]).await;
        let found = found.map_err(failed(connection, format!("cannot find {name}")))?;
        Ok(found.map(|row| Former { oid: row.get(0), kind: char::from(row.get::<_, i8>(1).unsigned_abs()) }))
    }
}

/// What exchanging relations brought about.
#[derive(Default)]
pub struct Exchanged {
    pub recreated: Vec<Recreated>,
    /// Of views that were dropped and will be made anew.
    pub owed: Vec<Owed>,
}

/// What a view had that was dropped and will be made anew.
pub struct Owed {
    pub name: RelationName,
    /// It is made with them.
    pub options: Option<String>,
    rights: Rights,
    guards: Guards,
}

impl Owed {
    pub async fn restore(&self, connection: &Connection) -> Result<(), WarehouseError> {
        self.rights.restore(connection, &self.name).await?;
        self.guards.restore(connection, &self.name).await
    }
}

impl Exchanged {
    pub fn extend(&mut self, more: Exchanged) {
        self.recreated.extend(more.recreated);
        self.owed.extend(more.owed);
    }
}

/// A view that was dropped and made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recreated {
    pub name: RelationName,
}

/// A view that reads a relation, or reads one that does.
struct Dependent {
    name: RelationName,
    materialized: bool,
    definition: String,
    options: Option<String>,
    rights: Rights,
    indexes: Vec<IndexSql>,
    guards: Guards,
}

/// The deepest last.
const DEPENDENTS: &str = "
with recursive reading as (
    select v.oid, 1 as depth
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
    join pg_catalog.pg_class v on v.oid = r.ev_class
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = $1 and v.oid <> $1
    union
    select v.oid, reading.depth + 1
    from reading
    join pg_catalog.pg_depend d on d.refobjid = reading.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
    join pg_catalog.pg_class v on v.oid = r.ev_class
    where v.oid <> reading.oid
)
select v.oid, n.nspname, v.relname, v.relkind, pg_get_viewdef(v.oid), array_to_string(v.reloptions, ', ')
from (select oid, max(depth) as depth from reading group by oid) as deepest
join pg_catalog.pg_class v using (oid)
join pg_catalog.pg_namespace n on n.oid = v.relnamespace
order by deepest.depth, n.nspname, v.relname";

/// A step to be taken with `Patience`: drops what stands under `name`, lets `make` put something else there, and gives
/// that the rights, comments, indexes and guards of the former. A view in `changed` is not made again: it will be made anew, and
/// is owed its rights and guards.
pub async fn exchange(
    connection: &Connection,
    name: &RelationName,
    former: Former,
    changed: &BTreeMap<RelationName, String>,
    make: impl AsyncFnOnce() -> Result<(), WarehouseError>,
) -> Result<Exchanged, WarehouseError> {
    let dependents = dependents(connection, name, former.oid).await?;
    let rights = Rights::of(connection, former.oid).await?;
    let indexes = extras::indexes_of(connection, former.oid).await?;
    let guards = Guards::of(connection, former.oid, &quote::relation(name)).await?;
    let mut drops: Vec<String> =
        dependents.iter().rev().map(|view| format!("drop {} {}", view.kind(), quote::relation(&view.name))).collect();
    drops.push(format!("drop {} {}", kind(former.kind), quote::relation(name)));
    let action = format!("cannot take the former {name} away");
    connection.batch_execute(&drops.join("; ")).await.map_err(failed(connection, action))?;
    make().await?;
    rights.restore(connection, name).await?;
    extras::restore_indexes(connection, name, &indexes).await?;
    guards.restore(connection, name).await?;
    let mut exchanged = Exchanged::default();
    for view in dependents {
        if changed.contains_key(&view.name) {
            let Dependent { name, options, rights, guards, .. } = view;
            exchanged.owed.push(Owed { name, options, rights, guards });
            continue;
        }
        let options = with_options(view.options.as_deref());
        let create = format!("create {} {}{options} as {}", view.kind(), quote::relation(&view.name), view.definition);
        let action = format!("cannot make the view {} again, which reads {name}", view.name);
        connection.batch_execute(&create).await.map_err(failed(connection, action))?;
        view.rights.restore(connection, &view.name).await?;
        extras::restore_indexes(connection, &view.name, &view.indexes).await?;
        view.guards.restore(connection, &view.name).await?;
        exchanged.recreated.push(Recreated { name: view.name });
    }
    Ok(exchanged)
}

/// Such as `security_barrier`, as a view is made with them.
pub fn with_options(options: Option<&str>) -> String {
    options.map(|options| format!(" with ({options})")).unwrap_or_default()
}

/// SQL's word for a kind of relation, as `pg_class` has it.
pub fn kind(code: char) -> &'static str {
    match code {
        'v' => "view",
        'm' => "materialized view",
        'f' => "foreign table",
        _ => "table",
    }
}

impl Dependent {
    fn kind(&self) -> &'static str {
        if self.materialized { "materialized view" } else { "view" }
    }
}

async fn dependents(connection: &Connection, of: &RelationName, oid: u32) -> Result<Vec<Dependent>, WarehouseError> {
    let rows = connection.query(DEPENDENTS, &[&oid]).await;
    let rows = rows.map_err(failed(connection, format!("cannot find the views that read {of}")))?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let name = RelationName::new(&of.database, row.get::<_, String>(1), row.get::<_, String>(2));
        found.push(Dependent {
            guards: Guards::of(connection, row.get(0), &quote::relation(&name)).await?,
            name,
            materialized: row.get::<_, i8>(3).unsigned_abs() == b'm',
            definition: row.get(4),
            options: row.get(5),
            rights: Rights::of(connection, row.get(0)).await?,
            indexes: extras::indexes_of(connection, row.get(0)).await?,
        });
    }
    Ok(found)
}
