//! Macros and call blocks as values.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use super::{Frame, Interp};
use crate::jinja::args::Args;
use crate::jinja::ast::Macro;
use crate::jinja::fault::Outcome;
use crate::jinja::value::{Object, Value};

pub(crate) struct MacroValue {
    pub definition: Arc<Macro>,
    /// The variables that a macro defined inside a template sees. A macro of a macro file sees only globals.
    pub closure: Option<Rc<Frame>>,
}

impl Object for MacroValue {
    fn type_name(&self) -> &'static str {
        "macro"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<macro '{}'>", self.definition.name)
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let definition = &self.definition;
        Some(match name {
            "name" => Value::Str(definition.name.clone()),
            "arguments" => {
                Value::tuple(definition.parameters.iter().map(|(name, _)| Value::Str(name.clone())).collect())
            }
            "catch_varargs" => Value::Bool(definition.uses.varargs),
            "catch_kwargs" => Value::Bool(definition.uses.kwargs),
            "caller" => Value::Bool(definition.uses.caller),
            _ => return None,
        })
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        interp.call_macro(&self.definition, self.closure.clone(), args)
    }
}
