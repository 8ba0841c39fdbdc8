//! `modules.re`

use std::any::Any;

use regex::{Captures, Regex, RegexBuilder};

use crate::jinja::args::{Args, integer};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::{Function, Native};
use crate::jinja::interp::Interp;
use crate::jinja::limits::check_text;
use crate::jinja::value::{Object, Tuple, Value};

const IGNORE_CASE: i64 = 2;
const MULTI_LINE: i64 = 8;
const DOT_ALL: i64 = 16;
const VERBOSE: i64 = 64;

const FUNCTIONS: &[(&str, Function)] = &[
    ("compile", |_, args| {
        let [pattern, flags] = args.bind("compile", ["pattern", "flags"], 1)?;
        Pattern::compile(pattern, flags).map(Value::object)
    }),
    ("match", |_, args| with_pattern("match", args)),
    ("search", |_, args| with_pattern("search", args)),
    ("fullmatch", |_, args| with_pattern("fullmatch", args)),
    ("findall", |_, args| with_pattern("findall", args)),
    ("split", |_, args| {
        let [pattern, text, limit, flags] = args.bind("split", ["pattern", "string", "maxsplit", "flags"], 2)?;
        Pattern::compile(pattern, flags)?.split(&shown(text), limit)
    }),
    ("sub", |_, args| {
        let names = ["pattern", "repl", "string", "count", "flags"];
        let [pattern, replacement, text, count, flags] = args.bind("sub", names, 3)?;
        Pattern::compile(pattern, flags)?.replace(&shown(replacement), &shown(text), count)
    }),
    ("escape", |_, args| args.bind("escape", ["pattern"], 1).map(|[text]| Value::from(regex::escape(&shown(text))))),
];

/// The module: its functions and flags.
pub(super) fn module() -> Value {
    let flags = [
        ("IGNORECASE", IGNORE_CASE),
        ("I", IGNORE_CASE),
        ("MULTILINE", MULTI_LINE),
        ("M", MULTI_LINE),
        ("DOTALL", DOT_ALL),
        ("S", DOT_ALL),
        ("VERBOSE", VERBOSE),
        ("X", VERBOSE),
    ];
    let flags = flags.map(|(name, flag)| (name, Value::Int(flag)));
    Value::dict(FUNCTIONS.iter().map(|(name, function)| (*name, Native::value(name, *function))).chain(flags))
}

fn shown(value: Option<Value>) -> String {
    value.unwrap_or(Value::None).to_string()
}

fn with_pattern(name: &str, args: Args) -> Outcome<Value> {
    let [pattern, text, flags] = args.bind(name, ["pattern", "string", "flags"], 2)?;
    Pattern::compile(pattern, flags)?.find(name, &shown(text))
}

struct Pattern(Regex);

impl Pattern {
    fn compile(pattern: Option<Value>, flags: Option<Value>) -> Outcome<Pattern> {
        let pattern = pattern.unwrap_or(Value::None);
        if let Some(Pattern(compiled)) = pattern.downcast::<Pattern>() {
            return Ok(Pattern(compiled.clone()));
        }
        let flags = integer("re", "flags", flags)?.unwrap_or(0);
        let text = pattern.to_string();
        let compiled = RegexBuilder::new(&text)
            .case_insensitive(flags & IGNORE_CASE != 0)
            .multi_line(flags & MULTI_LINE != 0)
            .dot_matches_new_line(flags & DOT_ALL != 0)
            .ignore_whitespace(flags & VERBOSE != 0)
            .build();
        compiled.map(Pattern).map_err(|problem| {
            let reason = problem.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
            let hint = "look-around and back-references are not supported";
            Fault::hinted(format!("the regular expression '{text}' cannot be used: {reason}"), hint)
        })
    }

    fn find(&self, how: &str, text: &str) -> Outcome<Value> {
        if how == "findall" {
            return Ok(Value::list(self.0.captures_iter(text).map(|found| all_groups(&found)).collect()));
        }
        let anchored = match how {
            "match" => format!("^(?:{})", self.0.as_str()),
            "fullmatch" => format!("^(?:{})$", self.0.as_str()),
            _ => return Ok(self.0.captures(text).map_or(Value::None, |found| Match::value(&self.0, &found, text))),
        };
        // The match must begin at the start: the first one that does is found by its position.
        let found = self.0.captures_iter(text).next();
        let fits = |found: &Captures<'_>| {
            found.get(0).is_some_and(|whole| whole.start() == 0 && (how == "match" || whole.end() == text.len()))
        };
        if let Some(found) = found.filter(fits) {
            return Ok(Match::value(&self.0, &found, text));
        }
        let anchored = Regex::new(&anchored).map_err(|problem| Fault::new(problem.to_string()))?;
        let found = anchored.captures(text).filter(fits);
        Ok(found.map_or(Value::None, |found| Match::value(&anchored, &found, text)))
    }

    fn split(&self, text: &str, limit: Option<Value>) -> Outcome<Value> {
        let limit = match integer("split", "maxsplit", limit)?.and_then(|limit| usize::try_from(limit).ok()) {
            None | Some(0) => usize::MAX,
            Some(limit) => limit,
        };
        let mut parts = Vec::new();
        let mut last = 0;
        for found in self.0.captures_iter(text).take(limit) {
            let Some(whole) = found.get(0) else { continue };
            parts.push(Value::from(&text[last..whole.start()]));
            parts.extend(found.iter().skip(1).map(|group| group.map(|group| group.as_str().to_string()).into()));
            last = whole.end();
        }
        parts.push(Value::from(&text[last..]));
        Ok(Value::list(parts))
    }

    fn replace(&self, replacement: &str, text: &str, count: Option<Value>) -> Outcome<Value> {
        let limit = match integer("sub", "count", count)?.and_then(|count| usize::try_from(count).ok()) {
            None | Some(0) => usize::MAX,
            Some(limit) => limit,
        };
        let mut out = String::new();
        let mut last = 0;
        for found in self.0.captures_iter(text).take(limit) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(&text[last..whole.start()]);
            expand(replacement, &found, &mut out);
            check_text(out.len())?;
            last = whole.end();
        }
        out.push_str(&text[last..]);
        Ok(Value::from(out))
    }
}

/// Python's replacement text: `\1` and `\g<name>` are groups.
fn expand(replacement: &str, found: &Captures<'_>, out: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let named = rest.strip_prefix("g<").and_then(|tail| tail.split_once('>'));
        let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let (name, tail) = match named {
            Some((name, tail)) => (name, tail),
            None if digits > 0 => rest.split_at(digits),
            None => {
                let (plain, length) = match rest.chars().next() {
                    Some('n') => ("\n", 1),
                    Some('t') => ("\t", 1),
                    Some('\\') => ("\\", 1),
                    _ => ("\\", 0),
                };
                out.push_str(plain);
                rest = &rest[length..];
                continue;
            }
        };
        let group = name.parse().map_or_else(|_| found.name(name), |number: usize| found.get(number));
        out.push_str(group.map_or("", |group| group.as_str()));
        rest = tail;
    }
    out.push_str(rest);
}

/// What `findall` gives of one match: the whole, its one group, or a tuple of its groups.
fn all_groups(found: &Captures<'_>) -> Value {
    let mut groups: Vec<Value> =
        found.iter().skip(1).map(|group| Value::from(group.map_or("", |group| group.as_str()))).collect();
    match groups.len() {
        0 => Value::from(found.get(0).map_or("", |whole| whole.as_str())),
        1 => groups.swap_remove(0),
        _ => Value::tuple(groups),
    }
}

impl Object for Pattern {
    fn type_name(&self) -> &'static str {
        "Pattern"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("re.compile({})", Value::from(self.0.as_str()).repr())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        (name == "pattern").then(|| Value::from(self.0.as_str()))
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        Some(match name {
            "match" | "search" | "fullmatch" | "findall" => {
                args.bind(name, ["string"], 1).and_then(|[text]| self.find(name, &shown(text)))
            }
            "split" => {
                args.bind(name, ["string", "maxsplit"], 1).and_then(|[text, limit]| self.split(&shown(text), limit))
            }
            "sub" => args
                .bind(name, ["repl", "string", "count"], 2)
                .and_then(|[replacement, text, count]| self.replace(&shown(replacement), &shown(text), count)),
            _ => return None,
        })
    }
}

/// A match: the groups' texts, names and positions.
struct Match {
    groups: Tuple,
    names: Vec<Option<String>>,
    /// Start and end of the groups, in characters.
    spans: Vec<Option<(usize, usize)>>,
}

impl Match {
    fn value(pattern: &Regex, found: &Captures<'_>, text: &str) -> Value {
        let position = |at: usize| text[..at].chars().count();
        Value::object(Match {
            groups: Tuple::new(
                found.iter().map(|group| group.map(|group| group.as_str().to_string()).into()).collect(),
            ),
            names: pattern.capture_names().map(|name| name.map(String::from)).collect(),
            spans: found
                .iter()
                .map(|group| group.map(|group| (position(group.start()), position(group.end()))))
                .collect(),
        })
    }

    fn index(&self, group: &Value) -> Outcome<usize> {
        let at = match group {
            Value::Str(name) => self.names.iter().position(|known| known.as_deref() == Some(name)),
            _ => group.as_int().and_then(|at| usize::try_from(at).ok()),
        };
        at.filter(|at| *at < self.groups.len()).ok_or_else(|| Fault::new(format!("no such group: {}", group.repr())))
    }

    fn group(&self, args: Args) -> Outcome<Value> {
        let wanted = if args.positional.is_empty() { vec![Value::Int(0)] } else { args.positional };
        let mut groups: Vec<Value> =
            wanted.iter().map(|group| Ok(self.groups[self.index(group)?].clone())).collect::<Outcome<_>>()?;
        Ok(if groups.len() == 1 { groups.swap_remove(0) } else { Value::tuple(groups) })
    }
}

impl Object for Match {
    fn type_name(&self) -> &'static str {
        "Match"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.index(key).ok().map(|at| self.groups[at].clone())
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        if name == "group" {
            return Some(self.group(args));
        }
        if name == "groups" || name == "groupdict" {
            let default = args.bind(name, ["default"], 0);
            return Some(default.map(|[default]| {
                let fill = |value: &Value| if value.is_none() { default.clone().into() } else { value.clone() };
                let named = self.names.iter().zip(self.groups.iter());
                match name {
                    "groups" => Value::tuple(self.groups.iter().skip(1).map(fill).collect()),
                    _ => Value::dict(named.filter_map(|(name, value)| Some((name.clone()?, fill(value))))),
                }
            }));
        }
        if !["start", "end", "span"].contains(&name) {
            return None;
        }
        let bound = args.bind(name, ["group"], 0);
        Some(bound.and_then(|[group]| {
            let span = self.spans[self.index(&group.unwrap_or(Value::Int(0)))?];
            let (start, end) = span.map_or((Value::Int(-1), Value::Int(-1)), |(start, end)| (start.into(), end.into()));
            Ok(match name {
                "start" => start,
                "end" => end,
                _ => Value::tuple(vec![start, end]),
            })
        }))
    }
}
