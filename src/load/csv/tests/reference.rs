//! The same rules as the parser's, byte after byte over the whole file, and as slow as that is.

/// A record.
#[derive(Debug, PartialEq)]
pub(super) struct Plain {
    pub line: u64,
    /// In bytes, without the line end.
    pub length: usize,
    pub fields: Vec<Option<Vec<u8>>>,
    /// Whether all quotes are as they should be.
    pub right: bool,
}

/// All records of a file that are not blank lines.
pub(super) fn records(bytes: &[u8], delimiter: u8, quote: Option<u8>, limit: usize) -> Vec<Plain> {
    let (mut records, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let (start, first_line) = (at, line);
        let (mut fields, mut right) = (Vec::new(), true);
        loop {
            let begin = at;
            let mut value = Vec::new();
            let mut quoted = false;
            if at < bytes.len() && Some(bytes[at]) == quote {
                if let Some((text, closing)) = quoted_text(&bytes[at + 1..]).filter(|(_, length)| *length < limit) {
                    line += line_ends(&bytes[at + 1..at + 1 + closing]);
                    (value, quoted, at) = (text, true, at + 2 + closing);
                } else {
                    right = false;
                }
            }
            let rest = at;
            while at < bytes.len() && ![delimiter, b'\n', b'\r'].contains(&bytes[at]) {
                at += 1;
            }
            right &= !quoted || rest == at;
            fields.push(if quoted { Some(value) } else { (begin < at).then(|| bytes[begin..at].to_vec()) });
            if bytes.get(at) != Some(&delimiter) {
                break;
            }
            at += 1;
        }
        let length = at - start;
        at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
        line += 1;
        if length > 0 {
            records.push(Plain { line: first_line, length, fields, right });
        }
    }
    records
}

/// The text up to the closing quote `"`, and where that is.
fn quoted_text(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut text, mut at) = (Vec::new(), 0);
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (b'"', Some(b'"')) => {
                text.push(b'"');
                at += 2;
            }
            (b'"', _) => return Some((text, at)),
            (byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    let end = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(end).count() as u64
}
