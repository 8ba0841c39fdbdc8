//! Why the evaluation of a template stops before its end.

use std::path::PathBuf;

use super::ast::Name;
use super::value::Value;
use crate::diagnostic::Diagnostic;

pub(crate) type Outcome<T> = Result<T, Fault>;

#[derive(Debug)]
pub(crate) enum Fault {
    Failure(Box<Failure>),
    /// `return(value)`: ends the macro that is running.
    Return(Value),
    Break,
    Continue,
}

/// An error on its way out. The place is filled in by the innermost expression, the calls by every macro it leaves.
#[derive(Debug)]
pub(crate) struct Failure {
    pub diagnostic: Diagnostic,
    /// The name of the variable that is undefined, for the hint what it may have been meant to be.
    pub undefined: Option<Name>,
    calls: Vec<CallSite>,
}

/// A macro that was running, and where it was called.
#[derive(Debug)]
struct CallSite {
    name: String,
    path: PathBuf,
    line: usize,
}

/// How many calls an error message tells; a runaway recursion has hundreds.
const MAX_CALLS_TOLD: usize = 8;

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Fault::from(Diagnostic::new(message))
    }

    pub fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Fault::from(Diagnostic::new(message).hint(hint))
    }

    /// The use of a variable that does not exist.
    pub fn undefined(message: &str, name: Option<&Name>) -> Self {
        let diagnostic = Diagnostic::new(message);
        Fault::Failure(Box::new(Failure { diagnostic, undefined: name.cloned(), calls: Vec::new() }))
    }

    pub fn has_place(&self) -> bool {
        matches!(self, Fault::Failure(failure) if failure.diagnostic.place.is_some())
    }

    /// Notes that the error leaves a macro that was called at this place.
    pub fn leaving(mut self, name: &str, path: &std::path::Path, line: usize) -> Self {
        if let Fault::Failure(failure) = &mut self
            && failure.calls.len() <= MAX_CALLS_TOLD
        {
            failure.calls.push(CallSite { name: name.to_string(), path: path.to_path_buf(), line });
        }
        self
    }

    pub fn into_diagnostic(self) -> Diagnostic {
        match self {
            Fault::Failure(failure) => failure.into_diagnostic(),
            Fault::Return(_) => Diagnostic::new("return() outside of a macro"),
            Fault::Break | Fault::Continue => Diagnostic::new("break or continue outside of a for loop"),
        }
    }
}

impl From<Diagnostic> for Fault {
    fn from(diagnostic: Diagnostic) -> Self {
        Fault::Failure(Box::new(Failure { diagnostic, undefined: None, calls: Vec::new() }))
    }
}

impl Failure {
    fn into_diagnostic(self) -> Diagnostic {
        let Some(trace) = self.trace() else { return self.diagnostic };
        let hint = match &self.diagnostic.hint {
            Some(hint) => format!("{hint}; {trace}"),
            None => trace,
        };
        self.diagnostic.hint(hint)
    }

    /// "in macro x (macros/x.sql:3), called from models/y.sql:5"
    fn trace(&self) -> Option<String> {
        let innermost = self.calls.first()?;
        let at = self.diagnostic.place.as_ref().map(|place| format!(" ({}:{})", place.path.display(), place.line));
        let mut trace = format!("in {}{}", innermost.name, at.unwrap_or_default());
        for (index, call) in self.calls.iter().enumerate() {
            let site = format!("{}:{}", call.path.display(), call.line);
            match self.calls.get(index + 1) {
                Some(_) if index + 1 == MAX_CALLS_TOLD => return Some(trace + ", called from further macros"),
                Some(outer) => trace.push_str(&format!(", called from {} ({site})", outer.name)),
                None => trace.push_str(&format!(", called from {site}")),
            }
        }
        Some(trace)
    }
}
