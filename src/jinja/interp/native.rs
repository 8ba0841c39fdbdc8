//! Templates whose value keeps its type: values of YAML files, arguments of generic tests.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Interp;
use crate::jinja::ast::{Body, Statement};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::lexer;
use crate::jinja::parser;
use crate::jinja::source::Source;
use crate::jinja::value::{Dict, Key, Value, from_json};

/// Arguments nested deeper than this are an error.
const MAX_DEPTH: usize = 60;

impl<'e> Interp<'e> {
    /// The value of a template: that of its one expression, or else its text.
    pub fn native_value(&mut self, body: &Body) -> Outcome<Value> {
        if let [Statement::Output(expr)] = body.as_slice() {
            return match self.eval(expr)? {
                Value::Undefined(missing) => Err(self.locate(missing.fault(), expr.span)),
                value => Ok(value),
            };
        }
        let mut text = String::new();
        self.exec(body, &mut text)?;
        Ok(Value::from(text))
    }

    /// The arguments of a generic test: text with Jinja, or that looks like a call of `ref` and its like, is
    /// evaluated. A column's name always stays text.
    pub fn render_test_kwargs(&mut self, kwargs: &serde_json::Map<String, Json>) -> Outcome<Value> {
        let dict = Dict::default();
        for (name, value) in kwargs {
            let value = match (name.as_str(), value) {
                ("column_name", Json::String(text)) => Value::from(text.as_str()),
                _ => self.render_test_value(value, 0)?,
            };
            dict.insert(Key::text(name.as_str()), value);
        }
        Ok(Value::Dict(Rc::new(dict)))
    }

    fn render_test_value(&mut self, value: &Json, depth: usize) -> Outcome<Value> {
        if depth > MAX_DEPTH {
            return Err(Fault::new(format!("the arguments of this test are nested more than {MAX_DEPTH} levels deep")));
        }
        match value {
            Json::String(text) if lexer::has_tags(text) => self.evaluate_text(text.clone()),
            Json::String(text) if looks_like_call(text) => self.evaluate_text(format!("{{{{ {text} }}}}")),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.render_test_value(item, depth + 1));
                Ok(Value::list(items.collect::<Outcome<_>>()?))
            }
            Json::Object(entries) if from_json(value).downcast::<crate::jinja::dbt::RelationObject>().is_none() => {
                let dict = Dict::default();
                for (key, value) in entries {
                    dict.insert(Key::text(key.as_str()), self.render_test_value(value, depth + 1)?);
                }
                Ok(Value::Dict(Rc::new(dict)))
            }
            _ => Ok(from_json(value)),
        }
    }

    fn evaluate_text(&mut self, text: String) -> Outcome<Value> {
        let (package, path) = (self.source.package.clone(), self.source.path.clone());
        let source = Arc::new(Source { package, path, text });
        let parsed = parser::parse(source.clone()).map_err(|diagnostic| Fault::from(*diagnostic))?;
        let outer = std::mem::replace(&mut self.source, source);
        let value = self.native_value(&parsed.body);
        self.source = outer;
        value
    }
}

/// `ref('x')`, `source('a', 'b')`, `var('x')`, `env_var('X')`: dbt takes these for Jinja without braces.
fn looks_like_call(text: &str) -> bool {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else { return false };
    matches!(name.trim_end(), "ref" | "source" | "var" | "env_var" | "doc") && rest.len() > 1 && rest.ends_with(')')
}
