//! The form of files: quotes, line ends, NULL, ragged records, byte order marks.

use super::*;

#[test]
fn well_formed_records() {
    for (text, rows) in [
        ("a,b\n1,2\n3,4\n", vec!["1|2", "3|4"]),
        ("a,b\n1,2\n3,4", vec!["1|2", "3|4"]),
        ("a,b\r\n1,2\r\n3,4\r\n", vec!["1|2", "3|4"]),
        ("a,b\r1,2\r3,4\r", vec!["1|2", "3|4"]),
        ("\u{feff}a,b\n1,2\n", vec!["1|2"]),
        ("\na,b\n\n1,2\n\n\n3,4\n\n", vec!["1|2", "3|4"]),
        ("a,b\n", vec![]),
        ("a,b", vec![]),
        ("a,b\n,\n", vec!["~|~"]),
        ("a,b\n\"\",\"x\"\n", vec!["|x"]),
        ("a,b\n\"1,\n2\",\"say \"\"hi\"\"\"\n", vec!["1,\n2|say \"hi\""]),
        ("a,b\n\"1\r\n2\",\"\"\"\"", vec!["1\r\n2|\""]),
        ("a,b\n5\" pipe,it\"\"s\n", vec!["5\" pipe|it\"\"s"]),
        ("a,b\n 007 ,O'Neil\n", vec![" 007 |O'Neil"]),
        ("a,b\nNA,null\n", vec!["NA|null"]),
        ("\"a\",\"b\"\n1,2\n", vec!["1|2"]),
        ("a,b\nžluťoučký,日本\n", vec!["žluťoučký|日本"]),
    ] {
        for block in [1, 2, 3, 7, 1 << 16] {
            let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &[], &pace(2, block)).unwrap();
            assert_eq!(shown(&scanned.rows), rows, "{text:?} in blocks of {block}");
            assert_eq!(scanned.rejects, [], "{text:?} in blocks of {block}");
        }
    }
}

#[test]
fn records_of_the_wrong_form_are_rejects() {
    for (text, rows, reasons) in [
        (
            "a,b\n1\n2,3\n4,5,6\n",
            vec!["2|3"],
            vec!["2: the record has 1 field, the header has 2", "4: the record has 3 fields, the header has 2"],
        ),
        (
            "a,b\n\"x\ny\"\n1,2\n",
            vec!["1|2"],
            vec!["2: the record has 1 field, the header has 2 (the record goes over 2 lines)"],
        ),
        ("a,b\n\"1\"x,2\n3,4\n", vec!["3|4"], vec!["2: text follows the closing quote of field 1"]),
        ("a,b\n1,\"2\n3,4\n5,6\n", vec!["3|4", "5|6"], vec!["2: the quote at the start of field 2 is not closed"]),
        (
            "a,b\n1,\"2\n3,\"4\"\n5,6\n",
            vec!["5|6"],
            vec!["2: text follows the closing quote of field 2 (the record goes over 2 lines)"],
        ),
        ("a,b\n1,2\0\n3,4\n", vec!["3|4"], vec!["2: byte 4 of the record is 0x00, where UTF-8 text is expected"]),
    ] {
        for block in [1, 2, 5, 1 << 16] {
            let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &[], &pace(2, block)).unwrap();
            assert_eq!(shown(&scanned.rows), rows, "{text:?} in blocks of {block}");
            assert_eq!(scanned.reasons(), reasons, "{text:?} in blocks of {block}");
        }
    }
}

#[test]
fn a_reject_says_where_and_what() {
    let scanned = scan_with(b"a,b\n1,2\n\n3,\xe9t\xe9\n", CsvOptions::default(), &[], &pace(1, 4)).unwrap();
    assert_eq!(
        scanned.rejects,
        [Reject {
            line: 4,
            column: Some(2),
            column_name: Some("b".into()),
            raw: "3,\u{fffd}t\u{fffd}".into(),
            reason: "byte 3 of the record is 0xe9, where UTF-8 text is expected".into(),
        }]
    );
    let ScanSummary { rows, rejects, blank_lines, lines, .. } = scanned.summary;
    assert_eq!((rows, rejects, blank_lines, lines), (1, 1, 1, 4));
}

#[test]
fn a_quoted_field_that_goes_on_too_long_is_not_closed() {
    let options = || CsvOptions { max_record_bytes: 10, ..CsvOptions::default() };
    let text = b"a,b\n1,\"23456789\"\n1,\"2345678\n3,4\n5,\"6\"\n";
    for block in [1, 3, 8, 1 << 16] {
        let scanned = scan_with(text, options(), &[], &pace(2, block)).unwrap_err();
        assert!(scanned.to_string().ends_with(":2 is longer than 10 bytes"), "{scanned}");
    }
    let text = b"a,b\n1,\"2345678\n3,4\n5,\"6\"\n";
    for block in [1, 3, 8, 1 << 16] {
        let scanned = scan_with(text, options(), &[], &pace(2, block)).unwrap();
        assert_eq!(shown(&scanned.rows), ["3|4", "5|6"], "blocks of {block}");
        assert_eq!(scanned.reasons(), ["2: the quote at the start of field 2 is not closed"]);
    }
}

#[test]
fn options_change_the_form() {
    let with = |options, text: &str| shown(&scan_with(text.as_bytes(), options, &[], &pace(1, 5)).unwrap().rows);
    let semicolon = CsvOptions { delimiter: b';', quote: Some(b'\''), ..CsvOptions::default() };
    assert_eq!(with(semicolon, "a;b\n'1;2';\"3\n"), ["1;2|\"3"]);
    let no_quote = CsvOptions { delimiter: b'\t', quote: None, ..CsvOptions::default() };
    assert_eq!(with(no_quote, "a\tb\n\"1\t\"\"\n"), ["\"1|\"\""]);
    let nulls = CsvOptions { null_strings: vec!["NA".into(), "\\N".into()], ..CsvOptions::default() };
    assert_eq!(with(nulls, "a,b\nNA,\"NA\"\n\\N,NAN\n"), ["~|NA", "~|NAN"]);
    let no_header = CsvOptions { header: false, ..CsvOptions::default() };
    assert_eq!(with(no_header.clone(), "\u{feff}1,2\n3,4\n"), ["1|2", "3|4"]);
    let file = CsvFile::open(file_of(b"1,2\n").path(), no_header).unwrap();
    assert_eq!(file.header(), ["column_1", "column_2"]);
}

#[test]
fn compressed_files_are_the_same_file() {
    let text: String = (0..5000).map(|n| format!("{n},\"line\n{n}\"\n")).collect();
    let text = format!("a,b\n{text}");
    let plain = scan(&text);
    assert_eq!(plain.rows.len(), 5000);
    assert_eq!(plain.bytes, text.len() as u64 - 4);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for stored in [gzip.finish().unwrap(), zstd] {
        for block in [1000, 1 << 20] {
            let scanned = scan_with(&stored, CsvOptions::default(), &[], &pace(2, block)).unwrap();
            assert_eq!((&scanned.rows, scanned.bytes), (&plain.rows, plain.bytes));
            assert_eq!(scanned.summary.lines, plain.summary.lines);
            assert_eq!(scanned.summary.fingerprint.bytes, stored.len() as u64);
            assert_eq!(scanned.summary.fingerprint.hash, xxhash_rust::xxh3::xxh3_128(&stored));
        }
    }
}
