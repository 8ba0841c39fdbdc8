//! Files that cannot be loaded, and consumers that stop.

use super::*;
use crate::diagnostic::Diagnostic;

fn refused(bytes: &[u8], options: CsvOptions) -> String {
    Diagnostic::from(scan_with(bytes, options, &[], &pace(2, 8)).unwrap_err()).to_string()
}

#[test]
fn files_without_a_header_are_told_apart() {
    for (bytes, message) in [
        (b"".as_slice(), "is empty: it has no header"),
        (b"\n\r\n\r", "the file holds only blank lines"),
        (b"\xef\xbb\xbf", "the file holds only blank lines"),
        (b"\xff\xfea\0,\0b\0\n\0", "it is UTF-16, and only UTF-8 can be read"),
        (b"a,b\xe9\n1,2\n", "line 1 is not UTF-8 text"),
        (b"\na,\"b\n1,2\n", "a quote that opens in line 2 is not closed, or text follows it"),
        (b"a,\"b\"c\n1,2\n", "a quote that opens in line 1 is not closed, or text follows it"),
    ] {
        let shown = refused(bytes, CsvOptions::default());
        assert!(shown.contains(message), "{shown}");
    }
}

#[test]
fn a_header_longer_than_the_first_look_is_read() {
    let names: Vec<String> = (0..20_000).map(|n| format!("column \"\"{n}\"\"")).collect();
    let text = format!("\"{}\"\n", names.join("\",\""));
    assert!(text.len() > 3 * (64 << 10));
    let file = CsvFile::open(file_of(text.as_bytes()).path(), CsvOptions::default()).unwrap();
    assert_eq!(file.header().len(), 20_000);
    assert_eq!(file.header()[19_999], "column \"19999\"");
}

#[test]
fn a_record_longer_than_the_limit_ends_the_scan() {
    let options = || CsvOptions { max_record_bytes: 20, ..CsvOptions::default() };
    for block in [1, 7, 1 << 16] {
        let text = b"a,b\n1,2\n\n3,456789012345678901234\n5,6\n";
        let error = scan_with(text, options(), &[], &pace(2, block)).unwrap_err();
        assert!(error.to_string().ends_with(":4 is longer than 20 bytes"), "{error}");
        let fits = b"a,b\n1,2\n\n3,456789012345678901\r\n5,6\n";
        assert_eq!(scan_with(fits, options(), &[], &pace(2, block)).unwrap().rows.len(), 3);
    }
    assert!(refused(&b"x".repeat(100_000), options()).contains("line 1 is longer than 20 bytes"));
}

#[test]
fn options_that_cannot_be_told_apart_are_refused() {
    let same = CsvOptions { delimiter: b'"', ..CsvOptions::default() };
    assert!(refused(b"a\n", same).contains("'\"' cannot be both the delimiter and the quote"));
    let line_end = CsvOptions { delimiter: b'\n', ..CsvOptions::default() };
    assert!(refused(b"a\n", line_end).contains("the delimiter '\\n' is not an ASCII character"));
}

#[test]
fn a_cut_off_compressed_file_is_an_error_after_what_could_be_read() {
    let text: String = (0..200_000u32).map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761))).collect();
    let stored = zstd::encode_all(format!("a\n{text}").as_bytes(), 1).unwrap();
    let file = CsvFile::open(file_of(&stored[..stored.len() / 2]).path(), CsvOptions::default()).unwrap();
    let binding = bind(file.header(), &[], UnknownFields::Refuse).unwrap();
    let mut rows = 0;
    let error = file.scan(binding, &pace(2, 1 << 12), |chunk| {
        rows += chunk.batch.num_rows();
        Ok::<_, CsvError>(())
    });
    assert!(error.unwrap_err().to_string().starts_with("cannot read "));
    assert!(rows > 0);
}

#[test]
fn an_error_of_the_consumer_ends_the_scan_at_once() {
    let text = format!("a\n{}", "1\n".repeat(100_000));
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for stored in [text.as_bytes(), &zstd] {
        let file = CsvFile::open(file_of(stored).path(), CsvOptions::default()).unwrap();
        let binding = bind(file.header(), &[], UnknownFields::Refuse).unwrap();
        let mut calls = 0;
        let error = file.scan(binding, &pace(2, 100), |_| {
            calls += 1;
            if calls == 3 { Err(Stop::Enough) } else { Ok(()) }
        });
        assert!(matches!(error, Err(Stop::Enough)));
        assert_eq!(calls, 3);
    }
}

#[derive(Debug)]
enum Stop {
    Enough,
    Csv,
}

impl From<CsvError> for Stop {
    fn from(_: CsvError) -> Self {
        Stop::Csv
    }
}

#[test]
fn a_binding_of_another_header_is_refused() {
    let file = CsvFile::open(file_of(b"a,b\n1,2\n").path(), CsvOptions::default()).unwrap();
    let other = bind(&["b".to_string()], &[], UnknownFields::Refuse).unwrap();
    let error = file.scan(other, &pace(1, 10), |_| Ok::<_, CsvError>(())).unwrap_err();
    assert!(error.to_string().starts_with("the columns were bound to another header"));
}
