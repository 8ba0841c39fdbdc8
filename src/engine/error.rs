//! DataFusion's errors as diagnostics: with a place in the SQL where one is known.

use std::path::Path;

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::diagnostic::{Diagnostic, Place};
use crate::warehouse::{hint_of, may_pass};

/// The error of a statement, `sql` being what `path` holds.
pub fn diagnose(error: &DataFusionError, path: &Path, sql: &str) -> Diagnostic {
    let root = error.find_root();
    let (message, place) = match root {
        DataFusionError::SQL(parse_error, _) => match parse_error.as_ref() {
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => split_place(message),
            ParserError::RecursionLimitExceeded => ("the statement is nested too deeply".to_string(), None),
        },
        DataFusionError::Plan(message) => (message.clone(), None),
        DataFusionError::External(source) => (source.to_string(), None),
        other => (other.strip_backtrace(), None),
    };
    let mut diagnostic = Diagnostic::new(message).may_pass(may_pass(error));
    if let Some(hint) = hint_of(error) {
        diagnostic = diagnostic.hint(hint);
    }
    let span = error.diagnostic().and_then(|found| found.span).filter(|span| span.start.line > 0);
    if let Some((line, column)) = place.or(span.map(|span| (span.start.line as usize, span.start.column as usize))) {
        let length =
            span.filter(|s| s.end.line == s.start.line).map_or(1, |s| s.end.column.saturating_sub(s.start.column));
        diagnostic = diagnostic.at(Place::of_line(path, sql, line, column, length as usize));
    }
    diagnostic
}

/// sqlparser writes the place into the message: `Expected: …, found: x at Line: 1, Column: 8`.
fn split_place(message: &str) -> (String, Option<(usize, usize)>) {
    let found = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((text.to_string(), (line.trim().parse().ok()?, column.trim().parse().ok()?)))
    });
    match found {
        Some((text, place)) => (text, Some(place)),
        None => (message.to_string(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_points_at_the_word() {
        let sql = "select a\nfrom ) b";
        let error = super::super::parse(sql).unwrap_err();
        let shown = diagnose(&error, Path::new("m.sql"), sql);
        let place = shown.place.unwrap();
        assert_eq!((place.line, place.column), (2, 6), "{}", shown.message);
    }
}
