//! Names and texts as PostgreSQL reads them in SQL, whatever characters they hold.

/// `"name"`, with the quotes in it doubled.
pub fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `'text'`; with a backslash in it `E'…'`, which does not depend on `standard_conforming_strings`.
pub fn quoted_text(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_literal_does_not() {
        assert_eq!(quoted_name("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted_text("it's"), "'it''s'");
        assert_eq!(quoted_text("a\\'"), "E'a\\\\'''");
    }
}
