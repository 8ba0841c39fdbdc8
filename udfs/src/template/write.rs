//! A moment written by a date pattern.

use std::fmt::Write;

use super::calendar::{Day, MICROS_PER_DAY, MICROS_PER_SECOND, MONTHS, ROMAN_MONTHS, WEEKDAYS, iso_week_julian};
use super::keyword::{Case, Key};
use super::pattern::{Field, Node, Template};

/// A point in time, taken apart for writing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    day: Day,
    micros: i64,
    /// Whether it has a time zone, which is UTC; `TZ` writes nothing without one.
    has_zone: bool,
}

impl Moment {
    /// The moment so many microseconds after 1970-01-01 00:00:00.
    pub(crate) fn from_unix_micros(micros: i64, has_zone: bool) -> Self {
        Self {
            day: Day::from_unix(micros.div_euclid(MICROS_PER_DAY)),
            micros: micros.rem_euclid(MICROS_PER_DAY),
            has_zone,
        }
    }
}

impl Template {
    /// Appends the moment to `text`. An empty pattern has no text: the caller makes it null.
    pub(crate) fn write(&self, moment: &Moment, text: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Field(field) => write_field(field, moment, text),
                Node::Literal(character) | Node::Separator(character) | Node::Space(character) => text.push(*character),
            }
        }
    }
}

fn write_field(field: &Field, moment: &Moment, text: &mut String) {
    let day = moment.day;
    let seconds = moment.micros / MICROS_PER_SECOND;
    let fraction = moment.micros % MICROS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut number = |value, width| write_number(field, value, width, text);
    match field.key {
        Key::Century => number(century(day.year), if day.year > 0 { 2 } else { 3 }),
        Key::DayOfYear => number(day.day_of_year(), 3),
        Key::DayOfMonth => number(day.day, 2),
        Key::DayOfWeek => number(day.weekday() + 1, 1),
        Key::Fraction(digits) => number(fraction / 10i64.pow(6 - digits as u32), digits),
        Key::Hour12 => number((hour + 11) % 12 + 1, 2),
        Key::Hour24 => number(hour, 2),
        Key::IsoDayOfWeek => number((day.weekday() + 6) % 7 + 1, 1),
        Key::IsoDayOfYear => number(day.julian() - iso_week_julian(day.iso_year_and_week().0, 1) + 1, 3),
        Key::IsoWeek => number(day.iso_year_and_week().1, 2),
        Key::IsoYear(digits) => number(last_digits(day.iso_year_and_week().0, digits), digits),
        Key::JulianDay => number(day.julian(), 1),
        Key::Microsecond => number(fraction, 6),
        Key::Millisecond => number(fraction / 1000, 3),
        Key::Minute => number(minute, 2),
        Key::Month => number(day.month, 2),
        Key::Quarter => number((day.month - 1) / 3 + 1, 1),
        Key::Second => number(second, 2),
        Key::SecondOfDay => number(seconds, 1),
        Key::Week => number((day.day_of_year() - 1) / 7 + 1, 2),
        Key::WeekOfMonth => number((day.day - 1) / 7 + 1, 1),
        Key::Year(digits) => number(last_digits(day.year, digits), digits),
        _ => write_text(field, moment, hour, text),
    }
}

/// The fields that are no plain number.
fn write_text(field: &Field, moment: &Moment, hour: i64, text: &mut String) {
    let day = moment.day;
    let weekday = WEEKDAYS[day.weekday() as usize];
    let month = MONTHS[(day.month - 1) as usize];
    match field.key {
        Key::DayName(case) => write_name(field, weekday, case, 9, text),
        Key::DayAbbreviation(case) => write_name(field, &weekday[..3], case, 0, text),
        Key::MonthName(case) => write_name(field, month, case, 9, text),
        Key::MonthAbbreviation(case) => write_name(field, &month[..3], case, 0, text),
        Key::RomanMonth(case) => write_name(field, ROMAN_MONTHS[(12 - day.month) as usize], case, 4, text),
        Key::Meridiem(case, dots) => {
            let name = match (hour >= 12, dots) {
                (false, false) => "AM",
                (true, false) => "PM",
                (false, true) => "A.M.",
                (true, true) => "P.M.",
            };
            write_name(field, name, case, 0, text);
        }
        Key::Era(case, dots) => {
            let name = match (day.year <= 0, dots) {
                (false, false) => "AD",
                (true, false) => "BC",
                (false, true) => "A.D.",
                (true, true) => "B.C.",
            };
            write_name(field, name, case, 0, text);
        }
        Key::YearWithComma => {
            let start = text.len();
            let year = last_digits(day.year, 4);
            let _ = write!(text, "{},{:03}", year / 1000, year % 1000);
            push_ordinal(field, start, text);
        }
        Key::Zone(case) if moment.has_zone => write_name(field, "UTC", case, 0, text),
        Key::ZoneHour => text.push_str("+00"),
        Key::ZoneMinute => text.push_str("00"),
        Key::ZoneOffset => text.push_str(if field.fill { "+0" } else { "+00" }),
        _ => {}
    }
}

/// Years before Christ are written as positive numbers; of fewer than four digits the last ones are.
fn last_digits(year: i64, digits: usize) -> i64 {
    let year = if year <= 0 { 1 - year } else { year };
    if digits < 4 { year % 10i64.pow(digits as u32) } else { year }
}

fn century(year: i64) -> i64 {
    if year > 0 { (year - 1) / 100 + 1 } else { year / 100 - 1 }
}

fn write_number(field: &Field, value: i64, width: usize, text: &mut String) {
    let start = text.len();
    let width = if field.fill { 0 } else { width };
    // Writing to a string cannot fail.
    let _ = write!(text, "{value:0width$}");
    push_ordinal(field, start, text);
}

/// A name, in English, padded to `width` unless the pattern says not to.
fn write_name(field: &Field, name: &str, case: Case, width: usize, text: &mut String) {
    let width = if field.fill || field.localized { 0 } else { width };
    let _ = match case {
        Case::Upper => write!(text, "{:width$}", name.to_ascii_uppercase()),
        Case::Capital => write!(text, "{name:width$}"),
        Case::Lower => write!(text, "{:width$}", name.to_ascii_lowercase()),
    };
}

/// What English puts behind the number that `text` ends with from `start` on.
fn push_ordinal(field: &Field, start: usize, text: &mut String) {
    if let Some(upper) = field.ordinal {
        let suffix = ordinal_suffix(&text.as_bytes()[start..]);
        if upper {
            text.push_str(&suffix.to_ascii_uppercase());
        } else {
            text.push_str(suffix);
        }
    }
}

/// `st`, `nd`, `rd` or `th`, for a number in decimal digits.
pub(super) fn ordinal_suffix(digits: &[u8]) -> &'static str {
    match digits {
        [.., b'1', _] => "th",
        [.., b'1'] => "st",
        [.., b'2'] => "nd",
        [.., b'3'] => "rd",
        _ => "th",
    }
}
