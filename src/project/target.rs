//! The chosen output of `profiles.yml`, rendered.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Secret, Spot};
use crate::diagnostic::{Diagnostic, Place};

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

    fn collect_secrets(&self, secrets: &mut Vec<String>) {
        match self {
            ProfileValue::Secret(secret) if secret.reveal().is_empty() => {}
            ProfileValue::Secret(secret) => secrets.push(secret.reveal().to_string()),
            ProfileValue::Map(map) => map.values().for_each(|value| value.collect_secrets(secrets)),
            ProfileValue::Plain(_) => {}
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
    /// Where each field's value stands.
    #[serde(skip)]
    pub spots: IndexMap<String, Spot>,
    /// Where the output stands.
    #[serde(skip)]
    pub spot: Option<Spot>,
}

impl TargetProfile {
    /// The text of a field, a secret too. None when the field is absent, null or a mapping.
    pub fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key)?.reveal()
    }

    /// `error` at the value of a field, or at the output where it has no such field. No secret is in the line it shows.
    pub fn at(&self, key: &str, error: Diagnostic) -> Diagnostic {
        match self.spots.get(key).or(self.spot.as_ref()) {
            Some(spot) => error.at(without_secrets(spot.place(), self.fields.values())),
            None => error,
        }
    }

    /// Every secret of the output.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        self.fields.values().for_each(|value| value.collect_secrets(&mut secrets));
        secrets
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

/// The place with the secrets of its line masked, and the caret still under its words.
pub fn without_secrets<'v>(mut place: Place, values: impl Iterator<Item = &'v ProfileValue>) -> Place {
    let mut secrets = Vec::new();
    values.for_each(|value| value.collect_secrets(&mut secrets));
    for secret in secrets.iter().flat_map(|secret| written(secret)) {
        let mut from = 0;
        while let Some(at) = place.excerpt[from..].find(&secret).map(|at| from + at) {
            let (before, length) = (place.excerpt[..at].chars().count(), secret.chars().count());
            if before + length < place.column {
                place.column = place.column + MASK.len() - length;
            }
            place.excerpt.replace_range(at..at + secret.len(), MASK);
            from = at + MASK.len();
        }
    }
    place
}

/// The ways a text may stand in YAML.
fn written(text: &str) -> [String; 3] {
    let escaped = Value::from(text).to_string();
    [text.to_string(), text.replace('\'', "''"), escaped.trim_matches('"').to_string()]
}

const MASK: &str = "***";
