//! Views of the publication, made on the server.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::error::SqlState;

use super::connect::Connection;
use super::exchange::{Exchanged, Former, Owed, Recreated, exchange, with_options};
use super::patience::attempt;
use super::publication::PgPublication;
use super::{failed, link, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// The SQL of all staged views as the server can run it; what they read in other databases is made readable.
pub async fn translate(
    connection: &Connection,
    publication: &PgPublication,
) -> Result<BTreeMap<RelationName, String>, WarehouseError> {
    let staged = publication.changes().views.clone();
    let mut translated = BTreeMap::new();
    for (name, sql) in staged {
        let sql = link::translate(connection, &publication.writer, &sql).await?;
        translated.insert(name, sql);
    }
    Ok(translated)
}

/// Makes the views of a publication, each after those that it reads.
///
/// A view that stays as it was may have to be made again too: the server spells `*` out when it makes a view, and what the
/// view reads may have other columns by now.
pub async fn create(
    connection: &Connection,
    changed: &BTreeMap<RelationName, String>,
    translated: &BTreeMap<RelationName, String>,
    exchanged: &mut Exchanged,
) -> Result<(), WarehouseError> {
    let (left, made) = translated.clone().into_iter().partition(|(name, _)| changed.contains_key(name));
    let mut views = Views { connection, changed, left, made, owed: Vec::new(), exchanged };
    views.return_dropped();
    views.make_all().await?;
    // A view that is made again may be read by others that are to follow it. Each is made again once at most, so that
    // one whose text never settles cannot keep the run.
    let mut renewed = BTreeSet::new();
    while let Some(stale) = views.first_stale(&renewed).await? {
        views.left.extend(views.made.remove_entry(&stale));
        renewed.insert(stale);
        views.make_all().await?;
    }
    for owed in views.owed {
        owed.restore(connection).await?;
    }
    Ok(())
}

/// Views being made.
struct Views<'a> {
    connection: &'a Connection,
    changed: &'a BTreeMap<RelationName, String>,
    /// To be made; their SQL as the server runs it.
    left: BTreeMap<RelationName, String>,
    /// That are there.
    made: BTreeMap<RelationName, String>,
    /// To views that were dropped: they get it once all are made.
    owed: Vec<Owed>,
    exchanged: &'a mut Exchanged,
}

impl Views<'_> {
    async fn make_all(&mut self) -> Result<(), WarehouseError> {
        // A view whose inputs are not there yet fails, and comes after them in the next round.
        while !self.left.is_empty() {
            let mut progress = false;
            let mut first: Option<WarehouseError> = None;
            for (name, sql) in self.left.clone() {
                match self.make(&name, &sql).await {
                    Ok(()) => progress = true,
                    Err(error) if waits_for_another(&error) => drop(first.get_or_insert(error)),
                    Err(error) => return Err(error),
                }
            }
            if let Some(error) = first
                && !progress
            {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn make(&mut self, name: &RelationName, sql: &str) -> Result<(), WarehouseError> {
        let mut others = self.made.clone();
        others.extend(self.left.clone());
        others.remove(name);
        let owed = self.owed.iter().rev().find(|owed| owed.name == *name);
        // A view that is replaced has the options that it is given then, and no others.
        let options = match owed {
            Some(owed) => owed.options.clone(),
            None => options(self.connection, name).await?,
        };
        let body = format!("{}{} as\n{sql}\n", quote::relation(name), with_options(options.as_deref()));
        let more = create_one(self.connection, name, &body, &others).await?;
        self.exchanged.extend(more);
        self.left.remove(name);
        self.made.insert(name.clone(), sql.to_string());
        if !self.changed.contains_key(name) {
            self.exchanged.recreated.push(Recreated { name: name.clone() });
        }
        self.return_dropped();
        Ok(())
    }

    /// Views that went with what they read are to be made again.
    fn return_dropped(&mut self) {
        for owed in self.exchanged.owed.drain(..) {
            self.left.extend(self.made.remove_entry(&owed.name));
            self.owed.push(owed);
        }
    }

    /// A view that is there and would be another one if it were made now.
    async fn first_stale(&self, renewed: &BTreeSet<RelationName>) -> Result<Option<RelationName>, WarehouseError> {
        for (name, sql) in self.made.iter().filter(|(name, _)| !renewed.contains(*name)) {
            let action = format!("cannot see whether the view {name} is up to date");
            let cannot = || failed(self.connection, action.as_str());
            let probe = format!("savepoint medallion_probe; create temporary view medallion_probe as\n{sql}\n");
            self.connection.batch_execute(&probe).await.map_err(cannot())?;
            const DEFINITIONS: &str = "
            select pg_get_viewdef('pg_temp.medallion_probe'::regclass) <> pg_get_viewdef($1::text::regclass)";
            let row = self.connection.query_one(DEFINITIONS, &[&quote::relation(name)]).await.map_err(cannot())?;
            let end = "rollback to medallion_probe; release medallion_probe";
            self.connection.batch_execute(end).await.map_err(cannot())?;
            if row.get(0) {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }
}

/// Whether what the view reads may still come: a table or a column is missing.
fn waits_for_another(error: &WarehouseError) -> bool {
    let missing = [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN];
    has_code(error, &missing)
}

fn has_code(error: &WarehouseError, codes: &[SqlState]) -> bool {
    let WarehouseError::Server(error) = error else { return false };
    error.code.as_deref().is_some_and(|code| codes.iter().any(|known| known.code() == code))
}

async fn create_one(
    connection: &Connection,
    name: &RelationName,
    body: &str,
    others: &BTreeMap<RelationName, String>,
) -> Result<Exchanged, WarehouseError> {
    let action = format!("cannot create the view {name}");
    let made = attempt(connection, &format!("create or replace view {body}"), &action).await;
    let other_shape = [SqlState::INVALID_TABLE_DEFINITION, SqlState::WRONG_OBJECT_TYPE];
    match made {
        Err(error) if has_code(&error, &other_shape) => {
            // Not that of the base: it may have been made again since.
            let Some(former) = Former::find(connection, name).await? else { return Err(error) };
            exchange(connection, name, former, others, async || {
                attempt(connection, &format!("create view {body}"), &action).await
            })
            .await
        }
        made => made.map(|()| Exchanged::default()),
    }
}

/// What makes a view safe to share, such as `security_barrier`, and was switched on by hand.
async fn options(connection: &Connection, name: &RelationName) -> Result<Option<String>, WarehouseError> {
    const OPTIONS: &str = "
    select array_to_string(reloptions, ', ') from pg_catalog.pg_class where oid = to_regclass($1) and relkind = 'v'";
    let found = connection.query_opt(OPTIONS, &[&quote::relation(name)]).await;
    let found = found.map_err(failed(connection, format!("cannot read the options of {name}")))?;
    Ok(found.and_then(|row| row.get(0)))
}
