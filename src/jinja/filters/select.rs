//! `map`, `select`, `reject`, `selectattr` and `rejectattr`.

use super::Filter;
use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::predicates;
use crate::jinja::value::{Value, iterate};

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("map", map),
    ("select", |interp, subject, args| select(interp, subject, args, true, false)),
    ("reject", |interp, subject, args| select(interp, subject, args, false, false)),
    ("selectattr", |interp, subject, args| select(interp, subject, args, true, true)),
    ("rejectattr", |interp, subject, args| select(interp, subject, args, false, true)),
];

/// `a.b.0` of an item; undefined parts become the default if there is one.
pub(super) fn attribute_of(
    interp: &mut Interp<'_>,
    item: &Value,
    path: &Value,
    default: Option<&Value>,
) -> Outcome<Value> {
    let mut value = item.clone();
    if let Value::Int(_) = path {
        value = interp.item(&value, path)?;
    } else {
        for part in path.to_string().split('.') {
            let key = part.parse().map_or_else(|_| Value::from(part), Value::Int);
            value = interp.item(&value, &key)?;
            if let (Value::Undefined(_), Some(default)) = (&value, default) {
                value = default.clone();
            }
        }
    }
    Ok(value)
}

/// Text as it is compared without regard to case.
pub(super) fn folded(value: Value) -> Value {
    match &value {
        Value::Str(text) => Value::from(text.to_lowercase()),
        _ => value,
    }
}

/// As in Jinja2, what is false has no items here, even if it is `none` or `0`.
fn items_if_true(subject: &Value) -> Outcome<Vec<Value>> {
    if subject.is_true() { iterate(subject) } else { Ok(Vec::new()) }
}

fn map(interp: &mut Interp<'_>, subject: &Value, mut args: Args) -> Outcome<Value> {
    let mut mapped = Vec::new();
    if args.positional.is_empty() {
        let default = args.take_named("default");
        let attribute = args.take_named("attribute").ok_or_else(|| Fault::new("map needs a filter or an attribute"))?;
        args.none("map")?;
        for item in items_if_true(subject)? {
            interp.spend(1)?;
            mapped.push(attribute_of(interp, &item, &attribute, default.as_ref())?);
        }
        return Ok(Value::list(mapped));
    }
    let name = args.positional.remove(0).to_string();
    for item in items_if_true(subject)? {
        interp.spend(1)?;
        let result = super::apply(interp, &name, &item, args.clone())?;
        mapped.push(interp.charge(result)?);
    }
    Ok(Value::list(mapped))
}

fn select(interp: &mut Interp<'_>, subject: &Value, mut args: Args, keep: bool, by_attribute: bool) -> Outcome<Value> {
    let attribute = match by_attribute {
        true if args.positional.is_empty() => return Err(Fault::new("selectattr needs the name of an attribute")),
        true => Some(args.positional.remove(0)),
        false => None,
    };
    let test = (!args.positional.is_empty()).then(|| args.positional.remove(0).to_string());
    let mut kept = Vec::new();
    for item in items_if_true(subject)? {
        interp.spend(1)?;
        let tested = match &attribute {
            Some(attribute) => attribute_of(interp, &item, attribute, None)?,
            None => item.clone(),
        };
        let passes = match &test {
            Some(test) => predicates::test(test, &tested, args.clone())?,
            None => tested.is_true(),
        };
        if passes == keep {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}
