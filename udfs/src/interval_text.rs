//! Intervals as PostgreSQL writes them: `1 year 2 mons -3 days +04:05:06.5`.

use std::fmt::Write;

use arrow::datatypes::IntervalMonthDayNano;

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

/// The difference of two timestamps as an interval: days, and a time of less than one.
pub(crate) fn of_micros(micros: i64) -> IntervalMonthDayNano {
    let days = (micros / MICROS_PER_DAY) as i32;
    IntervalMonthDayNano::new(0, days, micros % MICROS_PER_DAY * 1000)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::IntervalMonthDayNano;

    use super::{of_micros, write_interval};

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
    fn differences_have_days() {
        assert_eq!(of_micros(90_000_000_000), IntervalMonthDayNano::new(0, 1, 3_600_000_000_000));
        assert_eq!(of_micros(-90_000_000_000), IntervalMonthDayNano::new(0, -1, -3_600_000_000_000));
    }
}
