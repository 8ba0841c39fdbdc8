//! Jinja's own statements.

use std::sync::Arc;

use super::{Parse, Parser};
use crate::jinja::ast::{Body, Expr, ExprKind, For, Macro, MacroKind, Name, Statement, Target};
use crate::jinja::source::Span;
use crate::jinja::token::{Symbol, Token};

impl Parser {
    /// Statements up to a tag that starts with one of the `ends`; the cursor stops at that word. No `ends`: up to the
    /// end of the template.
    pub(super) fn body(&mut self, ends: &[&str]) -> Parse<Body> {
        let opened = self.open_tag();
        let mut body = Body::new();
        loop {
            match self.peek() {
                Token::Text(text) => {
                    body.push(Statement::Text(text.clone()));
                    self.advance();
                }
                Token::OutputStart => {
                    self.advance();
                    let value = self.tuple_or_expression()?;
                    self.expect_end(&Token::OutputEnd)?;
                    body.push(Statement::Output(value));
                }
                Token::TagStart => {
                    self.advance();
                    if ends.iter().any(|end| self.at_word(end)) {
                        return Ok(body);
                    }
                    body.extend(self.statement(ends)?);
                }
                _ if ends.is_empty() => return Ok(body),
                _ => {
                    let end = ends.last().copied().unwrap_or_default();
                    return self.error(opened, format!("this block is never closed; '{{% {end} %}}' is missing"));
                }
            }
        }
    }

    /// The first word of the tag just read.
    fn open_tag(&self) -> Span {
        let before = &self.tokens[..self.at.min(self.tokens.len())];
        let start = before.iter().rposition(|spanned| spanned.token == Token::TagStart);
        start.and_then(|start| before.get(start + 1)).map_or(Span::new(0, 0), |spanned| spanned.span)
    }

    /// The rest of a block up to and with its one end tag.
    pub(super) fn body_to(&mut self, end: &str) -> Parse<Body> {
        self.end_tag()?;
        let body = self.nested(|parser| parser.body(&[end]))?;
        self.advance();
        Ok(body)
    }

    fn expect_end(&mut self, end: &Token) -> Parse<()> {
        if self.peek() != end {
            return self.unexpected(&format!("an operator or {end}"));
        }
        self.advance();
        Ok(())
    }

    pub(super) fn end_tag(&mut self) -> Parse<()> {
        self.expect_end(&Token::TagEnd)
    }

    /// One statement, the cursor being on its first word. A macro definition inside stays a statement.
    fn statement(&mut self, ends: &[&str]) -> Parse<Option<Statement>> {
        let start = self.span();
        let word = self.name()?;
        let statement = match &*word {
            "if" => self.if_statement()?,
            "for" => self.for_statement()?,
            "set" => self.set_statement()?,
            "with" => self.with_statement()?,
            "macro" => Statement::Macro(self.macro_statement(start)?),
            "call" => self.call_statement(start)?,
            "filter" => {
                let filter = self.block_filters(true)?;
                let Some(filter) = filter else { return self.unexpected("a filter") };
                Statement::Filter { filter, body: self.body_to("endfilter")? }
            }
            "do" => Statement::Do(self.tuple_or_expression()?),
            "break" | "continue" if self.loops == 0 => {
                return self.error(start, format!("'{word}' outside of a for loop"));
            }
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "test" | "data_test" => Statement::Macro(self.test_block(start)?),
            "materialization" => Statement::Macro(self.materialization_block(start)?),
            "snapshot" | "docs" => return self.foreign_block(&word, start),
            _ => return self.unknown_tag(&word, start, ends),
        };
        self.end_tag()?;
        Ok(Some(statement))
    }

    fn unknown_tag<T>(&self, word: &str, start: Span, ends: &[&str]) -> Parse<T> {
        const TAGS: [&str; 13] = [
            "if",
            "for",
            "set",
            "with",
            "macro",
            "call",
            "filter",
            "do",
            "break",
            "continue",
            "raw",
            "test",
            "materialization",
        ];
        let diagnostic = self.source.error(start, format!("unknown tag '{word}'"));
        Err(Box::new(match word {
            "include" | "import" | "from" | "extends" | "block" => self
                .source
                .error(start, format!("'{word}' is not supported in dbt"))
                .hint("every macro of the project and its packages can be called without importing it"),
            _ if word.starts_with("end") || matches!(word, "else" | "elif") => match ends.last() {
                Some(end) => diagnostic.hint(format!("the block that is open here ends with '{{% {end} %}}'")),
                None => diagnostic.hint("no block is open here"),
            },
            _ => diagnostic.known_names(word, "tags", TAGS),
        }))
    }

    fn if_statement(&mut self) -> Parse<Statement> {
        let mut branches = Vec::new();
        loop {
            let test = self.tuple_or_expression()?;
            self.end_tag()?;
            let body = self.nested(|parser| parser.body(&["elif", "else", "endif"]))?;
            branches.push((test, body));
            if self.skip_word("elif") {
                continue;
            }
            let otherwise = if self.skip_word("else") { self.body_to("endif")? } else { self.end_word() };
            return Ok(Statement::If { branches, otherwise });
        }
    }

    /// Steps over the word of an end tag, where an else part could have been.
    fn end_word(&mut self) -> Body {
        self.advance();
        Body::new()
    }

    fn for_statement(&mut self) -> Parse<Statement> {
        let target = self.target(false)?;
        if !self.skip_word("in") {
            return self.unexpected("'in'");
        }
        let items = self.loop_items()?;
        let filter = if self.skip_word("if") { Some(self.expression()?) } else { None };
        let recursive = self.skip_word("recursive");
        self.end_tag()?;
        self.loops += 1;
        let body = self.nested(|parser| parser.body(&["else", "endfor"]));
        self.loops -= 1;
        let body = body?;
        let otherwise = if self.skip_word("else") { self.body_to("endfor")? } else { self.end_word() };
        Ok(Statement::For(Arc::new(For { target, items, filter, body, otherwise, recursive })))
    }

    fn set_statement(&mut self) -> Parse<Statement> {
        let target = self.target(true)?;
        if self.skip_symbol(Symbol::Assign) {
            return Ok(Statement::Set { target, value: self.tuple_or_expression()? });
        }
        let filter = self.block_filters(false)?;
        Ok(Statement::SetBlock { target, filter, body: self.body_to("endset")? })
    }

    fn with_statement(&mut self) -> Parse<Statement> {
        let mut bindings = Vec::new();
        while *self.peek() != Token::TagEnd {
            if !bindings.is_empty() {
                self.expect_symbol(Symbol::Comma)?;
            }
            let target = self.single_target(false)?;
            self.expect_symbol(Symbol::Assign)?;
            bindings.push((target, self.expression()?));
        }
        Ok(Statement::With { bindings, body: self.body_to("endwith")? })
    }

    fn call_statement(&mut self, start: Span) -> Parse<Statement> {
        let parameters = if *self.peek() == Token::Symbol(Symbol::OpenParen) { self.parameters()? } else { Vec::new() };
        let call = self.expression()?;
        if !matches!(call.kind, ExprKind::Call(..)) {
            return self.error(call.span, "a call block needs a call here, such as '{% call statement() %}'");
        }
        let caller = self.macro_body(MacroKind::Caller, Name::from("caller"), parameters, start, "endcall")?;
        Ok(Statement::Call { call, caller })
    }

    fn macro_statement(&mut self, start: Span) -> Parse<Arc<Macro>> {
        let name = self.new_name()?;
        let parameters = self.parameters()?;
        self.macro_body(MacroKind::Macro, name, parameters, start, "endmacro")
    }

    /// The body of a macro, the cursor being at the end of its header.
    pub(super) fn macro_body(
        &mut self,
        kind: MacroKind,
        name: Name,
        parameters: Vec<(Name, Option<Expr>)>,
        header: Span,
        end: &str,
    ) -> Parse<Arc<Macro>> {
        let loops = std::mem::take(&mut self.loops);
        self.specials.push(Default::default());
        let body = self.body_to(end);
        let uses = self.specials.pop().unwrap_or_default();
        self.loops = loops;
        let body = body?;
        let tag_end = self.span();
        let text = &self.source.text[..header.start.min(self.source.text.len())];
        let extent = Span::new(text.rfind("{%").unwrap_or(header.start), tag_end.end);
        Ok(Arc::new(Macro { kind, name, parameters, body, source: self.source.clone(), header, extent, uses }))
    }

    pub(super) fn parameters(&mut self) -> Parse<Vec<(Name, Option<Expr>)>> {
        self.expect_symbol(Symbol::OpenParen)?;
        let mut parameters: Vec<(Name, Option<Expr>)> = Vec::new();
        while !self.skip_symbol(Symbol::CloseParen) {
            if !parameters.is_empty() {
                self.expect_symbol(Symbol::Comma)?;
                if self.skip_symbol(Symbol::CloseParen) {
                    break;
                }
            }
            let name = self.new_name()?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return self.error(self.last_span(), format!("there are two parameters named '{name}'"));
            }
            let default = if self.skip_symbol(Symbol::Assign) { Some(self.expression()?) } else { None };
            if default.is_none() && parameters.last().is_some_and(|(_, default)| default.is_some()) {
                let message = format!("parameter '{name}' has no default value but stands after one that has");
                return self.error(self.last_span(), message);
            }
            parameters.push((name, default));
        }
        Ok(parameters)
    }

    /// One target, or several with commas between them.
    pub(super) fn target(&mut self, attributes: bool) -> Parse<Target> {
        let start = self.span();
        let first = self.single_target(attributes)?;
        if *self.peek() != Token::Symbol(Symbol::Comma) {
            return Ok(first);
        }
        let mut targets = vec![first];
        while self.skip_symbol(Symbol::Comma) {
            if !matches!(self.peek(), Token::Name(_) | Token::Symbol(Symbol::OpenParen)) || self.at_word("in") {
                break;
            }
            targets.push(self.single_target(attributes)?);
        }
        Ok(Target::Tuple(targets, start.to(self.last_span())))
    }

    fn single_target(&mut self, attributes: bool) -> Parse<Target> {
        if self.skip_symbol(Symbol::OpenParen) {
            let inner = self.nested(|parser| parser.target(attributes))?;
            self.expect_symbol(Symbol::CloseParen)?;
            return Ok(inner);
        }
        let start = self.span();
        if attributes && *self.peek_second() == Token::Symbol(Symbol::Dot) {
            let name = self.name()?;
            self.expect_symbol(Symbol::Dot)?;
            let attribute = self.name()?;
            return Ok(Target::Attribute(name, attribute, start.to(self.last_span())));
        }
        Ok(Target::Name(self.new_name()?))
    }
}
