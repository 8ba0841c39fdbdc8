//! What the lexer makes of a template.

use std::fmt;

use super::ast::Name;
use super::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// Text outside of tags, whitespace control already applied.
    Text(String),
    /// `{{`
    OutputStart,
    /// `}}`
    OutputEnd,
    /// `{%`
    TagStart,
    /// `%}`
    TagEnd,
    Name(Name),
    Int(i64),
    Float(f64),
    Str(String),
    Symbol(Symbol),
    End,
}

/// An operator or a piece of punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    Concat,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    OpenBrace,
    CloseBrace,
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Assign,
    Dot,
    Colon,
    Pipe,
    Comma,
}

impl Symbol {
    /// Every symbol with its spelling; a longer one stands before its own beginning.
    pub const ALL: [(&'static str, Symbol); 25] = [
        ("//", Symbol::FloorDiv),
        ("**", Symbol::Pow),
        ("==", Symbol::Eq),
        ("!=", Symbol::Ne),
        (">=", Symbol::Ge),
        ("<=", Symbol::Le),
        ("+", Symbol::Add),
        ("-", Symbol::Sub),
        ("*", Symbol::Mul),
        ("/", Symbol::Div),
        ("%", Symbol::Mod),
        ("~", Symbol::Concat),
        ("[", Symbol::OpenBracket),
        ("]", Symbol::CloseBracket),
        ("(", Symbol::OpenParen),
        (")", Symbol::CloseParen),
        ("{", Symbol::OpenBrace),
        ("}", Symbol::CloseBrace),
        (">", Symbol::Gt),
        ("<", Symbol::Lt),
        ("=", Symbol::Assign),
        (".", Symbol::Dot),
        (":", Symbol::Colon),
        ("|", Symbol::Pipe),
        (",", Symbol::Comma),
    ];

    pub fn spelling(self) -> &'static str {
        Symbol::ALL.iter().find(|(_, symbol)| *symbol == self).map_or("", |(text, _)| text)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Text(_) => f.write_str("text"),
            Token::OutputStart => f.write_str("'{{'"),
            Token::OutputEnd => f.write_str("'}}'"),
            Token::TagStart => f.write_str("'{%'"),
            Token::TagEnd => f.write_str("'%}'"),
            Token::Name(name) => write!(f, "'{name}'"),
            Token::Int(value) => write!(f, "'{value}'"),
            Token::Float(value) => write!(f, "'{value}'"),
            Token::Str(_) => f.write_str("a string"),
            Token::Symbol(symbol) => write!(f, "'{}'", symbol.spelling()),
            Token::End => f.write_str("the end of the template"),
        }
    }
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Spanned {
    pub token: Token,
    pub span: Span,
}
