//! A field's bytes to its value: quotes taken off, NULL told from text.

use memchr::memchr;

use super::lanes::Quotes;

/// Which fields are NULL, and how quotes are taken off the others.
#[derive(Debug, Clone)]
pub(super) struct FieldReader {
    pub quote: Option<u8>,
    /// Unquoted fields that are NULL, besides the empty one.
    pub null_strings: Vec<Vec<u8>>,
}

impl FieldReader {
    /// Whether every field of records with these quotes is its own value, and NULL only when empty.
    pub fn is_plain(&self, quotes: Quotes) -> bool {
        self.null_strings.is_empty() && quotes == Quotes::None
    }

    /// Finds the value of the field `raw`, of a record without faults and with these `quotes`. A quoted field is never
    /// NULL.
    #[inline]
    pub fn locate(&self, raw: &[u8], quotes: Quotes) -> Located {
        let Some(first) = raw.first() else { return Located::Null };
        // The quotes before and after: nothing to take off, or one byte at each end.
        let around = usize::from(Some(*first) == self.quote);
        let (start, end) = (around, (raw.len() - around).max(around));
        if around > 0 && quotes == Quotes::Within && memchr(*first, &raw[start..end]).is_some() {
            return Located::Doubled { start, end };
        }
        if around == 0 && !self.null_strings.is_empty() && self.null_strings.iter().any(|null| null == raw) {
            return Located::Null;
        }
        Located::Text { start, end }
    }

    /// The value of the field `raw`; none when it is NULL. `unquoted` is for values that do not stand in the file as they
    /// are.
    #[inline]
    pub fn value<'a>(&self, raw: &'a [u8], quotes: Quotes, unquoted: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self.locate(raw, quotes) {
            Located::Null => None,
            Located::Text { start, end } => Some(&raw[start..end]),
            Located::Doubled { start, end } => Some(halve_quotes(&raw[start..end], raw[0], unquoted)),
        }
    }
}

/// Where the value of a field is within its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Located {
    Null,
    Text {
        start: usize,
        end: usize,
    },
    /// As [`Located::Text`], but with two quotes for each quote.
    Doubled {
        start: usize,
        end: usize,
    },
}

/// Makes doubled quotes single.
pub(super) fn halve_quotes<'a>(text: &[u8], quote: u8, halved: &'a mut Vec<u8>) -> &'a [u8] {
    halved.clear();
    let mut rest = text;
    while let Some(at) = memchr(quote, rest) {
        halved.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    halved.extend_from_slice(rest);
    halved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_told_from_text() {
        let reader = FieldReader { quote: Some(b'"'), null_strings: vec![b"NA".to_vec()] };
        for (raw, value) in [
            ("", None),
            ("NA", None),
            ("na", Some("na")),
            (" ", Some(" ")),
            ("\"\"", Some("")),
            ("\"NA\"", Some("NA")),
            ("\"a,b\"", Some("a,b")),
            ("\"\"\"\"", Some("\"")),
            ("\"a\"\"b\"\"\"\"c\"", Some("a\"b\"\"c")),
            ("\"\"\"a\"", Some("\"a")),
            ("5\" pipe", Some("5\" pipe")),
        ] {
            let mut unquoted = b"left over".to_vec();
            assert_eq!(reader.value(raw.as_bytes(), Quotes::Within, &mut unquoted), value.map(str::as_bytes), "{raw}");
        }
    }

    #[test]
    fn without_a_quote_byte_quotes_are_text() {
        let reader = FieldReader { quote: None, null_strings: vec![] };
        assert_eq!(reader.value(b"\"\"", Quotes::None, &mut Vec::new()), Some(b"\"\"".as_slice()));
        assert!(reader.is_plain(Quotes::None));
    }
}
