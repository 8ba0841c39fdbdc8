//! `on_schema_change`: what happens to an incremental table when the select gives other columns than the table has.
//!
//! | | new column | column that is gone | other type |
//! |---|---|---|---|
//! | `ignore` | left out | error | cast where every value fits, else an error |
//! | `fail` | error | error | error |
//! | `append_new_columns` | added | stays, with the values it has | as `ignore` |
//! | `sync_all_columns` | added | dropped | the column gets it, stored rows are cast |

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::prelude::DataFrame;

use super::{Compiled, Workspace, failed, invalid, postgres_type, quoted};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, OnSchemaChange, Strategy};
use crate::warehouse::{RelationName, StageMode};

/// The rows of the select with the columns that `on_schema_change` lets through, in types that the table takes. The
/// table itself gets its other columns here, where it is to have them.
pub async fn fit(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
    strategy: Strategy,
) -> Result<DataFrame, Diagnostic> {
    let frame = workspace.session.query(&compiled.sql).await.map_err(invalid(compiled))?;
    let given = frame.schema().as_arrow();
    check_key(node, given)?;
    let stored = workspace.relations.scan(relation).await.map_err(failed(compiled))?.schema();
    let comes = workspace.publication.storable(relation, given).map_err(failed(compiled))?;
    let change = SchemaChange::between(&stored, &comes, given);
    if change.is_none() {
        return Ok(frame);
    }
    let fitting = Fitting { workspace, node, relation, compiled, stored: &stored, comes: &comes, change: &change };
    match node.config.on_schema_change {
        OnSchemaChange::Fail => Err(fitting.refused(&format!("{change}, and on_schema_change is 'fail'"))),
        OnSchemaChange::Ignore if !change.gone.is_empty() => Err(fitting.refused(&format!(
            "the table has columns that the select does not give any more: {}",
            change.gone.join(", ")
        ))),
        OnSchemaChange::Ignore => {
            fitting.check_types()?;
            fitting.select(stored.fields().iter().map(|field| field.name().as_str()), "").await
        }
        OnSchemaChange::AppendNewColumns => {
            fitting.check_types()?;
            let kept = if strategy == Strategy::Merge { fitting.kept_values() } else { String::new() };
            fitting.select(comes.fields().iter().map(|field| field.name().as_str()), &kept).await
        }
        OnSchemaChange::SyncAllColumns => {
            fitting.rebuild().await?;
            Ok(frame)
        }
    }
}

/// A key that the select does not give would be null in every row, and meet nothing.
fn check_key(node: &Node, given: &Schema) -> Result<(), Diagnostic> {
    let names: Vec<&str> = given.fields().iter().map(|field| field.name().as_str()).collect();
    match node.config.unique_key.iter().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(Diagnostic::new(format!("{}: the select gives no column '{key}', its unique_key", node.name))
            .at(node.place())
            .known_names(key, "columns", names)),
        None => Ok(()),
    }
}

/// How the columns of a select differ from those of the table.
#[derive(Debug, Default, PartialEq, Eq)]
struct SchemaChange {
    added: Vec<String>,
    gone: Vec<String>,
    retyped: Vec<Retyped>,
    /// Columns of the select that are an untyped NULL: they take the table's type.
    untyped: Vec<String>,
}

/// A column of both, in two types.
#[derive(Debug, PartialEq, Eq)]
struct Retyped {
    name: String,
    stored: DataType,
    comes: DataType,
}

impl SchemaChange {
    /// `given` is the select's schema before its types became storable.
    fn between(stored: &Schema, comes: &Schema, given: &Schema) -> Self {
        let mut change = SchemaChange::default();
        let missing_in = |other: &Schema, field: &Field| other.field_with_name(field.name()).is_err();
        change.gone =
            stored.fields().iter().filter(|field| missing_in(comes, field)).map(|f| f.name().clone()).collect();
        for (field, given) in comes.fields().iter().zip(given.fields()) {
            let Ok(there) = stored.field_with_name(field.name()) else {
                change.added.push(field.name().clone());
                continue;
            };
            if postgres_type(there.data_type()) == postgres_type(field.data_type()) {
                continue;
            }
            if given.data_type() == &DataType::Null {
                change.untyped.push(field.name().clone());
                continue;
            }
            let (stored, comes) = (there.data_type().clone(), field.data_type().clone());
            change.retyped.push(Retyped { name: field.name().clone(), stored, comes });
        }
        change
    }

    fn is_none(&self) -> bool {
        *self == SchemaChange::default()
    }
}

impl std::fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let listed = |names: &[String]| if names.is_empty() { "none".to_string() } else { names.join(", ") };
        let retyped: Vec<String> = self
            .retyped
            .iter()
            .map(|c| format!("{} from {} to {}", c.name, postgres_type(&c.stored), postgres_type(&c.comes)))
            .collect();
        write!(
            f,
            "the columns changed (new: {}; gone: {}; other type: {})",
            listed(&self.added),
            listed(&self.gone),
            listed(&retyped)
        )
    }
}

/// A change on its way into the table.
struct Fitting<'a> {
    workspace: &'a Workspace,
    node: &'a Node,
    relation: &'a RelationName,
    compiled: &'a Compiled,
    stored: &'a SchemaRef,
    comes: &'a SchemaRef,
    change: &'a SchemaChange,
}

impl Fitting<'_> {
    fn refused(&self, what: &str) -> Diagnostic {
        Diagnostic::new(format!("{}: {what}", self.node.name)).at(self.node.place()).hint(
            "run once with --full-refresh to build the table anew, or set on_schema_change to append_new_columns or \
             sync_all_columns",
        )
    }

    /// A value that would be cut or rounded on its way into the table is an error before any is written.
    fn check_types(&self) -> Result<(), Diagnostic> {
        let Some(column) = self.change.retyped.iter().find(|column| !holds(&column.stored, &column.comes)) else {
            return Ok(());
        };
        let (stored, comes) = (postgres_type(&column.stored), postgres_type(&column.comes));
        let (name, relation) = (&column.name, self.relation);
        Err(Diagnostic::new(format!(
            "{}: column '{name}' is {stored} in {relation} and {comes} in the select, and not every {comes} is a {stored}",
            self.node.name
        ))
        .at(self.node.place())
        .hint(format!(
            "cast it to {stored} in the select, run once with --full-refresh to build the table anew, or set \
             on_schema_change to sync_all_columns to change the column's type"
        )))
    }

    /// The select's rows with these of its columns, cast to the table's types, and with `more` columns.
    async fn select<'c>(&self, names: impl Iterator<Item = &'c str>, more: &str) -> Result<DataFrame, Diagnostic> {
        let columns: Vec<String> = names
            .map(|name| {
                let cast = self.change.untyped.iter().any(|untyped| untyped == name)
                    || self.change.retyped.iter().any(|column| column.name == name);
                let column = quoted(name);
                match self.stored.field_with_name(name) {
                    Ok(field) if cast => {
                        format!("cast(new_rows.{column} as {}) as {column}", postgres_type(field.data_type()))
                    }
                    _ => format!("new_rows.{column}"),
                }
            })
            .collect();
        let sql = format!("select {} from (\n{}\n) as new_rows", columns.join(", "), self.compiled.sql);
        let sql = if more.is_empty() {
            sql
        } else {
            format!("select new_rows.*{more} from (\n{sql}\n) as new_rows{}", self.stored_rows())
        };
        self.workspace.session.query(&sql).await.map_err(invalid(self.compiled))
    }

    /// A merge replaces whole rows: of a column that the select lost, a row that is replaced keeps the value.
    fn kept_values(&self) -> String {
        self.change.gone.iter().map(|name| format!(", stored_rows.{}", quoted(name))).collect()
    }

    fn stored_rows(&self) -> String {
        let keys = self.node.config.unique_key.iter().map(quoted);
        let met: Vec<String> = keys.map(|key| format!("new_rows.{key} = stored_rows.{key}")).collect();
        format!(" left join {} as stored_rows on {}", self.relation.quoted(), met.join(" and "))
    }

    /// Stages the table with the select's columns: dropped ones go, stored values become those of the new types.
    async fn rebuild(&self) -> Result<(), Diagnostic> {
        if self.change.gone.is_empty() && self.change.retyped.is_empty() {
            // A new column needs no new files: it is null where they lack it.
            return Ok(());
        }
        let stays = self.stored.fields().iter().filter_map(|field| {
            let column = quoted(field.name());
            let comes = self.comes.field_with_name(field.name()).ok()?;
            let retyped = self.change.retyped.iter().any(|column| column.name == *field.name());
            let to = postgres_type(comes.data_type());
            Some(if retyped { format!("cast({column} as {to}) as {column}") } else { column })
        });
        let added = self.change.added.iter().filter_map(|name| {
            let comes = self.comes.field_with_name(name).ok()?;
            Some(format!("cast(null as {}) as {}", postgres_type(comes.data_type()), quoted(name)))
        });
        let columns: Vec<String> = stays.chain(added).collect();
        let sql = format!("select {} from {}", columns.join(", "), self.relation.quoted());
        let session = &self.workspace.session;
        let failed = |error: String| {
            Diagnostic::new(format!("{}: the stored rows cannot take the select's types: {error}", self.node.name))
                .at(self.node.place())
                .hint("run once with --full-refresh to build the table anew, or cast the column in the select")
        };
        let streams = async { session.partitions(session.query(&sql).await?).await };
        let streams = streams.await.map_err(|error| failed(error.strip_backtrace()))?;
        let mode = StageMode::Replace { unique_key: Vec::new() };
        let staged = self.workspace.publication.stage(self.relation, streams, mode).await;
        staged.map(|_| ()).map_err(|error| failed(error.to_string()))
    }
}

/// Whether every value of `from` is one of `to`, so that nothing is lost on the way.
fn holds(to: &DataType, from: &DataType) -> bool {
    use DataType::{
        Boolean, Date32, Decimal128, Decimal256, Float32, Float64, Int8, Int16, Int32, Int64, List, Timestamp, Utf8View,
    };
    let whole_digits = |data_type: &DataType| match data_type {
        Int8 | Int16 => Some(5),
        Int32 => Some(10),
        Int64 => Some(19),
        _ => None,
    };
    match (from, to) {
        (Int8, Int16 | Int32 | Int64) | (Int16, Int32 | Int64) | (Int32, Int64) => true,
        (Int8 | Int16, Float32 | Float64) | (Int32 | Float32, Float64) => true,
        (
            Decimal128(precision, scale) | Decimal256(precision, scale),
            Decimal128(to_precision, to_scale) | Decimal256(to_precision, to_scale),
        ) => {
            let whole = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            to_scale >= scale && whole(*to_precision, *to_scale) >= whole(*precision, *scale)
        }
        (from, Decimal128(precision, scale) | Decimal256(precision, scale)) => {
            whole_digits(from).is_some_and(|digits| i16::from(*precision) - i16::from(*scale) >= digits)
        }
        // The session's time zone is UTC: a timestamp with one and a timestamp without one tell the same instants.
        (Date32 | Timestamp(_, _), Timestamp(_, _)) => true,
        (
            Boolean
            | Int8
            | Int16
            | Int32
            | Int64
            | Float32
            | Float64
            | Decimal128(_, _)
            | Decimal256(_, _)
            | Date32
            | Timestamp(_, _),
            Utf8View,
        ) => true,
        (List(from), List(to)) => from.data_type() == to.data_type() || holds(to.data_type(), from.data_type()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::TimeUnit;
    use medallion_udfs::ANY_NUMERIC;

    #[test]
    fn a_type_holds_another_only_when_nothing_is_lost() {
        let timestamp = DataType::Timestamp(TimeUnit::Microsecond, None);
        let wider = [
            (DataType::Int32, DataType::Int64),
            (DataType::Int32, DataType::Float64),
            (DataType::Int64, DataType::Decimal128(19, 0)),
            (DataType::Decimal128(10, 2), DataType::Decimal128(12, 4)),
            (DataType::Decimal128(38, 20), ANY_NUMERIC),
            (DataType::Int64, ANY_NUMERIC),
            (DataType::Date32, timestamp.clone()),
            (DataType::Float64, DataType::Utf8View),
        ];
        for (from, to) in wider {
            assert!(holds(&to, &from), "{from} → {to}");
            assert!(!holds(&from, &to), "{to} → {from}");
        }
        let lossy = [
            (DataType::Int64, DataType::Float64),
            (DataType::Int64, DataType::Decimal128(19, 2)),
            (DataType::Decimal128(10, 2), DataType::Decimal128(11, 4)),
            (DataType::Float64, DataType::Decimal128(38, 10)),
            (DataType::Utf8View, timestamp),
        ];
        for (from, to) in lossy {
            assert!(!holds(&to, &from), "{from} → {to}");
        }
    }

    #[test]
    fn an_untyped_null_takes_the_type_of_the_table() {
        let schema = |fields: &[(&str, DataType)]| {
            Schema::new(fields.iter().map(|(name, t)| Field::new(*name, t.clone(), true)).collect::<Vec<_>>())
        };
        let stored = schema(&[("a", DataType::Int32), ("b", DataType::Int32)]);
        let comes = schema(&[("a", DataType::Utf8View), ("c", DataType::Utf8View)]);
        let given = schema(&[("a", DataType::Null), ("c", DataType::Utf8)]);
        let change = SchemaChange::between(&stored, &comes, &given);
        assert_eq!(change.untyped, ["a"]);
        assert_eq!((change.added, change.gone, change.retyped), (vec!["c".to_string()], vec!["b".to_string()], vec![]));
    }
}
