//! The pattern of a row, parsed again only where it differs from the row before: nearly always once a batch.

use datafusion_common::Result;

/// The last pattern, with its flags, and what it was parsed to.
pub(crate) struct PatternCache<T> {
    parse: fn(&str, &str) -> Result<T>,
    last: Option<Parsed<T>>,
}

struct Parsed<T> {
    pattern: String,
    flags: String,
    value: T,
}

impl<T> PatternCache<T> {
    /// `parse` takes a pattern and its flags, which are empty where patterns have none.
    pub(crate) fn new(parse: fn(&str, &str) -> Result<T>) -> Self {
        Self { parse, last: None }
    }

    pub(crate) fn get(&mut self, pattern: &str, flags: &str) -> Result<&T> {
        let parsed = match self.last.take() {
            Some(last) if last.pattern == pattern && last.flags == flags => last,
            _ => {
                let value = (self.parse)(pattern, flags)?;
                Parsed { pattern: pattern.to_owned(), flags: flags.to_owned(), value }
            }
        };
        Ok(&self.last.insert(parsed).value)
    }
}
