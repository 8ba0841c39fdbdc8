//! Methods of `set`.

use std::rc::Rc;

use indexmap::IndexSet;

use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Key, Set, Value, iterate};

pub(super) const NAMES: [&str; 14] = [
    "add",
    "clear",
    "copy",
    "difference",
    "discard",
    "intersection",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "union",
    "update",
];

/// A set of the items.
pub(crate) fn of_items(items: Vec<Value>) -> Outcome<IndexSet<Key>> {
    items.into_iter().map(Key::new).collect()
}

pub(super) fn call(interp: &mut Interp<'_>, set: &Rc<Set>, name: &str, args: Args) -> Outcome<Value> {
    let own = set.keys();
    match name {
        "clear" | "copy" | "pop" => {
            args.none(name)?;
            return change(set, own, name);
        }
        "add" | "discard" | "remove" => {
            let [item] = args.bind(name, ["element"], 1)?;
            let key = Key::new(item.unwrap_or(Value::None))?;
            if name == "add" {
                interp.charge_items(1)?;
                set.insert(key);
            } else if !set.remove(&key) && name == "remove" {
                return Err(Fault::new(format!("the set has no element {}", key.value().repr())));
            }
            return Ok(Value::None);
        }
        _ => {}
    }
    let mut others = Vec::new();
    for other in &args.positional {
        let items = iterate(other)?;
        interp.charge_items(items.len())?;
        others.push(of_items(items)?);
    }
    let any = |key: &Key| others.iter().any(|other| other.contains(key));
    let all = |key: &Key| others.iter().all(|other| other.contains(key));
    let made: IndexSet<Key> = match name {
        "union" | "update" => own.into_iter().chain(others.into_iter().flatten()).collect(),
        "intersection" => own.into_iter().filter(all).collect(),
        "difference" => own.into_iter().filter(|key| !any(key)).collect(),
        "symmetric_difference" => {
            let only_there = others.iter().flatten().filter(|key| !own.contains(*key)).cloned();
            own.iter().filter(|key| !any(key)).cloned().chain(only_there.collect::<Vec<Key>>()).collect()
        }
        "issubset" => return Ok(Value::Bool(own.iter().all(all))),
        "issuperset" => return Ok(Value::Bool(others.iter().flatten().all(|key| own.contains(key)))),
        _ => return Ok(Value::Bool(!own.iter().any(any))),
    };
    if name == "update" {
        made.into_iter().for_each(|key| set.insert(key));
        return Ok(Value::None);
    }
    Ok(Value::Set(Rc::new(Set::new(made))))
}

fn change(set: &Set, mut own: IndexSet<Key>, name: &str) -> Outcome<Value> {
    match name {
        "copy" => Ok(Value::Set(Rc::new(Set::new(own)))),
        "clear" => {
            own.iter().for_each(|key| _ = set.remove(key));
            Ok(Value::None)
        }
        _ => {
            let last = own.pop().ok_or_else(|| Fault::new("pop from an empty set"))?;
            set.remove(&last);
            Ok(last.into_value())
        }
    }
}
