//! Which columns staged rows become on the server.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::wire::{PgColumn, arrow_field, pg_type};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;
pub use crate::warehouse::types::conform;

/// Columns of the server, and the rows that go into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub columns: Vec<PgColumn>,
    pub schema: SchemaRef,
}

/// PostgreSQL cuts longer names, so that two of them may become one.
pub const LONGEST_NAME: usize = 63;

fn check_length(relation: &RelationName, kind: &str, name: &str) -> Result<(), WarehouseError> {
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let message = format!(
        "the {kind} name '{name}' is longer than the {LONGEST_NAME} bytes that a name may have in PostgreSQL; give it a \
         shorter one"
    );
    Err(WarehouseError::Unsupported { relation: relation.to_string(), message })
}

/// Whether the server takes the relation's name as it is.
pub fn check_name(name: &RelationName) -> Result<(), WarehouseError> {
    check_length(name, "schema's", &name.schema)?;
    if name.schema == super::catalog::SCHEMA {
        let message = format!("the schema '{}' holds medallion's own notes; set another one", name.schema);
        return Err(WarehouseError::Unsupported { relation: name.to_string(), message });
    }
    check_length(name, "relation's", &name.identifier)
}

impl Columns {
    /// For rows of `schema`. A column that the table has already keeps its type; the rows are cast to it.
    pub fn of(name: &RelationName, schema: &Schema, table: &[PgColumn]) -> Result<Self, WarehouseError> {
        let wrong = |message: String| WarehouseError::Unsupported { relation: name.to_string(), message };
        let mut columns: Vec<PgColumn> = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            check_length(name, "column's", field.name())?;
            if columns.iter().any(|earlier| earlier.name == *field.name()) {
                let message =
                    format!("has two columns named '{}'; give one of them another name with `as`", field.name());
                return Err(wrong(message));
            }
            let known = table.iter().find(|column| column.name == *field.name());
            columns.push(match known {
                Some(column) => column.clone(),
                None => PgColumn {
                    name: field.name().clone(),
                    pg_type: pg_type(&signed(field)).map_err(|error| error.of(name))?,
                },
            });
        }
        let fields: Result<Vec<Field>, WarehouseError> =
            columns.iter().map(|column| arrow_field(column).map_err(|error| error.of(name))).collect();
        Ok(Columns { columns, schema: Arc::new(Schema::new(fields?)) })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// `"id" bigint, "name" text`
    pub fn definition(&self) -> String {
        let define = |column: &PgColumn| format!("{} {}", super::quote::identifier(&column.name), column.pg_type.sql());
        self.columns.iter().map(define).collect::<Vec<_>>().join(", ")
    }

    /// Places of columns by name.
    pub fn indices(&self, names: &[String]) -> Result<Vec<usize>, WarehouseError> {
        names.iter().map(|name| Ok(self.schema.index_of(name)?)).collect()
    }
}

/// What counts rows is a bigint in Postgres, which has no unsigned numbers.
fn signed(field: &Field) -> Field {
    match field.data_type() {
        DataType::UInt32 | DataType::UInt64 => field.clone().with_data_type(DataType::Int64),
        _ => field.clone(),
    }
}
