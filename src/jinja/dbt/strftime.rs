//! Python's `strftime` and `strptime`.

use std::fmt::Write;

use chrono::{Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// A point in time as its clock shows it, and how far that clock is ahead of UTC, if known.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub at: NaiveDateTime,
    pub offset: Option<FixedOffset>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The text for a pattern such as `%Y-%m-%d`. What is no directive stays as it is.
pub(super) fn strftime(moment: &Moment, pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('-') => {
                let mut padded = String::new();
                chars.next().into_iter().for_each(|directive| expand(moment, directive, &mut padded));
                let trimmed = padded.trim_start_matches(['0', ' ']);
                out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
            }
            Some(directive) => expand(moment, directive, &mut out),
            None => out.push('%'),
        }
    }
    out
}

fn expand(moment: &Moment, directive: char, out: &mut String) {
    let (date, time) = (moment.at.date(), moment.at.time());
    let hour12 = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    let composed = |pattern: &str| strftime(moment, pattern);
    _ = match directive {
        'Y' => write!(out, "{:04}", date.year()),
        'G' => write!(out, "{:04}", date.iso_week().year()),
        'C' => write!(out, "{:02}", date.year() / 100),
        'y' => write!(out, "{:02}", date.year().rem_euclid(100)),
        'm' => write!(out, "{:02}", date.month()),
        'd' => write!(out, "{:02}", date.day()),
        'e' => write!(out, "{:2}", date.day()),
        'j' => write!(out, "{:03}", date.ordinal()),
        'H' => write!(out, "{:02}", time.hour()),
        'I' => write!(out, "{hour12:02}"),
        'M' => write!(out, "{:02}", time.minute()),
        'S' => write!(out, "{:02}", time.second()),
        'f' => write!(out, "{:06}", time.nanosecond() / 1000),
        'p' => write!(out, "{}", if time.hour() < 12 { "AM" } else { "PM" }),
        'u' => write!(out, "{}", date.weekday().number_from_monday()),
        'w' => write!(out, "{}", date.weekday().num_days_from_sunday()),
        'V' => write!(out, "{:02}", date.iso_week().week()),
        'U' => write!(out, "{:02}", (date.ordinal() + 6 - date.weekday().num_days_from_sunday()) / 7),
        'W' => write!(out, "{:02}", (date.ordinal() + 6 - date.weekday().num_days_from_monday()) / 7),
        'B' => write!(out, "{}", MONTHS[date.month0() as usize % 12]),
        'b' | 'h' => write!(out, "{}", &MONTHS[date.month0() as usize % 12][..3]),
        'A' => write!(out, "{}", DAYS[date.weekday().num_days_from_monday() as usize % 7]),
        'a' => write!(out, "{}", &DAYS[date.weekday().num_days_from_monday() as usize % 7][..3]),
        's' => write!(out, "{}", utc(moment).and_utc().timestamp()),
        'z' => write!(out, "{}", moment.offset.map(|offset| offset_text(offset, "")).unwrap_or_default()),
        'Z' => write!(out, "{}", moment.offset.map(zone_name).unwrap_or_default()),
        'F' => write!(out, "{}", composed("%Y-%m-%d")),
        'T' | 'X' => write!(out, "{}", composed("%H:%M:%S")),
        'R' => write!(out, "{}", composed("%H:%M")),
        'D' | 'x' => write!(out, "{}", composed("%m/%d/%y")),
        'c' => write!(out, "{}", composed("%a %b %e %H:%M:%S %Y")),
        '%' => write!(out, "%"),
        other => write!(out, "%{other}"),
    };
}

/// The same instant on a UTC clock.
pub(super) fn utc(moment: &Moment) -> NaiveDateTime {
    let offset = moment.offset.and_then(|offset| moment.at.checked_sub_offset(offset));
    offset.unwrap_or(moment.at)
}

/// `+00:00`, or `+0000` without separator.
pub(super) fn offset_text(offset: FixedOffset, separator: &str) -> String {
    let seconds = offset.local_minus_utc();
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}{separator}{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

pub(super) fn zone_name(offset: FixedOffset) -> String {
    if offset.local_minus_utc() == 0 { "UTC".to_string() } else { format!("UTC{}", offset_text(offset, ":")) }
}

/// The moment that a text shows in a pattern; missing parts are those of 1900-01-01 00:00:00.
pub(super) fn strptime(text: &str, pattern: &str) -> Option<Moment> {
    // In Python a fraction has up to six digits and `%f` stands for them alone.
    let pattern = pattern.replace(".%f", "%.f").replace("%f", "%6f");
    let with_offset = pattern.contains("%z").then(|| chrono::DateTime::parse_from_str(text, &pattern).ok()).flatten();
    if let Some(found) = with_offset {
        return Some(Moment { at: found.naive_local(), offset: Some(*found.offset()) });
    }
    let at = NaiveDateTime::parse_from_str(text, &pattern)
        .or_else(|_| NaiveDate::parse_from_str(text, &pattern).map(|date| date.and_time(NaiveTime::MIN)))
        .or_else(|_| {
            let time = NaiveTime::parse_from_str(text, &pattern);
            time.map(|time| NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default().and_time(time))
        })
        // A month without a day is its first day, an hour without minutes its start.
        .or_else(|_| NaiveDateTime::parse_from_str(&format!("{text}\u{1}01 00"), &format!("{pattern}\u{1}%d %M")))
        .or_else(|_| {
            let first = NaiveDate::parse_from_str(&format!("{text}\u{1}01"), &format!("{pattern}\u{1}%d"));
            first.map(|date| date.and_time(NaiveTime::MIN))
        })
        .or_else(|_| {
            let first = NaiveDate::parse_from_str(&format!("{text}\u{1}01 01"), &format!("{pattern}\u{1}%m %d"));
            first.map(|date| date.and_time(NaiveTime::MIN))
        });
    at.ok().map(|at| Moment { at, offset: None })
}
