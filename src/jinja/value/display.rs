//! `str()` and `repr()`.

use std::fmt::{self, Write};

use super::Value;
use crate::jinja::limits::MAX_TEXT;

/// Collections nested deeper than this are shown as `...`: a list can hold itself. A text that gets too long is cut; it
/// is an error wherever it is then used.
const MAX_DEPTH: usize = 50;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Undefined(_) => Ok(()),
            Value::Str(text) => f.write_str(text),
            Value::Object(object) if object.shown_as().is_none() => f.write_str(&object.text()),
            _ => {
                let mut out = String::new();
                write_repr(self, &mut out, 0);
                f.write_str(&out)
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Value {
    pub fn repr(&self) -> String {
        let mut out = String::new();
        write_repr(self, &mut out, 0);
        out
    }
}

fn write_repr(value: &Value, out: &mut String, depth: usize) {
    if depth > MAX_DEPTH || out.len() > MAX_TEXT {
        return out.push_str("...");
    }
    match value {
        Value::Undefined(_) => out.push_str("Undefined"),
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(value) => _ = write!(out, "{value}"),
        Value::Float(value) => out.push_str(&float_repr(*value)),
        Value::Str(text) => out.push_str(&quoted(text)),
        Value::List(list) => write_items(&list.items(), ['[', ']'], out, depth),
        Value::Tuple(items) if items.len() == 1 => {
            out.push('(');
            write_repr(&items[0], out, depth + 1);
            out.push_str(",)");
        }
        Value::Tuple(items) => write_items(items, ['(', ')'], out, depth),
        Value::Set(set) if set.len() == 0 => out.push_str("set()"),
        Value::Set(set) => write_items(&set.items(), ['{', '}'], out, depth),
        Value::Dict(dict) => {
            out.push('{');
            for (index, (key, value)) in dict.entries().iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_repr(key.value(), out, depth + 1);
                out.push_str(": ");
                write_repr(value, out, depth + 1);
            }
            out.push('}');
        }
        Value::Object(object) => match object.shown_as() {
            Some(shown) => write_repr(&shown, out, depth + 1),
            None => out.push_str(&object.repr()),
        },
    }
}

fn write_items(items: &[Value], [open, close]: [char; 2], out: &mut String, depth: usize) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write_repr(item, out, depth + 1);
    }
    out.push(close);
}

/// A string as Python quotes it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) => _ = write!(out, "\\x{:02x}", c as u32),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A float as Python shows it: the shortest digits that read back as the same number.
pub(crate) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
