//! Values as keys of dicts and members of sets.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Value, equal};
use crate::jinja::fault::{Fault, Outcome};

/// A hashable value. Equal values are equal keys, so `1`, `1.0` and `True` are one key.
#[derive(Clone)]
pub(crate) struct Key(Value);

impl Key {
    /// Lists, dicts and sets cannot be keys, nor tuples that hold one.
    pub fn new(value: Value) -> Outcome<Key> {
        match unhashable(&value, 0, &mut 0) {
            Some(name) => Err(Fault::new(format!("unhashable type: '{name}'"))),
            None => Ok(Key(value)),
        }
    }

    pub fn text(text: impl Into<Arc<str>>) -> Key {
        Key(Value::str(text))
    }

    pub fn value(&self) -> &Value {
        &self.0
    }

    pub fn into_value(self) -> Value {
        self.0
    }
}

/// Tuples nested deeper or larger than this are not taken as keys: every use of a key hashes it whole.
const MAX_KEY_DEPTH: usize = 50;
const MAX_KEY_SIZE: usize = 10_000;

fn unhashable(value: &Value, depth: usize, size: &mut usize) -> Option<&'static str> {
    *size += 1;
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) => Some(value.type_name()),
        Value::Tuple(_) if depth >= MAX_KEY_DEPTH || *size > MAX_KEY_SIZE => Some("very large tuple"),
        Value::Tuple(items) => items.iter().find_map(|item| unhashable(item, depth + 1, size)),
        _ => None,
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0) || both_nan(&self.0, &other.0)
    }
}

impl Eq for Key {}

/// A key must be equal to itself, which a NaN is not.
fn both_nan(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Float(a), Value::Float(b)) if a.is_nan() && b.is_nan())
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Bool(_) | Value::Int(_) => value.as_int().hash(state),
        Value::Float(float) => match integral(*float) {
            Some(integer) => Some(integer).hash(state),
            None if float.is_nan() => f64::NAN.to_bits().hash(state),
            None => float.to_bits().hash(state),
        },
        Value::Str(text) => text.hash(state),
        Value::Tuple(items) => items.iter().for_each(|item| hash(item, state)),
        Value::Object(object) => object.identity().hash(state),
        // Not hashable or alone of their kind: `Key::new` and equality tell them apart.
        Value::Undefined(_) | Value::None | Value::List(_) | Value::Dict(_) | Value::Set(_) => {}
    }
}

/// The integer that a float is equal to, if there is one.
pub(super) fn integral(float: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float)).then_some(float as i64)
}
