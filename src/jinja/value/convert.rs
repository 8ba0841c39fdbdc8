//! Lengths and iteration.

use super::Value;
use crate::jinja::fault::{Fault, Outcome};

/// The items that `for` runs over.
pub(crate) fn iterate(value: &Value) -> Outcome<Vec<Value>> {
    match value {
        Value::Undefined(_) => Ok(Vec::new()),
        Value::Str(text) => Ok(text.chars().map(|c| Value::from(c.encode_utf8(&mut [0; 4]) as &str)).collect()),
        Value::List(list) => Ok(list.items()),
        Value::Tuple(items) => Ok(items.to_vec()),
        Value::Dict(dict) => Ok(dict.keys()),
        Value::Set(set) => Ok(set.items()),
        Value::Object(object) if object.items().is_some() => Ok(object.items().unwrap_or_default()),
        _ => Err(Fault::new(format!("'{}' object is not iterable", value.type_name()))),
    }
}

/// What `len()` gives, if the value has a length.
pub(crate) fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Undefined(_) => Some(0),
        Value::Str(text) => Some(text.chars().count()),
        Value::List(list) => Some(list.len()),
        Value::Tuple(items) => Some(items.len()),
        Value::Dict(dict) => Some(dict.len()),
        Value::Set(set) => Some(set.len()),
        Value::Object(object) => object.length(),
        _ => None,
    }
}
