//! The chosen output of `profiles.yml`, rendered.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Secret;

/// A rendered value of a target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ProfileValue {
    Plain(Value),
    Secret(Secret),
    /// A nested mapping, such as `storage_options`.
    Map(IndexMap<String, ProfileValue>),
}

impl ProfileValue {
    /// The value as text, a secret too: for the call that opens the warehouse and nothing else.
    pub fn reveal(&self) -> Option<String> {
        match self {
            ProfileValue::Plain(Value::String(text)) => Some(text.clone()),
            ProfileValue::Plain(Value::Null) | ProfileValue::Map(_) => None,
            ProfileValue::Plain(value) => Some(value.to_string()),
            ProfileValue::Secret(secret) => Some(secret.reveal().to_string()),
        }
    }
}

/// Where the run writes: one output of one profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetProfile {
    pub profile_name: String,
    pub target_name: String,
    /// The profile's `type:`, `delta` or `postgres`.
    pub kind: String,
    pub database: String,
    pub schema: String,
    pub threads: usize,
    /// Every key of the output as written, rendered, in file order.
    pub fields: IndexMap<String, ProfileValue>,
}

impl TargetProfile {
    /// The text of a field, a secret too. None when the field is absent, null or a mapping.
    pub fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key)?.reveal()
    }

    /// A field that is a mapping, such as `storage_options`, as text values, secrets too.
    pub fn map(&self, key: &str) -> Vec<(String, String)> {
        match self.fields.get(key) {
            Some(ProfileValue::Map(map)) => {
                map.iter().filter_map(|(key, value)| Some((key.clone(), value.reveal()?))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a template sees as `target`: every field but the secrets, and dbt's own names for the rest.
    pub fn template_values(&self) -> Map<String, Value> {
        let mut values: Map<String, Value> = self
            .fields
            .iter()
            .filter_map(|(key, value)| match value {
                ProfileValue::Plain(value) => Some((key.clone(), value.clone())),
                ProfileValue::Secret(_) | ProfileValue::Map(_) => None,
            })
            .collect();
        values.insert("name".into(), self.target_name.clone().into());
        values.insert("target_name".into(), self.target_name.clone().into());
        values.insert("profile_name".into(), self.profile_name.clone().into());
        values.insert("type".into(), self.kind.clone().into());
        values.insert("database".into(), self.database.clone().into());
        values.insert("dbname".into(), self.database.clone().into());
        values.insert("schema".into(), self.schema.clone().into());
        values.insert("threads".into(), self.threads.into());
        values
    }
}
