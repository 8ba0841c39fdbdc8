//! What a relation has beside its rows: indexes, comments, grants.

use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use super::apply::table_of;
use super::connect::{Connection, ErrorKind};
use super::draft::Draft;
use super::patience::attempt;
use super::wire::PgColumn;
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::{Index, RelationSettings, WarehouseError};

/// Makes the indexes that a staged table of these columns is to have and has not. Those of a new table are made before it takes its name.
pub async fn index(
    connection: &Connection,
    name: &RelationName,
    draft: &Draft,
    has: &[PgColumn],
    wanted: &[Index],
) -> Result<(), WarehouseError> {
    let table = table_of(name, draft);
    if wanted.is_empty() {
        return Ok(());
    }
    let known = columns_of_indexes(connection, &table).await?;
    for index in wanted {
        let there = |column: &String| has.iter().any(|known| known.name == *column);
        if index.optional && !index.columns.iter().all(there) {
            continue;
        }
        if known.iter().any(|(columns, unique, method)| is_same(index, columns, *unique, method)) {
            continue;
        }
        create(connection, name, &table, index).await?;
    }
    Ok(())
}

fn is_same(wanted: &Index, columns: &[String], unique: bool, method: &str) -> bool {
    // Where the rows did not allow a unique index, a plain one stands for it.
    let _ = unique;
    wanted.columns == columns && wanted.method.as_deref().unwrap_or("btree") == method
}

/// Of each index its columns, whether it is unique, and its method.
const INDEXES: &str = "
select array_agg(a.attname::text order by k.place), i.indisunique, m.amname::text
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = c.relam
cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indrelid = $1::text::regclass and i.indisvalid and i.indpred is null
group by i.indexrelid, i.indisunique, m.amname";

pub async fn columns_of_indexes(
    connection: &Connection,
    table: &str,
) -> Result<Vec<(Vec<String>, bool, String)>, WarehouseError> {
    let rows = connection.query(INDEXES, &[&table]).await;
    let rows = rows.map_err(failed(connection, format!("cannot read the indexes of {table}")))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

async fn create(
    connection: &Connection,
    name: &RelationName,
    table: &str,
    index: &Index,
) -> Result<(), WarehouseError> {
    let method = index.method.as_ref().map(|method| format!(" using {}", quote::identifier(method)));
    let columns = quote::identifiers(index.columns.iter().map(String::as_str));
    let on = format!("index on {table}{} ({columns})", method.unwrap_or_default());
    let action = format!("cannot make an index on {name} ({columns})");
    if !index.unique {
        return connection.batch_execute(&format!("create {on}")).await.map_err(failed(connection, action));
    }
    let guarded = format!("savepoint medallion_index; create unique {on}; release medallion_index");
    let Err(error) = connection.batch_execute(&guarded).await else { return Ok(()) };
    if error.code() != Some(&SqlState::UNIQUE_VIOLATION) {
        return Err(failed(connection, action)(error));
    }
    // The `unique` test is what speaks about such rows; the merges find their rows by a plain index too.
    connection.tell(&format!("{name} has several rows of one key ({columns}), so that its index is not unique"));
    let plain = format!("rollback to medallion_index; create {on}");
    connection.batch_execute(&plain).await.map_err(failed(connection, action))
}

/// An index, as it would be made on another relation.
#[derive(Debug, Clone)]
pub struct IndexSql {
    name: String,
    unique: bool,
    /// What follows the relation's name.
    definition: String,
}

impl IndexSql {
    fn is_like(&self, other: &Self) -> bool {
        (self.unique, &self.definition) == (other.unique, &other.definition)
    }
}

/// Indexes of a relation.
pub async fn indexes_of(connection: &Connection, oid: u32) -> Result<Vec<IndexSql>, WarehouseError> {
    const DEFINITIONS: &str = "
    select c.relname, i.indisunique, substring(pg_get_indexdef(i.indexrelid) from ' USING .*$')
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = $1";
    let rows = connection.query(DEFINITIONS, &[&oid]).await;
    let rows = rows.map_err(failed(connection, "cannot read the indexes of a table"))?;
    let index = |row: &Row| IndexSql { name: row.get(0), unique: row.get(1), definition: row.get(2) };
    Ok(rows.iter().map(index).collect())
}

/// Makes the indexes of a relation on the new table that will take its place: before it does, since that may take long.
pub async fn copy_indexes(
    connection: &Connection,
    former: u32,
    name: &RelationName,
    draft: &Draft,
) -> Result<(), WarehouseError> {
    let indexes = indexes_of(connection, former).await?;
    make_again(connection, name, &table_of(name, draft), &indexes, |_| String::new()).await
}

/// Gives the relation that has the name now these indexes, and their names.
pub async fn restore_indexes(
    connection: &Connection,
    name: &RelationName,
    indexes: &[IndexSql],
) -> Result<(), WarehouseError> {
    let named = |index: &IndexSql| quote::identifier(&index.name);
    make_again(connection, name, &quote::relation(name), indexes, named).await
}

/// Makes the indexes that the table has not, and names those that it has. What cannot be is left out, and said.
async fn make_again(
    connection: &Connection,
    name: &RelationName,
    table: &str,
    indexes: &[IndexSql],
    named: impl Fn(&IndexSql) -> String,
) -> Result<(), WarehouseError> {
    if indexes.is_empty() {
        return Ok(());
    }
    let action = format!("cannot make an index of the former {name} again");
    let can_have = "select oid from pg_catalog.pg_class where oid = $1::text::regclass and relkind in ('r', 'm')";
    let found = connection.query_opt(can_have, &[&table]).await.map_err(failed(connection, action.as_str()))?;
    let Some(row) = found else { return Ok(()) };
    let has = indexes_of(connection, row.get(0)).await?;
    for index in indexes {
        let as_named = named(index);
        let sql = match has.iter().find(|known| known.is_like(index)) {
            Some(known) if as_named.is_empty() || known.name == index.name => continue,
            Some(known) => {
                let schema = quote::identifier(&name.schema);
                format!("alter index {schema}.{} rename to {as_named}", quote::identifier(&known.name))
            }
            None => {
                let unique = if index.unique { "unique " } else { "" };
                format!("create {unique}index {as_named} on {table}{}", index.definition)
            }
        };
        match attempt(connection, &sql, &action).await {
            Err(WarehouseError::Server(told)) if told.kind != ErrorKind::Lost => connection.tell(&told.message),
            other => other?,
        }
    }
    Ok(())
}

/// Names the indexes of a table after the name that it has now.
pub async fn rename_indexes(connection: &Connection, name: &RelationName) -> Result<(), WarehouseError> {
    const RENAMES: &str = "
    select format('alter index %I.%I rename to %I', n.nspname, c.relname, left($2::text || '_' || i.names, 55) || '_idx')
    from (select i.indexrelid, string_agg(a.attname::text, '_' order by k.place) as names
          from pg_catalog.pg_index i
          cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
          join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
          where i.indrelid = $1::text::regclass group by i.indexrelid) as i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relname like 'medallion\\_%'";
    let action = format!("cannot name the indexes of {name}");
    let rows = connection.query(RENAMES, &[&quote::relation(name), &name.identifier]).await;
    for row in rows.map_err(failed(connection, action.as_str()))? {
        let rename: String = row.get(0);
        let guarded = format!("savepoint medallion_index; {rename}; release medallion_index");
        if connection.batch_execute(&guarded).await.is_err() {
            // Another index has that name: this one keeps its own.
            let back = connection.batch_execute("rollback to medallion_index").await;
            back.map_err(failed(connection, action.as_str()))?;
        }
    }
    Ok(())
}

/// Comments and grants, as the model's configuration asks for them.
pub async fn describe(
    connection: &Connection,
    name: &RelationName,
    is_view: bool,
    settings: &RelationSettings,
) -> Result<(), WarehouseError> {
    let relation = quote::relation(name);
    let mut statements = Vec::new();
    if let Some(comment) = &settings.comment {
        let kind = if is_view { "view" } else { "table" };
        statements.push(format!("comment on {kind} {relation} is {}", quote::literal(comment)));
    }
    let columns = if settings.column_comments.is_empty() { Vec::new() } else { columns_of(connection, name).await? };
    // A column that is documented and not there is left out, as dbt does.
    for (column, comment) in settings.column_comments.iter().filter(|(column, _)| columns.contains(column)) {
        let column = quote::identifier(column);
        statements.push(format!("comment on column {relation}.{column} is {}", quote::literal(comment)));
    }
    for (privilege, grantees) in &settings.grants {
        // dbt's meaning: whoever is not named has the right no more.
        for other in others_with(connection, name, privilege, grantees).await? {
            statements.push(format!("revoke {privilege} on table {relation} from {}", quote::identifier(&other)));
        }
        for grantee in grantees {
            statements.push(format!("grant {privilege} on table {relation} to {}", quote::identifier(grantee)));
        }
    }
    if statements.is_empty() {
        return Ok(());
    }
    let action = format!("cannot give {name} its comments and grants");
    connection.batch_execute(&statements.join("; ")).await.map_err(failed(connection, action))
}

async fn columns_of(connection: &Connection, name: &RelationName) -> Result<Vec<String>, WarehouseError> {
    const COLUMNS: &str = "
    select attname::text from pg_catalog.pg_attribute
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped";
    let rows = connection.query(COLUMNS, &[&quote::relation(name)]).await;
    let rows = rows.map_err(failed(connection, format!("cannot read the columns of {name}")))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn others_with(
    connection: &Connection,
    name: &RelationName,
    privilege: &str,
    grantees: &[String],
) -> Result<Vec<String>, WarehouseError> {
    const HOLDERS: &str = "
    select pg_get_userbyid(a.grantee)::text from pg_catalog.pg_class c, aclexplode(c.relacl) a
    where c.oid = $1::text::regclass and a.grantee <> c.relowner and a.grantee <> 0
      and lower(a.privilege_type) = lower($2) and pg_get_userbyid(a.grantee) <> all ($3)";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&quote::relation(name), &privilege, &grantees];
    let rows = connection.query(HOLDERS, &values).await;
    Ok(rows
        .map_err(failed(connection, format!("cannot read the grants of {name}")))?
        .iter()
        .map(|row| row.get(0))
        .collect())
}
