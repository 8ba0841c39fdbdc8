//! What PostgreSQL 15 answers, as tables.

use super::number::NumberTemplate;
use super::{Moment, Template};

/// Microseconds since 1970, a pattern and the text.
const MOMENTS: &[(i64, &str, &str)] = &[
    (1709647506123456, "YYYY-MM-DD", "2024-03-05"),
    (1709647506123456, "YY YYY Y", "24 024 4"),
    (1709647506123456, "Y,YYY", "2,024"),
    (1709647506123456, "DD D DDD", "05 3 065"),
    (1709647506123456, "ID IDDD", "2 065"),
    (1709647506123456, "Day|DAY|day|FMDay", "Tuesday  |TUESDAY  |tuesday  |Tuesday"),
    (1709647506123456, "Dy DY dy", "Tue TUE tue"),
    (1709647506123456, "Month|MONTH|month|FMMonth", "March    |MARCH    |march    |March"),
    (1709647506123456, "Mon MON mon", "Mar MAR mar"),
    (1709647506123456, "FMMM FMDD", "3 5"),
    (1709647506123456, "HH24 HH12 HH:MI:SS", "14 02 02:05:06"),
    (1709647506123456, "MS US FF1 FF4", "123 123456 1 1234"),
    (1709647506123456, "SSSS", "50706"),
    (1709647506123456, "AM pm A.M.", "PM pm P.M."),
    (1709647506123456, "IW WW W", "10 10 1"),
    (1709647506123456, "IYYY IYY IY I", "2024 024 24 4"),
    (1709647506123456, "Q CC J", "1 21 2460375"),
    (1709647506123456, "RM|rm|FMRM", "III |iii |III"),
    (1709647506123456, "TZ TZH TZM OF", "UTC +00 00 +00"),
    (1709647506123456, "AD b.c.", "AD a.d."),
    (1709647506123456, "DDth DDTH FMDDth", "05th 05TH 5th"),
    (1709647506123456, "\"quoted YYYY\" YYYY", "quoted YYYY 2024"),
    (1709647506123456, "\\\"YYYY\\\"", "\"2024\""),
    (1709647506123456, "TMMonth", "March"),
    (1709647506123456, "FXYYYY", "2024"),
    (1709647506123456, "YYYY年", "2024年"),
    (946598400000000, "YYYY-MM-DD", "1999-12-31"),
    (946598400000000, "YY YYY Y", "99 999 9"),
    (946598400000000, "Y,YYY", "1,999"),
    (946598400000000, "DD D DDD", "31 6 365"),
    (946598400000000, "ID IDDD", "5 362"),
    (946598400000000, "Day|DAY|day|FMDay", "Friday   |FRIDAY   |friday   |Friday"),
    (946598400000000, "Dy DY dy", "Fri FRI fri"),
    (946598400000000, "Month|MONTH|month|FMMonth", "December |DECEMBER |december |December"),
    (946598400000000, "Mon MON mon", "Dec DEC dec"),
    (946598400000000, "FMMM FMDD", "12 31"),
    (946598400000000, "HH24 HH12 HH:MI:SS", "00 12 12:00:00"),
    (946598400000000, "MS US FF1 FF4", "000 000000 0 0000"),
    (946598400000000, "SSSS", "0"),
    (946598400000000, "AM pm A.M.", "AM am A.M."),
    (946598400000000, "IW WW W", "52 53 5"),
    (946598400000000, "IYYY IYY IY I", "1999 999 99 9"),
    (946598400000000, "Q CC J", "4 20 2451544"),
    (946598400000000, "RM|rm|FMRM", "XII |xii |XII"),
    (946598400000000, "TZ TZH TZM OF", "UTC +00 00 +00"),
    (946598400000000, "AD b.c.", "AD a.d."),
    (946598400000000, "DDth DDTH FMDDth", "31st 31ST 31st"),
    (946598400000000, "\"quoted YYYY\" YYYY", "quoted YYYY 1999"),
    (946598400000000, "\\\"YYYY\\\"", "\"1999\""),
    (946598400000000, "TMMonth", "December"),
    (946598400000000, "FXYYYY", "1999"),
    (946598400000000, "YYYY年", "1999年"),
    (1609675200500000, "YYYY-MM-DD", "2021-01-03"),
    (1609675200500000, "YY YYY Y", "21 021 1"),
    (1609675200500000, "Y,YYY", "2,021"),
    (1609675200500000, "DD D DDD", "03 1 003"),
    (1609675200500000, "ID IDDD", "7 371"),
    (1609675200500000, "Day|DAY|day|FMDay", "Sunday   |SUNDAY   |sunday   |Sunday"),
    (1609675200500000, "Dy DY dy", "Sun SUN sun"),
    (1609675200500000, "Month|MONTH|month|FMMonth", "January  |JANUARY  |january  |January"),
    (1609675200500000, "Mon MON mon", "Jan JAN jan"),
    (1609675200500000, "FMMM FMDD", "1 3"),
    (1609675200500000, "HH24 HH12 HH:MI:SS", "12 12 12:00:00"),
    (1609675200500000, "MS US FF1 FF4", "500 500000 5 5000"),
    (1609675200500000, "SSSS", "43200"),
    (1609675200500000, "AM pm A.M.", "PM pm P.M."),
    (1609675200500000, "IW WW W", "53 01 1"),
    (1609675200500000, "IYYY IYY IY I", "2020 020 20 0"),
    (1609675200500000, "Q CC J", "1 21 2459218"),
    (1609675200500000, "RM|rm|FMRM", "I   |i   |I"),
    (1609675200500000, "TZ TZH TZM OF", "UTC +00 00 +00"),
    (1609675200500000, "AD b.c.", "AD a.d."),
    (1609675200500000, "DDth DDTH FMDDth", "03rd 03RD 3rd"),
    (1609675200500000, "\"quoted YYYY\" YYYY", "quoted YYYY 2021"),
    (1609675200500000, "\\\"YYYY\\\"", "\"2021\""),
    (1609675200500000, "TMMonth", "January"),
    (1609675200500000, "FXYYYY", "2021"),
    (1609675200500000, "YYYY年", "2021年"),
];

#[test]
fn moments_are_written() {
    for (micros, pattern, expected) in MOMENTS {
        let mut text = String::new();
        Template::parse(pattern).write(&Moment::from_unix_micros(*micros, true), &mut text);
        assert_eq!(&text, expected, "{micros} {pattern}");
    }
}

/// A decimal and its decimals, a pattern and the text.
const DECIMALS: &[(i128, i8, &str, &str)] = &[
    (5, 1, "999S", "  1+"),
    (99995, 3, "\"lit \"999", "lit  100"),
    (-12, 0, "FM999,990.00", "-12.00"),
    (1234, 0, "9G999D99", " 1,234.00"),
    (-5, 2, "0,000.00", "-0,000.05"),
    (1, 0, "FM0009", "0001"),
    (5, 1, "999,999.99", "        .50"),
    (1234, 0, "99.99", " ##.##"),
    (99995, 3, "FM9.99", "#.##"),
    (-12, 0, "FM9.9909", "-#.####"),
    (-5, 2, "9", " 0"),
    (1, 0, ".99", " .##"),
    (99995, 3, "S999", "+100"),
    (5, 1, "MI999", "   1"),
    (-5, 2, "999th", "   0th"),
    (5, 1, "99.99", "   .50"),
    (1234, 0, "0,000.00", " 1,234.00"),
    (-5, 2, "9.990", " -.050"),
    (5, 1, "0", " 1"),
    (99995, 3, "SG999", "+100"),
    (99995, 3, "FMS999", "+100"),
    (5, 1, "9.990", "  .500"),
    (1234, 0, "SG999", "+###"),
    (5, 1, "999PR", "   1 "),
    (-1234567, 3, "FM0.9", "-#.#"),
    (-12, 0, "FM9.99", "-#.##"),
    (-12, 0, "9.990", "-#.###"),
    (1, 0, "RN", "              I"),
    (5, 1, "0,000.00", " 0,000.50"),
    (5, 1, "SG999", "+  1"),
    (5, 1, "FM999,990.00", "0.50"),
    (5, 1, "FM0009", "0001"),
    (-12, 0, "9", "-#"),
    (0, 0, "999%", "   0%"),
    (1, 0, "FM9.9909", "1.000"),
    (99995, 3, "FM0009", "0100"),
    (1, 0, "999MI", "  1 "),
    (-12, 0, "9 9", "-1 2"),
    (1234, 0, "9 9", " # #"),
    (-5, 2, "FM0009", "0000"),
    (-5, 2, "FM999,990.00", "-0.05"),
    (-5, 2, "999%", "   0%"),
    (1, 0, "MI999", "   1"),
    (1234, 0, "999S", "###+"),
    (1, 0, "999S", "  1+"),
    (1, 0, "999,999.99", "       1.00"),
    (5, 1, "B99", "  1"),
    (0, 0, "PL999", "+   0"),
    (0, 0, "FM99.", "0"),
    (-12, 0, "99.99", "-12.00"),
    (1, 0, "SG999", "+  1"),
    (1234, 0, "999,999.99", "   1,234.00"),
    (1234, 0, "999MI", "### "),
    (99995, 3, ".99", " .##"),
    (-12, 0, ".99", "-.##"),
    (-1234567, 3, "SG999", "-###"),
    (1, 0, "99V99", "  100"),
    (99995, 3, "0,000.00", " 0,100.00"),
    (-1234567, 3, "9", "-#"),
    (-12, 0, "999S", " 12-"),
    (5, 1, "PL999", "+   1"),
    (-12, 0, "\"lit \"999", "lit  -12"),
    (-5, 2, "FM9.9909", "-.050"),
    (1, 0, "0", " 1"),
    (-5, 2, "999S", "  0+"),
    (-12, 0, "999,999.99", "     -12.00"),
    (-1234567, 3, "PL999", " -###"),
    (0, 0, "FM9.99", "0."),
    (-1234567, 3, "\"lit \"999", "lit -###"),
    (-1234567, 3, "99V99", "-####"),
    (-12, 0, "B99", "-12"),
    (1234, 0, "0", " #"),
    (-1234567, 3, "999%", "-###%"),
    (-12, 0, "FM99.", "-12"),
    (0, 0, "RN", "###############"),
    (-1234567, 3, "999S", "###-"),
    (1234, 0, "9", " #"),
    (-1234567, 3, ".99", "-.##"),
    (1, 0, "FM99.", "1"),
    (0, 0, "999th", "   0th"),
    (-5, 2, "9 9", "   0"),
    (1234, 0, "FM0.9", "#.#"),
    (99995, 3, "9.990", " #.###"),
    (99995, 3, "999S", "100+"),
    (99995, 3, "999PR", " 100 "),
    (1234, 0, ".99", " .##"),
    (99995, 3, "RN", "              C"),
    (-1234567, 3, "00.00", "-##.##"),
    (-1234567, 3, "RN", "###############"),
    (-12, 0, "999%", " -12%"),
    (-1234567, 3, "FMS999", "-###"),
    (-12, 0, "PL999", "  -12"),
    (1234, 0, "MI999", " ###"),
    (1, 0, "9", " 1"),
    (-12, 0, "999th", " -12"),
    (-5, 2, "999MI", "  0 "),
    (99995, 3, "MI999", " 100"),
    (0, 0, "FMS999", "+0"),
    (1234, 0, "FM9.99", "#.##"),
    (99995, 3, "9G999D99", "   100.00"),
    (1, 0, "9G999D99", "     1.00"),
    (1, 0, "FM9.99", "1."),
    (1, 0, "FMS999", "+1"),
    (-12, 0, "999PR", " <12>"),
    (-5, 2, "99V99", "   -5"),
    (99995, 3, "99.99", " ##.##"),
    (5, 1, "S999", "  +1"),
    (1, 0, "9.990", " 1.000"),
    (99995, 3, "0", " #"),
    (-5, 2, "0", " 0"),
];

#[test]
fn decimals_are_written() {
    for (value, scale, pattern, expected) in DECIMALS {
        let mut text = String::new();
        NumberTemplate::parse(pattern).expect("a pattern").write_decimal(*value, *scale, &mut text);
        assert_eq!(&text, expected, "{value} {scale} {pattern}");
    }
}

#[test]
fn doubles_are_written() {
    for (value, pattern, expected) in [
        (2.5_f64, "9", " 2"),
        (2.5_f64, "9.9", " 2.5"),
        (2.5_f64, "FM999999999999990.999", "2.5"),
        (2.5_f64, "9.99EEEE", " 2.50e+00"),
        (2.5_f64, "S0.00", "+2.50"),
        (-0.001_f64, "9", "-0"),
        (-0.001_f64, "9.9", " -.0"),
        (-0.001_f64, "FM999999999999990.999", "-0.001"),
        (-0.001_f64, "9.99EEEE", "-1.00e-03"),
        (-0.001_f64, "S0.00", "-0.00"),
        (123456789012.345_f64, "9", " #"),
        (123456789012.345_f64, "9.9", " #.#"),
        (123456789012.345_f64, "FM999999999999990.999", "123456789012.345"),
        (123456789012.345_f64, "9.99EEEE", " 1.23e+11"),
        (123456789012.345_f64, "S0.00", "+#.##"),
        (1e20_f64, "9", " #"),
        (1e20_f64, "9.9", " #."),
        (1e20_f64, "FM999999999999990.999", "###############."),
        (1e20_f64, "9.99EEEE", " 1.00e+20"),
        (1e20_f64, "S0.00", "+#."),
        (1e-10_f64, "9", " 0"),
        (1e-10_f64, "9.9", "  .0"),
        (1e-10_f64, "FM999999999999990.999", "0."),
        (1e-10_f64, "9.99EEEE", " 1.00e-10"),
        (1e-10_f64, "S0.00", "+0.00"),
        (0.1_f64, "9", " 0"),
        (0.1_f64, "9.9", "  .1"),
        (0.1_f64, "FM999999999999990.999", "0.1"),
        (0.1_f64, "9.99EEEE", " 1.00e-01"),
        (0.1_f64, "S0.00", "+0.10"),
    ] {
        let mut text = String::new();
        NumberTemplate::parse(pattern).expect("a pattern").write_double(value, &mut text);
        assert_eq!(text, expected, "{value} {pattern}");
    }
}

#[test]
fn keywords_that_do_not_go_together_are_an_error() {
    for (pattern, message) in [
        ("9.9.9", "multiple decimal points"),
        ("9V9.9", "cannot use \"V\" and decimal point together"),
        ("S9S", "cannot use \"S\" twice"),
        ("S9MI", "cannot use \"S\" and \"MI\" together"),
        ("9S9PL", "cannot use \"S\" and \"PL\" together"),
        ("PR9", "\"9\" must be ahead of \"PR\""),
        ("9.99EEEE9", "\"EEEE\" must be the last pattern used"),
        ("FM9EEEE", "\"EEEE\" is incompatible with other formats"),
        ("S9PR", "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"),
        ("SG9S", "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together"),
    ] {
        let error = NumberTemplate::parse(pattern).expect_err("an error").to_string();
        assert!(error.contains(message), "{pattern}: {error}");
    }
}

#[test]
fn dates_are_read() {
    for (text, pattern, days) in [
        ("2024-02-29", "YYYY-MM-DD", 19782),
        ("2024-2-9", "YYYY-MM-DD", 19762),
        ("  2024 02 29 ", "YYYY-MM-DD", 19782),
        ("20240229", "YYYYMMDD", 19782),
        ("29/02/24", "DD/MM/YY", 19782),
        ("01-02-70", "DD-MM-YY", 31),
        ("01-02-69", "DD-MM-YY", 36191),
        ("5 Jan 2024", "DD Mon YYYY", 19727),
        ("05 january 2024", "DD Month YYYY", 19727),
        ("Friday, 15 March 2024", "Day, DD Month YYYY", 19797),
        ("15th Mar 2024", "DDth Mon YYYY", 19797),
        ("2024x03y15", "YYYY\"x\"MM\"y\"DD", 19797),
        ("2024060", "YYYYDDD", 19782),
        ("2024-10-3", "IYYY-IW-ID", 19788),
        ("2024-10", "IYYY-IW", 19786),
        ("2024-53", "YYYY-WW", 20087),
        ("2024-09-3", "YYYY-MM-W", 19981),
        ("2460375", "J", 19787),
        ("21 24", "CC YY", 19723),
        ("15 III 2024", "DD RM YYYY", 19797),
        ("44-03-15 BC", "YYYY-MM-DD BC", -735160),
        ("2,024-03-15", "Y,YYY-MM-DD", 19797),
        ("2024-01-01x", "YYYY-MM-DD", 19723),
        ("2024", "YYYY-MM-DD", 19723),
        ("999-1-1", "YYY-MM-DD", 10592),
        ("24-1-5", "YY-MM-DD", 19727),
        ("2024-3", "YYYY-Q", 19723),
        ("2024-03-15T10:11:12", "YYYY-MM-DD\"T\"HH24:MI:SS", 19797),
        ("2024-1-5", "FXYYYY-MM-DD", 19727),
        ("2024-1-5", "FMYYYY-FMMM-FMDD", 19727),
    ] {
        let fields = Template::parse(pattern).read(text).expect("fields");
        assert_eq!(fields.date(text).expect("a date"), days, "{text} {pattern}");
    }
}

#[test]
fn timestamps_are_read() {
    for (text, pattern, micros) in [
        ("2024-03-15 13:14:15", "YYYY-MM-DD HH24:MI:SS", 1710508455000000_i64),
        ("2024-03-15 12:05 am", "YYYY-MM-DD HH12:MI AM", 1710461100000000_i64),
        ("2024-03-15 01:05 P.M.", "YYYY-MM-DD HH:MI p.m.", 1710507900000000_i64),
        ("2024-03-15 13:14:15.5", "YYYY-MM-DD HH24:MI:SS.MS", 1710508455500000_i64),
        ("2024-03-15 13:14:15.123456", "YYYY-MM-DD HH24:MI:SS.US", 1710508455123456_i64),
        ("2024-03-15 86399", "YYYY-MM-DD SSSS", 1710547199000000_i64),
        ("2024-03-15 10:00 +02", "YYYY-MM-DD HH24:MI TZH", 1710489600000000_i64),
        ("2024-03-15 10:00 -03:30", "YYYY-MM-DD HH24:MI TZH:TZM", 1710509400000000_i64),
        ("2024-03-15 10:11:12.987", "YYYY-MM-DD HH24:MI:SS.FF1", 1710497473000000_i64),
    ] {
        let fields = Template::parse(pattern).read(text).expect("fields");
        assert_eq!(fields.timestamp(text).expect("a timestamp"), micros, "{text} {pattern}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for (text, pattern, message) in [
        ("2023-02-30", "YYYY-MM-DD", "date/time field value out of range: \"2023-02-30\""),
        ("07/25/2023", "DD/MM/YYYY", "date/time field value out of range: \"07/25/2023\""),
        ("2024-13-01", "YYYY-MM-DD", "date/time field value out of range: \"2024-13-01\""),
        ("2024-00-00 24:00", "YYYY-MM-DD HH24:MI", "date/time field value out of range: \"2024-00-00 24:00\""),
        ("13:00 PM", "HH12:MI AM", "hour \"13\" is invalid for the 12-hour clock"),
        ("abc", "YYYY-MM-DD", "invalid value \"abc\" for \"YYYY\""),
        ("5 Foo 2024", "DD Mon YYYY", "invalid value \"Foo\" for \"Mon\""),
        ("202", "YYYYMMDD", "source string too short for \"YYYY\" formatting field"),
        ("20x40101", "YYYYMMDD", "invalid value \"20x4\" for \"YYYY\""),
        ("060", "DDD", "cannot calculate day of year without year information"),
        ("2024 10", "YYYY IW", "invalid combination of date conventions"),
        ("2024 2023", "YYYY YYYY", "conflicting values for \"YYYY\" field in formatting string"),
        ("UTC", "TZ", "formatting field \"TZ\" is only supported in to_char"),
        ("99999999999", "YYYY", "value for \"YYYY\" in source string is out of range"),
        ("6000000-01-01", "YYYY-MM-DD", "date out of range: \"6000000-01-01\""),
        ("2024", "Y,YYY", "invalid input string for \"Y,YYY\""),
        ("2024-03-15 +16", "YYYY-MM-DD TZH", "time zone displacement out of range: \"2024-03-15 +16\""),
    ] {
        let date = Template::parse(pattern).read(text).and_then(|fields| fields.date(text));
        let error = date.expect_err("an error").to_string();
        assert!(error.contains(message), "{text} {pattern}: {error}");
    }
}
