//! Configuration as one place gives it.

use indexmap::IndexMap;
use serde_json::Value;

use super::{Fields, Yaml};
use crate::project::Spot;

/// A configuration value, not rendered, and where it is given.
#[derive(Debug, Clone)]
pub struct LayerValue {
    pub value: Value,
    pub spot: Spot,
}

/// The configuration one place gives: a folder of `dbt_project.yml`, a `config:` block, a `{{ config() }}` call.
#[derive(Debug, Clone, Default)]
pub struct Layer(pub IndexMap<String, LayerValue>);

impl Layer {
    pub fn insert(&mut self, key: impl Into<String>, value: Value, spot: Spot) {
        self.0.insert(key.into(), LayerValue { value, spot });
    }

    pub fn get(&self, key: &str) -> Option<&LayerValue> {
        self.0.get(key)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every entry of the mapping under `key`; empty when there is none.
    pub fn under(fields: &Fields<'_, '_>, key: &'static str) -> Self {
        let mut layer = Layer::default();
        for (key, value) in fields.entries(key) {
            layer.insert(key.text.as_str(), value.to_json(), key.span.spot(fields.reader().file()));
        }
        layer
    }

    /// Takes a key that stands beside `config:` rather than in it; `config:` wins.
    pub fn take_inline(&mut self, fields: &Fields<'_, '_>, key: &'static str) {
        if let Some(value) = fields.get(key)
            && self.get(key).is_none()
        {
            self.put(fields, key, value);
        }
    }

    fn put(&mut self, fields: &Fields<'_, '_>, key: &str, value: &Yaml) {
        self.insert(key, value.to_json(), value.span.spot(fields.reader().file()));
    }
}
