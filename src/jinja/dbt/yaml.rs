//! `fromyaml` and `toyaml`.

use std::rc::Rc;

use saphyr::{LoadableYamlNode, Scalar, Yaml};

use crate::jinja::value::{Dict, Key, Value, float_repr, python_json};

/// The first document of the text; none if it is not YAML.
pub(super) fn parse(text: &str) -> Option<Value> {
    let documents = Yaml::load_from_str(text).ok()?;
    documents.first().map_or(Some(Value::None), |document| convert(document, 0))
}

/// Values nested deeper than this are not taken.
const MAX_DEPTH: usize = 60;

fn convert(yaml: &Yaml<'_>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match yaml {
        Yaml::Value(Scalar::Null) => Value::None,
        Yaml::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::Int(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Value::Float(value.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(items) => Value::list(items.iter().map(|item| convert(item, depth + 1)).collect::<Option<_>>()?),
        Yaml::Mapping(entries) => {
            let dict = Dict::default();
            for (key, value) in entries {
                dict.insert(Key::new(convert(key, depth + 1)?).ok()?, convert(value, depth + 1)?);
            }
            Value::Dict(Rc::new(dict))
        }
        Yaml::Tagged(_, inner) => convert(inner, depth + 1)?,
        _ => return None,
    })
}

/// The value as a YAML document in block style, or why it has none.
pub(super) fn write(value: &Value, sort_keys: bool) -> Result<String, String> {
    let mut out = String::new();
    // The JSON text of the value has all its limits on depth and size, and refuses what has no text.
    python_json(value, false, None)?;
    write_node(value, sort_keys, 0, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(out)
}

fn write_node(value: &Value, sort_keys: bool, indent: usize, out: &mut String) {
    let items = match value {
        Value::List(list) => Some(list.items()),
        Value::Tuple(items) => Some(items.to_vec()),
        _ => None,
    };
    match (value, items) {
        (_, Some(items)) if !items.is_empty() => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                let mut inner = String::new();
                write_node(&item, sort_keys, indent + 2, &mut inner);
                out.push_str(inner.trim_start());
                end_line(out);
            }
        }
        (Value::Dict(dict), _) if dict.len() > 0 => {
            let mut entries: Vec<(String, Value)> =
                dict.entries().into_iter().map(|(key, value)| (scalar(key.value()), value)).collect();
            if sort_keys {
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            }
            for (key, value) in entries {
                out.push_str(&format!("{}{key}:", " ".repeat(indent)));
                let deeper = match &value {
                    Value::Dict(dict) if dict.len() > 0 => Some(indent + 2),
                    Value::List(list) if list.len() > 0 => Some(indent),
                    Value::Tuple(items) if !items.is_empty() => Some(indent),
                    _ => None,
                };
                out.push(if deeper.is_some() { '\n' } else { ' ' });
                write_node(&value, sort_keys, deeper.unwrap_or(0), out);
                end_line(out);
            }
        }
        (_, Some(_)) => out.push_str("[]"),
        (Value::Dict(_), _) => out.push_str("{}"),
        _ => out.push_str(&scalar(value)),
    }
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::None => "null".to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => float_repr(*value),
        Value::Str(text) => text_scalar(text),
        other => other.to_string(),
    }
}

/// A string, quoted when it would otherwise read as something else.
fn text_scalar(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || " _-./()".contains(c))
        && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !text.ends_with(' ')
        && matches!(parse(text), Some(Value::Str(read)) if *read == *text)
        && !["yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if plain {
        return text.to_string();
    }
    if text.contains(|c: char| c.is_control()) {
        return python_json(&Value::from(text), false, None).unwrap_or_default();
    }
    format!("'{}'", text.replace('\'', "''"))
}
