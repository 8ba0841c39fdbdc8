//! Expressions: literals, names, subscripts, calls, filters and tests.

use super::{Parse, Parser};
use crate::jinja::ast::{Arguments, Expr, ExprKind, Name};
use crate::jinja::token::{Symbol, Token};

impl Parser {
    pub(super) fn primary(&mut self) -> Parse<Expr> {
        let start = self.span();
        let kind = match self.peek().clone() {
            Token::Name(name) => self.name_or_constant(name),
            Token::Str(first) => {
                let mut text = first;
                self.advance();
                while let Token::Str(next) = self.peek() {
                    text.push_str(next);
                    self.advance();
                }
                ExprKind::Str(text.into())
            }
            Token::Int(value) => {
                self.advance();
                ExprKind::Int(value)
            }
            Token::Float(value) => {
                self.advance();
                ExprKind::Float(value)
            }
            Token::Symbol(Symbol::OpenParen) => return self.parenthesised(),
            Token::Symbol(Symbol::OpenBracket) => self.list()?,
            Token::Symbol(Symbol::OpenBrace) => self.dict()?,
            _ => return self.unexpected("an expression"),
        };
        self.expr(kind, start.to(self.last_span()))
    }

    fn name_or_constant(&mut self, name: Name) -> ExprKind {
        self.advance();
        match &*name {
            "true" | "True" => ExprKind::Bool(true),
            "false" | "False" => ExprKind::Bool(false),
            "none" | "None" => ExprKind::None,
            _ => {
                for specials in &mut self.specials {
                    specials.varargs |= &*name == "varargs";
                    specials.kwargs |= &*name == "kwargs";
                    specials.caller |= &*name == "caller";
                }
                ExprKind::Name(name)
            }
        }
    }

    fn parenthesised(&mut self) -> Parse<Expr> {
        let start = self.span();
        self.advance();
        if self.skip_symbol(Symbol::CloseParen) {
            return self.expr(ExprKind::Tuple(Vec::new()), start.to(self.last_span()));
        }
        let mut inner = self.tuple_or_expression()?;
        self.expect_symbol(Symbol::CloseParen)?;
        inner.span = start.to(self.last_span());
        Ok(inner)
    }

    fn list(&mut self) -> Parse<ExprKind> {
        self.advance();
        let mut items = Vec::new();
        while !self.skip_symbol(Symbol::CloseBracket) {
            if !items.is_empty() {
                self.expect_symbol(Symbol::Comma)?;
                if self.skip_symbol(Symbol::CloseBracket) {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        Ok(ExprKind::List(items))
    }

    fn dict(&mut self) -> Parse<ExprKind> {
        self.advance();
        let mut items = Vec::new();
        while !self.skip_symbol(Symbol::CloseBrace) {
            if !items.is_empty() {
                self.expect_symbol(Symbol::Comma)?;
                if self.skip_symbol(Symbol::CloseBrace) {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_symbol(Symbol::Colon)?;
            items.push((key, self.expression()?));
        }
        Ok(ExprKind::Dict(items))
    }

    /// Attributes, subscripts and calls behind an operand.
    pub(super) fn postfix(&mut self, mut operand: Expr) -> Parse<Expr> {
        loop {
            operand = match self.peek() {
                Token::Symbol(Symbol::Dot) => self.attribute(operand)?,
                Token::Symbol(Symbol::OpenBracket) => self.subscript(operand)?,
                Token::Symbol(Symbol::OpenParen) => self.call(operand)?,
                _ => return Ok(operand),
            };
        }
    }

    fn attribute(&mut self, operand: Expr) -> Parse<Expr> {
        let start = operand.span;
        self.advance();
        if let Token::Int(index) = *self.peek() {
            let index = self.expr(ExprKind::Int(index), self.span())?;
            self.advance();
            let span = start.to(self.last_span());
            return self.expr(ExprKind::Index(Box::new((operand, index))), span);
        }
        let name = self.name()?;
        self.expr(ExprKind::Attribute(Box::new(operand), name), start.to(self.last_span()))
    }

    fn subscript(&mut self, operand: Expr) -> Parse<Expr> {
        let start = operand.span;
        self.advance();
        let mut bounds = [None, None, None];
        let mut colons = 0;
        loop {
            match self.peek() {
                Token::Symbol(Symbol::CloseBracket) => break,
                Token::Symbol(Symbol::Colon) if colons < 2 => {
                    colons += 1;
                    self.advance();
                }
                _ if bounds[colons].is_none() => {
                    let bound = if colons == 0 { self.tuple_or_expression()? } else { self.expression()? };
                    bounds[colons] = Some(bound);
                }
                _ => return self.unexpected("']'"),
            }
        }
        self.advance();
        let span = start.to(self.last_span());
        if colons > 0 {
            return self.expr(ExprKind::Slice(Box::new(operand), Box::new(bounds)), span);
        }
        let [Some(index), ..] = bounds else { return self.error(span, "a subscript needs an index or a key") };
        self.expr(ExprKind::Index(Box::new((operand, index))), span)
    }

    fn call(&mut self, callee: Expr) -> Parse<Expr> {
        let arguments = self.arguments()?;
        let span = callee.span.to(self.last_span());
        self.expr(ExprKind::Call(Box::new(callee), Box::new(arguments)), span)
    }

    fn arguments(&mut self) -> Parse<Arguments> {
        self.expect_symbol(Symbol::OpenParen)?;
        let mut arguments = Arguments::default();
        let mut first = true;
        while !self.skip_symbol(Symbol::CloseParen) {
            if !first {
                self.expect_symbol(Symbol::Comma)?;
                if self.skip_symbol(Symbol::CloseParen) {
                    break;
                }
            }
            first = false;
            self.argument(&mut arguments)?;
        }
        Ok(arguments)
    }

    fn argument(&mut self, arguments: &mut Arguments) -> Parse<()> {
        let start = self.span();
        if self.skip_symbol(Symbol::Pow) {
            let value = self.expression()?;
            if arguments.double_star.replace(value).is_some() {
                return self.error(start, "a call takes one '**' argument at most");
            }
        } else if self.skip_symbol(Symbol::Mul) {
            let value = self.expression()?;
            if arguments.star.replace(value).is_some() || arguments.double_star.is_some() {
                return self.error(start, "a call takes one '*' argument at most, before any '**' argument");
            }
        } else if matches!(self.peek(), Token::Name(_)) && *self.peek_second() == Token::Symbol(Symbol::Assign) {
            let name = self.name()?;
            self.advance();
            if arguments.named.iter().any(|(known, _)| *known == name) {
                return self.error(start, format!("argument '{name}' is given twice"));
            }
            arguments.named.push((name, self.expression()?));
        } else {
            let value = self.expression()?;
            if !arguments.named.is_empty() || arguments.star.is_some() || arguments.double_star.is_some() {
                return self.error(value.span, "a positional argument cannot follow a named one");
            }
            arguments.positional.push(value);
        }
        Ok(())
    }

    pub(super) fn filters_and_tests(&mut self, mut operand: Expr) -> Parse<Expr> {
        loop {
            operand = match self.peek() {
                Token::Symbol(Symbol::Pipe) => {
                    self.advance();
                    self.filter(Some(operand))?
                }
                Token::Name(word) if &**word == "is" => self.test(operand)?,
                Token::Symbol(Symbol::OpenParen) => self.call(operand)?,
                _ => return Ok(operand),
            };
        }
    }

    /// The filters of a `{% filter upper | trim %}` (`inline`) or a `{% set x | upper %}`, if there are any.
    pub(super) fn block_filters(&mut self, inline: bool) -> Parse<Option<Expr>> {
        let mut filters = None;
        if inline {
            filters = Some(self.filter(None)?);
        }
        while self.skip_symbol(Symbol::Pipe) {
            filters = Some(self.filter(filters)?);
        }
        Ok(filters)
    }

    fn filter(&mut self, subject: Option<Expr>) -> Parse<Expr> {
        let name_span = self.span();
        let name = self.dotted_name()?;
        let called = *self.peek() == Token::Symbol(Symbol::OpenParen);
        let arguments = if called { self.arguments()? } else { Arguments::default() };
        let start = subject.as_ref().map_or(name_span, |subject| subject.span);
        let span = start.to(self.last_span());
        self.expr(ExprKind::Filter(subject.map(Box::new), name, Box::new(arguments)), span)
    }

    fn dotted_name(&mut self) -> Parse<Name> {
        let mut name = self.name()?;
        while self.skip_symbol(Symbol::Dot) {
            name = Name::from(format!("{name}.{}", self.name()?));
        }
        Ok(name)
    }

    fn test(&mut self, operand: Expr) -> Parse<Expr> {
        self.advance();
        let negated = self.skip_word("not");
        let name = self.dotted_name()?;
        let mut arguments = Arguments::default();
        match self.peek() {
            Token::Symbol(Symbol::OpenParen) => arguments = self.arguments()?,
            Token::Name(word) if matches!(&**word, "else" | "or" | "and" | "if") => {}
            Token::Name(word) if &**word == "is" => {
                return self.error(self.span(), "tests cannot be chained; write 'x is a and x is b'");
            }
            Token::Name(_)
            | Token::Str(_)
            | Token::Int(_)
            | Token::Float(_)
            | Token::Symbol(Symbol::OpenBracket | Symbol::OpenBrace) => {
                let argument = self.primary()?;
                arguments.positional.push(self.postfix(argument)?);
            }
            _ => {}
        }
        let span = operand.span.to(self.last_span());
        let test = self.expr(ExprKind::Test(Box::new(operand), name, Box::new(arguments)), span)?;
        if negated { self.expr(ExprKind::Not(Box::new(test)), span) } else { Ok(test) }
    }
}
