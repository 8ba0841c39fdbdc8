//! Configuration from several places, merged by dbt's rules.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::render::Renderer;
use crate::diagnostic::{Diagnostic, nearest};
use crate::project::Spot;
use crate::project::yaml::Layer;

/// The configuration merged so far, rendered, and where each value was given last.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    pub values: Map<String, Value>,
    spots: HashMap<String, Spot>,
}

/// Keys that dbt takes in two spellings.
const ALIASES: [(&str, &str); 2] = [("pre_hook", "pre-hook"), ("post_hook", "post-hook")];

/// Keys whose text is a template for later, when the node runs.
const NOT_RENDERED: [&str; 2] = ["pre-hook", "post-hook"];

/// Keys whose values add up instead of replacing one another.
const APPENDED: [&str; 4] = ["tags", "pre-hook", "post-hook", "packages"];

/// Keys whose mappings are merged key by key.
const MERGED: [&str; 6] = ["meta", "quoting", "column_types", "docs", "contract", "persist_docs"];

/// Every configuration key that dbt or this program knows, of any kind of node.
const KNOWN: [&str; 68] = [
    "access",
    "alias",
    "auto_refresh",
    "batch_size",
    "begin",
    "check_cols",
    "clean",
    "cluster_by",
    "column_types",
    "concurrent_batches",
    "contract",
    "data_type",
    "database",
    "dbt_valid_to_current",
    "delimiter",
    "docs",
    "enabled",
    "error_if",
    "event_time",
    "external",
    "fail_calc",
    "freshness",
    "full_refresh",
    "grants",
    "group",
    "hard_deletes",
    "incremental_predicates",
    "incremental_strategy",
    "indexes",
    "inserts_only",
    "invalidate_hard_deletes",
    "limit",
    "load",
    "loaded_at_field",
    "loaded_at_query",
    "lookback",
    "materialized",
    "merge_exclude_columns",
    "merge_update_columns",
    "meta",
    "on_configuration_change",
    "on_schema_change",
    "packages",
    "partition_by",
    "persist_docs",
    "post-hook",
    "post_hook",
    "pre-hook",
    "pre_hook",
    "predicates",
    "quote_columns",
    "quoting",
    "schema",
    "severity",
    "snapshot_meta_column_names",
    "sql_header",
    "static_analysis",
    "store_failures",
    "store_failures_as",
    "strategy",
    "tags",
    "target_database",
    "target_schema",
    "unique_key",
    "unlogged",
    "updated_at",
    "warn_if",
    "where",
];

impl Merged {
    /// Puts a layer on top. Every value that cannot be rendered is an error.
    pub fn add(&mut self, layer: &Layer, renderer: &Renderer<'_>, errors: &mut Vec<Diagnostic>) {
        for (key, given) in &layer.0 {
            let key = ALIASES.iter().find(|(alias, _)| alias == key).map_or(key.as_str(), |(_, name)| name);
            if let Some(near) = slip(key) {
                let error = Diagnostic::new(format!("unknown configuration '{key}'")).at(given.spot.place());
                errors.push(error.hint(format!("did you mean '{near}'?")));
                continue;
            }
            let value = match NOT_RENDERED.contains(&key) {
                true => Ok(given.value.clone()),
                false => renderer.value(&given.value, &given.spot),
            };
            match value {
                Ok(value) => self.put(key, value, &given.spot),
                Err(error) => errors.push(error),
            }
        }
    }

    /// Adds one value by the rule of its key.
    pub fn put(&mut self, key: &str, value: Value, spot: &Spot) {
        let before = self.values.get_mut(key);
        match (before, value) {
            (Some(Value::Array(items)), value) if APPENDED.contains(&key) => {
                let more = as_list(value).into_iter().filter(|item| key != "tags" || !items.contains(item));
                let more: Vec<Value> = more.collect();
                items.extend(more);
            }
            (None, value) if APPENDED.contains(&key) => {
                self.values.insert(key.to_string(), Value::Array(as_list(value)));
            }
            (Some(Value::Object(map)), Value::Object(more)) if MERGED.contains(&key) => map.extend(more),
            (Some(Value::Object(map)), Value::Object(more)) if key == "grants" => add_grants(map, more),
            (_, value) => {
                self.values.insert(key.to_string(), value);
            }
        }
        self.spots.insert(key.to_string(), spot.clone());
    }

    /// Where the value of a key was given last.
    pub fn spot(&self, key: &str) -> Option<&Spot> {
        self.spots.get(key)
    }
}

/// The known key that an unknown one is probably meant to be. Any other unknown key is the user's own.
fn slip(key: &str) -> Option<&'static str> {
    if KNOWN.contains(&key) { None } else { nearest(key, &KNOWN) }
}

fn as_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// `+select: [x]` adds grantees, `select: [x]` replaces them.
fn add_grants(map: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (key.strip_prefix('+'), map.get_mut(key.trim_start_matches('+'))) {
            (Some(_), Some(Value::Array(grantees))) => grantees.extend(as_list(value)),
            (Some(name), _) => {
                map.insert(name.to_string(), value);
            }
            (None, _) => {
                map.insert(key, value);
            }
        }
    }
}
