//! `adapter` and `api`.

use std::any::Any;

use super::column::{Column, columns_value};
use super::package::member;
use super::reference::relation_value;
use super::relation::{self, RelationObject, quote};
use super::run::Run;
use crate::jinja::args::{Args, owned_text, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::{Function, Native};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value, iterate};

/// The functions of dbt that macros call without `adapter.`.
pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("get_columns_in_relation", |interp, args| columns_in_relation(interp, args)),
    ("load_relation", |interp, args| load_relation(interp, "load_relation", args)),
    ("load_cached_relation", |interp, args| load_relation(interp, "load_cached_relation", args)),
];

pub(super) fn value() -> Value {
    Value::object(Adapter)
}

pub(super) fn api() -> Value {
    Value::dict([("Relation", Value::object(RelationClass)), ("Column", Value::object(ColumnClass))])
}

struct Adapter;

const METHODS: [&str; 11] = [
    "dispatch",
    "type",
    "quote",
    "quote_as_configured",
    "get_relation",
    "get_columns_in_relation",
    "get_missing_columns",
    "check_schema_exists",
    "verify_database",
    "expand_target_column_types",
    "should_identifier_be_quoted",
];

impl Object for Adapter {
    fn type_name(&self) -> &'static str {
        "adapter"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute_names(&self) -> Vec<String> {
        METHODS.map(String::from).to_vec()
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        Some(match name {
            "dispatch" => dispatch(interp, args),
            "type" => args.none(name).map(|()| Value::from(adapter_type(interp.run))),
            "quote" | "quote_as_configured" => args
                .bind(name, ["identifier", "quote_key"], 1)
                .map(|[identifier, _]| Value::from(quote(&identifier.unwrap_or(Value::None).to_string()))),
            "get_relation" => get_relation(interp, args),
            "get_columns_in_relation" => columns_in_relation(interp, args),
            "get_missing_columns" => missing_columns(interp, args),
            "check_schema_exists" | "should_identifier_be_quoted" => Ok(Value::Bool(true)),
            "verify_database" | "expand_target_column_types" => Ok(Value::from("")),
            _ => Err(Fault::hinted(
                format!("adapter.{name}() is not available"),
                format!("relations are made and dropped by materializations; there are: {}", METHODS.join(", ")),
            )),
        })
    }
}

/// The type of the target; templates see it as `adapter.type()` too.
fn adapter_type(run: &Run<'_>) -> String {
    let kind = run.scope.target.values.get("type").and_then(serde_json::Value::as_str);
    kind.unwrap_or("postgres").to_string()
}

/// The macro for this kind of warehouse. SQL is Postgres's everywhere, so a `postgres__` macro fits every target.
fn dispatch(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [name, namespace, _] = args.bind("adapter.dispatch", ["macro_name", "macro_namespace", "packages"], 1)?;
    let name = text("adapter.dispatch", "macro_name", name)?.unwrap_or_default();
    let namespace = text("adapter.dispatch", "macro_namespace", namespace)?;
    if name.contains('.') {
        let hint = format!("write adapter.dispatch('{}', '…')", name.rsplit('.').next().unwrap_or_default());
        return Err(Fault::hinted(format!("the macro name '{name}' must not contain a package"), hint));
    }
    let run = interp.run;
    let adapter = adapter_type(run);
    let mut prefixes = vec![adapter.as_str(), "postgres", "default"];
    prefixes.dedup();
    let mut searched = Vec::new();
    for package in dispatch_packages(run, namespace.as_deref()) {
        for prefix in &prefixes {
            let full_name = format!("{prefix}__{name}");
            let found = match &package {
                Some(package) => member(interp, package, &full_name),
                None => run.global(&full_name, &interp.source().package),
            };
            if let Some(found) = found {
                return Ok(found);
            }
            searched.push(package.as_ref().map_or(full_name.clone(), |package| format!("{package}.{full_name}")));
        }
    }
    let within = namespace.map_or(String::new(), |namespace| format!(" within the namespace '{namespace}'"));
    Err(Fault::hinted(
        format!("no macro named '{name}' to dispatch to{within}"),
        format!("searched for: {}", searched.join(", ")),
    ))
}

/// Where a dispatch looks: as configured, or the root project and then the namespace.
fn dispatch_packages(run: &Run<'_>, namespace: Option<&str>) -> Vec<Option<String>> {
    let Some(namespace) = namespace else { return vec![None] };
    let configured = run.scope.dispatch.iter().find(|(known, _)| known == namespace);
    let packages = match configured {
        Some((_, packages)) => packages.clone(),
        None => vec![run.jinja.registry().root().to_string(), namespace.to_string()],
    };
    packages.into_iter().map(Some).collect()
}

pub(super) fn relation_of<'v>(function: &str, value: &'v Value) -> Outcome<&'v RelationObject> {
    match (value.downcast(), value) {
        (Some(relation), _) => Ok(relation),
        (None, Value::Undefined(missing)) => Err(missing.fault()),
        _ => Err(Fault::hinted(
            format!("{function}() needs a relation, not a {}", value.type_name()),
            "ref(), source() and api.Relation.create() give relations",
        )),
    }
}

fn columns_in_relation(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [relation] = args.bind("get_columns_in_relation", ["relation"], 1)?;
    let relation = relation.unwrap_or(Value::None);
    let Some(host) = interp.run.running_host() else { return Ok(Value::list(Vec::new())) };
    let relation = relation_of("get_columns_in_relation", &relation)?;
    host.columns_in_relation(&relation.relation).map(columns_value).map_err(Fault::new)
}

/// The columns of the first relation that the second does not have.
fn missing_columns(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [from, to] = args.bind("get_missing_columns", ["from_relation", "to_relation"], 2)?;
    let mut columns = |relation: Option<Value>| -> Outcome<Vec<Value>> {
        iterate(&columns_in_relation(interp, Args::new(vec![relation.unwrap_or(Value::None)]))?)
    };
    let (from, to) = (columns(from)?, columns(to)?);
    let name = |column: &Value| column.downcast::<Column>().map(|column| column.name.clone());
    let known: Vec<Option<String>> = to.iter().map(name).collect();
    Ok(Value::list(from.into_iter().filter(|column| !known.contains(&name(column))).collect()))
}

fn get_relation(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [database, schema, identifier] = args.bind("get_relation", ["database", "schema", "identifier"], 0)?;
    let part = |name: &str, value| owned_text("get_relation", name, value);
    let (database, schema) = (part("database", database)?, part("schema", schema)?);
    let identifier = part("identifier", identifier)?;
    let identifier = identifier.ok_or_else(|| Fault::new("get_relation() needs the argument 'identifier'"))?;
    Ok(find_relation(interp.run, database.as_deref(), schema.as_deref(), &identifier))
}

fn load_relation(interp: &mut Interp<'_>, name: &str, args: Args) -> Outcome<Value> {
    let [relation] = args.bind(name, ["relation"], 1)?;
    let relation = relation.unwrap_or(Value::None);
    let relation = &relation_of(name, &relation)?.relation;
    Ok(find_relation(interp.run, relation.database.as_deref(), relation.schema.as_deref(), &relation.identifier))
}

fn find_relation(run: &Run<'_>, database: Option<&str>, schema: Option<&str>, identifier: &str) -> Value {
    let found = run.running_host().and_then(|host| host.get_relation(database, schema, identifier));
    found.map_or(Value::None, |relation| relation_value(run, relation))
}

/// `api.Relation`
struct RelationClass;

impl Object for RelationClass {
    fn type_name(&self) -> &'static str {
        "Relation class"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "create" => Some(Native::value("create", relation::create)),
            "Table" => Some(Value::from("table")),
            "View" => Some(Value::from("view")),
            _ => None,
        }
    }
}

/// `api.Column`
struct ColumnClass;

impl Object for ColumnClass {
    fn type_name(&self) -> &'static str {
        "Column class"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        Column::from_args(args)
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        match name {
            "create" => Some(Column::from_args(args)),
            "translate_type" => Some(args.bind(name, ["dtype"], 1).map(|[dtype]| dtype.unwrap_or(Value::None))),
            "string_type" => Some(args.bind(name, ["size"], 0).map(|[size]| match size {
                Some(size) if !size.is_none() => Value::from(format!("character varying({size})")),
                _ => Value::from("text"),
            })),
            "numeric_type" => Some(args.bind(name, ["dtype", "precision", "scale"], 3).map(|parts| {
                let [dtype, precision, scale] = parts.map(|part| part.unwrap_or(Value::None).to_string());
                Value::from(format!("{dtype}({precision},{scale})"))
            })),
            _ => None,
        }
    }
}
