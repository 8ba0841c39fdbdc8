//! PostgreSQL's regular expressions, translated into those of the `regex` crate.
//!
//! What both have in common stays as it is. Different are: `.` and negated classes match a newline, `\m`, `\M`, `\y`,
//! `\Y` and `\Z` are word and text boundaries, and a leading `***=` takes the rest literally. Look-around and back references
//! inside a pattern are an error: they cannot be run in linear time.
//!
//! One difference remains: where alternatives or repetitions can match texts of different lengths, PostgreSQL takes the
//! longest match, this the first one (`foo|foobar`). Whether anything matches is not affected.

use datafusion_common::{Result, exec_datafusion_err, exec_err};
use regex::{Regex, RegexBuilder};

/// Compiles a pattern. `flags` are PostgreSQL's: `i` and `c` for upper and lower case, `n`, `m` and `s`, `p`, `w` for
/// newlines, `x` for blanks and comments, `q` for a literal text. A flag that is none is an error.
pub(crate) fn compile(pattern: &str, flags: &str) -> Result<Regex> {
    let mut options =
        Options { ignore_case: false, dot_newline: true, multi_line: false, expanded: false, literal: false };
    for flag in flags.chars() {
        match flag {
            'i' => options.ignore_case = true,
            'c' => options.ignore_case = false,
            'n' | 'm' => (options.dot_newline, options.multi_line) = (false, true),
            's' => (options.dot_newline, options.multi_line) = (true, false),
            'p' => (options.dot_newline, options.multi_line) = (false, false),
            'w' => (options.dot_newline, options.multi_line) = (true, true),
            'x' => options.expanded = true,
            't' => options.expanded = false,
            'q' => options.literal = true,
            other => return exec_err!("invalid regular expression option: \"{other}\""),
        }
    }
    let translated = match pattern.strip_prefix("***=") {
        Some(literal) => regex::escape(literal),
        None if options.literal => regex::escape(pattern),
        None => translate(pattern.strip_prefix("***:").unwrap_or(pattern)),
    };
    RegexBuilder::new(&translated)
        .case_insensitive(options.ignore_case)
        .dot_matches_new_line(options.dot_newline)
        .multi_line(options.multi_line)
        .ignore_whitespace(options.expanded)
        .build()
        .map_err(|error| exec_datafusion_err!("invalid regular expression \"{pattern}\": {error}"))
}

struct Options {
    ignore_case: bool,
    dot_newline: bool,
    multi_line: bool,
    expanded: bool,
    literal: bool,
}

/// Replaces the escapes that are spelled differently.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut class_depth = 0usize;
    while let Some(character) = chars.next() {
        match character {
            '\\' => match chars.next() {
                Some('m') if class_depth == 0 => translated.push_str(r"\b{start}"),
                Some('M') if class_depth == 0 => translated.push_str(r"\b{end}"),
                Some('y') if class_depth == 0 => translated.push_str(r"\b"),
                Some('Y') if class_depth == 0 => translated.push_str(r"\B"),
                Some('Z') if class_depth == 0 => translated.push_str(r"\z"),
                Some(escaped) => translated.extend(['\\', escaped]),
                None => translated.push('\\'),
            },
            '[' if class_depth == 0 => {
                class_depth = 1;
                translated.push('[');
                open_class(&mut chars, &mut translated);
            }
            // Inside a class `[` is itself unless it begins `[:alpha:]`.
            '[' if chars.as_str().starts_with(':') => {
                class_depth += 1;
                translated.push('[');
            }
            '[' => translated.push_str(r"\["),
            '&' | '~' if class_depth > 0 => translated.extend(['\\', character]),
            ']' => {
                class_depth = class_depth.saturating_sub(1);
                translated.push(']');
            }
            _ => translated.push(character),
        }
    }
    translated
}

/// The start of a class: a `]` that stands first, or behind the `^`, is itself.
fn open_class(chars: &mut std::str::Chars<'_>, translated: &mut String) {
    if let Some(rest) = chars.as_str().strip_prefix('^') {
        *chars = rest.chars();
        translated.push('^');
    }
    if let Some(rest) = chars.as_str().strip_prefix(']') {
        *chars = rest.chars();
        translated.push_str(r"\]");
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn patterns_mean_what_they_mean_in_postgresql() {
        for (pattern, flags, text, matches) in [
            ("a.b", "", "a\nb", true),
            ("a.b", "n", "a\nb", false),
            ("^b", "", "a\nb", false),
            ("^b", "n", "a\nb", true),
            ("b$", "", "b\n", false),
            ("B", "i", "abc", true),
            ("B", "ic", "abc", false),
            (r"\mcat\M", "", "a cat sat", true),
            (r"\mcat\M", "", "concat", false),
            (r"\ycat\y", "", "a cat", true),
            (r"c\Z", "", "abc", true),
            ("[]a]", "", "]", true),
            ("[^]a]", "", "]", false),
            ("[a[]", "", "[", true),
            ("[[:alpha:]_]+$", "", "ab_", true),
            ("[a&&b]", "", "&", true),
            ("***=a.c", "", "abc", false),
            ("a.c", "q", "a.c", true),
            ("a b", "x", "ab", true),
        ] {
            let regex = compile(pattern, flags).expect("a valid pattern");
            assert_eq!(regex.is_match(text), matches, "{pattern} {flags} {text:?}");
        }
    }

    #[test]
    fn what_cannot_be_compiled_is_an_error() {
        for (pattern, flags) in [("(", ""), ("(?=a)", ""), ("a", "z"), (r"(a)\1", "")] {
            assert!(compile(pattern, flags).is_err(), "{pattern} {flags}");
        }
    }
}
