//! Filters for sequences.

use std::cmp::Ordering;

use super::Filter;
use super::select::{attribute_of, folded};
use crate::jinja::args::{Args, size};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::methods::set::of_items;
use crate::jinja::value::{self, Key, Value, iterate};

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("length", |_, subject, args| length(subject, args)),
    ("count", |_, subject, args| length(subject, args)),
    ("list", |_, subject, args| args.none("list").and_then(|()| Ok(Value::list(iterate(subject)?)))),
    ("first", |_, subject, args| {
        args.none("first")?;
        Ok(iterate(subject)?
            .into_iter()
            .next()
            .unwrap_or_else(|| Value::undefined("no first item, sequence was empty")))
    }),
    ("last", |_, subject, args| {
        args.none("last")?;
        Ok(iterate(subject)?.pop().unwrap_or_else(|| Value::undefined("no last item, sequence was empty")))
    }),
    ("reverse", |_, subject, args| reverse(subject, args)),
    ("sort", sort),
    ("unique", unique),
    ("min", |interp, subject, args| extreme(interp, subject, args, "min")),
    ("max", |interp, subject, args| extreme(interp, subject, args, "max")),
    ("sum", |interp, subject, args| {
        let [attribute, start] = args.bind("sum", ["attribute", "start"], 0)?;
        let mut values = iterate(subject)?;
        if let Some(attribute) = attribute.filter(|attribute| !attribute.is_none()) {
            for value in &mut values {
                *value = attribute_of(interp, value, &attribute, None)?;
            }
        }
        super::number::sum(values, start.unwrap_or(Value::Int(0)))
    }),
    ("batch", |interp, subject, args| batch(interp, subject, args)),
    ("slice", |interp, subject, args| slices(interp, subject, args)),
    ("default", |_, subject, args| default(subject, args)),
    ("d", |_, subject, args| default(subject, args)),
    ("attr", |interp, subject, args| {
        let [name] = args.bind("attr", ["name"], 1)?;
        interp.attribute(subject, &name.unwrap_or(Value::None).to_string().into())
    }),
];

fn length(subject: &Value, args: Args) -> Outcome<Value> {
    args.none("length")?;
    let message = || Fault::new(format!("object of type '{}' has no len()", subject.type_name()));
    value::length(subject).map(Value::from).ok_or_else(message)
}

fn default(subject: &Value, args: Args) -> Outcome<Value> {
    let [default, boolean] = args.bind("default", ["default_value", "boolean"], 0)?;
    let also_false = boolean.is_some_and(|boolean| boolean.is_true());
    let missing = subject.is_undefined() || also_false && !subject.is_true();
    Ok(if missing { default.unwrap_or_else(|| Value::from("")) } else { subject.clone() })
}

fn reverse(subject: &Value, args: Args) -> Outcome<Value> {
    args.none("reverse")?;
    if let Value::Str(text) = subject {
        return Ok(Value::from(text.chars().rev().collect::<String>()));
    }
    let mut items = iterate(subject)?;
    items.reverse();
    Ok(Value::list(items))
}

/// The items in order. Equal ones keep their places, also when `reverse` is set, as in Python.
pub(crate) fn sorted(items: Vec<Value>, reverse: bool) -> Outcome<Vec<Value>> {
    sorted_by(items.into_iter().map(|item| (item.clone(), item)).collect(), reverse)
}

pub(super) fn sorted_by(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Outcome<Vec<Value>> {
    let mut problem = None;
    keyed.sort_by(|(a, _), (b, _)| {
        let ordering = value::order(a, b, "<").unwrap_or_else(|fault| {
            problem.get_or_insert(fault);
            None
        });
        let ordering = ordering.unwrap_or(Ordering::Equal);
        if reverse { ordering.reverse() } else { ordering }
    });
    match problem {
        Some(fault) => Err(fault),
        None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}

fn sort(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [reverse, case_sensitive, attribute] = args.bind("sort", ["reverse", "case_sensitive", "attribute"], 0)?;
    let is_set = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let case_sensitive = is_set(case_sensitive);
    let mut keyed = Vec::new();
    for item in iterate(subject)? {
        let key = sort_key(interp, &item, attribute.as_ref(), case_sensitive)?;
        keyed.push((key, item));
    }
    Ok(Value::list(sorted_by(keyed, is_set(reverse))?))
}

/// What an item is sorted by: itself, an attribute, or several attributes with commas between them.
pub(super) fn sort_key(
    interp: &mut Interp<'_>,
    item: &Value,
    attribute: Option<&Value>,
    case_sensitive: bool,
) -> Outcome<Value> {
    let fold = |value: Value| if case_sensitive { value } else { folded(value) };
    let Some(attribute) = attribute.filter(|attribute| !attribute.is_none()) else { return Ok(fold(item.clone())) };
    let names = attribute.to_string();
    if !names.contains(',') {
        return Ok(fold(attribute_of(interp, item, attribute, None)?));
    }
    let mut keys = Vec::new();
    for name in names.split(',') {
        keys.push(fold(attribute_of(interp, item, &Value::from(name), None)?));
    }
    Ok(Value::tuple(keys))
}

fn unique(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [case_sensitive, attribute] = args.bind("unique", ["case_sensitive", "attribute"], 0)?;
    let case_sensitive = case_sensitive.is_some_and(|flag| flag.is_true());
    let mut seen = of_items(Vec::new())?;
    let mut kept = Vec::new();
    for item in iterate(subject)? {
        if seen.insert(Key::new(sort_key(interp, &item, attribute.as_ref(), case_sensitive)?)?) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn extreme(interp: &mut Interp<'_>, subject: &Value, args: Args, name: &str) -> Outcome<Value> {
    let [case_sensitive, attribute] = args.bind(name, ["case_sensitive", "attribute"], 0)?;
    let case_sensitive = case_sensitive.is_some_and(|flag| flag.is_true());
    let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
    let mut best: Option<(Value, Value)> = None;
    for item in iterate(subject)? {
        let key = sort_key(interp, &item, attribute.as_ref(), case_sensitive)?;
        let better = match &best {
            Some((other, _)) => value::order(&key, other, "<")? == Some(wanted),
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(|| Value::undefined("no aggregated item, sequence was empty"), |(_, item)| item))
}

fn batch(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [count, fill] = args.bind("batch", ["linecount", "fill_with"], 1)?;
    let count = size("batch", "linecount", count)?.unwrap_or(0).max(1);
    let mut batches = Vec::new();
    for chunk in iterate(subject)?.chunks(count) {
        let mut chunk = chunk.to_vec();
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_none()) {
            interp.charge_items(count)?;
            chunk.resize(count, fill.clone());
        }
        batches.push(Value::list(chunk));
    }
    Ok(Value::list(batches))
}

fn slices(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [count, fill] = args.bind("slice", ["slices", "fill_with"], 1)?;
    let count = size("slice", "slices", count)?.unwrap_or(0).max(1);
    interp.charge_items(count)?;
    let items = iterate(subject)?;
    let (each, longer) = (items.len() / count, items.len() % count);
    let mut rest = items.into_iter();
    let mut slices = Vec::new();
    for index in 0..count {
        let mut slice: Vec<Value> = rest.by_ref().take(each + usize::from(index < longer)).collect();
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_none() && index >= longer) {
            slice.push(fill.clone());
        }
        slices.push(Value::list(slice));
    }
    Ok(Value::list(slices))
}
