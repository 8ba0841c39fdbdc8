//! Filters for numbers and conversions.

use super::Filter;
use crate::jinja::args::{Args, integer};
use crate::jinja::ast::BinaryOp;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::value::{self, Value};

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("abs", |_, subject, args| {
        args.none("abs")?;
        let negative = subject.as_float().is_some_and(|number| number < 0.0);
        if negative { value::negative(subject) } else { value::positive(subject) }
    }),
    ("round", |_, subject, args| round(subject, args)),
    ("int", |_, subject, args| to_int(subject, args)),
    ("float", |_, subject, args| to_float(subject, args)),
    ("as_number", |_, subject, args| {
        args.none("as_number").map(|()| literal_number(subject).unwrap_or_else(|| subject.clone()))
    }),
    ("as_bool", |_, subject, args| {
        args.none("as_bool").map(|()| literal_bool(subject).unwrap_or_else(|| subject.clone()))
    }),
    ("as_native", |_, subject, args| {
        args.none("as_native")?;
        Ok(literal_bool(subject).or_else(|| literal_number(subject)).unwrap_or_else(|| subject.clone()))
    }),
];

fn literal_bool(value: &Value) -> Option<Value> {
    match value.as_str()?.trim() {
        "True" | "true" => Some(Value::Bool(true)),
        "False" | "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn literal_number(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let plain =
        text.chars().all(|c| c.is_ascii_digit() || "+-.eE_".contains(c)) && text.contains(|c: char| c.is_ascii_digit());
    let number = text.replace('_', "");
    plain.then(|| number.parse().map(Value::Int).or_else(|_| number.parse().map(Value::Float)).ok()).flatten()
}

fn round(subject: &Value, args: Args) -> Outcome<Value> {
    let [precision, method] = args.bind("round", ["precision", "method"], 0)?;
    let precision = integer("round", "precision", precision)?.unwrap_or(0).clamp(-300, 300);
    let places = i32::try_from(precision).unwrap_or(0);
    let number = match subject {
        Value::Undefined(missing) => return Err(missing.fault()),
        _ => subject.as_float(),
    };
    let number = number.ok_or_else(|| Fault::new(format!("cannot round a {}", subject.type_name())))?;
    let method = method.map_or_else(|| "common".to_string(), |method| method.to_string());
    let scale = 10_f64.powi(places);
    let rounded = match method.as_str() {
        "common" => half_even(number, places),
        "ceil" => (number * scale).ceil() / scale,
        "floor" => (number * scale).floor() / scale,
        _ => return Err(Fault::new("the method of round must be 'common', 'ceil' or 'floor'")),
    };
    let stays_integer = method == "common" && subject.as_int().is_some();
    Ok(if stays_integer { Value::Int(rounded as i64) } else { Value::Float(rounded) })
}

/// Python's `round`: the decimal digits decide, and a tie goes to the even digit.
fn half_even(number: f64, places: i32) -> f64 {
    match usize::try_from(places) {
        // Formatting rounds the exact binary value, ties to even.
        Ok(places) => format!("{number:.places$}").parse().unwrap_or(number),
        Err(_) => {
            let scale = 10_f64.powi(-places);
            (number / scale).round_ties_even() * scale
        }
    }
}

fn to_int(subject: &Value, args: Args) -> Outcome<Value> {
    let [default, base] = args.bind("int", ["default", "base"], 0)?;
    let base = integer("int", "base", base)?.unwrap_or(10);
    let parsed = match subject {
        Value::Undefined(missing) => return Err(missing.fault()),
        Value::Float(float) => value_of_float(*float),
        Value::Str(text) => parse_int(text.trim(), base).or_else(|| text.trim().parse().ok().and_then(value_of_float)),
        other => other.as_int(),
    };
    Ok(parsed.map(Value::Int).unwrap_or(default.unwrap_or(Value::Int(0))))
}

fn value_of_float(float: f64) -> Option<i64> {
    (float.is_finite() && float.abs() < 9.2e18).then_some(float as i64)
}

fn parse_int(text: &str, base: i64) -> Option<i64> {
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_lowercase();
    let digits = match base {
        16 => lower.strip_prefix("0x").unwrap_or(&lower),
        8 => lower.strip_prefix("0o").unwrap_or(&lower),
        2 => lower.strip_prefix("0b").unwrap_or(&lower),
        _ => &lower,
    };
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

fn to_float(subject: &Value, args: Args) -> Outcome<Value> {
    let [default] = args.bind("float", ["default"], 0)?;
    let parsed = match subject {
        Value::Undefined(missing) => return Err(missing.fault()),
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        other => other.as_float(),
    };
    Ok(parsed.map(Value::Float).unwrap_or(default.unwrap_or(Value::Float(0.0))))
}

/// The sum of the values.
pub(super) fn sum(values: Vec<Value>, start: Value) -> Outcome<Value> {
    values.into_iter().try_fold(start, |total, value| value::binary(BinaryOp::Add, &total, &value))
}
