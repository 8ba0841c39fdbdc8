//! JSON in and out: the only way a value enters or leaves the module, beside text and relations.

use std::fmt::Write;
use std::rc::Rc;

use serde_json::Number;

use super::{Dict, Key, Value, float_repr};
use crate::jinja::dbt::{Relation, RelationObject};
use crate::jinja::limits::MAX_ITEMS;

/// Values nested deeper than this are not converted: a list can hold itself.
const MAX_DEPTH: usize = 60;

pub(crate) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::None,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => number.as_f64().map_or(Value::None, Value::Float),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::list(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => match Relation::from_json(json) {
            Some(relation) => Value::object(RelationObject::new(relation)),
            None => from_map(entries),
        },
    }
}

fn from_map(entries: &serde_json::Map<String, serde_json::Value>) -> Value {
    let entries = entries.iter().map(|(key, value)| (Key::text(key.as_str()), from_json(value)));
    Value::Dict(Rc::new(Dict::new(entries.collect())))
}

/// The value as JSON. What JSON does not have (a relation, a date) becomes its text; undefined becomes null.
pub(crate) fn to_json(value: &Value) -> Result<serde_json::Value, String> {
    convert(value, 0, &mut 0)
}

fn check(depth: usize, size: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("this value is nested more than {MAX_DEPTH} levels deep"));
    }
    if size > MAX_ITEMS {
        return Err(format!("this value has more than {MAX_ITEMS} items"));
    }
    Ok(())
}

fn convert(value: &Value, depth: usize, size: &mut usize) -> Result<serde_json::Value, String> {
    *size += 1;
    check(depth, *size)?;
    let mut array = |items: &[Value]| -> Result<serde_json::Value, String> {
        let items: Result<Vec<_>, String> = items.iter().map(|item| convert(item, depth + 1, size)).collect();
        Ok(serde_json::Value::Array(items?))
    };
    Ok(match value {
        Value::Undefined(_) | Value::None => serde_json::Value::Null,
        Value::Bool(value) => serde_json::Value::Bool(*value),
        Value::Int(value) => serde_json::Value::Number((*value).into()),
        Value::Float(value) => Number::from_f64(*value).map_or(serde_json::Value::Null, serde_json::Value::Number),
        Value::Str(text) => serde_json::Value::String(text.to_string()),
        Value::List(list) => array(&list.items())?,
        Value::Tuple(items) => array(items)?,
        Value::Set(set) => array(&set.items())?,
        Value::Dict(dict) => {
            let mut entries = serde_json::Map::new();
            for (key, value) in dict.entries() {
                entries.insert(json_key(key.value()), convert(&value, depth + 1, size)?);
            }
            serde_json::Value::Object(entries)
        }
        Value::Object(object) => serde_json::Value::String(object.text()),
    })
}

fn json_float(value: f64) -> String {
    match float_repr(value).as_str() {
        "nan" => "NaN".to_string(),
        "inf" => "Infinity".to_string(),
        "-inf" => "-Infinity".to_string(),
        text => text.to_string(),
    }
}

fn json_key(key: &Value) -> String {
    match key {
        Value::None => "null".to_string(),
        Value::Bool(value) => value.to_string(),
        _ => key.to_string(),
    }
}

/// The text that Python's `json.dumps` gives, or its error for what JSON does not have.
pub(crate) fn python_json(value: &Value, sort_keys: bool, indent: Option<usize>) -> Result<String, String> {
    let mut writer = Writer { out: String::new(), sort_keys, indent };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    sort_keys: bool,
    indent: Option<usize>,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        check(depth, self.out.len() / 16)?;
        match value {
            Value::None => self.out.push_str("null"),
            Value::Bool(value) => _ = write!(self.out, "{value}"),
            Value::Int(value) => _ = write!(self.out, "{value}"),
            Value::Float(value) => self.out.push_str(&json_float(*value)),
            Value::Str(text) => self.string(text),
            Value::List(list) => self.array(&list.items(), depth)?,
            Value::Tuple(items) => self.array(items, depth)?,
            Value::Dict(dict) => self.object(dict, depth)?,
            Value::Undefined(missing) => return Err(missing.what.clone()),
            Value::Set(_) | Value::Object(_) => {
                return Err(format!("Object of type {} is not JSON serializable", value.type_name()));
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                ' '..='~' => self.out.push(c),
                c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(self.out, "\\u{unit:04x}")),
            }
        }
        self.out.push('"');
    }

    fn separator(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push_str(if self.indent.is_some() { "," } else { ", " });
        }
        self.new_line(depth + 1);
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(indent * depth));
        }
    }

    fn array(&mut self, items: &[Value], depth: usize) -> Result<(), String> {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            self.separator(index, depth);
            self.value(item, depth + 1)?;
        }
        if !items.is_empty() {
            self.new_line(depth);
        }
        self.out.push(']');
        Ok(())
    }

    fn object(&mut self, dict: &Dict, depth: usize) -> Result<(), String> {
        let mut entries: Vec<(String, Value)> =
            dict.entries().into_iter().map(|(key, value)| (json_key(key.value()), value)).collect();
        if self.sort_keys {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        self.out.push('{');
        for (index, (key, value)) in entries.iter().enumerate() {
            self.separator(index, depth);
            self.string(key);
            self.out.push_str(": ");
            self.value(value, depth + 1)?;
        }
        if !entries.is_empty() {
            self.new_line(depth);
        }
        self.out.push('}');
        Ok(())
    }
}
