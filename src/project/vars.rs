//! `--vars`.

use serde_json::{Map, Value};

use super::TextFile;
use super::yaml::{self, Data, map_to_json};
use crate::diagnostic::Diagnostic;

/// Reads the text of `--vars`: a mapping as YAML or JSON, such as `{start: 2020-01-01}` or `start: 2020-01-01`.
pub fn parse_vars(text: &str) -> Result<Map<String, Value>, Diagnostic> {
    let hint = "write a mapping, as in --vars '{name: value}'";
    let file = TextFile::new("--vars", text);
    match yaml::parse(&file).map_err(|errors| errors.into_iter().next().unwrap_or_else(|| Diagnostic::new(hint)))? {
        None => Ok(Map::new()),
        Some(root) => match &root.data {
            Data::Map(entries) => Ok(map_to_json(entries)),
            _ if root.is_null() => Ok(Map::new()),
            _ => {
                let error = Diagnostic::new(format!("--vars must be a mapping, and this is {}", root.kind()));
                Err(error.at(root.span.spot(&file).place()).hint(hint))
            }
        },
    }
}
