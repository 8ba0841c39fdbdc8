//! A date pattern taken apart.

use super::keyword::{KEYWORDS, Key};

/// A parsed date pattern.
#[derive(Debug)]
pub(crate) struct Template {
    pub(super) nodes: Vec<Node>,
}

/// One piece of a date pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    Field(Field),
    /// A letter, a digit or a quoted character.
    Literal(char),
    /// Printable ASCII that is neither letter nor digit.
    Separator(char),
    Space(char),
}

/// A keyword with what stands before and behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) key: Key,
    /// `FM`: no padding when written, any width when read.
    pub(super) fill: bool,
    /// `TM`: names without padding.
    pub(super) localized: bool,
    /// `TH` or `th` behind it: an English ordinal; the flag is for upper case.
    pub(super) ordinal: Option<bool>,
}

impl Template {
    /// Takes a pattern apart; every text is one.
    pub(crate) fn parse(pattern: &str) -> Self {
        let mut nodes = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            rest = match field(rest) {
                (Some(field), behind) => {
                    nodes.push(Node::Field(field));
                    behind
                }
                (None, behind) => characters(behind, &mut nodes),
            };
        }
        Self { nodes }
    }
}

/// The field that `text` begins with, and what is behind it; a prefix that no keyword follows is dropped.
fn field(text: &str) -> (Option<Field>, &str) {
    let mut rest = text;
    let (mut fill, mut localized) = (false, false);
    for (prefix, is_fill) in [("FM", true), ("fm", true), ("TM", false), ("tm", false)] {
        if let Some(behind) = text.strip_prefix(prefix) {
            (fill, localized) = (is_fill, !is_fill);
            rest = behind;
        }
    }
    let Some((name, key)) = KEYWORDS.iter().find(|(name, _)| rest.starts_with(name)) else {
        return (None, rest);
    };
    rest = &rest[name.len()..];
    let mut ordinal = None;
    if let Some(behind) = rest.strip_prefix("TH") {
        (ordinal, rest) = (Some(true), behind);
    } else if let Some(behind) = rest.strip_prefix("th") {
        (ordinal, rest) = (Some(false), behind);
    } else if let Some(behind) = rest.strip_prefix("SP") {
        // "Spelled out", which PostgreSQL accepts and does not do.
        rest = behind;
    }
    (Some(Field { name, key: *key, fill, localized, ordinal }), rest)
}

/// Takes one character, or a quoted text, from the start of `text` and returns what is behind it.
fn characters<'a>(text: &'a str, nodes: &mut Vec<Node>) -> &'a str {
    let mut chars = text.chars();
    let Some(mut first) = chars.next() else {
        return text;
    };
    if first == '"' {
        while let Some(character) = chars.next() {
            match character {
                '"' => break,
                '\\' => nodes.push(Node::Literal(chars.next().unwrap_or('\\'))),
                _ => nodes.push(Node::Literal(character)),
            }
        }
        return chars.as_str();
    }
    if first == '\\' && chars.as_str().starts_with('"') {
        first = '"';
        chars.next();
    }
    nodes.push(if is_separator(first) {
        Node::Separator(first)
    } else if is_space(first) {
        Node::Space(first)
    } else {
        Node::Literal(first)
    });
    chars.as_str()
}

pub(super) fn is_separator(character: char) -> bool {
    character.is_ascii_punctuation()
}

pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}
