//! A record that could not be taken, kept with its place and reason.

/// How many bytes of a rejected record are kept.
pub const RAW_LIMIT: usize = 64 * 1024;

/// How many characters of a value a reason shows.
const SHOWN_VALUE: usize = 80;

/// An input record that is not in the table: nothing is dropped without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line of the file where the record starts, counted from one.
    pub line: u64,
    /// The field at fault, counted from one; none when the whole record is.
    pub column: Option<u32>,
    /// The name of that field in the header.
    pub column_name: Option<String>,
    /// The record as it stands in the file, without its line end: bytes that are not UTF-8 and zero bytes are replaced, and only the
    /// first [`RAW_LIMIT`] bytes are kept.
    pub raw: String,
    /// What is wrong, in words that name the column and the value.
    pub reason: String,
}

/// A rejected record's bytes as text.
pub(crate) fn raw_text(record: &[u8]) -> String {
    // A zero byte is text to some and to others not.
    String::from_utf8_lossy(&record[..record.len().min(RAW_LIMIT)]).replace('\0', "\u{fffd}")
}

/// A value as a reason shows it: quoted, on one line, cut when long.
pub(crate) fn shown(value: &[u8]) -> String {
    let head = String::from_utf8_lossy(&value[..value.len().min(4 * SHOWN_VALUE)]).into_owned();
    let mut text: String = head.chars().take(SHOWN_VALUE).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_text_is_capped_and_always_text() {
        assert_eq!(raw_text(b"a,\xff,\0"), "a,\u{fffd},\u{fffd}");
        assert_eq!(raw_text(&vec![b'x'; RAW_LIMIT + 1]).len(), RAW_LIMIT);
    }

    #[test]
    fn a_shown_value_stays_on_one_line() {
        assert_eq!(shown(b"two\nlines"), r#""two\nlines""#);
        assert_eq!(shown(&[b'x'; 200]), format!("\"{}…\"", "x".repeat(80)));
    }
}
