//! Jinja's builtin tests: `x is defined`.

use std::rc::Rc;

use super::args::Args;
use super::ast::{BinaryOp, CompareOp};
use super::fault::{Fault, Outcome};
use super::filters;
use super::interp::compare;
use super::value::{self, Value};
use crate::diagnostic::Diagnostic;

const NAMES: [&str; 40] = [
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "set",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
];

pub(crate) fn test(name: &str, subject: &Value, args: Args) -> Outcome<bool> {
    if !NAMES.contains(&name) {
        return Err(Diagnostic::new(format!("no test named '{name}'")).known_names(name, "tests", NAMES).into());
    }
    if let Some(operator) = comparison(name) {
        let [other] = args.bind(name, ["other"], 1)?;
        return compare(operator, subject, &other.unwrap_or(Value::None));
    }
    match name {
        "divisibleby" => {
            let [by] = args.bind(name, ["num"], 1)?;
            return remainder_is(subject, &by.unwrap_or(Value::None), 0);
        }
        "sameas" => {
            let [other] = args.bind(name, ["other"], 1)?;
            return Ok(same(subject, &other.unwrap_or(Value::None)));
        }
        "even" => return remainder_is(subject, &Value::Int(2), 0),
        "odd" => return remainder_is(subject, &Value::Int(2), 1),
        _ => args.none(name)?,
    }
    Ok(property(name, subject))
}

fn property(name: &str, subject: &Value) -> bool {
    match name {
        "defined" => !subject.is_undefined(),
        "undefined" => subject.is_undefined(),
        "none" => subject.is_none(),
        "boolean" => matches!(subject, Value::Bool(_)),
        "true" => matches!(subject, Value::Bool(true)),
        "false" => matches!(subject, Value::Bool(false)),
        "integer" => matches!(subject, Value::Int(_)),
        "float" => matches!(subject, Value::Float(_)),
        "number" => subject.is_number(),
        "string" => matches!(subject, Value::Str(_)),
        "set" => matches!(subject, Value::Set(_)),
        "mapping" => match subject {
            Value::Object(object) => object.is_mapping(),
            _ => matches!(subject, Value::Dict(_)),
        },
        "iterable" => value::iterate(subject).is_ok(),
        "sequence" => match subject {
            Value::Object(object) => object.length().is_some(),
            Value::Set(_) => false,
            _ => value::length(subject).is_some(),
        },
        "callable" => matches!(subject, Value::Object(object) if object.is_callable()),
        "lower" => has_case(&subject.to_string(), |text| text.to_lowercase()),
        "upper" => has_case(&subject.to_string(), |text| text.to_uppercase()),
        "filter" => subject.as_str().is_some_and(filters::exists),
        "test" => subject.as_str().is_some_and(|name| NAMES.contains(&name)),
        // Nothing is ever escaped: templates make SQL.
        "escaped" => false,
        _ => false,
    }
}

/// Whether the text has letters, all of them in the case that `change` gives.
fn has_case(text: &str, change: fn(&str) -> String) -> bool {
    change(text) == text && text.to_lowercase() != text.to_uppercase()
}

fn comparison(name: &str) -> Option<CompareOp> {
    Some(match name {
        "eq" | "equalto" | "==" => CompareOp::Eq,
        "ne" | "!=" => CompareOp::Ne,
        "lt" | "lessthan" | "<" => CompareOp::Lt,
        "le" | "<=" => CompareOp::Le,
        "gt" | "greaterthan" | ">" => CompareOp::Gt,
        "ge" | ">=" => CompareOp::Ge,
        "in" => CompareOp::In,
        _ => return None,
    })
}

fn remainder_is(subject: &Value, by: &Value, wanted: i64) -> Outcome<bool> {
    if subject.as_float().is_none() && !subject.is_undefined() {
        return Err(Fault::new(format!("this test needs a number, not a {}", subject.type_name())));
    }
    Ok(value::equal(&value::binary(BinaryOp::Mod, subject, by)?, &Value::Int(wanted)))
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
        (Value::Dict(a), Value::Dict(b)) => Rc::ptr_eq(a, b),
        (Value::Set(a), Value::Set(b)) => Rc::ptr_eq(a, b),
        (Value::Tuple(a), Value::Tuple(b)) => Rc::ptr_eq(a, b),
        _ => a.type_name() == b.type_name() && value::equal(a, b),
    }
}
