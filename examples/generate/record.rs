//! CSV records: writing fields, quoted where they must be, and reading a record's fields back.

/// Appends `field` as CSV has it.
pub fn append_field(field: &[u8], line: &mut Vec<u8>) {
    if !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.extend_from_slice(field);
        return;
    }
    line.push(b'"');
    for &byte in field {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

/// The fields of `line`, which is one record without its line end.
pub fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = vec![Vec::new()];
    let mut quoted = false;
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let last = fields.len() - 1;
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                fields[last].push(b'"');
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => fields.push(Vec::new()),
            _ => fields[last].push(byte),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{append_field, fields};

    #[test]
    fn what_is_written_reads_back() {
        let written: [&[u8]; 5] = [b"plain", b"", b"Washington, D.C.", b"the \"best\"", "Zürich".as_bytes()];
        let mut line = Vec::new();
        for (index, field) in written.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            append_field(field, &mut line);
        }
        assert_eq!(line, "plain,,\"Washington, D.C.\",\"the \"\"best\"\"\",Zürich".as_bytes());
        assert_eq!(fields(&line), written);
    }
}
