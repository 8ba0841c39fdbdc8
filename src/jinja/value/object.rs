//! Values that are not plain data: functions, relations, loops, dates, tables …

use std::any::Any;
use std::cmp::Ordering;

use super::Value;
use crate::jinja::args::Args;
use crate::jinja::ast::{BinaryOp, Name};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;

/// What an undefined value was meant to be.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    /// Begins the error message: "'x' is undefined".
    pub what: String,
    /// The variable's name, when a variable is missing and not an attribute or an item.
    pub name: Option<Name>,
    pub hint: Option<String>,
}

impl Missing {
    pub fn fault(&self) -> Fault {
        match &self.hint {
            Some(hint) => Fault::hinted(&self.what, hint),
            None => Fault::undefined(&self.what, self.name.as_ref()),
        }
    }
}

/// A value with a behaviour of its own. The defaults are those of a thing with no attributes that cannot be called.
pub(crate) trait Object {
    fn type_name(&self) -> &'static str;

    fn as_any(&self) -> &dyn Any;

    /// What `str()` gives.
    fn text(&self) -> String {
        format!("<{}>", self.type_name())
    }

    /// What `repr()` gives, and `str()` of a list that holds the object.
    fn repr(&self) -> String {
        self.text()
    }

    /// The plain value that an object which holds other values is shown as; instead of `text` and `repr`.
    fn shown_as(&self) -> Option<Value> {
        None
    }

    fn is_true(&self) -> bool {
        true
    }

    fn attribute(&self, _name: &str) -> Option<Value> {
        None
    }

    /// The names a wrong attribute may have been meant to be.
    fn attribute_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Sets an attribute; false if the object does not let itself be changed.
    fn set_attribute(&self, _name: &Name, _value: Value) -> bool {
        false
    }

    fn item(&self, _key: &Value) -> Option<Value> {
        None
    }

    /// The items that `for` runs over, if any.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn length(&self) -> Option<usize> {
        self.items().map(|items| items.len())
    }

    fn is_mapping(&self) -> bool {
        false
    }

    fn is_callable(&self) -> bool {
        false
    }

    fn call(&self, _interp: &mut Interp<'_>, _args: Args) -> Outcome<Value> {
        Err(Fault::new(format!("'{}' object is not callable", self.type_name())))
    }

    /// Calls a method; `None` gives the arguments to the attribute of that name instead.
    fn call_method(&self, _interp: &mut Interp<'_>, _name: &str, _args: &mut Args) -> Option<Outcome<Value>> {
        None
    }

    /// Objects of one type are equal when these are; an object without is only equal to itself.
    fn identity(&self) -> Option<String> {
        None
    }

    fn compare(&self, _other: &Value) -> Option<Ordering> {
        None
    }

    /// `self operator other`, or `other operator self` when `reflected`.
    fn binary(&self, _operator: BinaryOp, _other: &Value, _reflected: bool) -> Option<Outcome<Value>> {
        None
    }
}
