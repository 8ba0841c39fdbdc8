//! `return`, `log`, `print`, `exceptions` and the context itself.

use std::any::Any;

use super::run::Run;
use super::scope::LogLevel;
use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::Function;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("return", |_, args| {
        let [data] = args.bind("return", ["data"], 0)?;
        Err(Fault::Return(data.unwrap_or(Value::None)))
    }),
    ("log", |interp, args| {
        let [message, info] = args.bind("log", ["msg", "info"], 1)?;
        let level = if info.is_some_and(|info| info.is_true()) { LogLevel::Info } else { LogLevel::Debug };
        say(interp, level, message);
        Ok(Value::from(""))
    }),
    ("print", |interp, args| {
        let [message] = args.bind("print", ["msg"], 1)?;
        say(interp, LogLevel::Info, message);
        Ok(Value::from(""))
    }),
    ("debug", |_, args| args.none("debug").map(|()| Value::from(""))),
];

fn say(interp: &Interp<'_>, level: LogLevel, message: Option<Value>) {
    if let Some(on_log) = interp.run.scope.on_log {
        on_log(level, &message.unwrap_or(Value::None).to_string());
    }
}

pub(super) fn exceptions() -> Value {
    Value::object(Exceptions)
}

struct Exceptions;

const RAISING: [&str; 8] = [
    "raise_compiler_error",
    "raise_not_implemented",
    "raise_database_error",
    "raise_parsing_error",
    "raise_fail_fast_error",
    "missing_config",
    "missing_materialization",
    "column_type_missing",
];

impl Object for Exceptions {
    fn type_name(&self) -> &'static str {
        "exceptions"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute_names(&self) -> Vec<String> {
        RAISING.into_iter().chain(["warn"]).map(String::from).collect()
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let raises = RAISING.contains(&name);
        if name != "warn" && !raises {
            return None;
        }
        let bound = std::mem::take(args).bind(name, ["msg", "node"], 1);
        Some(bound.and_then(|[message, _]| {
            if raises {
                return Err(Fault::new(message.unwrap_or(Value::None).to_string()));
            }
            say(interp, LogLevel::Warn, message);
            Ok(Value::from(""))
        }))
    }
}

pub(super) fn context() -> Value {
    Value::object(Context)
}

/// `context['ref']` and `builtins.ref`: the context's own functions, which a macro of the same name may hide.
struct Context;

impl Object for Context {
    fn type_name(&self) -> &'static str {
        "context"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        Run::function(name)
    }

    fn item(&self, key: &Value) -> Option<Value> {
        Run::function(key.as_str()?)
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let mut args = std::mem::take(args);
        if name == "get" {
            let default = if args.positional.len() > 1 { args.positional.pop() } else { args.take_named("default") };
            let wanted = args.positional.first().map(Value::to_string).unwrap_or_default();
            return Some(Ok(interp.find(&wanted).or(default).unwrap_or(Value::None)));
        }
        match interp.run.context(name) {
            Some(function) => Some(interp.call(&function, args)),
            None => Some(Err(Fault::new(format!("dbt has no function '{name}'")))),
        }
    }
}
