//! Typed columns: what is read, what is NULL, what makes a record a reject.

use super::*;
use crate::load::columns::{Clean, ColumnType};

/// One column `v` of a type, for each of the texts.
fn read(data_type: ColumnType, texts: &[&str]) -> Scanned {
    let file = format!("k,v\n{}", texts.iter().map(|text| format!("k,{text}\n")).collect::<String>());
    let specs = [ColumnSpec::text("k"), ColumnSpec::typed("v", data_type)];
    scan_with(file.as_bytes(), CsvOptions::default(), &specs, &pace(1, 64)).unwrap()
}

#[test]
fn forms_that_are_read() {
    use ColumnType::{Bool, Date, Float8, Int4, Int8, Timestamp};
    for (data_type, texts, values) in [
        (
            Float8,
            vec!["501.0", " 12.5 ", "-3", "1e5", "NaN", "-Infinity", ".5", "5.", "0.1", "1.7976931348623157e308"],
            vec!["501.0", "12.5", "-3.0", "100000.0", "NaN", "-inf", "0.5", "5.0", "0.1", "1.7976931348623157e308"],
        ),
        (Int8, vec!["0", "+7", " -9223372036854775808", "\"42\""], vec!["0", "7", "-9223372036854775808", "42"]),
        (Int4, vec!["2147483647", "007"], vec!["2147483647", "7"]),
        (
            Bool,
            vec!["t", "TRUE", "yes", "on", "1", "f", "No", "off", "0"],
            vec!["true", "true", "true", "true", "true", "false", "false", "false", "false"],
        ),
        (
            Date,
            vec!["2023-07-11", "1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"],
            vec!["2023-07-11", "1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"],
        ),
        (
            Timestamp,
            vec!["2023-07-11", "2023-07-11 10:20", "1969-12-31T23:59:59.9999995", "2023-07-11 10:20:30.25"],
            vec!["2023-07-11T00:00:00", "2023-07-11T10:20:00", "1970-01-01T00:00:00", "2023-07-11T10:20:30.250"],
        ),
    ] {
        let scanned = read(data_type, &texts);
        let found: Vec<String> = scanned.rows.iter().map(|row| row[1].clone().unwrap()).collect();
        assert_eq!(found, values, "{data_type:?}");
        let blank = read(data_type, &["", "  ", "\"\"", "\" \""]);
        assert_eq!(shown(&blank.rows), ["k|~"; 4], "{data_type:?}");
    }
}

#[test]
fn forms_that_are_refused() {
    use ColumnType::{Bool, Date, Float8, Int4, Int8, Timestamp};
    for (data_type, texts) in [
        (Float8, vec!["x", "1,5", "$5", "1e400", "-1e400", "1e-400", "1 2", "--1", "0x10", "e5", "-", "."]),
        (Int8, vec!["1.0", "9223372036854775808", "1e3", "-"]),
        (Int4, vec!["2147483648", "one"]),
        (Bool, vec!["o", "tru e", "2", "truee"]),
        (Date, vec!["2023-02-29", "2023-13-01", "2023-00-10", "2023-1-1", "11-07-2023", "0000-01-01", "2023-07-11 "]),
        (
            Timestamp,
            vec!["2023-07-11 24:00", "2023-07-11 10:60", "2023-07-11 10:20:30+02", "2023-07-11 1", "2023-07-11x"],
        ),
    ] {
        for text in texts.into_iter().filter(|text| !(data_type == Date && text.ends_with(' '))) {
            let scanned = read(data_type, &[&format!("\"{text}\""), ""]);
            assert_eq!(shown(&scanned.rows), ["k|~"], "{data_type:?} {text}");
            let reason = format!("2: the column v cannot read {text:?} as {}", data_type.sql_name());
            assert_eq!(scanned.reasons(), [reason]);
            assert_eq!((scanned.rejects[0].column, scanned.rejects[0].column_name.as_deref()), (Some(2), Some("v")));
            assert_eq!(scanned.rejects[0].raw, format!("k,\"{text}\""));
        }
    }
}

#[test]
fn cleaned_values_are_numbers_or_null_and_counted() {
    let value = ColumnSpec {
        from: Some("price".into()),
        clean: Some(Clean::NumberWords),
        ..ColumnSpec::typed("price_value", ColumnType::Float8)
    };
    let specs = [ColumnSpec::text("price"), value];
    let text = "price\n12.5\nTwo Hundred\n\"1,000.5\"\n$5\ngibberish\n\"\"\n -0.25 \n1e2\n";
    let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &specs, &pace(1, 8)).unwrap();
    assert_eq!(
        shown(&scanned.rows)[..7],
        ["12.5|12.5", "Two Hundred|200.0", "1,000.5|1000.5", "$5|5.0", "gibberish|~", "|~", " -0.25 |-0.25"]
    );
    assert_eq!(scanned.summary.unreadable[0], 0);
    assert!(scanned.summary.unreadable[1] >= 1);
    assert_eq!(scanned.rejects, []);
}

#[test]
fn a_required_column_without_a_value_refuses_the_record() {
    let key = ColumnSpec { required: true, ..ColumnSpec::text("id") };
    let number = ColumnSpec { required: true, ..ColumnSpec::typed("n", ColumnType::Float8) };
    let text = "id,n\n1,1\n,2\n\" \",3\n4,\n,x\n6,x\n7,7\n";
    let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &[key, number], &pace(1, 1 << 10)).unwrap();
    assert_eq!(shown(&scanned.rows), ["1|1.0", "7|7.0"]);
    assert_eq!(
        scanned.reasons(),
        [
            "3: the column id is required, and has no value here",
            "4: the column id is required, and has no value here",
            "5: the column n is required, and has no value here",
            "6: the column id is required, and has no value here",
            "7: the column n cannot read \"x\" as float8",
        ]
    );
}

#[test]
fn rejects_among_many_rows_leave_all_columns_in_step() {
    let specs = [
        ColumnSpec { required: true, ..ColumnSpec::text("id") },
        ColumnSpec::typed("n", ColumnType::Int8),
        ColumnSpec::text("t"),
    ];
    let line = |n: usize| match n % 10 {
        3 => format!("{n},x{n},text\n"),
        7 => format!(",{n},text\n"),
        9 => format!("{n},{n},text,more\n"),
        _ => format!("{n},{n},\"t\"\"{n}\"\n"),
    };
    let text = format!("id,n,t\n{}", (0..3000).map(line).collect::<String>());
    let scanned = scan_with(text.as_bytes(), CsvOptions::default(), &specs, &pace(2, 10_000)).unwrap();
    let expected: Vec<String> =
        (0..3000).filter(|n| ![3, 7, 9].contains(&(n % 10))).map(|n| format!("{n}|{n}|t\"{n}")).collect();
    assert_eq!(shown(&scanned.rows), expected);
    let lines: Vec<u64> = (0..3000).filter(|n| [3, 7, 9].contains(&(n % 10))).map(|n| n + 2).collect();
    assert_eq!(scanned.rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), lines);
}
