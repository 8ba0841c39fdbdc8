//! The text of a criterion: `2+config.materialized:table+1`.

use std::path::Path;

use super::method::Method;
use crate::diagnostic::{Diagnostic, Place};

/// How far a graph operator reaches: None for all the way.
pub(super) type Depth = Option<usize>;

/// A criterion, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criterion {
    pub method: Method,
    pub value: String,
    /// `+x`, `2+x`
    pub parents: Option<Depth>,
    /// `x+`, `x+2`
    pub children: Option<Depth>,
    /// `@x`
    pub childrens_parents: bool,
}

impl Criterion {
    /// Reads `text`, a part of an argument of `option`.
    pub fn parse(option: &str, text: &str) -> Result<Self, Diagnostic> {
        let wrong = |message: String, part: &str| {
            let start = text.find(part).unwrap_or_default();
            Diagnostic::new(message).at(Place::of_bytes(Path::new(option), text, start, start + part.len()))
        };
        let (childrens_parents, rest) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
        let (parents, rest) = before(rest);
        let (children, rest) = after(rest);
        if childrens_parents && children.is_some() {
            let error = wrong(format!("'{text}' has both '@' and '+' after the name"), text);
            return Err(error.hint("'@x' takes everything after x already: leave the '+' out"));
        }
        let (method, value) = match rest.split_once(':') {
            Some((name, value)) => {
                let method = Method::from_name(name).ok_or_else(|| {
                    wrong(format!("there is no selector method '{name}'"), name).known_names(
                        name,
                        "methods",
                        Method::NAMES,
                    )
                })?;
                (method, value)
            }
            None => (Method::of_bare(rest), rest),
        };
        if value.is_empty() {
            let error = wrong(format!("'{text}' names nothing to select"), text);
            return Err(error.hint("write a model's name, or method:value such as tag:nightly"));
        }
        method.check(value).map_err(|message| wrong(message, value))?;
        Ok(Criterion { method, value: value.to_string(), parents, children, childrens_parents })
    }
}

/// `2+x` → 2 and `x`. Digits without a plus belong to the name.
fn before(text: &str) -> (Option<Depth>, &str) {
    match text.split_once('+') {
        Some((depth, rest)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => (Some(depth_of(depth)), rest),
        _ => (None, text),
    }
}

/// `x+2` → 2 and `x`.
fn after(text: &str) -> (Option<Depth>, &str) {
    match text.rsplit_once('+') {
        Some((rest, depth)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => (Some(depth_of(depth)), rest),
        _ => (None, text),
    }
}

/// A number too large to read reaches all the way.
fn depth_of(digits: &str) -> Depth {
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What selectors are made of, and what they are not.
    const PIECES: [&str; 24] = [
        "+",
        "@",
        "1",
        "99999999999999999999",
        ":",
        ".",
        "*",
        "?",
        "[",
        "]",
        "!",
        "/",
        "\\",
        ",",
        " ",
        "tag",
        "source",
        "path",
        "config",
        "config.meta.a",
        "resource_type",
        "x",
        "\u{e9}",
        "",
    ];

    proptest! {
        #[test]
        fn any_text_is_a_criterion_or_an_error_with_a_place(
            text in prop_oneof![
                prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8).prop_map(|pieces| pieces.concat()),
                "\\PC{0,20}",
            ],
        ) {
            if let Err(error) = Criterion::parse("--select", &text) {
                prop_assert!(!error.to_string().is_empty());
                prop_assert!(error.place.is_some());
            }
        }
    }
}
