//! Attributes and items.

use super::Interp;
use crate::jinja::ast::Name;
use crate::jinja::fault::Outcome;
use crate::jinja::methods::{self, BoundMethod};
use crate::jinja::value::{self, Key, Value};

impl<'e> Interp<'e> {
    /// `value.name`: the attribute or method, or else the item of that name.
    pub fn attribute(&mut self, value: &Value, name: &Name) -> Outcome<Value> {
        if let Value::Undefined(missing) = value {
            return self.tolerate(missing);
        }
        if let Some(found) = own_attribute(value, name) {
            return Ok(found);
        }
        let key = Value::Str(name.clone());
        Ok(own_item(value, &key)?.unwrap_or_else(|| no_attribute(value, name)))
    }

    /// `value[key]`: the item, or else the attribute of that name.
    pub fn item(&mut self, value: &Value, key: &Value) -> Outcome<Value> {
        match (value, key) {
            (Value::Undefined(missing), _) => return self.tolerate(missing),
            (_, Value::Undefined(missing)) => {
                self.tolerate(missing)?;
            }
            _ => {}
        }
        if let Some(found) = own_item(value, key)? {
            return Ok(found);
        }
        let attribute = key.as_str().and_then(|name| own_attribute(value, name));
        Ok(attribute.unwrap_or_else(|| match key {
            Value::Str(name) => no_attribute(value, name),
            _ => Value::undefined(format!("{} object has no element {}", value.type_name(), key.repr())),
        }))
    }
}

fn own_attribute(value: &Value, name: &str) -> Option<Value> {
    let attribute = match value {
        Value::Object(object) => object.attribute(name),
        _ => None,
    };
    let method = || methods::names(value).contains(&name).then(|| BoundMethod::of(value.clone(), name));
    attribute.or_else(method)
}

fn own_item(value: &Value, key: &Value) -> Outcome<Option<Value>> {
    Ok(match (value, key.as_int()) {
        (Value::Dict(dict), _) => Key::new(key.clone()).ok().and_then(|key| dict.get(&key)),
        (Value::List(list), Some(at)) => value::index(at, list.len()).and_then(|at| list.get(at)),
        (Value::Tuple(items), Some(at)) => value::index(at, items.len()).and_then(|at| items.get(at).cloned()),
        (Value::Str(text), Some(at)) => {
            let at = value::index(at, text.chars().count());
            at.and_then(|at| text.chars().nth(at)).map(|c| Value::from(c.to_string()))
        }
        (Value::Object(object), _) => object.item(key),
        _ => None,
    })
}

fn no_attribute(value: &Value, name: &str) -> Value {
    let shown = match value {
        Value::None => "None".to_string(),
        Value::Object(object) => object.type_name().to_string(),
        _ => format!("{} object", value.type_name()),
    };
    let what = format!("'{shown}' has no attribute '{name}'");
    Value::Undefined(std::rc::Rc::new(value::Missing { what, name: None, hint: hint(value, name) }))
}

fn hint(value: &Value, name: &str) -> Option<String> {
    let names = match value {
        Value::Object(object) => object.attribute_names(),
        Value::Dict(dict) => dict.keys().iter().map(Value::to_string).collect(),
        _ => methods::names(value).iter().map(ToString::to_string).collect(),
    };
    if names.is_empty() {
        return None;
    }
    crate::diagnostic::Diagnostic::new("").known_names(name, "names", names.iter().map(String::as_str)).hint
}
