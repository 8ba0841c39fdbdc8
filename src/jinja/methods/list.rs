//! Methods of `list` and `tuple`.

use std::rc::Rc;

use crate::jinja::args::{Args, integer};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::filters::sorted;
use crate::jinja::interp::Interp;
use crate::jinja::value::{self, List, Value, equal, iterate};

pub(super) const NAMES: [&str; 11] =
    ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
pub(super) const TUPLE_NAMES: [&str; 2] = ["count", "index"];

pub(super) fn call(interp: &mut Interp<'_>, list: &Rc<List>, name: &str, args: Args) -> Outcome<Value> {
    match name {
        "append" => {
            let [item] = args.bind(name, ["object"], 1)?;
            interp.charge_items(1)?;
            list.push(item.unwrap_or(Value::None));
        }
        "extend" => {
            let [items] = args.bind(name, ["iterable"], 1)?;
            let items = iterate(&items.unwrap_or(Value::None))?;
            interp.charge_items(items.len())?;
            crate::jinja::limits::check_items(list.len() + items.len())?;
            list.extend(items);
        }
        "insert" => {
            let [at, item] = args.bind(name, ["index", "object"], 2)?;
            let at = integer(name, "index", at)?.unwrap_or(0);
            let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
            let at = if at < 0 { (at + length).max(0) } else { at };
            interp.charge_items(list.len())?;
            list.insert(usize::try_from(at).unwrap_or(usize::MAX), item.unwrap_or(Value::None));
        }
        "pop" => {
            let [at] = args.bind(name, ["index"], 0)?;
            let at = value::index(integer(name, "index", at)?.unwrap_or(-1), list.len());
            let hint = if list.len() == 0 { "pop from empty list" } else { "pop index out of range" };
            return at.and_then(|at| list.remove(at)).ok_or_else(|| Fault::new(hint));
        }
        "remove" => {
            let [item] = args.bind(name, ["value"], 1)?;
            let item = item.unwrap_or(Value::None);
            let at = list.items().iter().position(|candidate| equal(candidate, &item));
            at.and_then(|at| list.remove(at)).ok_or_else(|| Fault::new("list.remove(x): x not in list"))?;
        }
        "clear" => {
            args.none(name)?;
            list.replace(Vec::new());
        }
        "copy" => return args.none(name).map(|()| Value::list(list.items())),
        "reverse" => {
            args.none(name)?;
            let mut items = list.items();
            items.reverse();
            list.replace(items);
        }
        "sort" => {
            let [reverse] = args.bind(name, ["reverse"], 0)?;
            let items = sorted(list.items(), reverse.is_some_and(|reverse| reverse.is_true()))?;
            list.replace(items);
        }
        _ => return search(&list.items(), name, args),
    }
    Ok(Value::None)
}

/// The methods that only look.
pub(super) fn search(items: &[Value], name: &str, args: Args) -> Outcome<Value> {
    let [item] = args.bind(name, ["value"], 1)?;
    let item = item.unwrap_or(Value::None);
    if name == "count" {
        return Ok(Value::from(items.iter().filter(|candidate| equal(candidate, &item)).count()));
    }
    let at = items.iter().position(|candidate| equal(candidate, &item));
    at.map(Value::from).ok_or_else(|| Fault::new(format!("{} is not in the list", item.repr())))
}
