//! Any table comes back as it was written; any bytes are rows and rejects; nothing depends on blocks and threads.

use proptest::prelude::*;

use super::*;

/// Text that is made of what matters to a CSV parser, and some that does not.
fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        3 => "[a-z0-9 .]{0,9}".prop_map(Some),
        3 => "[,\"\r\n a;']{0,12}".prop_map(Some),
        1 => "\\PC{0,80}".prop_map(Some),
        1 => "[x\"]{60,140}".prop_map(Some),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    (1..6usize).prop_flat_map(|fields| prop::collection::vec(prop::collection::vec(value(), fields), 0..40))
}

/// A record of a CSV file; `always` quotes what need not be quoted.
fn write_record(row: &[Option<String>], always: bool, line_end: &str, to: &mut String) {
    for (at, value) in row.iter().enumerate() {
        to.push_str(if at > 0 { "," } else { "" });
        match value {
            Some(text) if always || text.is_empty() || text.contains([',', '"', '\r', '\n']) => {
                to.push_str(&format!("\"{}\"", text.replace('"', "\"\"")));
            }
            Some(text) => to.push_str(text),
            // A line of nothing would be a blank line; NULL alone on a line cannot be written.
            None if row.len() == 1 => to.push_str("\"\""),
            None => {}
        }
    }
    to.push_str(line_end);
}

fn block_bytes() -> impl Strategy<Value = usize> {
    prop_oneof![1..8usize, 8..200usize, Just(1 << 16)]
}

/// Bytes full of quotes, delimiters and line ends.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(b'"'), 4 => Just(b','), 2 => Just(b'\n'), 2 => Just(b'\r'), 6 => Just(b'a'), 1 => any::<u8>()
    ];
    let common = prop::collection::vec(byte, 0..400);
    let rare_quotes = "[a-z,,,\n\n\r\"\"]{0,400}".prop_map(String::into_bytes);
    let marked =
        |bytes: &Vec<u8>| matches!(bytes.as_slice(), [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    prop_oneof![common, rare_quotes].prop_filter("a byte order mark is no record", move |bytes| !marked(bytes))
}

/// A scan without a header, so that all bytes are records.
fn scan_bytes(bytes: &[u8], limit: usize, pace: &Pace) -> Result<Scanned, String> {
    let options = CsvOptions { header: false, max_record_bytes: limit, ..CsvOptions::default() };
    scan_with(bytes, options, &[], pace).map_err(|error| {
        // The name of the file is another each time.
        error.to_string().rsplit("/.tmp").next().map(|text| text[6..].to_string()).unwrap_or_default()
    })
}

fn text_of(value: Option<Vec<u8>>) -> Option<Option<String>> {
    match value.map(String::from_utf8) {
        None => Some(None),
        Some(Ok(text)) if !text.contains('\0') => Some(Some(text)),
        Some(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(ProptestConfig::default().cases.max(400)) })]

    #[test]
    fn a_table_comes_back_as_it_was_written(
        table in table(), always: bool, end in 0..3usize, block in block_bytes(), threads in 1..5usize,
    ) {
        let line_end = ["\n", "\r\n", "\r"][end];
        let header: Vec<Option<String>> = (0..table.first().map_or(1, Vec::len)).map(|n| Some(format!("c{n}"))).collect();
        let mut text = String::new();
        for row in std::iter::once(&header).chain(&table) {
            write_record(row, always, line_end, &mut text);
        }
        let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &[], &pace(threads, block)).unwrap();
        let mut expected = table;
        for row in expected.iter_mut().filter(|row| row.len() == 1 && row[0].is_none()) {
            row[0] = Some(String::new());
        }
        prop_assert_eq!(scanned.rows, expected);
        prop_assert_eq!(scanned.rejects, vec![]);
    }

    #[test]
    fn any_bytes_are_rows_and_rejects(
        bytes in bytes(), limit in prop_oneof![Just(1 << 20), 20..300usize], block in block_bytes(), threads in 1..5usize,
    ) {
        let expected = reference::records(&bytes, b',', Some(b'"'), limit);
        let scanned = match scan_bytes(&bytes, limit, &pace(threads, block)) {
            Ok(scanned) => scanned,
            Err(error) if error.contains("is longer than") => {
                prop_assert!(expected.iter().any(|record| record.length > limit));
                return Ok(());
            }
            Err(_) => {
                prop_assert!(expected.is_empty());
                return Ok(());
            }
        };
        prop_assert!(expected.iter().all(|record| record.length <= limit));
        let fields = expected[0].fields.len();
        let (mut rows, mut rejected) = (Vec::new(), Vec::new());
        for record in expected {
            let texts = record.fields.into_iter().map(text_of).collect::<Option<Vec<_>>>();
            match texts.filter(|texts| record.right && texts.len() == fields) {
                Some(texts) => rows.push(texts),
                None => rejected.push(record.line),
            }
        }
        prop_assert_eq!(scanned.rows, rows);
        prop_assert_eq!(scanned.rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), rejected);
    }

    #[test]
    fn blocks_and_threads_change_nothing(bytes in bytes(), limit in 1..60usize, block in block_bytes(), threads in 1..5usize) {
        let whole = scan_bytes(&bytes, limit, &pace(1, 1 << 20));
        let zstd = zstd::encode_all(bytes.as_slice(), 1).unwrap();
        if let (Ok(whole), Ok(stream)) = (&whole, scan_bytes(&zstd, limit, &pace(threads, block))) {
            prop_assert_eq!((&whole.rows, &whole.rejects), (&stream.rows, &stream.rejects));
        }
        prop_assert_eq!(scan_bytes(&bytes, limit, &pace(threads, block)), whole);
    }
}
