//! Expressions: operators and their precedence.

use super::{Parse, Parser};
use crate::jinja::ast::{BinaryOp, CompareOp, Conditional, Expr, ExprKind};
use crate::jinja::token::{Symbol, Token};

impl Parser {
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        self.nested(Self::conditional)
    }

    /// An expression, or a tuple of several without parentheses.
    pub(super) fn tuple_or_expression(&mut self) -> Parse<Expr> {
        self.tuple_of(Self::expression)
    }

    /// What a `for` runs over: here an `if` starts the loop's filter.
    pub(super) fn loop_items(&mut self) -> Parse<Expr> {
        self.tuple_of(|parser| parser.nested(Self::or))
    }

    fn tuple_of(&mut self, mut parse: impl FnMut(&mut Self) -> Parse<Expr>) -> Parse<Expr> {
        let first = parse(self)?;
        if *self.peek() != Token::Symbol(Symbol::Comma) {
            return Ok(first);
        }
        let start = first.span;
        let mut items = vec![first];
        while self.skip_symbol(Symbol::Comma) {
            let ended = matches!(
                self.peek(),
                Token::OutputEnd | Token::TagEnd | Token::End | Token::Symbol(Symbol::CloseParen)
            );
            if ended || self.at_word("recursive") {
                break;
            }
            items.push(parse(self)?);
        }
        self.expr(ExprKind::Tuple(items), start.to(self.last_span()))
    }

    fn conditional(&mut self) -> Parse<Expr> {
        let mut then = self.or()?;
        while self.skip_word("if") {
            let test = self.or()?;
            let otherwise = if self.skip_word("else") { Some(self.expression()?) } else { None };
            let span = then.span.to(self.last_span());
            then = self.expr(ExprKind::Conditional(Box::new(Conditional { test, then, otherwise })), span)?;
        }
        Ok(then)
    }

    fn or(&mut self) -> Parse<Expr> {
        let mut left = self.and()?;
        while self.skip_word("or") {
            let right = self.and()?;
            let span = left.span.to(right.span);
            left = self.expr(ExprKind::Or(Box::new((left, right))), span)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parse<Expr> {
        let mut left = self.not()?;
        while self.skip_word("and") {
            let right = self.not()?;
            let span = left.span.to(right.span);
            left = self.expr(ExprKind::And(Box::new((left, right))), span)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Parse<Expr> {
        let start = self.span();
        if self.skip_word("not") {
            let operand = self.nested(Self::not)?;
            let span = start.to(operand.span);
            return self.expr(ExprKind::Not(Box::new(operand)), span);
        }
        self.compare()
    }

    fn compare(&mut self) -> Parse<Expr> {
        let first = self.arithmetic(0)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.compare_operator() {
            rest.push((operator, self.arithmetic(0)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let span = first.span.to(self.last_span());
        self.expr(ExprKind::Compare(Box::new(first), rest), span)
    }

    fn compare_operator(&mut self) -> Option<CompareOp> {
        let operator = match self.peek() {
            Token::Symbol(Symbol::Eq) => CompareOp::Eq,
            Token::Symbol(Symbol::Ne) => CompareOp::Ne,
            Token::Symbol(Symbol::Lt) => CompareOp::Lt,
            Token::Symbol(Symbol::Le) => CompareOp::Le,
            Token::Symbol(Symbol::Gt) => CompareOp::Gt,
            Token::Symbol(Symbol::Ge) => CompareOp::Ge,
            Token::Name(word) if &**word == "in" => CompareOp::In,
            Token::Name(word) if &**word == "not" => match self.peek_second() {
                Token::Name(word) if &**word == "in" => {
                    self.advance();
                    CompareOp::NotIn
                }
                _ => return None,
            },
            _ => return None,
        };
        self.advance();
        Some(operator)
    }

    /// The left-associative arithmetic operators, from the weakest level on: `+ -`, `~`, `* / // %`, `**`.
    fn arithmetic(&mut self, level: usize) -> Parse<Expr> {
        if level > 3 {
            return self.unary(true);
        }
        let mut left = self.arithmetic(level + 1)?;
        let mut joined = Vec::new();
        while let Some(operator) = arithmetic_operator(level, self.peek()) {
            self.advance();
            let right = self.arithmetic(level + 1)?;
            match operator {
                Operator::Concat => joined.push(right),
                Operator::Binary(operator) => {
                    let span = left.span.to(right.span);
                    left = self.expr(ExprKind::Binary(operator, Box::new((left, right))), span)?;
                }
            }
        }
        if joined.is_empty() {
            return Ok(left);
        }
        let span = left.span.to(self.last_span());
        joined.insert(0, left);
        self.expr(ExprKind::Concat(joined), span)
    }

    /// A filter binds tighter than a sign, except on the sign's own operand: `-x | abs` is `(-x) | abs`.
    fn unary(&mut self, with_filters: bool) -> Parse<Expr> {
        let start = self.span();
        let operand = if self.skip_symbol(Symbol::Sub) {
            let operand = self.nested(|parser| parser.unary(false))?;
            let span = start.to(operand.span);
            self.expr(ExprKind::Negative(Box::new(operand)), span)?
        } else if self.skip_symbol(Symbol::Add) {
            let operand = self.nested(|parser| parser.unary(false))?;
            let span = start.to(operand.span);
            self.expr(ExprKind::Positive(Box::new(operand)), span)?
        } else {
            self.primary()?
        };
        let operand = self.postfix(operand)?;
        if with_filters { self.filters_and_tests(operand) } else { Ok(operand) }
    }
}

enum Operator {
    Concat,
    Binary(BinaryOp),
}

fn arithmetic_operator(level: usize, token: &Token) -> Option<Operator> {
    let Token::Symbol(symbol) = token else { return None };
    Some(match (level, symbol) {
        (0, Symbol::Add) => Operator::Binary(BinaryOp::Add),
        (0, Symbol::Sub) => Operator::Binary(BinaryOp::Sub),
        (1, Symbol::Concat) => Operator::Concat,
        (2, Symbol::Mul) => Operator::Binary(BinaryOp::Mul),
        (2, Symbol::Div) => Operator::Binary(BinaryOp::Div),
        (2, Symbol::FloorDiv) => Operator::Binary(BinaryOp::FloorDiv),
        (2, Symbol::Mod) => Operator::Binary(BinaryOp::Mod),
        (3, Symbol::Pow) => Operator::Binary(BinaryOp::Pow),
        _ => return None,
    })
}
