//! Keeps secrets out of everything that is written.

use serde_json::Value;

const MASK: &str = "*****";

/// Replaces secrets by `*****`, in the shapes in which they reach a text: as they are, percent-encoded in a URL, with
/// doubled quotes in SQL, and escaped in JSON.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret within another one does not leave a rest of it.
    patterns: Vec<String>,
}

impl Redactor {
    /// Empty secrets are ignored; they would be everywhere.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut patterns: Vec<String> = secrets.into_iter().flat_map(|secret| shapes(secret.as_ref())).collect();
        patterns.retain(|pattern| !pattern.is_empty());
        patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        patterns.dedup();
        Redactor { patterns }
    }

    /// `text` without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        // One pass from left to right: a mask is never searched again, even where a secret is made of asterisks.
        while let Some((at, length)) = self.first_secret(rest) {
            clean.push_str(&rest[..at]);
            clean.push_str(MASK);
            rest = &rest[at + length..];
        }
        clean.push_str(rest);
        clean
    }

    /// The earliest secret of `text`, and the longest of those that start there: its place and length in bytes.
    fn first_secret(&self, text: &str) -> Option<(usize, usize)> {
        let found = self.patterns.iter().filter_map(|pattern| Some((text.find(pattern.as_str())?, pattern.len())));
        found.min_by_key(|&(at, length)| (at, std::cmp::Reverse(length)))
    }

    /// `value` with no secret in any text or key of it.
    pub fn json(&self, value: Value) -> Value {
        if self.patterns.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.json(item)).collect()),
            Value::Object(map) => {
                Value::Object(map.into_iter().map(|(key, value)| (self.text(&key), self.json(value))).collect())
            }
            other => other,
        }
    }
}

fn shapes(secret: &str) -> [String; 4] {
    let escaped = Value::from(secret).to_string();
    let percent = secret
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    [secret.to_string(), percent, secret.replace('\'', "''"), escaped[1..escaped.len() - 1].to_string()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_shape_of_a_secret_is_masked() {
        let redactor = Redactor::new(["p@ss'w\"d"]);
        for text in ["p@ss'w\"d", "p%40ss%27w%22d", "p@ss''w\"d", "p@ss'w\\\"d"] {
            assert_eq!(redactor.text(&format!("a {text} b")), "a ***** b", "{text}");
        }
    }

    #[test]
    fn the_longer_of_two_secrets_goes_whole() {
        assert_eq!(Redactor::new(["abc", "abcdef"]).text("xabcdefx abc"), "x*****x *****");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(Redactor::new(["", " "]).text("ab"), "ab");
    }

    #[test]
    fn keys_and_nested_texts_of_json_are_masked() {
        let clean = Redactor::new(["s3cret"]).json(json!({"s3cret": ["x s3cret", 1, null, {"a": "s3cret"}]}));
        assert_eq!(clean, json!({"*****": ["x *****", 1, null, {"a": "*****"}]}));
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_what_was_not_masked(text in "[ab'é]{0,30}", secret in "[ab'é]{1,4}") {
            let clean = Redactor::new([&secret]).text(&text);
            for piece in clean.split(MASK) {
                prop_assert!(!piece.contains(&secret), "{piece:?} holds {secret:?}");
            }
        }
    }
}
