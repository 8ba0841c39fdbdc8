//! The methods of Python's own types.

pub(crate) mod dict;
mod list;
pub(crate) mod set;
pub(crate) mod text;
pub(crate) mod text_shape;

use std::any::Any;

use super::args::Args;
use super::ast::Name;
use super::fault::{Fault, Outcome};
use super::interp::Interp;
use super::value::{Object, Value};

/// The names of the methods that a value of this type has.
pub(crate) fn names(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Str(_) => &text::NAMES,
        Value::List(_) => &list::NAMES,
        Value::Tuple(_) => &list::TUPLE_NAMES,
        Value::Dict(_) => &dict::NAMES,
        Value::Set(_) => &set::NAMES,
        Value::Float(_) => &["is_integer"],
        Value::Int(_) => &["bit_length"],
        _ => &[],
    }
}

/// Calls the method, which must be one of `names`.
pub(crate) fn call(interp: &mut Interp<'_>, receiver: &Value, name: &str, args: Args) -> Outcome<Value> {
    match receiver {
        Value::Str(text) => text::call(interp, text, name, args),
        Value::List(list) => list::call(interp, list, name, args),
        Value::Tuple(items) => list::search(items, name, args),
        Value::Dict(dict) => dict::call(interp, dict, name, args),
        Value::Set(set) => set::call(interp, set, name, args),
        Value::Float(value) => args.none(name).map(|()| Value::Bool(value.fract() == 0.0)),
        Value::Int(value) => args.none(name).map(|()| Value::Int(i64::from(64 - value.unsigned_abs().leading_zeros()))),
        _ => Err(Fault::new(format!("'{}' object has no method '{name}'", receiver.type_name()))),
    }
}

/// A method that was taken from its value without being called: `{% set add = list.append %}`.
pub(crate) struct BoundMethod {
    receiver: Value,
    name: Name,
}

impl BoundMethod {
    pub fn of(receiver: Value, name: &str) -> Value {
        Value::object(BoundMethod { receiver, name: Name::from(name) })
    }
}

impl Object for BoundMethod {
    fn type_name(&self) -> &'static str {
        "method"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<method '{}' of '{}' object>", self.name, self.receiver.type_name())
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        interp.call_method(&self.receiver, &self.name, args)
    }
}
