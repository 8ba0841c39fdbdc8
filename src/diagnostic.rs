//! An error as the user reads it: what, where (file, line, column, caret) and what to do next.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a text file. Lines and columns count from one; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub line: usize,
    pub column: usize,
    /// How many characters the caret underlines; at least one.
    pub length: usize,
    /// The text of the line, without its end.
    pub excerpt: String,
}

impl Place {
    /// The place of the byte range `start..end` of `text`, which is what `path` holds.
    pub fn of_bytes(path: &Path, text: &str, start: usize, end: usize) -> Self {
        let start = floor_char_boundary(text, start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[..start].matches('\n').count() + 1;
        let excerpt = text[line_start..].lines().next().unwrap_or_default();
        let line_end = line_start + excerpt.len();
        let end = floor_char_boundary(text, end).clamp(start, line_end.max(start));
        Place {
            path: path.to_path_buf(),
            line,
            column: text[line_start..start].chars().count() + 1,
            length: text[start..end].chars().count().max(1),
            excerpt: excerpt.to_string(),
        }
    }

    /// The place of a line and column of `text`, which is what `path` holds.
    pub fn of_line(path: &Path, text: &str, line: usize, column: usize, length: usize) -> Self {
        let excerpt = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        Place {
            path: path.to_path_buf(),
            line,
            column: column.max(1),
            length: length.max(1),
            excerpt: excerpt.to_string(),
        }
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A user-facing error. `Display` prints message, place with caret, and hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub message: String,
    /// Boxed, since most `Result`s that carry a diagnostic are `Ok`.
    pub place: Option<Box<Place>>,
    pub hint: Option<String>,
    /// Whether the same, done again from its start with nothing changed, may succeed.
    pub may_pass: bool,
}

impl Diagnostic {
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), place: None, hint: None, may_pass: false }
    }

    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn may_pass(self, may_pass: bool) -> Self {
        Diagnostic { may_pass, ..self }
    }

    /// Says first what was being done: `doing: message`.
    pub fn within(self, doing: &str) -> Self {
        Diagnostic { message: format!("{doing}: {}", self.message), ..self }
    }

    /// Says which of the `known` names the user may have meant, or lists them all.
    pub fn known_names<'a>(self, wanted: &str, kind: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() {
            return self.hint(format!("there are no {kind} here"));
        }
        if let Some(near) = nearest(wanted, &known) {
            return self.hint(format!("did you mean '{near}'?"));
        }
        let shown = known.len().min(20);
        let more = if known.len() > shown { format!(", and {} more", known.len() - shown) } else { String::new() };
        self.hint(format!("the {kind} are: {}{more}", known[..shown].join(", ")))
    }
}

/// The known name closest to `wanted`, when it is close enough to be a slip of the fingers.
pub fn nearest<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.place {
            let gutter = place.line.to_string().len();
            write!(f, "\n{:gutter$}--> {}:{}:{}", "", place.path.display(), place.line, place.column)?;
            let pad: String =
                place.excerpt.chars().take(place.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n{:gutter$} |\n{} | {}", "", place.line, place.excerpt)?;
            write!(f, "\n{:gutter$} | {pad}{}", "", "^".repeat(place.length))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  = help: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caret_stands_under_the_words() {
        let text = "select 1\nfrom {{ ref('x') }}\n";
        let at = text.find("ref").unwrap();
        let place = Place::of_bytes(Path::new("models/a.sql"), text, at, at + 8);
        let shown = Diagnostic::new("no model 'x'").at(place).hint("did you mean 'y'?").to_string();
        assert_eq!(
            shown,
            "no model 'x'\n --> models/a.sql:2:9\n  |\n2 | from {{ ref('x') }}\n  |         ^^^^^^^^\n  = help: did you mean 'y'?"
        );
    }

    #[test]
    fn a_place_in_the_middle_of_a_character_is_moved_to_its_start() {
        let place = Place::of_bytes(Path::new("a"), "é\n", 1, 99);
        assert_eq!((place.line, place.column, place.length), (1, 1, 1));
    }

    #[test]
    fn names_near_and_far() {
        let near = Diagnostic::new("m").known_names("custmer_dim", "models", ["customer_dim", "date_dim"]);
        assert_eq!(near.hint.as_deref(), Some("did you mean 'customer_dim'?"));
        let far = Diagnostic::new("m").known_names("zzz", "models", ["b", "a"]);
        assert_eq!(far.hint.as_deref(), Some("the models are: a, b"));
        let none = Diagnostic::new("m").known_names("zzz", "models", []);
        assert_eq!(none.hint.as_deref(), Some("there are no models here"));
    }
}
