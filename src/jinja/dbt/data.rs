//! Functions on plain data: JSON, YAML, sets, `zip`, `local_md5`.

use std::rc::Rc;

use md5::{Digest, Md5};

use super::yaml;
use crate::jinja::args::Args;
use crate::jinja::fault::Outcome;
use crate::jinja::functions::Function;
use crate::jinja::methods::dict::entries;
use crate::jinja::methods::set::of_items;
use crate::jinja::value::{Dict, Set, Value, from_json, iterate, python_json};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("fromjson", |_, args| {
        let [text, default] = args.bind("fromjson", ["value", "default"], 1)?;
        let parsed = serde_json::from_str(&text.unwrap_or(Value::None).to_string());
        Ok(parsed.map_or_else(|_| default.unwrap_or(Value::None), |json| from_json(&json)))
    }),
    ("tojson", |_, args| {
        let [value, default, sort_keys] = args.bind("tojson", ["value", "default", "sort_keys"], 1)?;
        let sorted = sort_keys.is_some_and(|sort| sort.is_true());
        let text = python_json(&value.unwrap_or(Value::None), sorted, None);
        Ok(text.map_or_else(|_| default.unwrap_or(Value::None), Value::from))
    }),
    ("fromyaml", |_, args| {
        let [text, default] = args.bind("fromyaml", ["value", "default"], 1)?;
        let parsed = yaml::parse(&text.unwrap_or(Value::None).to_string());
        Ok(parsed.unwrap_or_else(|| default.unwrap_or(Value::None)))
    }),
    ("toyaml", |_, args| {
        let [value, default, sort_keys] = args.bind("toyaml", ["value", "default", "sort_keys"], 1)?;
        let sorted = sort_keys.is_some_and(|sort| sort.is_true());
        let text = yaml::write(&value.unwrap_or(Value::None), sorted);
        Ok(text.map_or_else(|_| default.unwrap_or(Value::None), Value::from))
    }),
    ("set", |_, args| {
        let [items, default] = args.bind("set", ["value", "default"], 1)?;
        let made = iterate(&items.unwrap_or(Value::None)).and_then(set);
        Ok(made.unwrap_or_else(|_| default.unwrap_or(Value::None)))
    }),
    ("set_strict", |_, args| {
        let [items] = args.bind("set_strict", ["value"], 1)?;
        set(iterate(&items.unwrap_or(Value::None))?)
    }),
    ("zip", |_, mut args| {
        let default = args.take_named("default");
        Ok(zip(&args).unwrap_or_else(|_| default.unwrap_or(Value::None)))
    }),
    ("zip_strict", |_, args| zip(&args)),
    ("local_md5", |_, args| {
        let [text] = args.bind("local_md5", ["value"], 1)?;
        let digest = Md5::digest(text.unwrap_or(Value::None).to_string().as_bytes());
        Ok(Value::from(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    }),
    ("diff_of_two_dicts", |_, args| diff_of_two_dicts(args)),
];

fn set(items: Vec<Value>) -> Outcome<Value> {
    Ok(Value::Set(Rc::new(Set::new(of_items(items)?))))
}

/// Tuples of the first items, the second items …, as many as the shortest sequence has.
fn zip(args: &Args) -> Outcome<Value> {
    let sequences: Vec<Vec<Value>> = args.positional.iter().map(iterate).collect::<Outcome<_>>()?;
    let length = sequences.iter().map(Vec::len).min().unwrap_or(0);
    let row = |at: usize| Value::tuple(sequences.iter().filter_map(|items| items.get(at).cloned()).collect());
    Ok(Value::list((0..length).map(row).collect()))
}

/// The lists of the first dict without what the lists of the second hold under the same key, case aside.
fn diff_of_two_dicts(args: Args) -> Outcome<Value> {
    let [first, second] = args.bind("diff_of_two_dicts", ["dict_a", "dict_b"], 2)?;
    let lower = |value: Value| entries(Args::new(vec![value]));
    let second = lower(second.unwrap_or(Value::None))?;
    let diff = Dict::default();
    for (key, values) in lower(first.unwrap_or(Value::None))? {
        let name = key.value().to_string().to_lowercase();
        let other = second.iter().find(|(other, _)| other.value().to_string().to_lowercase() == name);
        let hidden: Vec<String> = match other {
            Some((_, hidden)) => iterate(hidden)?.iter().map(|value| value.to_string().to_lowercase()).collect(),
            None => Vec::new(),
        };
        let left = iterate(&values)?.into_iter().filter(|value| !hidden.contains(&value.to_string().to_lowercase()));
        let left: Vec<Value> = left.collect();
        if !left.is_empty() {
            diff.insert(key, Value::list(left));
        }
    }
    Ok(Value::Dict(Rc::new(diff)))
}
