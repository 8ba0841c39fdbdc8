//! The block tags that dbt adds to Jinja.

use std::sync::Arc;

use super::{Parse, Parser};
use crate::jinja::ast::{Macro, MacroKind, Name, Statement};
use crate::jinja::source::Span;
use crate::jinja::token::{Symbol, Token};

impl Parser {
    /// `{% test name(model, column_name) %} … {% endtest %}`
    pub(super) fn test_block(&mut self, start: Span) -> Parse<Arc<Macro>> {
        let end = if self.source.text[start.start..].starts_with("data_") { "enddata_test" } else { "endtest" };
        let name = self.name()?;
        let parameters = self.parameters()?;
        self.macro_body(MacroKind::Test, Name::from(format!("test_{name}")), parameters, start, end)
    }

    /// `{% materialization name, default %}` or `{% materialization name, adapter='postgres' %}`
    pub(super) fn materialization_block(&mut self, start: Span) -> Parse<Arc<Macro>> {
        let name = self.name()?;
        let mut adapter = "default".to_string();
        while self.skip_symbol(Symbol::Comma) {
            if self.skip_word("default") {
                continue;
            }
            let option = self.name()?;
            self.expect_symbol(Symbol::Assign)?;
            match (&*option, self.peek().clone()) {
                ("adapter", Token::Str(value)) => {
                    adapter = value;
                    self.advance();
                }
                ("supported_languages", _) => {
                    self.expression()?;
                }
                _ => return self.error(self.last_span(), "expected default, adapter='…' or supported_languages=[…]"),
            }
        }
        let name = Name::from(format!("materialization_{name}_{adapter}"));
        self.macro_body(MacroKind::Materialization, name, Vec::new(), start, "endmaterialization")
    }

    /// Snapshot and docs blocks are taken out of files as text; inside a template they have no meaning.
    pub(super) fn foreign_block(&mut self, word: &str, start: Span) -> Parse<Option<Statement>> {
        let files = if word == "docs" { "a .md file" } else { "a .sql file of a snapshot path" };
        self.error(start, format!("a {word} block belongs into {files}, not here"))
    }
}
