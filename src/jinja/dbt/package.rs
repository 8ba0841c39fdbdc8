//! Packages as values: `dbt_utils.star(…)`.

use std::any::Any;

use super::macros::BUILTIN;
use super::query;
use crate::diagnostic::Diagnostic;
use crate::jinja::args::Args;
use crate::jinja::fault::Outcome;
use crate::jinja::functions::Native;
use crate::jinja::interp::{Interp, MacroValue};
use crate::jinja::value::{Object, Value};

pub(super) struct Package {
    pub name: String,
}

impl Object for Package {
    fn type_name(&self) -> &'static str {
        "package"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<package '{}'>", self.name)
    }

    fn call_method(&self, interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        if let Some(found) = member(interp, &self.name, name) {
            return Some(interp.call(&found, args));
        }
        let known = interp.run.jinja.registry().names_in(&self.name);
        let diagnostic = Diagnostic::new(format!("package '{}' has no macro '{name}'", self.name));
        Some(Err(diagnostic.known_names(name, "macros", known).into()))
    }
}

/// A macro of the package, or a function that is a macro in dbt's own package.
pub(super) fn member(interp: &Interp<'_>, package: &str, name: &str) -> Option<Value> {
    let found = interp.run.jinja.registry().in_package(package, name).filter(|found| found.is_callable());
    match found {
        Some(definition) => Some(Value::object(MacroValue { definition: definition.clone(), closure: None })),
        None if package == BUILTIN => Native::find(query::FUNCTIONS, name),
        None => None,
    }
}
