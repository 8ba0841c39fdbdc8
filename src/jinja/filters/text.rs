//! Filters that make text.

use super::Filter;
use crate::jinja::args::{Args, integer, size, text};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::format::percent_format;
use crate::jinja::interp::Interp;
use crate::jinja::methods::text::{capitalize, replace};
use crate::jinja::methods::text_shape::{pad, strip};
use crate::jinja::value::{Dict, Value, iterate, python_json};

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("upper", |_, subject, args| plain("upper", subject, args, |text| text.to_uppercase())),
    ("lower", |_, subject, args| plain("lower", subject, args, |text| text.to_lowercase())),
    ("capitalize", |_, subject, args| plain("capitalize", subject, args, capitalize)),
    ("title", |_, subject, args| plain("title", subject, args, title)),
    ("string", |_, subject, args| plain("string", subject, args, str::to_string)),
    ("safe", |_, subject, args| plain("safe", subject, args, str::to_string)),
    ("as_text", |_, subject, args| args.none("as_text").map(|()| Value::from(subject.to_string()))),
    ("escape", |_, subject, args| plain("escape", subject, args, escape)),
    ("e", |_, subject, args| plain("escape", subject, args, escape)),
    ("forceescape", |_, subject, args| plain("forceescape", subject, args, escape)),
    ("striptags", |_, subject, args| plain("striptags", subject, args, strip_tags)),
    ("urlencode", |_, subject, args| url_encode(subject, args)),
    ("trim", |_, subject, args| trim(subject, args)),
    ("replace", |_, subject, args| replace_filter(subject, args)),
    ("format", |_, subject, args| format(subject, args)),
    ("center", |_, subject, args| center(subject, args)),
    ("indent", |_, subject, args| indent(subject, args)),
    ("truncate", |_, subject, args| truncate(subject, args)),
    ("join", join),
    ("wordcount", |_, subject, args| {
        args.none("wordcount")?;
        let text = subject.to_string();
        Ok(Value::from(
            text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).count(),
        ))
    }),
    ("pprint", |_, subject, args| args.none("pprint").map(|()| Value::from(subject.repr()))),
    ("tojson", |_, subject, args| tojson(subject, args)),
];

fn plain(name: &str, subject: &Value, args: Args, change: impl FnOnce(&str) -> String) -> Outcome<Value> {
    args.none(name)?;
    Ok(Value::from(change(&subject.to_string())))
}

/// As Jinja's `title`: capitals after spaces, hyphens and opening brackets only.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = c.is_whitespace() || "-({[<".contains(c);
    }
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn strip_tags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn url_encode(subject: &Value, args: Args) -> Outcome<Value> {
    args.none("urlencode")?;
    if let Value::Dict(dict) = subject {
        let pairs = dict.entries().into_iter().map(|(key, value)| {
            let key = form_encode(&key.value().to_string());
            format!("{key}={}", form_encode(&value.to_string()))
        });
        return Ok(Value::from(pairs.collect::<Vec<String>>().join("&")));
    }
    Ok(Value::from(percent_encode(&subject.to_string(), "/")))
}

/// As in a query string: a space is a plus.
fn form_encode(text: &str) -> String {
    percent_encode(text, " ").replace(' ', "+")
}

fn percent_encode(text: &str, safe: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => char::from(byte).to_string(),
        _ if safe.contains(char::from(byte)) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn trim(subject: &Value, args: Args) -> Outcome<Value> {
    let [chars] = args.bind("trim", ["chars"], 0)?;
    let chars = text("trim", "chars", chars)?;
    Ok(Value::from(strip(&subject.to_string(), "strip", chars.as_deref())))
}

fn replace_filter(subject: &Value, args: Args) -> Outcome<Value> {
    let [old, new, count] = args.bind("replace", ["old", "new", "count"], 2)?;
    let shown = |value: Option<Value>| value.map(|value| value.to_string()).unwrap_or_default();
    let count = integer("replace", "count", count)?.and_then(|count| usize::try_from(count).ok());
    replace(&subject.to_string(), &shown(old), &shown(new), count).map(Value::from)
}

fn format(subject: &Value, args: Args) -> Outcome<Value> {
    if !args.named.is_empty() && !args.positional.is_empty() {
        return Err(Fault::new("format() takes either positional or named arguments, not both"));
    }
    let values = if args.named.is_empty() { Value::tuple(args.positional) } else { Value::dict(args.named) };
    percent_format(&subject.to_string(), &values).map(Value::from)
}

fn center(subject: &Value, args: Args) -> Outcome<Value> {
    let [width] = args.bind("center", ["width"], 0)?;
    let width = size("center", "width", width)?.unwrap_or(80);
    Ok(Value::from(pad(&subject.to_string(), "center", width, " ")))
}

fn indent(subject: &Value, args: Args) -> Outcome<Value> {
    let [width, first, blank] = args.bind("indent", ["width", "first", "blank"], 0)?;
    let margin = match width {
        Some(Value::Str(margin)) => margin.to_string(),
        width => " ".repeat(size("indent", "width", width)?.unwrap_or(4)),
    };
    let is_set = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let (first, blank) = (is_set(first), is_set(blank));
    let text = subject.to_string();
    crate::jinja::limits::check_text(text.len() + text.lines().count().saturating_mul(margin.len()))?;
    let mut out = String::new();
    for (index, line) in text.split('\n').enumerate() {
        out.push_str(if index > 0 { "\n" } else { "" });
        if if index == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&margin);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

fn truncate(subject: &Value, args: Args) -> Outcome<Value> {
    let [length, kill_words, end, leeway] = args.bind("truncate", ["length", "killwords", "end", "leeway"], 0)?;
    let length = size("truncate", "length", length)?.unwrap_or(255);
    let leeway = size("truncate", "leeway", leeway)?.unwrap_or(5);
    let end = text("truncate", "end", end)?;
    let end = end.as_deref().unwrap_or("...");
    let text = subject.to_string();
    if text.chars().count() <= length + leeway {
        return Ok(Value::from(text));
    }
    let kept = length.checked_sub(end.chars().count());
    let kept = kept.ok_or_else(|| Fault::new("truncate() needs a length that is at least the length of its end"))?;
    let cut: String = text.chars().take(kept).collect();
    let words = match cut.rsplit_once(' ') {
        Some((words, _)) if !kill_words.is_some_and(|kill| kill.is_true()) => words,
        _ => &cut,
    };
    Ok(Value::from(format!("{words}{end}")))
}

fn join(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [separator, attribute] = args.bind("join", ["d", "attribute"], 0)?;
    let separator = separator.map(|separator| separator.to_string()).unwrap_or_default();
    let mut out = String::new();
    for (index, mut item) in iterate(subject)?.into_iter().enumerate() {
        interp.spend(1)?;
        if let Some(attribute) = &attribute {
            item = super::select::attribute_of(interp, &item, attribute, None)?;
        }
        out.push_str(if index > 0 { &separator } else { "" });
        match &item {
            Value::Str(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        crate::jinja::limits::check_text(out.len())?;
    }
    Ok(Value::from(out))
}

fn tojson(subject: &Value, args: Args) -> Outcome<Value> {
    let [indent] = args.bind("tojson", ["indent"], 0)?;
    let json = python_json(subject, true, size("tojson", "indent", indent)?.map(|indent| indent.min(16)));
    let json = json.map_err(Fault::new)?;
    let safe = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(Value::from(safe))
}

/// The entries of a mapping as pairs.
pub(super) fn pairs(dict: &Dict) -> Value {
    crate::jinja::methods::dict::items(dict)
}
