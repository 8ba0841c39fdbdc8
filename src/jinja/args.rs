//! The arguments of a call, as values.

use super::ast::Name;
use super::fault::{Fault, Outcome};
use super::value::Value;

#[derive(Debug, Default, Clone)]
pub(crate) struct Args {
    pub positional: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl Args {
    pub fn new(positional: Vec<Value>) -> Self {
        Args { positional, named: Vec::new() }
    }

    /// Takes a named argument out.
    pub fn take_named(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(known, _)| &**known == name)?;
        Some(self.named.remove(at).1)
    }

    /// Gives the arguments to the parameters of a native function, of which the first `required` must be given.
    pub fn bind<const N: usize>(
        self,
        function: &str,
        parameters: [&str; N],
        required: usize,
    ) -> Outcome<[Option<Value>; N]> {
        let mut bound = [const { None }; N];
        if self.positional.len() > N {
            let given = self.positional.len();
            return Err(Fault::new(format!("{function}() takes {N} arguments at most, {given} were given")));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (name, value) in self.named {
            let Some(at) = parameters.iter().position(|parameter| *parameter == &*name) else {
                let fault = crate::diagnostic::Diagnostic::new(format!("{function}() has no argument '{name}'"));
                return Err(fault.known_names(&name, "arguments", parameters).into());
            };
            if bound[at].replace(value).is_some() {
                return Err(Fault::new(format!("{function}() got two values for argument '{name}'")));
            }
        }
        match bound.iter().take(required).position(Option::is_none) {
            Some(at) => Err(Fault::new(format!("{function}() needs the argument '{}'", parameters[at]))),
            None => Ok(bound),
        }
    }

    /// For functions without parameters.
    pub fn none(self, function: &str) -> Outcome<()> {
        self.bind::<0>(function, [], 0).map(|_| ())
    }
}

/// The value of an optional argument that must be a string.
pub(crate) fn text(function: &str, parameter: &str, value: Option<Value>) -> Outcome<Option<std::sync::Arc<str>>> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(Value::Str(text)) => Ok(Some(text)),
        Some(Value::Undefined(missing)) => Err(missing.fault()),
        Some(other) => {
            Err(Fault::new(format!("{function}() needs a string for '{parameter}', not a {}", other.type_name())))
        }
    }
}

/// As [`text`], owned.
pub(crate) fn owned_text(function: &str, parameter: &str, value: Option<Value>) -> Outcome<Option<String>> {
    Ok(text(function, parameter, value)?.map(|text| text.to_string()))
}

/// The value of an optional argument that must be an integer.
pub(crate) fn integer(function: &str, parameter: &str, value: Option<Value>) -> Outcome<Option<i64>> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(Value::Undefined(missing)) => Err(missing.fault()),
        Some(value) => match value.as_int() {
            Some(integer) => Ok(Some(integer)),
            None => {
                let found = value.type_name();
                Err(Fault::new(format!("{function}() needs an integer for '{parameter}', not a {found}")))
            }
        },
    }
}

/// An optional argument that is a width or a count, small enough to make text of.
pub(crate) fn size(function: &str, parameter: &str, value: Option<Value>) -> Outcome<Option<usize>> {
    let size = integer(function, parameter, value)?.map(|size| usize::try_from(size).unwrap_or(0));
    super::limits::check_text(size.unwrap_or(0))?;
    Ok(size)
}
