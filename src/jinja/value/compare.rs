//! Equality, order and membership.

use std::cmp::Ordering;
use std::rc::Rc;

use super::key::integral;
use super::{Key, Value, iterate};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::limits::MAX_ITEMS;

/// Values nested deeper than this count as different, as do those with more than [`MAX_ITEMS`] items: a list can hold
/// itself, many times.
const MAX_DEPTH: usize = 100;

pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    equal_at(a, b, 0, &mut 0)
}

fn equal_at(a: &Value, b: &Value, depth: usize, size: &mut usize) -> bool {
    *size += 1;
    if depth > MAX_DEPTH || *size > MAX_ITEMS {
        return false;
    }
    let mut all =
        |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal_at(a, b, depth + 1, size));
    match (a, b) {
        (Value::Undefined(_), Value::Undefined(_)) | (Value::None, Value::None) => true,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b) || all(&a.items(), &b.items()),
        (Value::Tuple(a), Value::Tuple(b)) => Rc::ptr_eq(a, b) || all(a, b),
        (Value::Dict(a), Value::Dict(b)) => {
            let mut same =
                |(key, value): (Key, Value)| b.get(&key).is_some_and(|other| equal_at(&value, &other, depth + 1, size));
            Rc::ptr_eq(a, b) || a.len() == b.len() && a.entries().into_iter().all(&mut same)
        }
        (Value::Set(a), Value::Set(b)) => Rc::ptr_eq(a, b) || a.keys() == b.keys(),
        (Value::Object(x), Value::Object(y)) => match (x.identity(), y.identity()) {
            (Some(x_identity), Some(y_identity)) => x.type_name() == y.type_name() && x_identity == y_identity,
            _ => std::ptr::addr_eq(Rc::as_ptr(x), Rc::as_ptr(y)),
        },
        _ => numbers(a, b) == Some(Ordering::Equal),
    }
}

/// The exact order of two numbers; none for a NaN and for values that are not numbers.
fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int()) {
        return Some(a.cmp(&b));
    }
    let (x, y) = (a.as_float()?, b.as_float()?);
    match (a.as_int(), b.as_int()) {
        (Some(a), None) if integral(y).is_some() => integral(y).map(|b| a.cmp(&b)),
        (None, Some(b)) if integral(x).is_some() => integral(x).map(|a| a.cmp(&b)),
        _ => x.partial_cmp(&y),
    }
}

/// The order of two values, or Python's error if they have none. `None` inside: a NaN, smaller and larger than nothing.
pub(crate) fn order(a: &Value, b: &Value, operator: &str) -> Outcome<Option<Ordering>> {
    order_at(a, b, operator, 0)
}

fn order_at(a: &Value, b: &Value, operator: &str, depth: usize) -> Outcome<Option<Ordering>> {
    if depth > MAX_DEPTH {
        return Err(Fault::new("these values are nested too deep to compare"));
    }
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(Some(a.cmp(b))),
        (Value::List(a), Value::List(b)) => sequences(&a.items(), &b.items(), operator, depth),
        (Value::Tuple(a), Value::Tuple(b)) => sequences(a, b, operator, depth),
        (Value::Undefined(missing), _) | (_, Value::Undefined(missing)) => Err(missing.fault()),
        _ if a.is_number() && b.is_number() => Ok(numbers(a, b)),
        _ => {
            let ordering = match (a, b) {
                (Value::Object(object), other) => object.compare(other),
                _ => None,
            };
            let (left, right) = (a.type_name(), b.type_name());
            let message = format!("'{operator}' not supported between instances of '{left}' and '{right}'");
            ordering.map(Some).ok_or_else(|| Fault::new(message))
        }
    }
}

fn sequences(a: &[Value], b: &[Value], operator: &str, depth: usize) -> Outcome<Option<Ordering>> {
    for (a, b) in a.iter().zip(b) {
        if !equal(a, b) {
            return order_at(a, b, operator, depth + 1);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// `item in container`
pub(crate) fn contains(container: &Value, item: &Value) -> Outcome<bool> {
    match container {
        Value::Str(text) => match item {
            Value::Str(part) => Ok(text.contains(&**part)),
            Value::Undefined(missing) => Err(missing.fault()),
            _ => {
                let found = item.type_name();
                Err(Fault::new(format!("'in <string>' requires string as left operand, not {found}")))
            }
        },
        Value::Dict(dict) => Ok(dict.get(&Key::new(item.clone())?).is_some()),
        Value::Set(set) => Ok(set.contains(&Key::new(item.clone())?)),
        Value::Object(object) if object.is_mapping() => Ok(object.item(item).is_some()),
        _ => match iterate(container) {
            Ok(items) => Ok(items.iter().any(|candidate| equal(candidate, item))),
            Err(_) => Err(Fault::new(format!("argument of type '{}' is not iterable", container.type_name()))),
        },
    }
}
