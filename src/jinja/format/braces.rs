//! `'{} is {name:>5}'.format('a', name=1)`

use super::spec::Spec;
use crate::jinja::args::Args;
use crate::jinja::ast::Name;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::limits::check_text;
use crate::jinja::value::Value;

pub(crate) fn brace_format(interp: &mut Interp<'_>, template: &str, args: &Args) -> Outcome<String> {
    let mut out = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..at + 1];
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = tail;
            continue;
        }
        if brace == "}" {
            return Err(Fault::new("single '}' encountered in format string"));
        }
        let end = rest.find('}').ok_or_else(|| Fault::new("expected '}' before end of format string"))?;
        out.push_str(&field(interp, &rest[..end], args, &mut next)?);
        check_text(out.len())?;
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// One field: `name.attribute[key]!r:spec`.
fn field(interp: &mut Interp<'_>, text: &str, args: &Args, next: &mut usize) -> Outcome<String> {
    let (path, spec) = text.split_once(':').unwrap_or((text, ""));
    let (path, conversion) = path.split_once('!').unwrap_or((path, ""));
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let mut value = argument(&path[..end], args, next)?;
    let mut rest = &path[end..];
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            value = interp.attribute(&value, &Name::from(&tail[..end]))?;
            rest = &tail[end..];
        } else {
            let inner = rest.strip_prefix('[').and_then(|tail| tail.split_once(']'));
            let (key, tail) = inner.ok_or_else(|| Fault::new("missing ']' in format string"))?;
            let key = key.parse().map_or_else(|_| Value::from(key), Value::Int);
            value = interp.item(&value, &key)?;
            rest = tail;
        }
    }
    let value = match conversion {
        "" => value,
        "s" => Value::from(value.to_string()),
        "r" | "a" => Value::from(value.repr()),
        other => return Err(Fault::new(format!("unknown conversion '!{other}' in format string"))),
    };
    if let Value::Undefined(missing) = &value {
        return Err(missing.fault());
    }
    Spec::parse(spec)?.format(&value)
}

fn argument(name: &str, args: &Args, next: &mut usize) -> Outcome<Value> {
    let index = if name.is_empty() {
        *next += 1;
        Some(*next - 1)
    } else {
        name.parse::<usize>().ok()
    };
    let value = match index {
        Some(index) => args.positional.get(index),
        None => args.named.iter().find(|(known, _)| &**known == name).map(|(_, value)| value),
    };
    value.cloned().ok_or_else(|| Fault::new(format!("format() has no argument for the field '{{{name}}}'")))
}
