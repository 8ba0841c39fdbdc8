//! `{% snapshot name %} … {% endsnapshot %}` and `{% docs name %} … {% enddocs %}`: blocks that are taken out of a
//! file as text.

use std::path::Path;

use super::source::{Source, Span};
use crate::diagnostic::{Diagnostic, Place};

/// A named block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub name: String,
    /// What stands between the tags, with the whitespace control of the tags applied.
    pub body: String,
    /// The name in the opening tag.
    pub place: Place,
    /// The byte of the file at which the body begins.
    pub start: usize,
}

/// The snapshot blocks of a file.
///
/// # Errors
/// A block without a name or an end, and two blocks of one name.
pub fn snapshot_blocks(path: &Path, text: &str) -> Result<Vec<Block>, Diagnostic> {
    blocks(path, text, "snapshot", "endsnapshot")
}

/// The docs blocks of a file.
///
/// # Errors
/// A block without a name or an end, and two blocks of one name.
pub fn docs_blocks(path: &Path, text: &str) -> Result<Vec<Block>, Diagnostic> {
    blocks(path, text, "docs", "enddocs")
}

/// A tag of a file: its first word, the rest of it, and where it stands.
struct Tag<'a> {
    word: &'a str,
    rest: &'a str,
    span: Span,
    trims_before: bool,
    trims_after: bool,
}

fn blocks(path: &Path, text: &str, open: &str, close: &str) -> Result<Vec<Block>, Diagnostic> {
    let source = Source::new("", path, text);
    let mut found: Vec<Block> = Vec::new();
    let mut at = 0;
    while let Some(tag) = next_tag(text, at) {
        at = tag.span.end;
        if tag.word == "raw" {
            at = find_end(text, at, "endraw").map_or(text.len(), |end| end.span.end);
        }
        if tag.word != open {
            continue;
        }
        let name = tag.rest.trim();
        let name_start = tag.rest.as_ptr().addr() - text.as_ptr().addr() + tag.rest.len() - tag.rest.trim_start().len();
        let name_span = Span::new(name_start, name_start + name.len());
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            let hint = format!("write '{{% {open} some_name %}}'; a name has letters, digits and underscores");
            return Err(source.error(tag.span, format!("this {open} block has no proper name")).hint(hint));
        }
        let Some(end) = find_end(text, at, close) else {
            let message = format!("this {open} block is never closed; '{{% {close} %}}' is missing");
            return Err(source.error(tag.span, message));
        };
        let place = source.place(name_span);
        if let Some(other) = found.iter().find(|block| block.name == name) {
            let message = format!("there are two {open} blocks named '{name}'");
            return Err(Diagnostic::new(message)
                .at(place)
                .hint(format!("the other one is in line {}", other.place.line)));
        }
        let mut body = &text[at..end.span.start];
        let mut start = at;
        if tag.trims_after {
            start += body.len() - body.trim_start().len();
            body = body.trim_start();
        }
        let body = if end.trims_before { body.trim_end() } else { body };
        found.push(Block { name: name.to_string(), body: body.to_string(), place, start });
        at = end.span.end;
    }
    Ok(found)
}

fn find_end<'a>(text: &'a str, from: usize, word: &str) -> Option<Tag<'a>> {
    let mut at = from;
    while let Some(tag) = next_tag(text, at) {
        if tag.word == word {
            return Some(tag);
        }
        at = tag.span.end;
    }
    None
}

/// The next `{% … %}` that is not inside a comment.
fn next_tag(text: &str, from: usize) -> Option<Tag<'_>> {
    let mut at = from;
    loop {
        let start = at + text[at..].find('{')?;
        let rest = &text[start + 1..];
        if let Some(comment) = rest.strip_prefix('#') {
            at = text.len() - comment.len() + comment.find("#}").map_or(0, |end| end + 2);
        } else if let Some(inside) = rest.strip_prefix('%') {
            let inside_start = start + 2;
            let length = inside.find("%}")?;
            let end = inside_start + length + 2;
            let inside = &text[inside_start..inside_start + length];
            let trims_before = inside.starts_with('-');
            let trims_after = inside.ends_with('-');
            let inside = inside.trim_start_matches(['-', '+']).trim_end_matches(['-', '+']);
            let words = inside.trim_start();
            let word = words.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
            let rest = &words[word.len()..];
            return Some(Tag { word, rest, span: Span::new(start, end), trims_before, trims_after });
        } else {
            at = start + 1;
        }
    }
}
