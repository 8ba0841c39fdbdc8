//! Intervals as PostgreSQL writes and reads them: `1 year 2 mons -3 days +04:05:06.5`.

use std::fmt::Write;

use arrow::datatypes::IntervalMonthDayNano;

use crate::moment_text::time_of;
use crate::template::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND};

/// Appends `interval` to `text`. A sign is written after a part that has the other one.
pub(crate) fn write_interval(interval: IntervalMonthDayNano, text: &mut String) {
    let start = text.len();
    let mut after_negative = false;
    let units = [
        (i64::from(interval.months / 12), "year"),
        (i64::from(interval.months % 12), "mon"),
        (i64::from(interval.days), "day"),
    ];
    for (count, unit) in units.into_iter().filter(|(count, _)| *count != 0) {
        let space = if text.len() > start { " " } else { "" };
        let sign = if after_negative && count > 0 { "+" } else { "" };
        let plural = if count == 1 { "" } else { "s" };
        let _ = write!(text, "{space}{sign}{count} {unit}{plural}");
        after_negative = count < 0;
    }
    let micros = interval.nanoseconds / 1000;
    if micros == 0 && text.len() > start {
        return;
    }
    let space = if text.len() > start { " " } else { "" };
    let sign = match micros {
        ..0 => "-",
        _ if after_negative => "+",
        _ => "",
    };
    let (seconds, fraction) =
        (micros.unsigned_abs() / MICROS_PER_SECOND as u64, micros.unsigned_abs() % MICROS_PER_SECOND as u64);
    let _ = write!(text, "{space}{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let digits = format!(".{fraction:06}");
        text.push_str(digits.trim_end_matches('0'));
    }
}

/// Months, days and microseconds of a text such as `1 month - 1 day` or `01:30:00`; `None` when it is none.
pub fn parse_interval(text: &str) -> Option<(i32, i32, i64)> {
    let mut total = Total::default();
    let mut sign = 1.0;
    let mut number: Option<f64> = None;
    let mut is_empty = true;
    for word in text.split_ascii_whitespace() {
        let (word_sign, word) = match word.split_at_checked(1)? {
            ("-", rest) => (-1.0, rest),
            ("+", rest) => (1.0, rest),
            _ => (1.0, word),
        };
        sign *= word_sign;
        if word.is_empty() {
            continue;
        }
        is_empty = false;
        if word.contains(':') {
            total.micros += sign * time_of(word)? as f64;
            sign = 1.0;
            continue;
        }
        let end = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        if end > 0 {
            if number.replace(sign * word[..end].parse::<f64>().ok()?).is_some() {
                return None;
            }
            sign = 1.0;
        }
        match &word[end..] {
            "" => {}
            unit => total.add(number.take()?, &unit.to_ascii_lowercase())?,
        }
    }
    if is_empty || number.is_some() {
        return None;
    }
    total.parts()
}

#[derive(Default)]
struct Total {
    months: f64,
    days: f64,
    micros: f64,
}

impl Total {
    fn add(&mut self, number: f64, unit: &str) -> Option<()> {
        const SECOND: f64 = MICROS_PER_SECOND as f64;
        match unit {
            "century" | "centuries" => self.months += (number * 1200.0).round(),
            "decade" | "decades" => self.months += (number * 120.0).round(),
            "year" | "years" | "yr" | "yrs" | "y" => self.months += (number * 12.0).round(),
            "month" | "months" | "mon" | "mons" => {
                self.months += number.trunc();
                self.days += number.fract() * 30.0;
            }
            "week" | "weeks" | "w" => self.days += number * 7.0,
            "day" | "days" | "d" => self.days += number,
            "hour" | "hours" | "hr" | "hrs" | "h" => self.micros += number * 3600.0 * SECOND,
            "minute" | "minutes" | "min" | "mins" | "m" => self.micros += number * 60.0 * SECOND,
            "second" | "seconds" | "sec" | "secs" | "s" => self.micros += number * SECOND,
            "millisecond" | "milliseconds" | "ms" => self.micros += number * 1000.0,
            "microsecond" | "microseconds" | "us" => self.micros += number,
            _ => return None,
        }
        Some(())
    }

    fn parts(&self) -> Option<(i32, i32, i64)> {
        let micros = (self.micros + self.days.fract() * MICROS_PER_DAY as f64).round();
        let fits = |part: f64| (part.abs() <= f64::from(i32::MAX)).then_some(part as i32);
        (micros.abs() < 9e15).then_some((fits(self.months)?, fits(self.days.trunc())?, micros as i64))
    }
}

/// The difference of two timestamps as an interval: days, and a time of less than one.
pub(crate) fn of_micros(micros: i64) -> IntervalMonthDayNano {
    let days = (micros / MICROS_PER_DAY) as i32;
    IntervalMonthDayNano::new(0, days, micros % MICROS_PER_DAY * 1000)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::IntervalMonthDayNano;

    use super::{of_micros, parse_interval, write_interval};

    #[test]
    fn intervals_are_written() {
        for (months, days, millis, expected) in [
            (0, 0, 0, "00:00:00"),
            (0, 1, 0, "1 day"),
            (14, 3, 14_706_500, "1 year 2 mons 3 days 04:05:06.5"),
            (-14, 3, 0, "-1 years -2 mons +3 days"),
            (0, -1, 3_600_000, "-1 days +01:00:00"),
            (0, 1, -3_600_000, "1 day -01:00:00"),
            (0, 0, 129_600_000, "36:00:00"),
        ] {
            let mut text = String::new();
            write_interval(IntervalMonthDayNano::new(months, days, millis * 1_000_000), &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn intervals_are_read() {
        const HOUR: i64 = 3_600_000_000;
        for (text, expected) in [
            ("1 day", (0, 1, 0)),
            ("1 month - 1 day", (1, -1, 0)),
            ("01:30:00", (0, 0, HOUR + HOUR / 2)),
            ("-01:30", (0, 0, -(HOUR + HOUR / 2))),
            ("1 year 2 mons -3 days +04:05:06.5", (14, -3, 4 * HOUR + 306_500_000)),
            ("1.5 hours", (0, 0, HOUR + HOUR / 2)),
            ("1.5 months", (1, 15, 0)),
            ("0.5 day", (0, 0, 12 * HOUR)),
            ("2weeks", (0, 14, 0)),
            ("90 minutes", (0, 0, HOUR + HOUR / 2)),
        ] {
            assert_eq!(parse_interval(text), Some(expected), "{text}");
        }
        for text in ["", "1", "day", "1 2 days", "1 fortnight", "1:99", "é", "1 é", "-"] {
            assert_eq!(parse_interval(text), None, "{text}");
        }
    }

    #[test]
    fn differences_have_days() {
        assert_eq!(of_micros(90_000_000_000), IntervalMonthDayNano::new(0, 1, 3_600_000_000_000));
        assert_eq!(of_micros(-90_000_000_000), IntervalMonthDayNano::new(0, -1, -3_600_000_000_000));
    }
}
