//! Where one SQL statement ends and the next one begins.

/// What has been typed so far, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split<'a> {
    /// Statements that end at a `;`, without it. Those of nothing but comments and space are left out.
    pub complete: Vec<&'a str>,
    /// What follows the last `;`: empty when nothing but comments and space does.
    pub rest: &'a str,
}

/// Takes `text` apart at each `;` that stands outside quotes, comments and dollar quotes, as PostgreSQL reads them.
pub fn split(text: &str) -> Split<'_> {
    let bytes = text.as_bytes();
    let mut complete = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut says_something = false;
    while at < bytes.len() {
        let end = token_end(bytes, at);
        match bytes[at] {
            b';' => {
                if says_something {
                    complete.push(text[start..at].trim());
                }
                (start, says_something) = (end, false);
            }
            b'-' | b'/' if end > at + 1 => {}
            byte => says_something |= !byte.is_ascii_whitespace(),
        }
        at = end;
    }
    Split { complete, rest: if says_something { text[start..].trim() } else { "" } }
}

/// The end of the token at `at`: a quoted text, a comment or a word as a whole, otherwise one byte. What is not closed
/// ends with the text. Every end is at an ASCII byte or the end of the text, hence between characters.
fn token_end(bytes: &[u8], at: usize) -> usize {
    match (bytes[at], bytes.get(at + 1)) {
        (b'\'' | b'"', _) => quoted_end(bytes, at, false),
        (b'e' | b'E', Some(b'\'')) => quoted_end(bytes, at + 1, true),
        (b'-', Some(b'-')) => bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n),
        (b'/', Some(b'*')) => comment_end(bytes, at),
        (b'$', _) => dollar_quote_end(bytes, at),
        (byte, _) if is_word(byte) => {
            // A word as a whole, since a `$` within it opens nothing.
            let length = bytes[at..].iter().position(|&b| !is_word(b) && b != b'$').unwrap_or(bytes.len() - at);
            at + length
        }
        _ => at + 1,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// `at` is the opening quote. A doubled quote stands for itself: it reads as an end and a new beginning.
fn quoted_end(bytes: &[u8], at: usize, backslash_escapes: bool) -> usize {
    let quote = bytes[at];
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if backslash_escapes => end += 2,
            byte if byte == quote && bytes.get(end + 1) == Some(&quote) => end += 2,
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// Comments nest in PostgreSQL.
fn comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut end) = (1, at + 2);
    while end < bytes.len() && depth > 0 {
        match (bytes[end], bytes.get(end + 1)) {
            (b'/', Some(b'*')) => (depth, end) = (depth + 1, end + 2),
            (b'*', Some(b'/')) => (depth, end) = (depth - 1, end + 2),
            _ => end += 1,
        }
    }
    end.min(bytes.len())
}

/// `$$…$$` or `$tag$…$tag$`; a `$` that opens neither, as in `$1`, is a byte of its own.
fn dollar_quote_end(bytes: &[u8], at: usize) -> usize {
    let Some(length) = bytes[at + 1..].iter().position(|&byte| !is_word(byte)) else { return at + 1 };
    let close = at + 1 + length;
    if bytes[close] != b'$' || bytes[at + 1].is_ascii_digit() {
        return at + 1;
    }
    let tag = &bytes[at..=close];
    let body = &bytes[close + 1..];
    body.windows(tag.len()).position(|window| window == tag).map_or(bytes.len(), |n| close + 1 + n + tag.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_statement_ends_at_a_semicolon_outside_of_quotes() {
        let cases: [(&str, &[&str], &str); 16] = [
            ("select 1;", &["select 1"], ""),
            ("select 1", &[], "select 1"),
            ("select 1; select\n2 ;\n", &["select 1", "select\n2"], ""),
            ("a; b", &["a"], "b"),
            ("select ';'; b", &["select ';'"], "b"),
            ("select 'it''s;'; b", &["select 'it''s;'"], "b"),
            (r"select e'\';'; b", &[r"select e'\';'"], "b"),
            (r"select '\'; b", &[r"select '\'"], "b"),
            (r#"select "a;b"; b"#, &[r#"select "a;b""#], "b"),
            ("a -- x;\n; b", &["a -- x;"], "b"),
            ("a /* x; /* y; */ ; */; b", &["a /* x; /* y; */ ; */"], "b"),
            ("select $$;$$; b", &["select $$;$$"], "b"),
            ("select $t$ $$;$$ ; $t$; b", &["select $t$ $$;$$ ; $t$"], "b"),
            ("select $1; b$x$ ; c$x$", &["select $1", "b$x$"], "c$x$"),
            ("; -- nothing\n ; /* ; */", &[], ""),
            ("select 'é;'; 'open ;", &["select 'é;'"], "'open ;"),
        ];
        for (text, complete, rest) in cases {
            assert_eq!(split(text), Split { complete: complete.to_vec(), rest }, "{text}");
        }
    }

    #[test]
    fn a_minus_and_a_slash_are_no_comments() {
        assert_eq!(split("-1/2").rest, "-1/2");
        assert_eq!(split("-;/;").complete, ["-", "/"]);
    }

    /// A statement in which `;` stands only where it ends nothing.
    fn one_statement() -> impl Strategy<Value = String> {
        let pieces = [
            "'[a;\"$]{0,3}'",
            "\"[a;'$]{0,3}\"",
            r"\$\$[a;']{0,3}\$\$",
            "/\\*[a;']{0,3}\\*/",
            "--[a;']{0,3}\n",
            "[a-c1 ]{1,3}",
        ];
        let piece = prop::sample::select(pieces.to_vec()).prop_flat_map(|pattern| pattern);
        prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("select {} x", pieces.join(" ")))
    }

    proptest! {
        #[test]
        fn what_is_joined_comes_apart_again(statements in prop::collection::vec(one_statement(), 0..4)) {
            let text: String = statements.iter().map(|statement| format!("{statement};")).collect();
            let parts = split(&text);
            prop_assert_eq!(parts.complete, statements.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(parts.rest, "");
        }

        #[test]
        fn any_text_can_be_taken_apart(text in "[aé'\"$;*/\\\\ \n-]{0,24}") {
            let parts = split(&text);
            let kept: usize = parts.complete.iter().map(|part| part.len()).sum();
            prop_assert!(kept + parts.rest.len() <= text.len());
        }
    }
}
