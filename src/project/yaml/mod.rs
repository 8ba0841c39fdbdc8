//! YAML as dbt reads it, each value with the place it stands at.
//!
//! The dialect is PyYAML's: scalars resolve as in YAML 1.1 (`yes` is a boolean), anchors and merge keys work. Unlike
//! PyYAML, a key given twice is an error. No input panics: nesting and the expansion of aliases are bounded.

mod build;
mod layer;
mod reader;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use build::parse;
pub use layer::{Layer, LayerValue};
pub use reader::{Fields, Reader, Spotted};
pub use scalar::Scalar;

use super::{Spot, TextFile};

/// Where a value stands in its file; lines and columns count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

impl Span {
    pub fn spot(self, file: &Arc<TextFile>) -> Spot {
        Spot::new(file, self.line, self.column, self.length)
    }
}

/// A YAML value and its place.
#[derive(Debug, Clone)]
pub struct Yaml {
    pub span: Span,
    pub data: Data,
}

#[derive(Debug, Clone)]
pub enum Data {
    Scalar(Scalar),
    List(Vec<Yaml>),
    Map(Vec<(Key, Yaml)>),
}

/// The key of a mapping. Scalars other than text are kept as they are written.
#[derive(Debug, Clone)]
pub struct Key {
    pub text: String,
    pub span: Span,
}

impl Yaml {
    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar(scalar) if scalar.value.is_null())
    }

    /// What an error message calls such a value.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Scalar(scalar) => match scalar.value {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                _ => "text",
            },
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar(scalar) => scalar.value.clone(),
            Data::List(items) => items.iter().map(Yaml::to_json).collect(),
            Data::Map(entries) => Value::Object(map_to_json(entries)),
        }
    }
}

pub fn map_to_json(entries: &[(Key, Yaml)]) -> Map<String, Value> {
    entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect()
}
