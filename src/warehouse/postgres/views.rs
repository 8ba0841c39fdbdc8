//! Views of the publication, made on the server.

use std::collections::BTreeMap;

use tokio_postgres::error::SqlState;

use super::connect::Connection;
use super::exchange::{Exchanged, exchange, patiently};
use super::publication::PgPublication;
use super::{link, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Makes the views, each after those that it reads.
pub async fn create(
    connection: &Connection,
    publication: &PgPublication,
    views: &BTreeMap<RelationName, String>,
    exchanged: &mut Exchanged,
) -> Result<(), WarehouseError> {
    let mut left = BTreeMap::new();
    for (name, sql) in views {
        left.insert(name.clone(), link::translate(connection, &publication.writer, sql).await?);
    }
    // A view whose inputs are not there yet fails, and comes after them in the next round.
    while !left.is_empty() {
        let before = left.len();
        let mut first: Option<WarehouseError> = None;
        for (name, sql) in left.clone() {
            // What reads it and was made before it is made again; what is left to make is not.
            left.remove(&name);
            match create_one(connection, publication, &name, &sql, &left).await {
                Ok(more) => exchanged.extend(more),
                Err(error) if waits_for_another(&error) => {
                    first.get_or_insert(error);
                    left.insert(name, sql);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = first
            && left.len() == before
        {
            return Err(error);
        }
    }
    for (name, rights) in std::mem::take(&mut exchanged.owed) {
        rights.restore(connection, &name).await?;
    }
    Ok(())
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
    left: &BTreeMap<RelationName, String>,
) -> Result<Exchanged, WarehouseError> {
    let action = format!("cannot create the view {name}");
    let body = format!("{} as\n{sql}\n", quote::relation(name));
    let made = patiently(connection, &format!("create or replace view {body}"), &action).await;
    let other_shape = [SqlState::INVALID_TABLE_DEFINITION, SqlState::WRONG_OBJECT_TYPE];
    match (made, publication.base.entry(name)) {
        (Err(error), Some(entry)) if has_code(&error, &other_shape) => {
            exchange(connection, name, entry.former(), left, async || {
                patiently(connection, &format!("create view {body}"), &action).await
            })
            .await
        }
        (made, _) => made.map(|()| Exchanged::default()),
    }
}
