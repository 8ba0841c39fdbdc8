//! `ref`, `source` and `this`.

use serde_json::Value as Json;

use super::adapter::relation_of;
use super::relation::{Relation, RelationObject};
use super::run::{RefCall, Run, SourceCall};
use crate::jinja::args::{Args, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::Function;
use crate::jinja::interp::Interp;
use crate::jinja::value::Value;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("ref", reference),
    ("source", source),
    ("changed_rows", changed_rows),
    ("is_incremental", |interp, args| {
        args.none("is_incremental")?;
        Ok(Value::Bool(interp.run.running_host().is_some_and(|host| host.is_incremental())))
    }),
];

pub(super) fn global(run: &Run<'_>, name: &str) -> Option<Value> {
    match name {
        "this" => Some(this(run).map_or(Value::None, |this| relation_value(run, this))),
        "model" => run.scope.node.map(|node| run.shared(name, node)),
        _ => None,
    }
}

/// A relation with its kind, if the host knows it.
pub(super) fn relation_value(run: &Run<'_>, relation: Relation) -> Value {
    let kind = run.running_host().and_then(|host| host.relation_kind(&relation));
    Value::object(RelationObject::new(relation).with_kind(kind))
}

fn this(run: &Run<'_>) -> Option<Relation> {
    if let Some(host) = run.running_host() {
        return host.this();
    }
    let node = run.scope.node?;
    let part = |name: &str| node.get(name).and_then(Json::as_str).map(String::from);
    let identifier = part("alias").or_else(|| part("name"))?;
    let placeholder = placeholder(run, &identifier);
    Some(Relation {
        database: part("database").or(placeholder.database),
        schema: part("schema").or(placeholder.schema),
        identifier,
    })
}

/// What a reference gives before names are resolved: good enough to print.
fn placeholder(run: &Run<'_>, identifier: &str) -> Relation {
    let values = &run.scope.target.values;
    let part = |name: &str| values.get(name).and_then(Json::as_str).map(String::from);
    Relation {
        database: part("database").or_else(|| part("dbname")),
        schema: part("schema"),
        identifier: identifier.to_string(),
    }
}

fn reference(interp: &mut Interp<'_>, mut args: Args) -> Outcome<Value> {
    let version = args.take_named("v").or_else(|| args.take_named("version"));
    let version = version.filter(|version| !version.is_none()).map(|version| version.to_string());
    let [first, second] = args.bind("ref", ["package_or_name", "name"], 1)?;
    let first = text("ref", "name", first)?.ok_or_else(|| Fault::new("ref() needs the name of a model"))?;
    let (package, name) = match text("ref", "name", second)? {
        Some(name) => (Some(first), name),
        None => (None, first),
    };
    let run = interp.run;
    run.record.borrow_mut().refs.push(RefCall {
        package: package.as_ref().map(|package| package.to_string()),
        name: name.to_string(),
        version: version.clone(),
        place: interp.source().place(interp.call_span()),
    });
    let relation = match run.running_host() {
        Some(host) => host.reference(package.as_deref(), &name, version.as_deref())?,
        None => placeholder(run, &name),
    };
    Ok(relation_value(run, relation))
}

/// `changed_rows(relation)`: what stands for the rows of a relation that the model has not seen yet.
fn changed_rows(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [relation] = args.bind("changed_rows", ["relation"], 1)?;
    let relation = relation.unwrap_or(Value::None);
    let given = &relation_of("changed_rows", &relation)?.relation;
    let run = interp.run;
    Ok(relation_value(run, run.running_host().map_or_else(|| given.clone(), |host| host.changed_rows(given))))
}

fn source(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [source, table] = args.bind("source", ["source_name", "table_name"], 2)?;
    let (source, table) = (text("source", "source_name", source)?, text("source", "table_name", table)?);
    let (Some(source), Some(table)) = (source, table) else {
        return Err(Fault::new("source() needs the name of a source and of one of its tables"));
    };
    let run = interp.run;
    run.record.borrow_mut().sources.push(SourceCall {
        source: source.to_string(),
        table: table.to_string(),
        place: interp.source().place(interp.call_span()),
    });
    let relation = match run.running_host() {
        Some(host) => host.source(&source, &table)?,
        None => Relation { schema: Some(source.to_string()), ..placeholder(run, &table) },
    };
    Ok(relation_value(run, relation))
}
