//! Merged configuration → [`Config`], with an error for each value of the wrong type.

use serde_json::{Map, Value};

use super::layers::Merged;
use super::{Config, Materialization, NodeKind, OnSchemaChange, Severity, Strategy, Threshold};
use crate::diagnostic::{Diagnostic, nearest};
use crate::project::Spot;

/// What a model can be.
const MATERIALIZATIONS: [&str; 4] = ["view", "table", "incremental", "ephemeral"];

const STRATEGIES: [(&str, Option<Strategy>); 4] = [
    ("default", None),
    ("merge", Some(Strategy::Merge)),
    ("append", Some(Strategy::Append)),
    ("delete+insert", Some(Strategy::DeleteInsert)),
];

const SCHEMA_CHANGES: [(&str, OnSchemaChange); 4] = [
    ("ignore", OnSchemaChange::Ignore),
    ("fail", OnSchemaChange::Fail),
    ("append_new_columns", OnSchemaChange::AppendNewColumns),
    ("sync_all_columns", OnSchemaChange::SyncAllColumns),
];

const SEVERITIES: [(&str, Severity); 2] = [("error", Severity::Error), ("warn", Severity::Warn)];

impl Config {
    /// Reads the configuration of a node of `kind` that is defined at `spot`.
    pub(super) fn read(merged: Merged, kind: NodeKind, spot: &Spot) -> Result<Config, Vec<Diagnostic>> {
        let mut reader = ConfigReader { merged: &merged, spot, errors: Vec::new() };
        let materialized = match kind {
            NodeKind::Model => reader.materialization(),
            NodeKind::Seed => Some(Materialization::Seed),
            NodeKind::Snapshot => Some(Materialization::Snapshot),
            NodeKind::Test => Some(Materialization::Test),
            NodeKind::Source | NodeKind::Analysis | NodeKind::Operation => None,
        };
        let mut config = Config {
            enabled: reader.flag("enabled").unwrap_or(true),
            materialized: materialized.unwrap_or_default(),
            unique_key: reader.texts("unique_key"),
            incremental_strategy: reader.choice("incremental_strategy", &STRATEGIES).flatten(),
            on_schema_change: reader.choice("on_schema_change", &SCHEMA_CHANGES).unwrap_or_default(),
            full_refresh: reader.flag("full_refresh"),
            database: reader.text("database"),
            schema: reader.text("schema"),
            alias: reader.text("alias"),
            tags: reader.texts("tags"),
            meta: reader.map("meta"),
            pre_hook: reader.hooks("pre-hook"),
            post_hook: reader.hooks("post-hook"),
            indexes: reader.any("indexes"),
            grants: reader.any("grants"),
            persist_docs: reader.any("persist_docs"),
            contract: reader.any("contract"),
            severity: reader.choice("severity", &SEVERITIES).unwrap_or_default(),
            warn_if: reader.threshold("warn_if"),
            error_if: reader.threshold("error_if"),
            where_clause: reader.text("where"),
            limit: reader.count("limit"),
            store_failures: reader.flag("store_failures"),
            fail_calc: reader.text("fail_calc").unwrap_or_else(|| Config::default().fail_calc),
            raw: Map::new(),
        };
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        config.raw = merged.values;
        config.show_defaults(kind);
        Ok(config)
    }

    /// What dbt puts into a node's configuration though nobody asked for it, so that `config.get` finds it.
    fn show_defaults(&mut self, kind: NodeKind) {
        let defaults = [
            ("enabled", Value::Bool(self.enabled)),
            ("materialized", self.materialized.as_str().into()),
            ("tags", self.tags.clone().into()),
            ("meta", self.meta.clone().into()),
        ];
        let shown = if kind == NodeKind::Source { &defaults[..1] } else { &defaults[..] };
        for (key, value) in shown {
            self.raw.entry(*key).or_insert_with(|| value.clone());
        }
        if kind == NodeKind::Test {
            self.raw.entry("severity").or_insert_with(|| "ERROR".into());
            self.raw.entry("warn_if").or_insert_with(|| Threshold::ANY.to_string().into());
            self.raw.entry("error_if").or_insert_with(|| Threshold::ANY.to_string().into());
            self.raw.entry("fail_calc").or_insert_with(|| self.fail_calc.clone().into());
        }
    }
}

struct ConfigReader<'a> {
    merged: &'a Merged,
    spot: &'a Spot,
    errors: Vec<Diagnostic>,
}

impl ConfigReader<'_> {
    /// A value that is there and not null.
    fn get(&self, key: &str) -> Option<&Value> {
        self.merged.values.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, key: &str, expected: &str, value: &Value) {
        let error = self.error(key, format!("configuration '{key}' must be {expected}, and this is {value}"));
        self.errors.push(error);
    }

    fn error(&self, key: &str, message: String) -> Diagnostic {
        Diagnostic::new(message).at(self.merged.spot(key).unwrap_or(self.spot).place())
    }

    fn any(&self, key: &str) -> Value {
        self.get(key).cloned().unwrap_or_default()
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.get(key)?.clone();
        match &value {
            Value::Bool(flag) => Some(*flag),
            // What a rendered text such as "{{ target.name == 'pro' }}" may come to.
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.wrong(key, "true or false", &value);
                None
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let value = self.get(key)?.clone();
        let text = scalar_text(&value);
        if text.is_none() {
            self.wrong(key, "text", &value);
        }
        text
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key).cloned() else { return Vec::new() };
        let items = match &value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let texts: Option<Vec<String>> = items.iter().map(scalar_text).collect();
        texts.unwrap_or_else(|| {
            self.wrong(key, "text or a list of texts", &value);
            Vec::new()
        })
    }

    /// A hook is a statement, or a mapping with the statement under `sql`.
    fn hooks(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key).cloned() else { return Vec::new() };
        let items = match &value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let statement = |item: &Value| scalar_text(item.get("sql").unwrap_or(item));
        let statements: Option<Vec<String>> = items.iter().map(statement).collect();
        statements.unwrap_or_else(|| {
            self.wrong(key, "a statement or a list of statements", &value);
            Vec::new()
        })
    }

    fn map(&mut self, key: &str) -> Map<String, Value> {
        match self.get(key).cloned() {
            None => Map::new(),
            Some(Value::Object(map)) => map,
            Some(value) => {
                self.wrong(key, "a mapping", &value);
                Map::new()
            }
        }
    }

    fn count(&mut self, key: &str) -> Option<u64> {
        let value = self.get(key)?.clone();
        let count = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        if count.is_none() {
            self.wrong(key, "a count of rows", &value);
        }
        count
    }

    /// A name that is nearly a known one is a slip; any other may be a materialization of the project's own.
    fn materialization(&mut self) -> Option<Materialization> {
        let name = self.text("materialized")?;
        let found = Materialization::from_name(&name);
        if matches!(found, Materialization::Custom(_)) && nearest(&name, &MATERIALIZATIONS).is_some() {
            let error = self.error("materialized", format!("no materialization '{name}'"));
            self.errors.push(error.known_names(&name, "materializations", MATERIALIZATIONS));
        }
        Some(found)
    }

    fn threshold(&mut self, key: &str) -> Threshold {
        let Some(text) = self.text(key) else { return Threshold::ANY };
        Threshold::parse(&text).unwrap_or_else(|message| {
            let error = self.error(key, message);
            self.errors.push(error);
            Threshold::ANY
        })
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text)).map(|(_, choice)| *choice);
        if found.is_none() {
            let error = self.error(key, format!("'{text}' is not a known {key}"));
            self.errors.push(error.known_names(&text, "values", choices.iter().map(|(name, _)| *name)));
        }
        found
    }
}

/// A scalar as text; lists and mappings have none.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
