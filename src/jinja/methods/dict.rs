//! Methods of `dict`.

use std::rc::Rc;

use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Dict, Key, Value, iterate};

pub(super) const NAMES: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

pub(super) fn call(interp: &mut Interp<'_>, dict: &Rc<Dict>, name: &str, args: Args) -> Outcome<Value> {
    match name {
        "get" | "setdefault" | "pop" => {
            let [key, default] = args.bind(name, ["key", "default"], 1)?;
            return with_key(dict, name, key.unwrap_or(Value::None), default);
        }
        "update" => {
            let entries = entries(args)?;
            interp.charge_items(entries.len())?;
            dict.update(entries);
            return Ok(Value::None);
        }
        "fromkeys" => {
            let [keys, value] = args.bind(name, ["iterable", "value"], 1)?;
            let made = Dict::default();
            for key in iterate(&keys.unwrap_or(Value::None))? {
                made.insert(Key::new(key)?, value.clone().unwrap_or(Value::None));
            }
            return Ok(Value::Dict(Rc::new(made)));
        }
        _ => args.none(name)?,
    }
    Ok(match name {
        "items" => items(dict),
        "keys" => Value::list(dict.keys()),
        "values" => Value::list(dict.values()),
        "copy" => Value::Dict(Rc::new(Dict::new(dict.entries().into_iter().collect()))),
        "clear" => {
            drop(dict.take());
            Value::None
        }
        _ => {
            let (key, value) = dict.pop_last().ok_or_else(|| Fault::new("popitem(): dictionary is empty"))?;
            Value::tuple(vec![key.into_value(), value])
        }
    })
}

/// The entries as a list of pairs.
pub(crate) fn items(dict: &Dict) -> Value {
    let pairs = dict.entries().into_iter().map(|(key, value)| Value::tuple(vec![key.into_value(), value]));
    Value::list(pairs.collect())
}

fn with_key(dict: &Dict, name: &str, key: Value, default: Option<Value>) -> Outcome<Value> {
    let shown = key.repr();
    let key = Key::new(key)?;
    match name {
        "get" => Ok(dict.get(&key).or(default).unwrap_or(Value::None)),
        "pop" => dict.remove(&key).or(default).ok_or_else(|| Fault::new(format!("the dict has no key {shown}"))),
        _ => {
            if let Some(value) = dict.get(&key) {
                return Ok(value);
            }
            let value = default.unwrap_or(Value::None);
            dict.insert(key, value.clone());
            Ok(value)
        }
    }
}

/// What `dict(…)` and `update(…)` take: a dict or pairs, and named values.
pub(crate) fn entries(args: Args) -> Outcome<Vec<(Key, Value)>> {
    let mut entries = match args.positional.as_slice() {
        [] => Vec::new(),
        [Value::Dict(dict)] => dict.entries(),
        [pairs] => {
            let mut entries = Vec::new();
            for pair in iterate(pairs)? {
                let [key, value]: [Value; 2] = iterate(&pair)?
                    .try_into()
                    .map_err(|_| Fault::new("a dict is made of pairs: a key and a value each"))?;
                entries.push((Key::new(key)?, value));
            }
            entries
        }
        more => return Err(Fault::new(format!("dict expected at most 1 argument, got {}", more.len()))),
    };
    entries.extend(args.named.into_iter().map(|(name, value)| (Key::text(name), value)));
    Ok(entries)
}
