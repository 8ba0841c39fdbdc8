//! Methods of `str`.

use std::sync::Arc;

use super::text_shape;
use crate::jinja::args::{Args, integer, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::format::brace_format;
use crate::jinja::interp::Interp;
use crate::jinja::limits::check_text;
use crate::jinja::value::{self, Value, iterate};

pub(super) const NAMES: [&str; 43] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
    "zfill",
];

pub(super) fn call(interp: &mut Interp<'_>, subject: &Arc<str>, name: &str, args: Args) -> Outcome<Value> {
    if let Some(result) = letters(subject, name) {
        args.none(name)?;
        return Ok(result);
    }
    match name {
        "format" => brace_format(interp, subject, &args).map(Value::from),
        "join" => {
            let [items] = args.bind(name, ["iterable"], 1)?;
            join(subject, &iterate(&items.unwrap_or(Value::None))?).map(Value::from)
        }
        "replace" => {
            let [old, new, count] = args.bind(name, ["old", "new", "count"], 2)?;
            let (old, new) = (needed(name, "old", old)?, needed(name, "new", new)?);
            let count = integer(name, "count", count)?.and_then(|count| usize::try_from(count).ok());
            replace(subject, &old, &new, count).map(Value::from)
        }
        "startswith" | "endswith" => {
            let [affixes] = args.bind(name, ["prefix"], 1)?;
            starts_or_ends(subject, name, &affixes.unwrap_or(Value::None))
        }
        "find" | "index" | "rfind" | "rindex" | "count" => find(subject, name, args),
        _ => text_shape::call(subject, name, args),
    }
}

/// The methods without arguments.
fn letters(subject: &str, name: &str) -> Option<Value> {
    let all = |test: fn(char) -> bool| Value::Bool(!subject.is_empty() && subject.chars().all(test));
    let cased = |upper: bool| {
        let mut letters = subject.chars().filter(|c| c.is_uppercase() || c.is_lowercase()).peekable();
        Value::Bool(letters.peek().is_some() && letters.all(|c| c.is_uppercase() == upper))
    };
    Some(match name {
        "upper" => Value::from(subject.to_uppercase()),
        "lower" | "casefold" => Value::from(subject.to_lowercase()),
        "capitalize" => Value::from(capitalize(subject)),
        "title" => Value::from(title(subject)),
        "swapcase" => Value::from(swap_case(subject)),
        "encode" => Value::from(subject),
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isdigit" | "isdecimal" | "isnumeric" => all(char::is_numeric),
        "isspace" => all(char::is_whitespace),
        "isascii" => Value::Bool(subject.is_ascii()),
        "isupper" => cased(true),
        "islower" => cased(false),
        "istitle" => Value::Bool(subject.chars().any(char::is_alphabetic) && title(subject) == subject),
        "isidentifier" => {
            let first = subject.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
            Value::Bool(first && subject.chars().all(|c| c.is_alphanumeric() || c == '_'))
        }
        _ => return None,
    })
}

pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}

/// As Python's `title`: a letter after anything that is no letter is a capital.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn swap_case(text: &str) -> String {
    let swap =
        |c: char| -> String { if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() } };
    text.chars().map(swap).collect()
}

pub(super) fn needed(function: &str, parameter: &str, value: Option<Value>) -> Outcome<Arc<str>> {
    text(function, parameter, value)?
        .ok_or_else(|| Fault::new(format!("{function}() needs a string for '{parameter}'")))
}

/// Python's `join` takes strings only; Jinja's filter `join` takes anything.
fn join(separator: &str, items: &[Value]) -> Outcome<String> {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        let Some(text) = item.as_str() else {
            let message = format!("sequence item {index}: expected str instance, {} found", item.type_name());
            return Err(Fault::hinted(message, "the filter '| join(…)' takes values of any type"));
        };
        out.push_str(if index > 0 { separator } else { "" });
        out.push_str(text);
        check_text(out.len())?;
    }
    Ok(out)
}

pub(crate) fn replace(text: &str, old: &str, new: &str, count: Option<usize>) -> Outcome<String> {
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    check_text(text.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(text.replacen(old, new, count.unwrap_or(usize::MAX)))
}

fn starts_or_ends(subject: &str, name: &str, affixes: &Value) -> Outcome<Value> {
    let affixes = match affixes {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    for affix in affixes {
        let affix = needed(name, "prefix", Some(affix))?;
        if if name == "startswith" { subject.starts_with(&*affix) } else { subject.ends_with(&*affix) } {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// `find`, `rfind`, `index`, `rindex` and `count`, in a part of the text if asked. Positions count characters.
fn find(subject: &str, name: &str, args: Args) -> Outcome<Value> {
    let [part, start, end] = args.bind(name, ["sub", "start", "end"], 1)?;
    let part = needed(name, "sub", part)?;
    let offset =
        value::slice(&Value::from(subject), [&Value::None, start.as_ref().unwrap_or(&Value::None), &Value::None])?;
    let offset = value::length(&offset).unwrap_or(0);
    let offset = if start.is_some() { offset } else { 0 };
    let bounds = [start.unwrap_or(Value::None), end.unwrap_or(Value::None)];
    let searched = value::slice(&Value::from(subject), [&bounds[0], &bounds[1], &Value::None])?;
    let searched = searched.as_str().unwrap_or_default();
    if name == "count" {
        let count = if part.is_empty() { searched.chars().count() + 1 } else { searched.matches(&*part).count() };
        return Ok(Value::from(count));
    }
    let at = if name.starts_with('r') { searched.rfind(&*part) } else { searched.find(&*part) };
    match at {
        Some(at) => Ok(Value::from(searched[..at].chars().count() + offset)),
        None if name.ends_with("find") => Ok(Value::Int(-1)),
        None => Err(Fault::new("substring not found")),
    }
}
