//! `config(…)` and `config.get(…)`.

use std::any::Any;

use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::methods::dict::entries;
use crate::jinja::value::{Object, Value, from_json, to_json};

pub(super) fn value() -> Value {
    Value::object(Config)
}

struct Config;

impl Object for Config {
    fn type_name(&self) -> &'static str {
        "config"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute_names(&self) -> Vec<String> {
        ["get", "require", "persist_relation_docs", "persist_column_docs"].map(String::from).to_vec()
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        let place = interp.source().place(interp.call_span());
        let mut record = interp.run.record.borrow_mut();
        for (key, value) in entries(args)? {
            let value = to_json(&value).map_err(Fault::new)?;
            record.configs.push((key.value().to_string(), value, place.clone()));
        }
        Ok(Value::from(""))
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        Some(match name {
            "get" => get(interp, args),
            "require" => require(interp, args),
            "persist_relation_docs" => args.none(name).map(|()| persist(interp, "relation")),
            "persist_column_docs" => args.none(name).map(|()| persist(interp, "columns")),
            _ => return None,
        })
    }
}

/// The node's config as far as it is known, what this template set so far included.
pub(super) fn lookup(interp: &Interp<'_>, name: &str) -> Option<Value> {
    let known = interp.run.scope.config.and_then(|config| config.get(name)).map(from_json);
    known.or_else(|| {
        let record = interp.run.record.borrow();
        record.configs.iter().rev().find(|(key, _, _)| key == name).map(|(_, value, _)| from_json(value))
    })
}

fn get(interp: &Interp<'_>, args: Args) -> Outcome<Value> {
    let [name, default, _] = args.bind("config.get", ["name", "default", "validator"], 1)?;
    let name = name.unwrap_or(Value::None).to_string();
    Ok(lookup(interp, &name).or(default).unwrap_or(Value::None))
}

fn require(interp: &Interp<'_>, args: Args) -> Outcome<Value> {
    let [name, _] = args.bind("config.require", ["name", "validator"], 1)?;
    let name = name.unwrap_or(Value::None).to_string();
    match lookup(interp, &name) {
        Some(value) => Ok(value),
        None if !interp.run.execute() => Ok(Value::from("")),
        None => Err(Fault::hinted(
            format!("the config '{name}' is required here and not set"),
            format!("set it with {{{{ config({name}=…) }}}} or in dbt_project.yml"),
        )),
    }
}

fn persist(interp: &Interp<'_>, what: &str) -> Value {
    let docs = lookup(interp, "persist_docs");
    let set = match &docs {
        Some(Value::Dict(docs)) => docs.get_text(what).is_some_and(|flag| flag.is_true()),
        _ => false,
    };
    Value::Bool(set)
}
