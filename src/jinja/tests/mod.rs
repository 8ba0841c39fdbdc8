//! Tests of the module as its users see it.

mod builtin;
mod context;
mod errors;
mod language;
mod macros;
mod names;
mod random;
mod runaway;

use std::cell::RefCell;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::*;

/// A project to evaluate templates in.
pub(super) struct Project {
    pub jinja: Jinja,
    pub target: Target,
    pub vars: Vars,
    pub extra: Json,
    pub flags: Json,
    pub config: Option<Json>,
    pub node: Option<Json>,
    pub test_kwargs: Option<Json>,
    pub host: TestHost,
    pub log: RefCell<Vec<(LogLevel, String)>>,
}

/// Answers queries from a list and remembers them.
#[derive(Default)]
pub(super) struct TestHost {
    pub incremental: bool,
    pub answers: Vec<QueryTable>,
    pub queries: RefCell<Vec<String>>,
    pub columns: Vec<(&'static str, &'static str)>,
    pub existing: Vec<&'static str>,
}

fn relation(schema: &str, identifier: &str) -> Relation {
    Relation { database: Some("db".into()), schema: Some(schema.into()), identifier: identifier.into() }
}

impl Host for TestHost {
    fn reference(&self, package: Option<&str>, name: &str, version: Option<&str>) -> Result<Relation, Diagnostic> {
        match (package, version) {
            _ if name == "missing" => Err(Diagnostic::new("there is no model 'missing'").hint("write it")),
            (_, Some(version)) => Ok(relation("analytics", &format!("{name}_v{version}"))),
            (Some(package), None) => Ok(relation(package, name)),
            (None, None) => Ok(relation("analytics", name)),
        }
    }

    fn source(&self, source: &str, table: &str) -> Result<Relation, Diagnostic> {
        Ok(relation(source, table))
    }

    fn this(&self) -> Option<Relation> {
        Some(relation("analytics", "me"))
    }

    fn is_incremental(&self) -> bool {
        self.incremental
    }

    fn run_query(&self, sql: &str) -> Result<QueryTable, String> {
        let mut queries = self.queries.borrow_mut();
        queries.push(sql.split_whitespace().collect::<Vec<&str>>().join(" "));
        self.answers.get(queries.len() - 1).cloned().ok_or_else(|| "no answer prepared".to_string())
    }

    fn columns_in_relation(&self, _relation: &Relation) -> Result<Vec<(String, String)>, String> {
        Ok(self.columns.iter().map(|(name, kind)| (name.to_string(), kind.to_string())).collect())
    }

    fn get_relation(&self, _database: Option<&str>, schema: Option<&str>, identifier: &str) -> Option<Relation> {
        self.existing.contains(&identifier).then(|| relation(schema.unwrap_or("analytics"), identifier))
    }

    fn relation_kind(&self, _relation: &Relation) -> Option<String> {
        Some("view".to_string())
    }
}

pub(super) fn table(columns: &[&str], rows: &Json) -> QueryTable {
    let rows = rows.as_array().into_iter().flatten();
    QueryTable {
        columns: columns.iter().map(ToString::to_string).collect(),
        rows: rows.map(|row| row.as_array().cloned().unwrap_or_default()).collect(),
    }
}

fn map(json: &Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap_or_default()
}

impl Project {
    pub fn new() -> Self {
        Self::with_macros(&[])
    }

    /// Macro files as package, path and text.
    pub fn with_macros(files: &[(&str, &str, &str)]) -> Self {
        let files = files.iter().map(|(package, path, text)| MacroFile {
            package: package.to_string(),
            path: path.into(),
            text: text.to_string(),
        });
        let jinja = Jinja::new("shop", files.collect()).unwrap();
        let values = json!({
            "type": "delta", "schema": "analytics", "dbname": "db", "threads": 4, "user": "ann",
            "password": "hunter2", "pass": "hunter2", "private_key_path": "hunter2",
        });
        Project {
            jinja,
            target: Target { name: "dev".into(), profile_name: "shop".into(), values: map(&values) },
            vars: Vars(map(&json!({"n": 5, "days": ["mon", "tue"]}))),
            extra: json!({}),
            flags: json!({}),
            config: None,
            node: None,
            test_kwargs: None,
            host: TestHost::default(),
            log: RefCell::default(),
        }
    }

    fn in_scope<T>(&self, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
        let env = |name: &str| ["HOME_TOWN", "DBT_ENV_SECRET_KEY"].contains(&name).then(|| "Bern".to_string());
        let on_log = |level: LogLevel, message: &str| self.log.borrow_mut().push((level, message.to_string()));
        let config = self.config.as_ref().map(map);
        let kwargs = self.test_kwargs.as_ref().map(map);
        evaluate(&Scope {
            flags: map(&self.flags),
            node: self.node.as_ref(),
            config: config.as_ref(),
            test_kwargs: kwargs.as_ref(),
            extra: map(&self.extra),
            run_started_at: chrono::DateTime::from_timestamp_micros(1_704_207_845_123_456).unwrap(),
            invocation_id: "id-1".to_string(),
            project_name: "shop".to_string(),
            on_log: Some(&on_log),
            ..Scope::new(&self.target, &self.vars, &env)
        })
    }

    fn template<'a>(&self, text: &'a str) -> Template<'a> {
        Template { package: "shop", name: "orders", path: Path::new("models/orders.sql"), text }
    }

    pub fn render(&self, text: &str) -> Result<String, Diagnostic> {
        self.in_scope(|scope| self.jinja.render(&self.template(text), scope, &self.host))
    }

    /// The rendered text with all whitespace as single spaces.
    pub fn sql(&self, text: &str) -> String {
        match self.render(text) {
            Ok(sql) => sql.split_whitespace().collect::<Vec<&str>>().join(" "),
            Err(diagnostic) => panic!("{text}\n{diagnostic}"),
        }
    }

    pub fn parse(&self, text: &str) -> Result<Parsed, Diagnostic> {
        self.in_scope(|scope| self.jinja.parse(&self.template(text), scope))
    }

    pub fn value(&self, text: &str) -> Result<Json, Diagnostic> {
        self.in_scope(|scope| self.jinja.render_value(&self.template(text), scope))
    }

    pub fn name(&self, which: NameKind, custom: Option<&str>, node: &Json) -> Result<String, Diagnostic> {
        self.in_scope(|scope| self.jinja.generate_name(which, custom, node, scope))
    }
}
