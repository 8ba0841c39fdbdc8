//! Views of the publication, made on the server.

use std::collections::BTreeMap;

use tokio_postgres::error::SqlState;

use super::connect::Connection;
use super::exchange::{Recreated, exchange};
use super::patience::attempt;
use super::publication::PgPublication;
use super::{link, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// The views' SQL as the server can run it; what they read in other databases is made readable.
pub async fn translate(
    connection: &Connection,
    publication: &PgPublication,
    views: &BTreeMap<RelationName, String>,
) -> Result<BTreeMap<RelationName, String>, WarehouseError> {
    let mut translated = BTreeMap::new();
    for (name, sql) in views {
        translated.insert(name.clone(), link::translate(connection, &publication.writer, sql).await?);
    }
    Ok(translated)
}

/// Makes the views, translated already, each after those that it reads. Gives the views that had to be made again with
/// them.
pub async fn create(
    connection: &Connection,
    publication: &PgPublication,
    views: &BTreeMap<RelationName, String>,
) -> Result<Vec<Recreated>, WarehouseError> {
    let mut recreated = Vec::new();
    let mut left: Vec<(&RelationName, &String)> = views.iter().collect();
    // A view whose inputs are not there yet fails, and comes after them in the next round.
    loop {
        let before = left.len();
        let mut first: Option<WarehouseError> = None;
        let mut deferred = Vec::new();
        for (name, sql) in left {
            match create_one(connection, publication, name, sql, views).await {
                Ok(more) => recreated.extend(more),
                Err(error) if waits_for_another(&error) => {
                    first.get_or_insert(error);
                    deferred.push((name, sql));
                }
                Err(error) => return Err(error),
            }
        }
        match first {
            None => return Ok(recreated),
            Some(error) if deferred.len() == before => return Err(error),
            Some(_) => left = deferred,
        }
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
    publication: &PgPublication,
    name: &RelationName,
    sql: &str,
    views: &BTreeMap<RelationName, String>,
) -> Result<Vec<Recreated>, WarehouseError> {
    let action = format!("cannot create the view {name}");
    let body = format!("{} as\n{sql}\n", quote::relation(name));
    let made = attempt(connection, &format!("create or replace view {body}"), &action).await;
    let other_shape = [SqlState::INVALID_TABLE_DEFINITION, SqlState::WRONG_OBJECT_TYPE];
    match (made, publication.base.entry(name)) {
        (Err(error), Some(entry)) if has_code(&error, &other_shape) => {
            exchange(connection, name, entry.former(), views, async || {
                attempt(connection, &format!("create view {body}"), &action).await
            })
            .await
        }
        (made, _) => made.map(|()| Vec::new()),
    }
}
