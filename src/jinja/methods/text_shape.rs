//! Methods of `str` that cut and pad.

use std::sync::Arc;

use super::text::needed;
use crate::jinja::args::{Args, integer, size, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::value::Value;

pub(super) fn call(subject: &Arc<str>, name: &str, args: Args) -> Outcome<Value> {
    match name {
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = args.bind(name, ["chars"], 0)?;
            let chars = text(name, "chars", chars)?;
            Ok(Value::from(strip(subject, name, chars.as_deref())))
        }
        "split" | "rsplit" => {
            let [separator, limit] = args.bind(name, ["sep", "maxsplit"], 0)?;
            let separator = text(name, "sep", separator)?;
            let limit = integer(name, "maxsplit", limit)?.and_then(|limit| usize::try_from(limit).ok());
            split(subject, name, separator.as_deref(), limit.unwrap_or(usize::MAX))
        }
        "splitlines" => {
            let [keep_ends] = args.bind(name, ["keepends"], 0)?;
            Ok(split_lines(subject, keep_ends.is_some_and(|keep| keep.is_true())))
        }
        "partition" | "rpartition" => {
            let [separator] = args.bind(name, ["sep"], 1)?;
            partition(subject, name, &needed(name, "sep", separator)?)
        }
        "removeprefix" | "removesuffix" => {
            let [affix] = args.bind(name, ["affix"], 1)?;
            let affix = needed(name, "affix", affix)?;
            let cut =
                if name == "removeprefix" { subject.strip_prefix(&*affix) } else { subject.strip_suffix(&*affix) };
            Ok(cut.map_or_else(|| Value::Str(subject.clone()), Value::from))
        }
        "ljust" | "rjust" | "center" => {
            let [width, fill] = args.bind(name, ["width", "fillchar"], 1)?;
            let fill = text(name, "fillchar", fill)?;
            let fill = fill.as_deref().unwrap_or(" ");
            if fill.chars().count() != 1 {
                return Err(Fault::new("the fill character must be exactly one character long"));
            }
            Ok(Value::from(pad(subject, name, size(name, "width", width)?.unwrap_or(0), fill)))
        }
        "zfill" => {
            let [width] = args.bind(name, ["width"], 1)?;
            let width = size(name, "width", width)?.unwrap_or(0);
            let digits = subject.trim_start_matches(['-', '+']);
            let sign = if subject.len() - digits.len() == 1 { &subject[..1] } else { "" };
            let padded = pad(&subject[sign.len()..], "rjust", width.saturating_sub(sign.len()), "0");
            Ok(Value::from(format!("{sign}{padded}")))
        }
        "expandtabs" => {
            let [width] = args.bind(name, ["tabsize"], 0)?;
            expand_tabs(subject, size(name, "tabsize", width)?.unwrap_or(8))
        }
        _ => Err(Fault::new(format!("'str' object has no method '{name}'"))),
    }
}

/// `strip`, `lstrip` or `rstrip`; without characters: whitespace.
pub(crate) fn strip<'a>(subject: &'a str, name: &str, chars: Option<&str>) -> &'a str {
    let drop = |c: char| chars.map_or(c.is_whitespace(), |chars| chars.contains(c));
    match name {
        "lstrip" => subject.trim_start_matches(drop),
        "rstrip" => subject.trim_end_matches(drop),
        _ => subject.trim_matches(drop),
    }
}

fn split(subject: &str, name: &str, separator: Option<&str>, limit: usize) -> Outcome<Value> {
    let from_end = name == "rsplit";
    let mut parts: Vec<&str> = match separator {
        Some("") => return Err(Fault::new("empty separator")),
        Some(separator) if from_end => subject.rsplitn(limit.saturating_add(1), separator).collect(),
        Some(separator) => subject.splitn(limit.saturating_add(1), separator).collect(),
        None if from_end => split_words_from_end(subject, limit),
        None => split_words(subject, limit),
    };
    if from_end {
        parts.reverse();
    }
    Ok(Value::list(parts.into_iter().map(Value::from).collect()))
}

fn split_words(subject: &str, limit: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = subject.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).filter(|_| words.len() < limit).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

fn split_words_from_end(subject: &str, limit: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = subject.trim_end();
    while !rest.is_empty() {
        let gap = rest.char_indices().rev().find(|(_, c)| c.is_whitespace()).filter(|_| words.len() < limit);
        let start = gap.map_or(0, |(at, c)| at + c.len_utf8());
        words.push(&rest[start..]);
        rest = rest[..start].trim_end();
    }
    words
}

fn split_lines(subject: &str, keep_ends: bool) -> Value {
    let mut lines = Vec::new();
    let mut rest = subject;
    while !rest.is_empty() {
        let end = rest.find(['\n', '\r', '\x0b', '\x0c', '\u{2028}', '\u{2029}', '\u{85}']);
        let end_length = end.map_or(0, |at| {
            let tail = &rest[at..];
            if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) }
        });
        let end = end.unwrap_or(rest.len());
        lines.push(Value::from(&rest[..if keep_ends { end + end_length } else { end }]));
        rest = &rest[end + end_length..];
    }
    Value::list(lines)
}

fn partition(subject: &str, name: &str, separator: &str) -> Outcome<Value> {
    if separator.is_empty() {
        return Err(Fault::new("empty separator"));
    }
    let from_end = name == "rpartition";
    let found = if from_end { subject.rsplit_once(separator) } else { subject.split_once(separator) };
    let parts = match found {
        Some((head, tail)) => [head, separator, tail],
        None if from_end => ["", "", subject],
        None => [subject, "", ""],
    };
    Ok(Value::tuple(parts.map(Value::from).to_vec()))
}

/// `ljust`, `rjust` or `center`.
pub(crate) fn pad(subject: &str, name: &str, width: usize, fill: &str) -> String {
    let missing = width.saturating_sub(subject.chars().count());
    match name {
        "ljust" => format!("{subject}{}", fill.repeat(missing)),
        "rjust" => format!("{}{subject}", fill.repeat(missing)),
        _ => {
            // Python puts the odd one to the left when the width is odd.
            let left = missing / 2 + (missing & width & 1);
            format!("{}{subject}{}", fill.repeat(left), fill.repeat(missing - left))
        }
    }
}

fn expand_tabs(subject: &str, width: usize) -> Outcome<Value> {
    crate::jinja::limits::check_text(subject.matches('\t').count().saturating_mul(width))?;
    let mut out = String::new();
    let mut column = 0;
    for c in subject.chars() {
        match c {
            '\t' if width > 0 => {
                let missing = width - column % width;
                out.push_str(&" ".repeat(missing));
                column += missing;
            }
            '\t' => {}
            _ => {
                out.push(c);
                column = if c == '\n' || c == '\r' { 0 } else { column + 1 };
            }
        }
    }
    Ok(Value::from(out))
}
