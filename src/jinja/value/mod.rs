//! Values with Python's semantics: lists, dicts and sets are shared, mutable references; `1 == 1.0 == True`.

mod arithmetic;
mod collection;
mod compare;
mod convert;
mod display;
mod json;
mod key;
mod object;
mod slice;

use std::rc::Rc;
use std::sync::Arc;

pub(crate) use arithmetic::{binary, negative, positive};
pub(crate) use collection::{Dict, List, Set, Tuple, drop_flat};
pub(crate) use compare::{contains, equal, order};
pub(crate) use convert::{iterate, length};
pub(crate) use display::float_repr;
pub(crate) use json::{from_json, python_json, to_json};
pub(crate) use key::Key;
pub(crate) use object::{Missing, Object};
pub(crate) use slice::{index, slice};

#[derive(Clone)]
pub(crate) enum Value {
    Undefined(Rc<Missing>),
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    List(Rc<List>),
    Tuple(Rc<Tuple>),
    Dict(Rc<Dict>),
    Set(Rc<Set>),
    Object(Rc<dyn Object>),
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Value::Str(text.into())
    }

    pub fn list(items: Vec<Value>) -> Self {
        Value::List(Rc::new(List::new(items)))
    }

    pub fn tuple(items: Vec<Value>) -> Self {
        Value::Tuple(Rc::new(Tuple::new(items)))
    }

    /// A dict with string keys.
    pub fn dict<K: Into<Arc<str>>>(items: impl IntoIterator<Item = (K, Value)>) -> Self {
        let items = items.into_iter().map(|(key, value)| (Key::text(key), value));
        Value::Dict(Rc::new(Dict::new(items.collect())))
    }

    pub fn object(object: impl Object + 'static) -> Self {
        Value::Object(Rc::new(object))
    }

    /// The undefined value that a wrong name leads to; `what` begins the error if it is used: "'x' is undefined".
    pub fn undefined(what: impl Into<String>) -> Self {
        Value::Undefined(Rc::new(Missing { what: what.into(), name: None, hint: None }))
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    /// The object of this type inside, if it is one.
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Python's name of the type, as error messages use it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined(_) => "Undefined",
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Set(_) => "set",
            Value::Object(object) => object.type_name(),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Value::Undefined(_) | Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) => list.len() > 0,
            Value::Tuple(items) => !items.is_empty(),
            Value::Dict(dict) => dict.len() > 0,
            Value::Set(set) => set.len() > 0,
            Value::Object(object) => object.is_true(),
        }
    }

    /// The value as an integer, where Python takes one: an int or a bool.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// The value as a number: an int, a bool or a float.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            _ => self.as_int().map(|value| value as f64),
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Value::Int(_) | Value::Float(_) | Value::Bool(_))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::str(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::None, Into::into)
    }
}
