//! A node's configuration, typed.

use std::fmt;

use serde_json::{Map, Value};

use super::Threshold;

/// How a model comes to be in the warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Materialization {
    #[default]
    View,
    Table,
    Incremental,
    Ephemeral,
    Seed,
    Snapshot,
    Test,
    Custom(String),
}

impl Materialization {
    pub fn from_name(name: &str) -> Self {
        match name {
            "view" => Materialization::View,
            "table" => Materialization::Table,
            "incremental" => Materialization::Incremental,
            "ephemeral" => Materialization::Ephemeral,
            "seed" => Materialization::Seed,
            "snapshot" => Materialization::Snapshot,
            "test" => Materialization::Test,
            other => Materialization::Custom(other.to_string()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Materialization::View => "view",
            Materialization::Table => "table",
            Materialization::Incremental => "incremental",
            Materialization::Ephemeral => "ephemeral",
            Materialization::Seed => "seed",
            Materialization::Snapshot => "snapshot",
            Materialization::Test => "test",
            Materialization::Custom(name) => name,
        }
    }
}

impl fmt::Display for Materialization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// dbt's `incremental_strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Merge,
    Append,
    DeleteInsert,
}

/// What an incremental model does when its columns are no longer those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnSchemaChange {
    #[default]
    Ignore,
    Fail,
    AppendNewColumns,
    SyncAllColumns,
}

/// How bad a failing test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    #[default]
    Error,
    Warn,
}

/// The configuration of a node after all layers are merged: `dbt_project.yml`, property files, `{{ config() }}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub enabled: bool,
    pub materialized: Materialization,
    /// Empty: no key.
    pub unique_key: Vec<String>,
    pub incremental_strategy: Option<Strategy>,
    pub on_schema_change: OnSchemaChange,
    /// The model's own say, which wins over `--full-refresh`.
    pub full_refresh: Option<bool>,
    pub database: Option<String>,
    pub schema: Option<String>,
    pub alias: Option<String>,
    pub tags: Vec<String>,
    pub meta: Map<String, Value>,
    pub pre_hook: Vec<String>,
    pub post_hook: Vec<String>,
    pub indexes: Value,
    pub grants: Value,
    pub persist_docs: Value,
    pub contract: Value,
    /// Of tests: see [`Threshold`]. dbt's rule: under `Error`, `error_if` is looked at first, then `warn_if`; under
    /// `Warn`, `warn_if` alone.
    pub severity: Severity,
    pub warn_if: Threshold,
    pub error_if: Threshold,
    pub where_clause: Option<String>,
    pub limit: Option<u64>,
    pub store_failures: Option<bool>,
    /// The aggregate that counts the failures.
    pub fail_calc: String,
    /// Everything: what `config.get` answers and `manifest.json` shows.
    pub raw: Map<String, Value>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            materialized: Materialization::View,
            unique_key: Vec::new(),
            incremental_strategy: None,
            on_schema_change: OnSchemaChange::Ignore,
            full_refresh: None,
            database: None,
            schema: None,
            alias: None,
            tags: Vec::new(),
            meta: Map::new(),
            pre_hook: Vec::new(),
            post_hook: Vec::new(),
            indexes: Value::Null,
            grants: Value::Null,
            persist_docs: Value::Null,
            contract: Value::Null,
            severity: Severity::Error,
            warn_if: Threshold::ANY,
            error_if: Threshold::ANY,
            where_clause: None,
            limit: None,
            store_failures: None,
            fail_calc: "count(*)".to_string(),
            raw: Map::new(),
        }
    }
}
