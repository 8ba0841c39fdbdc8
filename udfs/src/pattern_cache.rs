//! The pattern of a row, parsed again only where it differs from the row before: nearly always once a batch.

use datafusion_common::Result;

/// The last pattern, with its flags, and what it was parsed to.
pub(crate) struct PatternCache<'a, T> {
    parse: fn(&str, &str) -> Result<T>,
    last: Option<Parsed<'a, T>>,
}

struct Parsed<'a, T> {
    pattern: &'a str,
    flags: &'a str,
    value: T,
}

impl<'a, T> PatternCache<'a, T> {
    /// `parse` takes a pattern and its flags, which are empty where patterns have none.
    pub(crate) fn new(parse: fn(&str, &str) -> Result<T>) -> Self {
        Self { parse, last: None }
    }

    pub(crate) fn get(&mut self, pattern: &'a str, flags: &'a str) -> Result<&T> {
        if self.last.as_ref().is_some_and(|last| !(is_same(last.pattern, pattern) && is_same(last.flags, flags))) {
            self.last = None;
        }
        let parsed = match &mut self.last {
            Some(last) => last,
            none => none.insert(Parsed { pattern, flags, value: (self.parse)(pattern, flags)? }),
        };
        Ok(&parsed.value)
    }
}

/// The one pattern of a query is the same piece of memory for all rows.
fn is_same(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}
