//! Names and texts as SQL takes them, whatever their characters.

use crate::relation::RelationName;

/// `"Customer Id"`
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `"gold"."customer_dim"`: the database is that of the connection.
pub fn relation(name: &RelationName) -> String {
    format!("{}.{}", identifier(&name.schema), identifier(&name.identifier))
}

/// `"a", "b"`
pub fn identifiers<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(identifier).collect::<Vec<_>>().join(", ")
}

/// `'it''s'`, read the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_what_they_are() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(literal("a\\'"), "E'a\\\\'''");
    }
}
