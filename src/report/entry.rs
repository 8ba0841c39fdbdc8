//! One line of a report, before it is known whether it becomes text, JSON or nothing.

use serde_json::{Map, Value};

use super::options::LogLevel;
use super::redact::Redactor;
use super::text::{Colour, Text};

/// What is said, by dbt's name and code for it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: &'static str,
    pub code: &'static str,
    pub level: LogLevel,
    pub text: Text,
    /// The facts of the text, for programs.
    pub data: Map<String, Value>,
    /// The worker that said it; the main thread where there is none.
    pub thread: Option<usize>,
    /// A progress bar shows this too, so that the line is left out beside one.
    pub shown_by_progress: bool,
}

impl Entry {
    pub fn new(name: &'static str, code: &'static str, level: LogLevel, text: Text) -> Self {
        Entry { name, code, level, text, data: Map::new(), thread: None, shown_by_progress: false }
    }

    pub fn info(name: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Entry::new(name, code, LogLevel::Info, Text::plain(text))
    }

    pub fn painted(
        name: &'static str,
        code: &'static str,
        level: LogLevel,
        colour: Colour,
        text: impl Into<String>,
    ) -> Self {
        Entry::new(name, code, level, Text::painted(colour, text))
    }

    /// An empty line between paragraphs; as important as what it sets apart.
    pub fn blank(level: LogLevel) -> Self {
        Entry::new("Formatting", "Z017", level, Text::default())
    }

    /// Adds a fact.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_string(), value.into());
        self
    }

    pub fn on_thread(mut self, thread: usize) -> Self {
        self.thread = Some(thread);
        self
    }

    pub fn is_blank(&self) -> bool {
        self.name == "Formatting"
    }

    pub fn thread_name(&self) -> String {
        self.thread.map_or_else(|| "MainThread".to_string(), |thread| format!("Thread-{thread}"))
    }

    /// The entry without secrets.
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        self.text = self.text.map(|piece| redactor.text(piece));
        if let Value::Object(data) = redactor.json(Value::Object(std::mem::take(&mut self.data))) {
            self.data = data;
        }
        self
    }
}
