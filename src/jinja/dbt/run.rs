//! One evaluation as dbt sees it: what the context offers, and what the template asked for.

use std::cell::{OnceCell, RefCell};

use serde_json::Value as Json;

use super::macros::{BUILTIN, unique_id};
use super::package::Package;
use super::scope::{Host, Scope};
use super::{adapter, clock, config, control, data, modules, query, reference, variables};
use crate::diagnostic::{Diagnostic, Place};
use crate::jinja::Jinja;
use crate::jinja::ast::{Macro, Name};
use crate::jinja::functions::{self, Function, Native};
use crate::jinja::interp::MacroValue;
use crate::jinja::value::{Value, from_json};

/// What the template is evaluated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To learn what it asks for; `execute` is false.
    Parse,
    /// To get its SQL; `execute` is true.
    Render,
    /// It is a value of a YAML file.
    YamlValue,
}

/// A `ref(…)` that a template called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefCall {
    pub package: Option<String>,
    pub name: String,
    pub version: Option<String>,
    pub place: Place,
}

/// A `source(…)` that a template called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCall {
    pub source: String,
    pub table: String,
    pub place: Place,
}

/// An `env_var(…)` that a template called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVarUse {
    pub name: String,
    /// Its name begins with `DBT_ENV_SECRET`: its value must not be shown.
    pub secret: bool,
}

/// What a template asked for while it was parsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    pub refs: Vec<RefCall>,
    pub sources: Vec<SourceCall>,
    /// In the order of the calls; a later value of a key replaces an earlier one.
    pub configs: Vec<(String, Json, Place)>,
    pub vars_used: Vec<String>,
    pub env_vars_used: Vec<EnvVarUse>,
    /// Unique ids of the macros that ran, in the order they first did.
    pub macros_called: Vec<String>,
    pub text: String,
}

pub(crate) struct Run<'e> {
    pub jinja: &'e Jinja,
    pub scope: &'e Scope<'e>,
    pub host: Option<&'e dyn Host>,
    pub mode: Mode,
    /// The package of the template.
    pub package: &'e str,
    pub record: RefCell<Parsed>,
    /// What `statement` stored, by name.
    pub results: RefCell<Vec<(String, Value)>>,
    pub test_kwargs: OnceCell<Value>,
    target: OnceCell<Value>,
    /// Globals made from JSON: every use of one is the same list or dict.
    shared: RefCell<Vec<(String, Value)>>,
}

const FUNCTION_TABLES: [&[(&str, Function)]; 6] = [
    reference::FUNCTIONS,
    control::FUNCTIONS,
    query::FUNCTIONS,
    data::FUNCTIONS,
    adapter::FUNCTIONS,
    functions::FUNCTIONS,
];

impl<'e> Run<'e> {
    pub fn new(jinja: &'e Jinja, scope: &'e Scope<'e>, mode: Mode, package: &'e str) -> Self {
        Run {
            jinja,
            scope,
            host: None,
            mode,
            package,
            record: RefCell::default(),
            results: RefCell::default(),
            test_kwargs: OnceCell::new(),
            target: OnceCell::new(),
            shared: RefCell::default(),
        }
    }

    pub fn execute(&self) -> bool {
        self.mode == Mode::Render
    }

    /// The host, while running.
    pub fn running_host(&self) -> Option<&'e dyn Host> {
        self.host.filter(|_| self.execute())
    }

    /// The value of a global that is given as JSON.
    pub fn shared(&self, name: &str, json: &Json) -> Value {
        let mut shared = self.shared.borrow_mut();
        if let Some((_, value)) = shared.iter().find(|(known, _)| known == name) {
            return value.clone();
        }
        let value = from_json(json);
        shared.push((name.to_string(), value.clone()));
        value
    }

    pub fn target(&self) -> Value {
        self.target.get_or_init(|| variables::target(self.scope.target)).clone()
    }

    /// What a name means in the code of this package.
    pub fn global(&self, name: &str, package: &str) -> Option<Value> {
        if let Some(value) = self.scope.extra.get(name) {
            return Some(self.shared(name, value));
        }
        if self.mode == Mode::YamlValue {
            return variables::global(self, name).or_else(|| Native::find(functions::FUNCTIONS, name));
        }
        self.macro_value(self.jinja.registry().resolve(self.package, name))
            .or_else(|| self.context(name))
            .or_else(|| {
                let known = self.jinja.registry().has_package(name) || name == BUILTIN;
                known.then(|| Value::object(Package { name: name.to_string() }))
            })
            .or_else(|| self.macro_value(self.jinja.registry().in_package(package, name)))
    }

    fn macro_value(&self, found: Option<&std::sync::Arc<Macro>>) -> Option<Value> {
        let definition = found.filter(|found| found.is_callable())?.clone();
        Some(Value::object(MacroValue { definition, closure: None }))
    }

    /// dbt's and Jinja's own functions.
    pub fn function(name: &str) -> Option<Value> {
        FUNCTION_TABLES.into_iter().find_map(|table| Native::find(table, name))
    }

    /// dbt's and Jinja's own functions and variables.
    pub fn context(&self, name: &str) -> Option<Value> {
        Run::function(name).or_else(|| variables::global(self, name)).or_else(|| reference::global(self, name)).or_else(
            || match name {
                "execute" => Some(Value::Bool(self.execute())),
                "config" => Some(config::value()),
                "adapter" => Some(adapter::value()),
                "api" => Some(adapter::api()),
                "exceptions" => Some(control::exceptions()),
                "modules" => Some(modules::value()),
                "context" | "builtins" => Some(control::context()),
                "run_started_at" => Some(clock::value(self.scope.run_started_at)),
                "_dbt_generic_test_kwargs" => self.test_kwargs.get().cloned(),
                _ => None,
            },
        )
    }

    pub fn names(&self) -> Vec<String> {
        let registry = self.jinja.registry();
        let mut names: Vec<String> = self.scope.extra.keys().cloned().collect();
        names.extend(variables::NAMES.map(String::from));
        names.extend(functions::FUNCTIONS.iter().map(|(name, _)| name.to_string()));
        if self.mode == Mode::YamlValue {
            return names;
        }
        for package in [self.package, registry.root(), BUILTIN] {
            names.extend(registry.names_in(package).into_iter().map(String::from));
        }
        names.extend(registry.packages().map(String::from));
        names.extend(FUNCTION_TABLES.iter().flat_map(|table| table.iter()).map(|(name, _)| name.to_string()));
        names.extend(
            ["config", "adapter", "api", "exceptions", "modules", "execute", "this", "model"].map(String::from),
        );
        names
    }

    /// The hint for a name that does not exist.
    pub fn explain_undefined<'n>(
        &self,
        diagnostic: Diagnostic,
        name: &Name,
        known: impl Iterator<Item = &'n str>,
    ) -> Diagnostic {
        let elsewhere = |package: &&str| self.jinja.registry().in_package(package, name).is_some();
        if self.mode == Mode::YamlValue {
            return diagnostic.hint("YAML files see only var(), env_var(), target and Jinja's own functions");
        }
        if let Some(package) = self.jinja.registry().packages().find(elsewhere) {
            return diagnostic.hint(format!("package '{package}' has such a macro: write '{package}.{name}'"));
        }
        let names: Vec<&str> = known.collect();
        match crate::diagnostic::nearest(name, &names) {
            Some(near) => diagnostic.hint(format!("did you mean '{near}'?")),
            None => diagnostic.hint("no variable, function, macro or package has this name"),
        }
    }

    /// Notes that a macro of a macro file runs.
    pub fn entered(&self, definition: &Macro) {
        let id = unique_id(&definition.source.package, &definition.name);
        let mut record = self.record.borrow_mut();
        if !record.macros_called.contains(&id) {
            record.macros_called.push(id);
        }
    }
}
