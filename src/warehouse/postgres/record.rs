//! medallion's notes about what it publishes, in the transaction that publishes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_postgres::types::ToSql;

use super::catalog::Counters;
use super::commit::Work;
use super::connect::Connection;
use super::exchange::Recreated;
use super::publication::PgPublication;
use super::tally::{self, Nulls};
use super::{failed, quote};
use crate::warehouse::{RelationName, WarehouseError};

/// A relation that was written.
pub enum Written {
    Table {
        name: RelationName,
        rows: Option<u64>,
        /// Of its columns.
        nulls: Option<Nulls>,
        /// As the server will count them.
        counters: Counters,
        /// Rows that came and went.
        changed: u64,
        /// Its oid and file, once they are known.
        place: Option<(u32, u32)>,
    },
    View {
        name: RelationName,
        content: String,
        sql: String,
    },
}

const NOTE: &str = "
insert into medallion.relation (schema_name, relation_name, content, rows, relation_oid, file_node, inserted, updated,
                                deleted, view_sql, view_definition)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $10::text is not null then md5(pg_get_viewdef($5::oid)) end)
on conflict (schema_name, relation_name) do update set
    content = excluded.content, rows = excluded.rows, relation_oid = excluded.relation_oid,
    file_node = excluded.file_node, inserted = excluded.inserted, updated = excluded.updated,
    deleted = excluded.deleted, view_sql = excluded.view_sql, view_definition = excluded.view_definition";

/// Views that were dropped and made again are still what they were.
const REFRESH: &str = "
update medallion.relation set relation_oid = $3, view_definition = md5(pg_get_viewdef($3::oid))
where schema_name = $1 and relation_name = $2";

const DOCUMENTS: &str = "
insert into medallion.document (key, value)
select key, value::jsonb from unnest($1::text[], $2::text[]) as given (key, value)
on conflict (key) do update set value = excluded.value";

const PUBLICATION: &str = "
insert into medallion.publication (key, label, relations, rows) values ($1::text::uuid, $2::text::jsonb, $3, $4)
returning number::text";

/// Gives the number of the publication.
pub async fn record(
    connection: &Connection,
    publication: &PgPublication,
    work: &Work,
    written: &mut [Written],
    recreated: &[Recreated],
) -> Result<String, WarehouseError> {
    let cannot = || failed(connection, "cannot write medallion's own tables");
    let content = publication.key.to_string();
    let mut rows_changed = 0;
    for relation in written.iter_mut() {
        let name = match relation {
            Written::Table { name, .. } | Written::View { name, .. } => name.clone(),
        };
        let (oid, file) = place_of(connection, &name).await?;
        let (content, rows, counters, sql) = match relation {
            Written::Table { rows, counters, changed, place, .. } => {
                *place = Some((oid, file));
                rows_changed += *changed;
                (&content, rows.and_then(|rows| i64::try_from(rows).ok()), *counters, None)
            }
            Written::View { content, sql, .. } => (&*content, None, Counters::default(), Some(&*sql)),
        };
        let values: [&(dyn ToSql + Sync); 10] = [
            &name.schema,
            &name.identifier,
            content,
            &rows,
            &oid,
            &file,
            &counters.inserted,
            &counters.updated,
            &counters.deleted,
            &sql,
        ];
        connection.execute(NOTE, &values).await.map_err(cannot())?;
    }
    for Recreated { name } in recreated {
        let (oid, _) = place_of(connection, name).await?;
        connection.execute(REFRESH, &[&name.schema, &name.identifier, &oid]).await.map_err(cannot())?;
    }
    let mut state = work.state.clone();
    state.extend(written.iter_mut().filter_map(|relation| match relation {
        Written::Table { name, nulls, .. } => Some(tally::document(name, &content, nulls.take())),
        Written::View { .. } => None,
    }));
    documents(connection, &state).await?;
    let label = json!(publication.label).to_string();
    let relations = i32::try_from(work.drafts.len() + work.views.len()).unwrap_or(i32::MAX);
    let rows = i64::try_from(rows_changed).unwrap_or(i64::MAX);
    let values: [&(dyn ToSql + Sync); 4] = [&content, &label, &relations, &rows];
    Ok(connection.query_one(PUBLICATION, &values).await.map_err(cannot())?.get(0))
}

async fn place_of(connection: &Connection, name: &RelationName) -> Result<(u32, u32), WarehouseError> {
    let found = connection
        .query_one(
            "select oid, relfilenode from pg_catalog.pg_class where oid = $1::text::regclass",
            &[&quote::relation(name)],
        )
        .await
        .map_err(failed(connection, format!("cannot find {name}")))?;
    Ok((found.get(0), found.get(1)))
}

async fn documents(connection: &Connection, state: &BTreeMap<String, Option<Value>>) -> Result<(), WarehouseError> {
    let cannot = || failed(connection, "cannot write medallion's own tables");
    let kept = state.iter().filter_map(|(key, value)| Some((key.clone(), value.as_ref()?.to_string())));
    let (keys, values): (Vec<String>, Vec<String>) = kept.unzip();
    connection.execute(DOCUMENTS, &[&keys, &values]).await.map_err(cannot())?;
    let gone: Vec<&String> = state.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key).collect();
    if !gone.is_empty() {
        connection.execute("delete from medallion.document where key = any($1)", &[&gone]).await.map_err(cannot())?;
    }
    Ok(())
}
