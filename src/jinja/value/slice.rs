//! Subscripts of sequences.

use super::Value;
use crate::jinja::fault::{Fault, Outcome};

/// The position that a Python index means in a sequence of this length.
pub(crate) fn index(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let from_start = if index < 0 { index + length } else { index };
    (0..length).contains(&from_start).then_some(from_start as usize)
}

/// `value[start:stop:step]`; undefined for what is no sequence, like any missing item.
pub(crate) fn slice(value: &Value, bounds: [&Value; 3]) -> Outcome<Value> {
    let bounds = bounds.map(|bound| match bound {
        Value::None => Ok(None),
        _ => bound.as_int().map(Some).ok_or_else(|| Fault::new("slice indices must be integers or None")),
    });
    let [start, stop, step] = bounds;
    let (start, stop, step) = (start?, stop?, step?.unwrap_or(1));
    if step == 0 {
        return Err(Fault::new("slice step cannot be zero"));
    }
    match value {
        Value::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            let picked = positions(chars.len(), start, stop, step);
            Ok(Value::from(picked.map(|at| chars[at]).collect::<String>()))
        }
        Value::List(list) => {
            let items = list.items();
            Ok(Value::list(positions(items.len(), start, stop, step).map(|at| items[at].clone()).collect()))
        }
        Value::Tuple(items) => {
            Ok(Value::tuple(positions(items.len(), start, stop, step).map(|at| items[at].clone()).collect()))
        }
        Value::Object(object) if !object.is_mapping() && object.items().is_some() => {
            slice(&Value::tuple(object.items().unwrap_or_default()), [&start.into(), &stop.into(), &step.into()])
        }
        Value::Undefined(missing) => Err(missing.fault()),
        _ => Ok(Value::undefined(format!("'{}' object cannot be sliced", value.type_name()))),
    }
}

fn positions(length: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let clamp = |bound: i64, low: i64, high: i64| {
        let from_start = if bound < 0 { bound.saturating_add(length) } else { bound };
        from_start.clamp(low, high)
    };
    let (first, end) = if step > 0 {
        (start.map_or(0, |at| clamp(at, 0, length)), stop.map_or(length, |at| clamp(at, 0, length)))
    } else {
        (start.map_or(length - 1, |at| clamp(at, -1, length - 1)), stop.map_or(-1, |at| clamp(at, -1, length - 1)))
    };
    let next = move |at: &i64| at.checked_add(step);
    std::iter::successors(Some(first), next)
        .take_while(move |at| if step > 0 { *at < end } else { *at > end })
        .map(|at| at as usize)
}
