//! `groupby`, `dictsort` and `items`.

use std::any::Any;

use super::Filter;
use super::select::{attribute_of, folded};
use super::sequence::sorted_by;
use crate::jinja::args::Args;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Tuple, Value, equal, index, iterate};

pub(super) const FILTERS: &[(&str, Filter)] = &[
    ("groupby", group_by),
    ("dictsort", |_, subject, args| dict_sort(subject, args)),
    ("items", |_, subject, args| {
        args.none("items")?;
        match subject {
            Value::Undefined(_) => Ok(Value::list(Vec::new())),
            Value::Dict(dict) => Ok(super::text::pairs(dict)),
            _ => Err(Fault::new("can only get item pairs from a mapping")),
        }
    }),
];

fn group_by(interp: &mut Interp<'_>, subject: &Value, args: Args) -> Outcome<Value> {
    let [attribute, default, case_sensitive] = args.bind("groupby", ["attribute", "default", "case_sensitive"], 1)?;
    let attribute = attribute.unwrap_or(Value::None);
    let case_sensitive = case_sensitive.is_some_and(|flag| flag.is_true());
    let fold = |value: Value| if case_sensitive { value } else { folded(value) };
    let mut keyed = Vec::new();
    for item in iterate(subject)? {
        let value = attribute_of(interp, &item, &attribute, default.as_ref())?;
        keyed.push((fold(value.clone()), Value::tuple(vec![value, item])));
    }
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for pair in sorted_by(keyed, false)? {
        let [value, item]: [Value; 2] = iterate(&pair)?.try_into().map_err(|_| Fault::new("not a pair"))?;
        match groups.last_mut() {
            Some((grouper, items)) if equal(&fold(grouper.clone()), &fold(value.clone())) => items.push(item),
            _ => groups.push((value, vec![item])),
        }
    }
    let group = |(grouper, items)| Value::object(Group(Tuple::new(vec![grouper, Value::list(items)])));
    Ok(Value::list(groups.into_iter().map(group).collect()))
}

/// A pair of `grouper` and `list`.
struct Group(Tuple);

impl Object for Group {
    fn type_name(&self) -> &'static str {
        "group"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn shown_as(&self) -> Option<Value> {
        Some(Value::tuple(self.0.to_vec()))
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "grouper" => self.0.first().cloned(),
            "list" => self.0.get(1).cloned(),
            _ => None,
        }
    }

    fn attribute_names(&self) -> Vec<String> {
        vec!["grouper".to_string(), "list".to_string()]
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.0.get(index(key.as_int()?, 2)?).cloned()
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.to_vec())
    }
}

fn dict_sort(subject: &Value, args: Args) -> Outcome<Value> {
    let [case_sensitive, by, reverse] = args.bind("dictsort", ["case_sensitive", "by", "reverse"], 0)?;
    let is_set = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let case_sensitive = is_set(case_sensitive);
    let by_value = match by.map(|by| by.to_string()).as_deref() {
        None | Some("key") => false,
        Some("value") => true,
        Some(_) => return Err(Fault::new("you can only sort by either 'key' or 'value'")),
    };
    let Value::Dict(dict) = subject else { return Err(Fault::new("dictsort needs a dict")) };
    let keyed = dict.entries().into_iter().map(|(key, value)| {
        let key = key.into_value();
        let order = if by_value { value.clone() } else { key.clone() };
        (if case_sensitive { order } else { folded(order) }, Value::tuple(vec![key, value]))
    });
    Ok(Value::list(sorted_by(keyed.collect(), is_set(reverse))?))
}
