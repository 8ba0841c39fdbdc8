//! What a caller gives to an evaluation.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Relation;
use crate::diagnostic::Diagnostic;

/// The text of a template and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// The package whose macros are found first.
    pub package: &'a str,
    /// What the template makes: the name of a model, of a test.
    pub name: &'a str,
    pub path: &'a Path,
    pub text: &'a str,
}

/// The chosen output of the profile. Templates see its values as `target`, without passwords and other secrets.
#[derive(Debug, Clone, Default)]
pub struct Target {
    pub name: String,
    pub profile_name: String,
    pub values: Map<String, Value>,
}

/// What `var(name)` answers in one package.
#[derive(Debug, Clone, Default)]
pub struct Vars(pub Map<String, Value>);

/// How important a message of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// `log(message)`
    Debug,
    /// `log(message, info=true)` and `print(message)`
    Info,
    /// `exceptions.warn(message)`
    Warn,
}

/// Takes the messages of templates.
pub type LogFn<'a> = &'a dyn Fn(LogLevel, &str);

/// Everything a template sees beside its own text and the macros. [`Scope::new`] gives one to fill in:
/// `Scope { node: Some(node), ..Scope::new(&target, &vars, &env) }`.
pub struct Scope<'a> {
    pub target: &'a Target,
    pub vars: &'a Vars,
    /// What `env_var(name)` answers.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// `flags`: names in any case, such as `full_refresh`.
    pub flags: Map<String, Value>,
    /// `model`
    pub node: Option<&'a Value>,
    /// What `config.get(…)` answers.
    pub config: Option<&'a Map<String, Value>>,
    /// The arguments of a generic test as written in YAML: their Jinja is rendered, and they are the global
    /// `_dbt_generic_test_kwargs`.
    pub test_kwargs: Option<&'a Map<String, Value>>,
    /// Further globals; they hide all others. [`Relation::to_json`] gives a relation.
    pub extra: Map<String, Value>,
    pub run_started_at: DateTime<Utc>,
    pub invocation_id: String,
    pub project_name: String,
    /// Where packages of a `dispatch` entry of dbt_project.yml are searched, by macro namespace.
    pub dispatch: &'a [(String, Vec<String>)],
    /// Gets what `log`, `print` and `exceptions.warn` say.
    pub on_log: Option<LogFn<'a>>,
}

impl<'a> Scope<'a> {
    /// A scope without a node, flags or further globals, whose run starts now.
    pub fn new(target: &'a Target, vars: &'a Vars, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Scope {
            target,
            vars,
            env,
            flags: Map::new(),
            node: None,
            config: None,
            test_kwargs: None,
            extra: Map::new(),
            run_started_at: Utc::now(),
            invocation_id: String::new(),
            project_name: String::new(),
            dispatch: &[],
            on_log: None,
        }
    }
}

/// The three names of a relation that a project can override the making of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    Database,
    Schema,
    Alias,
}

impl NameKind {
    pub(crate) fn macro_name(self) -> &'static str {
        match self {
            NameKind::Database => "generate_database_name",
            NameKind::Schema => "generate_schema_name",
            NameKind::Alias => "generate_alias_name",
        }
    }
}

/// What a query gives, as `run_query` hands it to a template.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryTable {
    pub columns: Vec<String>,
    /// Each row has a value for every column.
    pub rows: Vec<Vec<Value>>,
}

/// What a template can ask of the project and the warehouse while it runs. An error without a place gets that of the
/// call.
pub trait Host {
    /// `ref(package, name, version=version)`
    fn reference(&self, package: Option<&str>, name: &str, version: Option<&str>) -> Result<Relation, Diagnostic>;

    /// `source(source, table)`
    fn source(&self, source: &str, table: &str) -> Result<Relation, Diagnostic>;

    /// The relation of the node itself, if it has one.
    fn this(&self) -> Option<Relation>;

    fn is_incremental(&self) -> bool;

    /// What stands for the rows of a relation that the node has not seen yet.
    fn changed_rows(&self, relation: &Relation) -> Relation {
        relation.clone()
    }

    fn run_query(&self, sql: &str) -> Result<QueryTable, String>;

    /// Names and SQL types of a relation's columns, in order; nothing for a relation that does not exist.
    fn columns_in_relation(&self, relation: &Relation) -> Result<Vec<(String, String)>, String>;

    /// The relation, if it exists.
    fn get_relation(&self, database: Option<&str>, schema: Option<&str>, identifier: &str) -> Option<Relation>;

    /// `table` or `view`, if known.
    fn relation_kind(&self, _relation: &Relation) -> Option<String> {
        None
    }
}
