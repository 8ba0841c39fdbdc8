//! `+ - * / // % **` and the signs.

use super::{Set, Value};
use crate::jinja::ast::BinaryOp;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::format::percent_format;
use crate::jinja::limits::{check_items, check_text};
use std::rc::Rc;

pub(crate) fn binary(operator: BinaryOp, a: &Value, b: &Value) -> Outcome<Value> {
    if let (Value::Undefined(missing), _) | (_, Value::Undefined(missing)) = (a, b) {
        return Err(missing.fault());
    }
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        return integers(operator, x, y);
    }
    if let (Some(x), Some(y)) = (a.as_float(), b.as_float()) {
        return floats(operator, x, y);
    }
    let other = match (operator, a, b) {
        (BinaryOp::Add, Value::Str(a), Value::Str(b)) => Some(Ok(Value::from(format!("{a}{b}")))),
        (BinaryOp::Add, Value::List(a), Value::List(b)) => Some(Ok(Value::list([a.items(), b.items()].concat()))),
        (BinaryOp::Add, Value::Tuple(a), Value::Tuple(b)) => Some(Ok(Value::tuple([&a[..], &b[..]].concat()))),
        (BinaryOp::Mul, sequence, count) if count.as_int().is_some() => repeat(sequence, count.as_int().unwrap_or(0)),
        (BinaryOp::Mul, count, sequence) if count.as_int().is_some() => repeat(sequence, count.as_int().unwrap_or(0)),
        (BinaryOp::Mod, Value::Str(template), _) => Some(percent_format(template, b).map(Value::from)),
        (BinaryOp::Sub, Value::Set(a), Value::Set(b)) => {
            let rest = a.keys().difference(&b.keys()).cloned().collect();
            Some(Ok(Value::Set(Rc::new(Set::new(rest)))))
        }
        (_, Value::Object(object), other) => object.binary(operator, other, false),
        _ => None,
    };
    let reflected = || match b {
        Value::Object(object) => object.binary(operator, a, true),
        _ => None,
    };
    other.or_else(reflected).unwrap_or_else(|| Err(unsupported(operator, a, b)))
}

fn unsupported(operator: BinaryOp, a: &Value, b: &Value) -> Fault {
    let (left, right) = (a.type_name(), b.type_name());
    let message = format!("unsupported operand types for {}: '{left}' and '{right}'", operator.spelling());
    if operator == BinaryOp::Add && (a.as_str().is_some() || b.as_str().is_some()) {
        return Fault::hinted(message, "'~' joins values of any type as text");
    }
    Fault::new(message)
}

fn repeat(sequence: &Value, count: i64) -> Option<Outcome<Value>> {
    let count = usize::try_from(count).unwrap_or(0);
    let length = match sequence {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Tuple(items) => items.len(),
        _ => return None,
    };
    let total = length.saturating_mul(count);
    let fits = if sequence.as_str().is_some() { check_text(total) } else { check_items(total) };
    if let Err(fault) = fits {
        return Some(Err(fault));
    }
    Some(Ok(match sequence {
        Value::Str(text) => Value::from(text.repeat(count)),
        Value::List(list) => Value::list(vec![list.items(); count].concat()),
        Value::Tuple(items) => Value::tuple(vec![items.to_vec(); count].concat()),
        _ => return None,
    }))
}

fn integers(operator: BinaryOp, a: i64, b: i64) -> Outcome<Value> {
    let result = match operator {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if b == 0 => return Err(Fault::new("division by zero")),
        BinaryOp::Div => return Ok(Value::Float(a as f64 / b as f64)),
        BinaryOp::FloorDiv => a.checked_div_euclid(b).map(|q| if b < 0 && a.rem_euclid(b) != 0 { q - 1 } else { q }),
        BinaryOp::Mod => a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }),
        BinaryOp::Pow if b < 0 => return floats(operator, a as f64, b as f64),
        BinaryOp::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    };
    let too_large = || Fault::new(format!("the result of {a} {} {b} does not fit into 64 bits", operator.spelling()));
    result.map(Value::Int).ok_or_else(too_large)
}

fn floats(operator: BinaryOp, a: f64, b: f64) -> Outcome<Value> {
    Ok(Value::Float(match operator {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if b == 0.0 => return Err(Fault::new("division by zero")),
        BinaryOp::Div => a / b,
        BinaryOp::FloorDiv => (a / b).floor(),
        BinaryOp::Mod => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
        }
        BinaryOp::Pow if a == 0.0 && b < 0.0 => return Err(Fault::new("0.0 cannot be raised to a negative power")),
        BinaryOp::Pow => a.powf(b),
    }))
}

pub(crate) fn negative(value: &Value) -> Outcome<Value> {
    match value {
        Value::Float(value) => Ok(Value::Float(-value)),
        Value::Object(object) => {
            object.binary(BinaryOp::Mul, &Value::Int(-1), false).unwrap_or_else(|| Err(bad_operand('-', value)))
        }
        _ => {
            let negated = value.as_int().ok_or_else(|| bad_operand('-', value))?.checked_neg();
            negated.map(Value::Int).ok_or_else(|| Fault::new("the result does not fit into 64 bits"))
        }
    }
}

pub(crate) fn positive(value: &Value) -> Outcome<Value> {
    match value {
        Value::Float(_) => Ok(value.clone()),
        _ => value.as_int().map(Value::Int).ok_or_else(|| bad_operand('+', value)),
    }
}

fn bad_operand(sign: char, value: &Value) -> Fault {
    match value {
        Value::Undefined(missing) => missing.fault(),
        _ => Fault::new(format!("bad operand type for unary {sign}: '{}'", value.type_name())),
    }
}
