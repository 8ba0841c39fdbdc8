//! Typed access to YAML mappings that collects every error instead of stopping at the first.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Data, Key, Span, Yaml, map_to_json};
use crate::diagnostic::Diagnostic;
use crate::project::{Spot, TextFile};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spotted<T> {
    pub value: T,
    pub spot: Spot,
}

/// What is found wrong while one file is read.
pub struct Reader {
    file: Arc<TextFile>,
    errors: RefCell<Vec<Diagnostic>>,
    warnings: RefCell<Vec<Diagnostic>>,
}

impl Reader {
    pub fn new(file: &Arc<TextFile>) -> Self {
        Reader { file: Arc::clone(file), errors: RefCell::default(), warnings: RefCell::default() }
    }

    pub fn file(&self) -> &Arc<TextFile> {
        &self.file
    }

    /// A diagnostic at `span`, not reported yet.
    pub fn at(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(span.spot(&self.file).place())
    }

    pub fn error(&self, error: Diagnostic) {
        self.errors.borrow_mut().push(error);
    }

    pub fn warn(&self, warning: Diagnostic) {
        self.warnings.borrow_mut().push(warning);
    }

    /// What was read, with its warnings, unless there were errors.
    pub fn finish<T>(self, value: T) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        let errors = self.errors.into_inner();
        if errors.is_empty() { Ok((value, self.warnings.into_inner())) } else { Err(errors) }
    }

    fn wrong(&self, yaml: &Yaml, name: &str, expected: &str) {
        self.error(self.at(yaml.span, format!("{name} must be {expected}, and this is {}", yaml.kind())));
    }

    /// The scalar as it is written: `1.10` stays `1.10`.
    pub fn text(&self, yaml: &Yaml, name: &str) -> Option<String> {
        match &yaml.data {
            Data::Scalar(scalar) if !scalar.value.is_null() => Some(scalar.text.clone()),
            _ => {
                self.wrong(yaml, name, "text");
                None
            }
        }
    }

    pub fn list<'y>(&self, yaml: &'y Yaml, name: &str) -> &'y [Yaml] {
        match &yaml.data {
            Data::List(items) => items,
            _ if yaml.is_null() => &[],
            _ => {
                self.wrong(yaml, name, "a list");
                &[]
            }
        }
    }

    /// The fields of a mapping that messages call `what`.
    pub fn fields<'r, 'y>(&'r self, yaml: &'y Yaml, what: &str) -> Option<Fields<'r, 'y>> {
        let Data::Map(entries) = &yaml.data else {
            self.wrong(yaml, what, "a mapping");
            return None;
        };
        Some(Fields { reader: self, what: what.to_string(), span: yaml.span, entries, known: RefCell::default() })
    }
}

/// A mapping whose keys are known. Every key asked for counts as known; [`Fields::check_unknown`] complains about the rest.
pub struct Fields<'r, 'y> {
    reader: &'r Reader,
    what: String,
    span: Span,
    entries: &'y [(Key, Yaml)],
    known: RefCell<Vec<&'static str>>,
}

impl<'r, 'y> Fields<'r, 'y> {
    pub fn reader(&self) -> &'r Reader {
        self.reader
    }

    /// The start of the mapping.
    pub fn span(&self) -> Span {
        self.span
    }

    pub fn spot(&self) -> Spot {
        self.span.spot(&self.reader.file)
    }

    pub fn all(&self) -> &'y [(Key, Yaml)] {
        self.entries
    }

    fn find(&self, key: &'static str) -> Option<&'y (Key, Yaml)> {
        self.known.borrow_mut().push(key);
        self.entries.iter().find(|(name, _)| name.text == key)
    }

    /// The value of a key; one without a value counts as absent.
    pub fn get(&self, key: &'static str) -> Option<&'y Yaml> {
        self.find(key).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Where a key stands, if it is there with a value.
    pub fn key_span(&self, key: &'static str) -> Option<Span> {
        self.find(key).filter(|(_, value)| !value.is_null()).map(|(key, _)| key.span)
    }

    pub fn text(&self, key: &'static str) -> Option<String> {
        self.reader.text(self.get(key)?, &format!("'{key}'"))
    }

    pub fn spotted_text(&self, key: &'static str) -> Option<Spotted<String>> {
        let yaml = self.get(key)?;
        let value = self.reader.text(yaml, &format!("'{key}'"))?;
        Some(Spotted { value, spot: yaml.span.spot(&self.reader.file) })
    }

    /// The text of a key that must be there. Without it, the error is kept and an empty text stands in, so that the
    /// rest of the mapping is read too.
    pub fn required_text(&self, key: &'static str) -> Spotted<String> {
        if self.get(key).is_none() {
            self.reader.error(self.reader.at(self.span, format!("{} has no '{key}'", self.what)));
        }
        self.spotted_text(key).unwrap_or_else(|| Spotted { value: String::new(), spot: self.spot() })
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let yaml = self.get(key)?;
        match &yaml.data {
            Data::Scalar(scalar) if scalar.value.is_boolean() => scalar.value.as_bool(),
            _ => {
                self.reader.wrong(yaml, &format!("'{key}'"), "true or false");
                None
            }
        }
    }

    /// One text or a list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Spotted<String>>> {
        let yaml = self.get(key)?;
        let name = format!("'{key}'");
        let items = match &yaml.data {
            Data::List(items) => items.as_slice(),
            _ => std::slice::from_ref(yaml),
        };
        let read = |item: &Yaml| {
            let value = self.reader.text(item, &name)?;
            Some(Spotted { value, spot: item.span.spot(&self.reader.file) })
        };
        Some(items.iter().filter_map(read).collect())
    }

    pub fn list(&self, key: &'static str) -> &'y [Yaml] {
        self.get(key).map_or(&[], |yaml| self.reader.list(yaml, &format!("'{key}'")))
    }

    /// The mapping under a key, for a closer look.
    pub fn fields(&self, key: &'static str) -> Option<Fields<'r, 'y>> {
        self.reader.fields(self.get(key)?, &format!("'{key}'"))
    }

    /// The entries of the mapping under a key, whose own keys are free.
    pub fn entries(&self, key: &'static str) -> &'y [(Key, Yaml)] {
        self.fields(key).map_or(&[], |fields| fields.entries)
    }

    pub fn json_map(&self, key: &'static str) -> Map<String, Value> {
        map_to_json(self.entries(key))
    }

    pub fn json(&self, key: &'static str) -> Value {
        self.get(key).map_or(Value::Null, Yaml::to_json)
    }

    /// Keys that dbt knows and that change nothing here.
    pub fn ignore(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Keys that dbt knows, that would change what the project means, and that are not supported: each one present is
    /// a warning.
    pub fn unsupported(&self, keys: &[&'static str]) {
        for key in keys {
            if let Some(span) = self.key_span(key) {
                let message = format!("'{key}' of {} is not supported yet and is left out", self.what);
                self.reader.warn(self.reader.at(span, message));
            }
        }
    }

    /// Complains about every key that nobody asked for.
    pub fn check_unknown(&self) {
        let known = self.known.borrow();
        for (key, _) in self.entries {
            if !known.contains(&key.text.as_str()) {
                let error = self.reader.at(key.span, format!("unknown key '{}' in {}", key.text, self.what));
                self.reader.error(error.known_names(&key.text, "keys", known.iter().copied()));
            }
        }
    }
}
