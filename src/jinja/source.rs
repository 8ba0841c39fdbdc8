//! The text a template comes from, and places in it.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Place};

/// A byte range of a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// From the start of `self` to the end of `last`.
    pub fn to(self, last: Span) -> Self {
        Span { start: self.start, end: last.end.max(self.start) }
    }
}

/// One file (or one value of a YAML file) that holds a template.
#[derive(Debug)]
pub(crate) struct Source {
    pub package: String,
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    pub fn new(package: &str, path: &Path, text: &str) -> Self {
        Source { package: package.to_string(), path: path.to_path_buf(), text: text.to_string() }
    }

    pub fn place(&self, span: Span) -> Place {
        Place::of_bytes(&self.path, &self.text, span.start, span.end)
    }

    pub fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.place(span))
    }
}
