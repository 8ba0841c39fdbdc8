//! DataFusion's errors as diagnostics: with a place in the SQL where one is known.

use std::ops::ControlFlow;
use std::path::Path;

use datafusion::common::{Column, Diagnostic as DataFusionDiagnostic, SchemaError, Span};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{Ident, Spanned, visit_relations};
use datafusion::sql::sqlparser::parser::ParserError;

use super::Relations;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::warehouse::{hint_of, may_pass};

/// What is said of a subquery that could not be made a join.
const CORRELATED: &str = "Physical plan does not support logical expression";

/// How the context of an error about a view's SQL begins.
pub const IN_VIEW: &str = "in the view";

/// The error of a statement, `sql` being what `path` holds.
pub fn diagnose(error: &DataFusionError, path: &Path, sql: &str) -> Diagnostic {
    let root = error.find_root();
    if let DataFusionError::SchemaError(schema_error, _) = root
        && let SchemaError::FieldNotFound { field, valid_fields } = schema_error.as_ref()
    {
        let known = valid_fields.iter().map(Column::name);
        let missing = Diagnostic::new(format!("there is no column {}", field.flat_name()));
        return placed(missing.known_names(field.name(), "columns", known), error, None, path, sql);
    }
    let (message, place) = match root {
        DataFusionError::SQL(parse_error, _) => match parse_error.as_ref() {
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => split_place(message),
            ParserError::RecursionLimitExceeded => ("the statement is nested too deeply".to_string(), None),
        },
        DataFusionError::Plan(message) => match unknown_function(message) {
            Some(missing) => return placed(missing, error, None, path, sql),
            None => (message.clone(), None),
        },
        DataFusionError::External(source) => (source.to_string(), None),
        DataFusionError::NotImplemented(message) if message.contains(CORRELATED) => {
            let unsupported =
                Diagnostic::new("a subquery refers to a row outside of it in a way that is not supported");
            return placed(unsupported.hint("write it as a join"), error, None, path, sql);
        }
        other => (other.strip_backtrace(), None),
    };
    placed(Diagnostic::new(message).may_pass(may_pass(error)), error, place, path, sql)
}

/// The diagnostic with what the error says beside its message: a place, a hint, the view whose SQL it is about.
fn placed(
    mut diagnostic: Diagnostic,
    error: &DataFusionError,
    place: Option<(usize, usize)>,
    path: &Path,
    sql: &str,
) -> Diagnostic {
    if let Some(hint) = hint_of(error) {
        diagnostic = diagnostic.hint(hint);
    }
    let found = error.diagnostic();
    if let Some(help) = found.and_then(|found| found.helps.first()) {
        diagnostic = diagnostic.hint(&help.message);
    }
    // The place is one in the view's SQL, which is not what `path` holds.
    if let Some(view) = view_of(error) {
        diagnostic.message = format!("{view}: {}", diagnostic.message);
        return diagnostic;
    }
    let span = found.and_then(|found| found.span).filter(|span| span.start.line > 0);
    if let Some((line, column)) = place.or(span.map(|span| (span.start.line as usize, span.start.column as usize))) {
        let length =
            span.filter(|s| s.end.line == s.start.line).map_or(1, |s| s.end.column.saturating_sub(s.start.column));
        diagnostic = diagnostic.at(Place::of_line(path, sql, line, column, length as usize));
    }
    diagnostic
}

/// `in the view …`, where the error is about a view's SQL.
fn view_of(error: &DataFusionError) -> Option<&str> {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = current {
        match inner.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::Context(context, _)) if context.starts_with(IN_VIEW) => return Some(context),
            _ => current = inner.source(),
        }
    }
    None
}

/// DataFusion names a function that is near in its list, however little it has in common with the one that is not there.
fn unknown_function(message: &str) -> Option<Diagnostic> {
    let (wanted, rest) = message.strip_prefix("Invalid function '")?.split_once('\'')?;
    let missing = Diagnostic::new(format!("there is no function {wanted}"));
    let suggested = rest.split_once("Did you mean '").and_then(|(_, suggested)| suggested.split('\'').next());
    match suggested.and_then(|suggested| nearest(wanted, &[suggested])) {
        Some(near) => Some(missing.hint(format!("did you mean '{near}'?"))),
        None => Some(missing),
    }
}

/// Adds the names that a table which is not there may have been meant to have.
pub fn with_known_tables(error: DataFusionError, sql: &str, relations: &dyn Relations) -> DataFusionError {
    let DataFusionError::Plan(message) = error.find_root() else { return error };
    let wanted = message.strip_prefix("table '").and_then(|rest| rest.split_once("' not found"));
    let Some((wanted, _)) = wanted.map(|(wanted, rest)| (wanted.to_string(), rest)) else { return error };
    let identifier = wanted.rsplit('.').next().unwrap_or(&wanted);
    let names = relations.names();
    let same: Vec<String> =
        names.iter().filter(|name| name.identifier == identifier).map(ToString::to_string).collect();
    let all: Vec<String> = names.iter().map(ToString::to_string).collect();
    let known = if same.is_empty() { &all } else { &same };
    let hint = match same.as_slice() {
        [only] => Some(format!("did you mean '{only}'?")),
        _ => Diagnostic::new("").known_names(&wanted, "tables and views", known.iter().map(String::as_str)).hint,
    };
    let mut diagnostic = DataFusionDiagnostic::new_error(message.clone(), span_of(sql, identifier));
    diagnostic.add_help(hint.unwrap_or_default(), None);
    error.with_diagnostic(diagnostic)
}

/// Where the name of a table stands in the SQL.
fn span_of(sql: &str, identifier: &str) -> Option<Span> {
    let mut found = None;
    let statement = super::parse(sql).ok()?;
    let _: ControlFlow<()> = visit_relations(&statement, |name| {
        let is_last = |part: &Ident| part.value.eq_ignore_ascii_case(identifier);
        match name.0.last().and_then(|part| part.as_ident()) {
            Some(part) if is_last(part) => {
                found = Some(name.span());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    });
    found.and_then(Span::try_from_sqlparser_span)
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
    use std::sync::Arc;

    use async_trait::async_trait;
    use datafusion::catalog::TableProvider;

    use super::super::{Engine, EngineOptions, SessionOptions};
    use super::*;
    use crate::relation::RelationName;
    use crate::warehouse::{Description, RelationKind, WarehouseError};

    #[test]
    fn a_syntax_error_points_at_the_word() {
        let sql = "select a\nfrom ) b";
        let error = super::super::parse(sql).unwrap_err();
        let shown = diagnose(&error, Path::new("m.sql"), sql);
        let place = shown.place.unwrap();
        assert_eq!((place.line, place.column), (2, 6), "{}", shown.message);
    }

    #[test]
    fn an_unknown_function_is_named_with_one_that_is_near() {
        let near = unknown_function("Invalid function 'rnd'.\nDid you mean 'round'?").unwrap();
        assert_eq!((near.message.as_str(), near.hint), ("there is no function rnd", None));
        let near = unknown_function("Invalid function 'rounds'.\nDid you mean 'round'?").unwrap();
        assert_eq!(near.hint.as_deref(), Some("did you mean 'round'?"));
    }

    #[tokio::test]
    async fn an_unknown_table_or_column_is_named_with_those_that_are_near() {
        let engine = Engine::new(EngineOptions::default()).unwrap();
        let options = SessionOptions {
            database: "dev".to_string(),
            schema: "silver".to_string(),
            instant: chrono::DateTime::UNIX_EPOCH,
            most_keys: 0,
        };
        let session = engine.session(Arc::new(OneView), &options).unwrap();
        for (sql, message, column, hint) in [
            (
                "select *\nfrom  silver.sale s",
                "table 'dev.silver.sale' not found",
                7,
                "did you mean 'dev.silver.sales'?",
            ),
            ("select *\nfrom gold.sales", "table 'dev.gold.sales' not found", 6, "did you mean 'dev.silver.sales'?"),
            ("select\n  s.pric from sales s", "there is no column s.pric", 3, "did you mean 'price'?"),
            ("select\nzzz from sales s", "there is no column zzz", 1, "the columns are: id, price"),
        ] {
            let shown = diagnose(&session.plan(sql).await.unwrap_err(), Path::new("m.sql"), sql);
            assert_eq!((shown.message.as_str(), shown.hint.as_deref()), (message, Some(hint)), "{sql}");
            let place = shown.place.map(|place| (place.line, place.column));
            assert_eq!(place, Some((2, column)), "{sql}");
        }
    }

    struct OneView;

    #[async_trait]
    impl Relations for OneView {
        fn names(&self) -> Vec<RelationName> {
            vec![RelationName::new("dev", "silver", "sales")]
        }

        fn describe(&self, name: &RelationName) -> Option<Description> {
            let kind = RelationKind::View { sql: "select 1 as id, 2.5 as price".to_string() };
            self.names().contains(name).then(|| Description { kind, version: String::new(), rows: None })
        }

        async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
            Err(WarehouseError::NoSuchRelation(name.clone()))
        }
    }
}
