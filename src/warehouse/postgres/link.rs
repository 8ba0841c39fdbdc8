//! Views that read another database: through postgres_fdw, with the password in a user mapping and in no view's text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, visit_relations_mut};
use datafusion::sql::sqlparser::parser::Parser;
use xxhash_rust::xxh3::xxh3_64;

use super::catalog::SCHEMA;
use super::connect::{Connection, Settings, connect};
use super::exchange::{Former, exchange};
use super::patience::Patience;
use super::rows::LONGEST_NAME;
use super::writer::Writer;
use super::{columns, failed, foreign_server, quote};
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
    pub fn server(&self) -> String {
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

/// The name of the foreign table in medallion's own schema. The server would cut a long one, and two of them be the same.
fn foreign_name(relation: &RelationName) -> String {
    let name = format!("{}.{}.{}", relation.database, relation.schema, relation.identifier);
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = format!("~{:016x}", xxh3_64(name.as_bytes()));
    let kept = name.floor_char_boundary(LONGEST_NAME - hash.len());
    format!("{}{hash}", &name[..kept])
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
    foreign_server::ensure(connection, writer, link, &remote).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_different() {
        let name = |table: &str| foreign_name(&RelationName::new("lake", "raw_source_schema", table));
        assert_eq!(name("orders"), "lake.raw_source_schema.orders");
        let (a, b) = (name(&format!("{}a", "ä".repeat(30))), name(&format!("{}b", "ä".repeat(30))));
        assert_ne!(a, b);
        assert!(a.len() <= LONGEST_NAME && b.len() <= LONGEST_NAME, "{a} {b}");
    }
}
