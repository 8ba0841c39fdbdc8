//! `wordwrap`, `filesizeformat` and `xmlattr`.

use super::Filter;
use crate::jinja::args::{Args, size, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::value::Value;

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("wordwrap", |_, subject, args| word_wrap(subject, args)),
    ("filesizeformat", |_, subject, args| file_size(subject, args)),
];

fn word_wrap(subject: &Value, args: Args) -> Outcome<Value> {
    let names = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [width, break_long, wrap, _] = args.bind("wordwrap", names, 0)?;
    let width = size("wordwrap", "width", width)?.unwrap_or(79).max(1);
    let break_long = break_long.is_none_or(|flag| flag.is_true());
    let wrap = text("wordwrap", "wrapstring", wrap)?;
    let wrap = wrap.as_deref().unwrap_or("\n");
    let text = subject.to_string();
    let lines: Vec<String> = text.lines().map(|line| wrap_line(line, width, break_long).join(wrap)).collect();
    Ok(Value::from(lines.join(wrap)))
}

fn wrap_line(line: &str, width: usize, break_long: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        let mut word = word.to_string();
        let fits = |line: &str, word: &str| line.chars().count() + 1 + word.chars().count() <= width;
        if !current.is_empty() && !fits(&current, &word) {
            lines.push(std::mem::take(&mut current));
        }
        while break_long && word.chars().count() > width {
            let rest: String = word.chars().skip(width).collect();
            lines.push(word.chars().take(width).collect());
            word = rest;
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(&word);
    }
    if !current.is_empty() {
        lines.push(current);
    }
    lines
}

fn file_size(subject: &Value, args: Args) -> Outcome<Value> {
    let [binary] = args.bind("filesizeformat", ["binary"], 0)?;
    let binary = binary.is_some_and(|binary| binary.is_true());
    let bytes = subject.as_float().ok_or_else(|| Fault::new("filesizeformat needs a number"))?;
    let (base, units) = match binary {
        true => (1024.0, ["KiB", "MiB", "GiB", "TiB", "PiB"]),
        false => (1000.0, ["kB", "MB", "GB", "TB", "PB"]),
    };
    if bytes < base {
        return Ok(Value::from(if bytes == 1.0 { "1 Byte".to_string() } else { format!("{} Bytes", bytes.trunc()) }));
    }
    let mut size = bytes / base;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    Ok(Value::from(format!("{size:.1} {}", units[unit])))
}
