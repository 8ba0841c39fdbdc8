//! A date, time of day and time zone in a text, in the forms that PostgreSQL reads with its settings `ISO, MDY`: ISO 8601,
//! `01/31/2024`, `20240131`, `Jan 31, 2024`, `31 January 2024`, each with or without a time, `epoch`.

use crate::template::calendar::{Day, MICROS_PER_DAY, MICROS_PER_SECOND, MONTHS, WEEKDAYS, days_in_month};

/// What a text says about a moment; the day counts from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) day: i64,
    pub(crate) micros: i64,
    /// East of Greenwich.
    pub(crate) zone_micros: Option<i64>,
}

/// `None` when the text is no date; a date that does not exist is none.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    iso(text.as_bytes()).or_else(|| Parts::of(text)?.moment())
}

/// `2024-02-29`, `2024-02-29 12:34:56` and `2024-02-29T12:34:56`, which are most texts.
fn iso(text: &[u8]) -> Option<Moment> {
    let two = |at: usize| {
        let (tens, ones) = (text.get(at)?.wrapping_sub(b'0'), text.get(at + 1)?.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    if !matches!(text.len(), 10 | 19) || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let day = day_of(two(0)? * 100 + two(2)?, two(5)?, two(8)?)?;
    let micros = match text.get(10..) {
        Some([b' ' | b'T', _, _, b':', _, _, b':', _, _]) => {
            let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
            if hour > 23 || minute > 59 || second > 59 {
                return None;
            }
            (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND
        }
        Some([]) => 0,
        _ => return None,
    };
    Some(Moment { day, micros, zone_micros: None })
}

/// Days since 1970-01-01; there is no year 0.
fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists = year != 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    let found = Day { year, month, day };
    (exists && found.is_in_range()).then(|| found.unix())
}

/// The words of a text, each by what it can only be.
#[derive(Default)]
struct Parts<'a> {
    date: Option<&'a str>,
    month: Option<i64>,
    /// Numbers beside a month's name.
    numbers: Vec<&'a str>,
    time: Option<i64>,
    zone: Option<i64>,
    is_afternoon: Option<bool>,
    is_before_christ: bool,
    is_epoch: bool,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = Parts::default();
        for word in text.split(|c: char| c.is_ascii_whitespace() || c == ',').filter(|word| !word.is_empty()) {
            parts.take(word)?;
        }
        Some(parts)
    }

    fn take(&mut self, word: &'a str) -> Option<()> {
        let first = word.bytes().next()?;
        if let Some((date, time)) = word.split_once(['T', 't']).filter(|(date, time)| is_iso_pair(date, time)) {
            self.take(date)?;
            return self.take(time);
        }
        if word.contains(':') && first.is_ascii_digit() {
            let end = word.find(['+', '-', 'Z', 'z']).unwrap_or(word.len());
            set(&mut self.time, time_of(&word[..end])?)?;
            return if end < word.len() { self.take(&word[end..]) } else { Some(()) };
        }
        match first {
            b'+' | b'-' if self.time.is_some() => set(&mut self.zone, offset_of(word)?),
            b'0'..=b'9' if word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() != 8 => {
                self.numbers.push(word);
                Some(())
            }
            b'0'..=b'9' => set(&mut self.date, word),
            _ => self.take_name(&word.to_ascii_lowercase()),
        }
    }

    fn take_name(&mut self, name: &str) -> Option<()> {
        match name {
            "z" | "utc" | "gmt" | "zulu" => set(&mut self.zone, 0),
            "am" | "pm" => set(&mut self.is_afternoon, name == "pm"),
            "bc" => {
                self.is_before_christ = true;
                Some(())
            }
            "ad" => Some(()),
            "epoch" => {
                self.is_epoch = true;
                Some(())
            }
            _ if month_of(name).is_some() => set(&mut self.month, month_of(name)?),
            _ => position(&WEEKDAYS, name).map(|_| ()),
        }
    }

    fn moment(&self) -> Option<Moment> {
        let (year, month, day) = match (self.date, self.month, self.numbers.as_slice()) {
            (None, None, []) if self.is_epoch && self.time.is_none() => (1970, 1, 1),
            (Some(date), None, []) => date_of(date)?,
            (None, Some(month), [first, second]) if first.len() > 2 => (number(first)?, month, number(second)?),
            (None, Some(month), [day, year]) => (year_of(year)?, month, number(day)?),
            _ => return None,
        };
        let year = if self.is_before_christ { 1 - year } else { year };
        let day = if self.is_before_christ { day_before_christ(year, month, day)? } else { day_of(year, month, day)? };
        Some(Moment { day, micros: self.micros()?, zone_micros: self.zone })
    }

    fn micros(&self) -> Option<i64> {
        const HALF_DAY: i64 = MICROS_PER_DAY / 2;
        const HOUR: i64 = MICROS_PER_DAY / 24;
        let time = self.time.unwrap_or(0);
        match self.is_afternoon {
            None => Some(time),
            Some(_) if self.time.is_none() || time >= HALF_DAY + HOUR => None,
            Some(true) if time < HALF_DAY => Some(time + HALF_DAY),
            Some(false) if time >= HALF_DAY => Some(time - HALF_DAY),
            Some(_) => Some(time),
        }
    }
}

fn day_before_christ(year: i64, month: i64, day: i64) -> Option<i64> {
    let found = Day { year, month, day };
    let exists = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    (exists && year <= 0 && found.is_in_range()).then(|| found.unix())
}

/// Nothing is said twice.
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    match slot.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

fn is_iso_pair(date: &str, time: &str) -> bool {
    let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    digit(date.bytes().next()) && digit(date.bytes().last()) && digit(time.bytes().next())
}

fn number(text: &str) -> Option<i64> {
    (text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Two digits are a year from 1970 to 2069.
fn year_of(text: &str) -> Option<i64> {
    let year = number(text)?;
    Some(match (text.len(), year) {
        (1 | 2, ..70) => year + 2000,
        (1 | 2, _) => year + 1900,
        _ => year,
    })
}

fn month_of(name: &str) -> Option<i64> {
    position(&MONTHS, name).or_else(|| (name == "sept").then_some(9))
}

/// From 1, of a name that is whole or has its first three letters.
fn position(names: &[&str], name: &str) -> Option<i64> {
    let is_named = |known: &&str| known.eq_ignore_ascii_case(name) || known[..3].eq_ignore_ascii_case(name);
    names.iter().position(is_named).map(|at| at as i64 + 1)
}

fn date_of(text: &str) -> Option<(i64, i64, i64)> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?));
    }
    let separator = text.find(['-', '/', '.']).and_then(|at| text[at..].chars().next())?;
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if let Some(month) = month_of(&second.to_ascii_lowercase()) {
        return match first.len() > 2 {
            true => Some((number(first)?, month, number(third)?)),
            false => Some((year_of(third)?, month, number(first)?)),
        };
    }
    match first.len() > 2 {
        true => Some((number(first)?, number(second)?, number(third)?)),
        false => Some((year_of(third)?, number(first)?, number(second)?)),
    }
}

/// Microseconds of `HH:MM`, `HH:MM:SS` and `HH:MM:SS.ffffff`.
pub(crate) fn time_of(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds = parts.next();
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = match seconds.map(|seconds| seconds.split_once('.').unwrap_or((seconds, ""))) {
        Some((second, fraction)) => (number(second)?, fraction_of(fraction)?),
        None => (0, 0),
    };
    let micros = (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + fraction;
    (hour <= 24 && minute < 60 && second <= 60 && micros <= MICROS_PER_DAY).then_some(micros)
}

/// Microseconds of the digits after the point, rounded.
fn fraction_of(digits: &str) -> Option<i64> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept: i64 = format!("{:0<7}", &digits[..digits.len().min(7)]).parse().ok()?;
    Some((kept + 5) / 10)
}

/// `+02`, `-0530`, `+05:30`.
fn offset_of(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (number(hours)?, number(minutes)?),
        None if digits.len() > 2 => (number(&digits[..digits.len() - 2])?, number(&digits[digits.len() - 2..])?),
        None => (number(digits)?, 0),
    };
    (hours < 16 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) * MICROS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Moment, parse};
    use crate::template::calendar::Day;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn dates_have_many_forms() {
        let day = Day { year: 2024, month: 1, day: 5 }.unix();
        for text in [
            "2024-01-05",
            "2024-1-5",
            " 2024/01/05 ",
            "20240105",
            "01/05/2024",
            "1/5/24",
            "Jan 5, 2024",
            "5 January 2024",
            "2024-Jan-05",
            "05-jan-2024",
            "Fri Jan 5 2024",
            "January 5 2024",
            "2024 Jan 5",
            "2024.01.05",
        ] {
            assert_eq!(parse(text), Some(Moment { day, micros: 0, zone_micros: None }), "{text}");
        }
    }

    #[test]
    fn times_and_zones() {
        for (text, micros, zone_micros) in [
            ("2024-01-05 12:00", 12 * HOUR, None),
            ("2024-01-05T12:00:00.5", 12 * HOUR + 500_000, None),
            ("2024-01-05 12:00:00.1234567", 12 * HOUR + 123_457, None),
            ("2024-01-05 12:00+02", 12 * HOUR, Some(2 * HOUR)),
            ("2024-01-05T12:00:00Z", 12 * HOUR, Some(0)),
            ("2024-01-05 12:00:00 -05:30", 12 * HOUR, Some(-(5 * HOUR + HOUR / 2))),
            ("20240105T120000", 0, None),
            ("2024-01-05 01:30 PM", 13 * HOUR + HOUR / 2, None),
            ("2024-01-05 12:30 am", HOUR / 2, None),
            ("2024-01-05 12:00:00 UTC", 12 * HOUR, Some(0)),
        ] {
            let moment = parse(text).map(|moment| (moment.micros, moment.zone_micros));
            let expected = (text != "20240105T120000").then_some((micros, zone_micros));
            assert_eq!(moment, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "abc",
            "2024-02-30",
            "2024-13-01",
            "15/01/2024",
            "2024-01-05 25:00",
            "2024-01-05 10:61",
            "2024-01",
            "0000-01-01",
            "2024-01-05 10:00 10:00",
            "12:00",
            "2024-01-05x",
            "+02",
            "é",
            "2024-01-05 é",
            "now",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }

        #[test]
        fn nothing_that_looks_like_a_date_panics(text in "[0-9T:/ .,+Zz-]{0,25}|[0-9]{1,4}[-/][A-Za-z]{3,9}[-/][0-9]{1,4}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_written_day_is_read_back(days in -700_000i64..2_000_000) {
            let day = Day::from_unix(days);
            let text = format!("{:04}-{:02}-{:02}", day.year, day.month, day.day);
            prop_assert_eq!(parse(&text).map(|moment| moment.day), Some(days));
        }
    }
}
