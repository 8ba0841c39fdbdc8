//! Template text → tokens. Whitespace control, comments and raw blocks are dealt with here.

use super::literal;
use super::source::{Source, Span};
use super::token::{Spanned, Symbol, Token};
use crate::diagnostic::Diagnostic;

type Lexed<T> = Result<T, Box<Diagnostic>>;

/// Whether the text has anything for Jinja to do.
pub(crate) fn has_tags(text: &str) -> bool {
    next_opener(text, 0).is_some()
}

/// Text without tags as Jinja prints it: line ends as `\n`, and one line end at the very end dropped.
pub(crate) fn plain_text(text: &str) -> String {
    normalise_line_ends(without_last_newline(text))
}

pub(crate) fn tokens(source: &Source) -> Lexed<Vec<Spanned>> {
    let text = without_last_newline(&source.text);
    let mut lexer = Lexer { source, text, at: 0, trim_next: false, tokens: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

/// Jinja drops one line end at the very end of a template.
fn without_last_newline(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix(['\n', '\r'])).unwrap_or(text)
}

fn normalise_line_ends(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_string() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Output,
    Tag,
    Comment,
}

fn next_opener(text: &str, from: usize) -> Option<(usize, Opener)> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', &bytes[from..]).find_map(|at| {
        let opener = match bytes.get(from + at + 1)? {
            b'{' => Opener::Output,
            b'%' => Opener::Tag,
            b'#' => Opener::Comment,
            _ => return None,
        };
        Some((from + at, opener))
    })
}

struct Lexer<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
    /// The tag before ended with `-`: whitespace that follows is dropped.
    trim_next: bool,
    tokens: Vec<Spanned>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Lexed<()> {
        while let Some((start, opener)) = next_opener(self.text, self.at) {
            let sign = self.text.as_bytes().get(start + 2).copied();
            self.push_text(self.at, start, sign == Some(b'-'));
            self.at = start + 2 + usize::from(matches!(sign, Some(b'-' | b'+')));
            match opener {
                Opener::Comment => self.comment(start)?,
                Opener::Tag if self.raw_tag_end("raw").is_some() => self.raw(start)?,
                Opener::Tag => self.tag(start, Token::TagStart, "%}", Token::TagEnd)?,
                Opener::Output => self.tag(start, Token::OutputStart, "}}", Token::OutputEnd)?,
            }
        }
        self.push_text(self.at, self.text.len(), false);
        self.push(Token::End, self.text.len(), self.text.len());
        Ok(())
    }

    fn push(&mut self, token: Token, start: usize, end: usize) {
        self.tokens.push(Spanned { token, span: Span::new(start, end) });
    }

    fn push_text(&mut self, start: usize, end: usize, trim_end: bool) {
        let mut text = &self.text[start..end];
        if self.trim_next {
            text = text.trim_start();
        }
        if trim_end {
            text = text.trim_end();
        }
        self.trim_next = false;
        if !text.is_empty() {
            self.push(Token::Text(normalise_line_ends(text)), start, end);
        }
    }

    fn error(&self, start: usize, end: usize, message: &str) -> Box<Diagnostic> {
        Box::new(self.source.error(Span::new(start, end), message))
    }

    fn comment(&mut self, start: usize) -> Lexed<()> {
        let Some(length) = self.text[self.at..].find("#}") else {
            return Err(self.error(start, start + 2, "this comment is never closed; '#}' is missing"));
        };
        self.trim_next = self.text[self.at..self.at + length].ends_with('-');
        self.at += length + 2;
        Ok(())
    }

    /// If a tag of only this word goes on at the cursor: where it ends, and whether it ends with `-`.
    fn raw_tag_end(&self, word: &str) -> Option<(usize, bool)> {
        let rest = self.text[self.at..].trim_start().strip_prefix(word)?;
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let rest = rest.trim_start();
        let (rest, trim) = match rest.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (rest.strip_prefix('+').unwrap_or(rest), false),
        };
        let rest = rest.strip_prefix("%}")?;
        Some((self.text.len() - rest.len(), trim))
    }

    fn raw(&mut self, start: usize) -> Lexed<()> {
        let Some((body, trim)) = self.raw_tag_end("raw") else { return Ok(()) };
        self.trim_next = trim;
        self.at = body;
        while let Some(found) = self.text[self.at..].find("{%") {
            let end = self.at + found;
            let sign = self.text.as_bytes().get(end + 2).copied();
            self.at = end + 2 + usize::from(matches!(sign, Some(b'-' | b'+')));
            if let Some((after, trim)) = self.raw_tag_end("endraw") {
                self.push_text(body, end, sign == Some(b'-'));
                self.trim_next = trim;
                self.at = after;
                return Ok(());
            }
        }
        Err(self.error(start, body, "this raw block is never closed; '{% endraw %}' is missing"))
    }

    /// The inside of `{{ }}` or `{% %}`. The closing mark only counts outside of brackets, so `{{ {'a': {}} }}` works.
    fn tag(&mut self, start: usize, open: Token, close: &str, end: Token) -> Lexed<()> {
        self.push(open, start, self.at);
        let mut brackets: Vec<(Symbol, usize)> = Vec::new();
        loop {
            self.at = self.text.len() - self.text[self.at..].trim_start().len();
            let rest = &self.text[self.at..];
            let Some(first) = rest.chars().next() else {
                return Err(self.error(start, start + 2, &format!("this tag is never closed; '{close}' is missing")));
            };
            let unsigned = rest.strip_prefix('-').or_else(|| rest.strip_prefix('+').filter(|_| close == "%}"));
            let signed = unsigned.is_some_and(|rest| rest.starts_with(close));
            if brackets.is_empty() && (signed || rest.starts_with(close)) {
                let length = close.len() + usize::from(signed);
                self.push(end, self.at, self.at + length);
                self.at += length;
                self.trim_next = signed && first == '-';
                return Ok(());
            }
            if first.is_alphabetic() || first == '_' {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                self.push(Token::Name(rest[..length].into()), self.at, self.at + length);
                self.at += length;
            } else if first.is_ascii_digit() {
                self.number()?;
            } else if first == '\'' || first == '"' {
                self.string(first)?;
            } else {
                self.symbol(&mut brackets)?;
            }
        }
    }

    fn number(&mut self) -> Lexed<()> {
        let after_dot = matches!(self.tokens.last(), Some(Spanned { token: Token::Symbol(Symbol::Dot), .. }));
        let (length, token) = literal::number(&self.text[self.at..], !after_dot);
        let Some(token) = token else {
            let message = "this integer is too large; integers have 64 bits here";
            return Err(self.error(self.at, self.at + length, message));
        };
        self.push(token, self.at, self.at + length);
        self.at += length;
        Ok(())
    }

    fn string(&mut self, quote: char) -> Lexed<()> {
        let body = &self.text[self.at + 1..];
        let mut escaped = false;
        let end = body.find(|c| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return Err(self.error(self.at, self.at + 1, "this string is never closed"));
        };
        let value = literal::unescape(&normalise_line_ends(&body[..end]))
            .map_err(|message| self.error(self.at, self.at + end + 2, &message))?;
        self.push(Token::Str(value), self.at, self.at + end + 2);
        self.at += end + 2;
        Ok(())
    }

    fn symbol(&mut self, brackets: &mut Vec<(Symbol, usize)>) -> Lexed<()> {
        let rest = &self.text[self.at..];
        let Some((spelling, symbol)) = Symbol::ALL.into_iter().find(|(spelling, _)| rest.starts_with(spelling)) else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            let message = format!("unexpected character '{}'", &rest[..length]);
            return Err(self.error(self.at, self.at + length, &message));
        };
        match symbol {
            Symbol::OpenParen | Symbol::OpenBracket | Symbol::OpenBrace => brackets.push((symbol, self.at)),
            Symbol::CloseParen | Symbol::CloseBracket | Symbol::CloseBrace => {
                let expected = brackets.pop().map(|(open, _)| closing(open));
                if expected != Some(symbol) {
                    let wanted = expected.map_or(String::new(), |s| format!(", expected '{}'", s.spelling()));
                    let message = format!("unexpected '{spelling}'{wanted}");
                    return Err(self.error(self.at, self.at + 1, &message));
                }
            }
            _ => {}
        }
        self.push(Token::Symbol(symbol), self.at, self.at + spelling.len());
        self.at += spelling.len();
        Ok(())
    }
}

fn closing(open: Symbol) -> Symbol {
    match open {
        Symbol::OpenParen => Symbol::CloseParen,
        Symbol::OpenBracket => Symbol::CloseBracket,
        _ => Symbol::CloseBrace,
    }
}
