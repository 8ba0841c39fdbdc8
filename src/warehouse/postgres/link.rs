//! Views that read another database: through postgres_fdw, with the password in a user mapping and in no view's text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, visit_relations_mut};
use datafusion::sql::sqlparser::parser::Parser;

use super::catalog::SCHEMA;
use super::connect::{Connection, Settings, connect};
use super::exchange::{Former, exchange};
use super::patience::Patience;
use super::writer::Writer;
use super::{columns, failed, quote};
use crate::dialect::Dialect;
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Another database of the project.
#[derive(Clone)]
pub struct Link {
    pub database: String,
    pub settings: Settings,
}

impl Link {
    /// The name of the foreign server that stands for it.
    fn server(&self) -> String {
        format!("medallion_{}", self.database)
    }
}

/// The view's SQL as the server can run it: relations of another database are foreign tables, which are made where they
/// are missing.
pub async fn translate(connection: &Connection, writer: &Writer, sql: &str) -> Result<String, WarehouseError> {
    let unreadable = |error| WarehouseError::Task(format!("a view does not parse: {error}"));
    let mut statements = Parser::parse_sql(&Dialect::default(), sql).map_err(unreadable)?;
    let mut foreign: Vec<RelationName> = Vec::new();
    let _ = visit_relations_mut(&mut statements, |name: &mut ObjectName| {
        if let Some(relation) = three_parts(name)
            && relation.database != writer.settings().database
        {
            let own = foreign_name(&relation);
            *name = ObjectName(
                [SCHEMA, own.as_str()].map(|part| ObjectNamePart::Identifier(Ident::with_quote('"', part))).to_vec(),
            );
            foreign.push(relation);
        }
        ControlFlow::<()>::Continue(())
    });
    if foreign.is_empty() {
        return Ok(sql.to_string());
    }
    foreign.sort();
    foreign.dedup();
    for relation in &foreign {
        let link = writer.links().iter().find(|link| link.database == relation.database).ok_or_else(|| {
            WarehouseError::Unsupported {
                relation: relation.to_string(),
                message: format!(
                    "a view cannot read it: no output of the profile has the database '{}'",
                    relation.database
                ),
            }
        })?;
        ensure(connection, writer, link, relation).await?;
    }
    Ok(statements.first().map(ToString::to_string).unwrap_or_default())
}

fn three_parts(name: &ObjectName) -> Option<RelationName> {
    match name.0.as_slice() {
        [database, schema, table] => {
            let text = |part: &ObjectNamePart| {
                let ident = part.as_ident()?;
                // An unquoted name is folded to lower case.
                Some(if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() })
            };
            Some(RelationName::new(text(database)?, text(schema)?, text(table)?))
        }
        _ => None,
    }
}

/// The name of the foreign table in medallion's own schema.
fn foreign_name(relation: &RelationName) -> String {
    format!("{}.{}.{}", relation.database, relation.schema, relation.identifier)
}

/// Makes what a view needs to read the relation.
async fn ensure(
    connection: &Connection,
    writer: &Writer,
    link: &Link,
    relation: &RelationName,
) -> Result<(), WarehouseError> {
    let action = format!("cannot let views of this database read {relation}");
    let remote = connect(&link.settings).await?;
    let oid = remote
        .query_opt("select oid from pg_catalog.pg_class where oid = to_regclass($1)", &[&quote::relation(relation)])
        .await
        .map_err(failed(&remote, action.as_str()))?;
    let Some(oid) = oid else { return Err(WarehouseError::NoSuchRelation(relation.clone())) };
    let definitions: Vec<String> = columns::of(&remote, relation, oid.get(0))
        .await?
        .iter()
        .map(|column| {
            // Types that the other database made for itself are text here.
            let is_own =
                matches!(column.pg_type, super::wire::PgType::Enum { .. } | super::wire::PgType::Unsupported { .. });
            let sql_type = if is_own { "text".to_string() } else { column.pg_type.sql() };
            format!("{} {sql_type}", quote::identifier(&column.name))
        })
        .collect();
    ensure_server(connection, writer, link, &remote).await?;
    let definition = definitions.join(", ");
    let own = RelationName::new(&writer.settings().database, SCHEMA, foreign_name(relation));
    let known = connection
        .query_opt(
            "select oid, relkind, obj_description(oid, 'pg_class') from pg_catalog.pg_class where oid = to_regclass($1)",
            &[&quote::relation(&own)],
        )
        .await
        .map_err(failed(connection, action.as_str()))?;
    let create = format!(
        "create foreign table {table} ({definition}) server {} options (schema_name {}, table_name {}); \
         comment on foreign table {table} is {}",
        quote::identifier(&link.server()),
        quote::literal(&relation.schema),
        quote::literal(&relation.identifier),
        quote::literal(&definition),
        table = quote::relation(&own),
    );
    let make = async || connection.batch_execute(&create).await.map_err(failed(connection, action.as_str()));
    let Some(known) = known else { return make().await };
    if known.get::<_, Option<&str>>(2) == Some(definition.as_str()) {
        return Ok(());
    }
    let former = Former { oid: known.get(0), kind: char::from(known.get::<_, i8>(1).unsigned_abs()) };
    let mut patience = Patience::new(connection, &action);
    loop {
        patience.begin().await?;
        match exchange(connection, &own, former, &BTreeMap::new(), make).await {
            Ok(_) => return patience.end().await,
            Err(error) => patience.wait_after(error).await?,
        }
    }
}

/// Where the server finds the other database: itself, where both are its own.
async fn address(writer: &Writer, link: &Link, remote: &Connection) -> Result<(String, String), WarehouseError> {
    let other = &link.settings;
    let own = writer.settings();
    if other.host.starts_with('/') || (&other.host, other.port) != (&own.host, own.port) {
        return Ok((other.host.clone(), other.port.to_string()));
    }
    let row = remote
        .query_one("select host(inet_server_addr()), inet_server_port()::text", &[])
        .await
        .map_err(failed(remote, "cannot ask the server for its address"))?;
    let (host, port): (Option<String>, Option<String>) = (row.get(0), row.get(1));
    Ok((host.unwrap_or_else(|| other.host.clone()), port.unwrap_or_else(|| other.port.to_string())))
}

/// Makes the foreign server and the mapping of the role, or brings them up to date.
async fn ensure_server(
    connection: &Connection,
    writer: &Writer,
    link: &Link,
    remote: &Connection,
) -> Result<(), WarehouseError> {
    let (host, port) = address(writer, link, remote).await?;
    let server = quote::identifier(&link.server());
    let options = [("host", host), ("port", port), ("dbname", link.settings.database.clone())];
    let mut mapping = vec![("user", link.settings.user.clone())];
    mapping.extend(link.settings.password.as_ref().map(|password| ("password", password.reveal().to_string())));
    let has = |table: &str, options: &str, condition: &str, wanted: &[(&str, String)]| {
        let wanted: Vec<String> = wanted.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let query =
            format!("select coalesce({options} @> $1::text[], false) from pg_catalog.{table} where {condition}");
        (query, wanted)
    };
    let list = |options: &[(&str, String)], set: &str| {
        let option = |(key, value): &(&str, String)| format!("{set}{key} {}", quote::literal(value));
        options.iter().map(option).collect::<Vec<_>>().join(", ")
    };
    let named = format!("srvname = {}", quote::literal(&link.server()));
    let mapped = format!("{named} and usename = current_user");
    let statements = [
        (has("pg_foreign_server", "srvoptions", &named, &options), {
            let options = |set| list(&options, set);
            let create = format!(
                "create extension if not exists postgres_fdw; create server {server} foreign data wrapper postgres_fdw \
                 options ({}, fetch_size '10000')",
                options("")
            );
            (create, format!("alter server {server} options ({})", options("set ")))
        }),
        (has("pg_user_mappings", "umoptions", &mapped, &mapping), {
            let create =
                format!("create user mapping for current_user server {server} options ({})", list(&mapping, ""));
            let again = format!("drop user mapping for current_user server {server}; {create}");
            (create, again)
        }),
    ];
    let action = format!("cannot let views of this database read the database '{}'", link.database);
    for ((query, wanted), (create, change)) in statements {
        let found = connection.query_opt(&query, &[&wanted]).await.map_err(failed(connection, action.as_str()))?;
        let statement = match found.map(|row| row.get::<_, bool>(0)) {
            Some(true) => continue,
            Some(false) => change,
            None => create,
        };
        connection.batch_execute(&statement).await.map_err(failed(connection, action.as_str()))?;
    }
    Ok(())
}
