//! `var`, `env_var`, `target`, `flags` and other plain variables.

use std::any::Any;

use serde_json::{Map, Value as Json};

use super::run::{EnvVarUse, Mode, Run};
use super::scope::Target;
use crate::diagnostic::Diagnostic;
use crate::jinja::args::{Args, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::Native;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value, from_json};
use crate::project::Secret;

/// The version of dbt whose behaviour templates get.
const DBT_VERSION: &str = "1.10.0";
const SECRET_PREFIX: &str = "DBT_ENV_SECRET";

pub(super) const NAMES: [&str; 8] =
    ["var", "env_var", "target", "flags", "dbt_version", "project_name", "invocation_id", "run_started_at"];

pub(super) fn global(run: &Run<'_>, name: &str) -> Option<Value> {
    let target_value = |name: &str| from_json(run.scope.target.values.get(name).unwrap_or(&Json::Null));
    Some(match name {
        "var" => Value::object(Var),
        "env_var" => Native::value("env_var", env_var),
        "target" => run.target(),
        "flags" => Value::object(Flags(upper_case(&run.scope.flags))),
        "dbt_version" => Value::from(DBT_VERSION),
        "project_name" => Value::from(run.scope.project_name.as_str()),
        "invocation_id" => Value::from(run.scope.invocation_id.as_str()),
        "invocation_args_dict" => from_json(&Json::Object(run.scope.flags.clone())),
        "schema" if run.mode != Mode::YamlValue => target_value("schema"),
        "database" if run.mode != Mode::YamlValue => match target_value("database") {
            Value::None => target_value("dbname"),
            database => database,
        },
        "graph" => Value::dict(
            ["nodes", "sources", "exposures", "metrics", "groups"].map(|kind| (kind, Value::dict::<&str>([]))),
        ),
        "nodes" | "dbt_metadata_envs" => Value::dict::<&str>([]),
        "selected_resources" => Value::list(Vec::new()),
        _ => return None,
    })
}

/// The values of a target that templates may see.
pub(super) fn target(target: &Target) -> Value {
    let mut visible: Map<String, Json> = target
        .values
        .iter()
        .filter(|(key, _)| !is_secret(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (name, other) in [("database", "dbname"), ("dbname", "database")] {
        if let (None, Some(value)) = (visible.get(name), visible.get(other)) {
            visible.insert(name.to_string(), value.clone());
        }
    }
    for (name, value) in [("name", &target.name), ("target_name", &target.name), ("profile_name", &target.profile_name)]
    {
        visible.insert(name.to_string(), Json::String(value.clone()));
    }
    from_json(&Json::Object(visible))
}

/// Whether a key of a profile holds something that must not get into SQL or logs.
fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    let marks = ["pass", "secret", "token", "credential", "private", "access_key", "api_key", "keyfile", "pwd"];
    marks.iter().any(|mark| key.contains(mark))
}

fn upper_case(flags: &Map<String, Json>) -> Map<String, Json> {
    flags.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect()
}

struct Flags(Map<String, Json>);

impl Object for Flags {
    fn type_name(&self) -> &'static str {
        "flags"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let name = name.to_uppercase();
        match self.0.get(&name) {
            Some(value) => Some(from_json(value)),
            None => ["FULL_REFRESH", "STORE_FAILURES"].contains(&name.as_str()).then_some(Value::Bool(false)),
        }
    }

    fn attribute_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.attribute(key.as_str()?)
    }
}

struct Var;

impl Object for Var {
    fn type_name(&self) -> &'static str {
        "var"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        let [name, default] = args.bind("var", ["name", "default"], 1)?;
        let name = text("var", "name", name)?.ok_or_else(|| Fault::new("var() needs a name"))?;
        let run = interp.run;
        let mut record = run.record.borrow_mut();
        if !record.vars_used.iter().any(|known| **known == *name) {
            record.vars_used.push(name.to_string());
        }
        match (run.scope.vars.0.get(&*name), default) {
            (Some(value), _) => Ok(from_json(value)),
            (None, Some(default)) => Ok(default),
            // As in dbt: a model that is never run may use a variable that is not set.
            (None, None) if run.mode == Mode::Parse => Ok(Value::None),
            (None, None) => {
                let diagnostic = Diagnostic::new(format!("the variable '{name}' is not set and has no default"));
                let known = run.scope.vars.0.keys().map(String::as_str);
                Err(diagnostic.known_names(&name, "variables", known).into())
            }
        }
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        if name != "has_var" {
            return None;
        }
        let bound = std::mem::take(args).bind(name, ["name"], 1);
        Some(bound.map(|[wanted]| {
            let wanted = wanted.unwrap_or(Value::None).to_string();
            Value::Bool(interp.run.scope.vars.0.contains_key(&wanted))
        }))
    }
}

fn env_var(interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [name, default] = args.bind("env_var", ["name", "default"], 1)?;
    let name = text("env_var", "name", name)?.ok_or_else(|| Fault::new("env_var() needs a name"))?;
    let run = interp.run;
    let secret = name.starts_with(SECRET_PREFIX);
    if secret && run.mode != Mode::YamlValue {
        return Err(Fault::hinted(
            format!("the secret environment variable '{name}' cannot be used here"),
            "secrets are allowed only in profiles.yml and packages.yml: SQL ends up in logs and files",
        ));
    }
    let mut record = run.record.borrow_mut();
    if !record.env_vars_used.iter().any(|known| *known.name == *name) {
        record.env_vars_used.push(EnvVarUse { name: name.to_string(), secret });
    }
    let set = match (run.scope.env)(&name) {
        None => from_file(run, &name)?,
        set => set,
    };
    match (set, default) {
        (Some(value), _) => Ok(Value::from(value)),
        (None, Some(default)) => Ok(Value::from(default.to_string())),
        (None, None) => Err(Fault::hinted(
            format!("the environment variable '{name}' is not set"),
            format!("set it, or give a default: env_var('{name}', '…')"),
        )),
    }
}

/// A variable that is not set, from the file that `<name>_FILE` names, as Docker's secrets are handed over.
fn from_file(run: &Run<'_>, name: &str) -> Outcome<Option<String>> {
    let variable = format!("{name}_FILE");
    let Some(path) = (run.scope.env)(&variable).filter(|path| !path.is_empty()) else { return Ok(None) };
    if run.mode != Mode::YamlValue && Secret::is_secret_key(name) {
        return Err(Fault::hinted(
            format!("'{name}' comes from the file that '{variable}' names, and cannot be used here"),
            "secrets are allowed only in profiles.yml and packages.yml: SQL ends up in logs and files",
        ));
    }
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_string())),
        Err(error) => Err(Fault::hinted(
            format!("cannot read {path}: {error}"),
            format!("the environment variable '{variable}' names it; set '{name}' itself, or make the file readable"),
        )),
    }
}
