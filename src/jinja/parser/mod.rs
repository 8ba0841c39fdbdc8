//! Tokens → syntax tree. Statements are in `statement`, dbt's own block tags in `block_tag`, expressions in
//! `expression` and `operand`.

mod block_tag;
mod expression;
mod operand;
mod statement;

use std::sync::Arc;

use super::ast::{Expr, ExprKind, Name, SpecialNames, TemplateAst};
use super::lexer;
use super::source::{Source, Span};
use super::token::{Spanned, Symbol, Token};
use crate::diagnostic::Diagnostic;

type Parse<T> = Result<T, Box<Diagnostic>>;

/// How deep tags and brackets may nest: far beyond what people write, well within a thread's stack.
const MAX_NESTING: usize = 100;
/// How many levels one expression may have; a long chain of operators counts a level each.
const MAX_EXPRESSION_DEPTH: usize = 300;

pub(crate) fn parse(source: Arc<Source>) -> Parse<TemplateAst> {
    let tokens = lexer::tokens(&source)?;
    let mut parser = Parser { source, tokens, at: 0, nesting: 0, loops: 0, specials: Vec::new(), assigned: Vec::new() };
    let body = parser.body(&[])?;
    parser.assigned.sort_unstable();
    parser.assigned.dedup();
    Ok(TemplateAst { source: parser.source, body, assigned: parser.assigned })
}

struct Parser {
    source: Arc<Source>,
    tokens: Vec<Spanned>,
    at: usize,
    nesting: usize,
    /// How many `for` loops are open in the current macro: where `break` may stand.
    loops: usize,
    /// One entry for each open macro.
    specials: Vec<SpecialNames>,
    assigned: Vec<Name>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |spanned| &spanned.token)
    }

    fn peek_second(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |spanned| &spanned.token)
    }

    /// The place of the next token.
    fn span(&self) -> Span {
        let last = || self.tokens.last().map_or(Span::new(0, 0), |spanned| spanned.span);
        self.tokens.get(self.at).map_or_else(last, |spanned| spanned.span)
    }

    /// The place of the token just read.
    fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::new(0, 0), |spanned| spanned.span)
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    fn error<T>(&self, span: Span, message: impl Into<String>) -> Parse<T> {
        Err(Box::new(self.source.error(span, message)))
    }

    fn unexpected<T>(&self, wanted: &str) -> Parse<T> {
        self.error(self.span(), format!("expected {wanted}, found {}", self.peek()))
    }

    fn skip_symbol(&mut self, symbol: Symbol) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: Symbol) -> Parse<()> {
        if self.skip_symbol(symbol) { Ok(()) } else { self.unexpected(&format!("'{}'", symbol.spelling())) }
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if &**name == word)
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Parse<Name> {
        match self.peek() {
            Token::Name(name) => {
                let name = name.clone();
                self.advance();
                Ok(name)
            }
            _ => self.unexpected("a name"),
        }
    }

    /// A name that the template gives a value to.
    fn new_name(&mut self) -> Parse<Name> {
        let name = self.name()?;
        if matches!(&*name, "true" | "false" | "none" | "True" | "False" | "None") {
            return self.error(self.last_span(), format!("'{name}' cannot be given a value"));
        }
        self.assigned.push(name.clone());
        Ok(name)
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.nesting >= MAX_NESTING {
            return self.error(self.span(), format!("nested more than {MAX_NESTING} levels deep"));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    fn expr(&self, kind: ExprKind, span: Span) -> Parse<Expr> {
        let mut depth = 0;
        kind.each_child(&mut |child| depth = depth.max(child.depth));
        if depth >= MAX_EXPRESSION_DEPTH {
            return self.error(span, format!("this expression has more than {MAX_EXPRESSION_DEPTH} levels"));
        }
        Ok(Expr { kind, span, depth: depth + 1 })
    }
}
