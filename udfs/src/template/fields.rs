//! What a text said, field by field, and the date or timestamp it comes to.

use datafusion_common::{Result, exec_err};

use super::calendar::{
    Day, MICROS_PER_DAY, MICROS_PER_SECOND, POSTGRES_EPOCH_MICROS, days_in_month, is_leap_year, iso_week_julian,
};
use super::keyword::{Convention, Key};
use super::pattern::Field;

/// The fields of a text; 0 is a field that was not there (or was 0: PostgreSQL tells no difference).
#[derive(Default, Debug)]
pub(crate) struct Fields {
    convention: Option<Convention>,
    hour: i64,
    twelve_hours: bool,
    afternoon: i64,
    minute: i64,
    second: i64,
    second_of_day: i64,
    millisecond: i64,
    microsecond: i64,
    /// 1 is Sunday.
    day_of_week: i64,
    day: i64,
    day_of_year: i64,
    month: i64,
    year: i64,
    before_christ: i64,
    week: i64,
    week_of_month: i64,
    century: i64,
    julian: i64,
    /// How many digits of the year the pattern had.
    pub(super) year_digits: usize,
    /// The digits of an `FF1` to `FF6`, to which the timestamp is rounded.
    fraction_digits: Option<usize>,
    /// -1 or 1 where a zone was read.
    pub(super) zone_sign: i64,
    zone_hour: i64,
    zone_minute: i64,
}

impl Fields {
    pub(super) fn set_convention(&mut self, key: Key) -> Result<()> {
        let Some(convention) = key.convention() else {
            return Ok(());
        };
        if *self.convention.get_or_insert(convention) != convention {
            return exec_err!(
                "invalid combination of date conventions: Do not mix Gregorian and ISO week date conventions in a \
                 formatting template."
            );
        }
        Ok(())
    }

    /// Takes a number that was read with `digits` characters.
    pub(super) fn set_number(&mut self, field: &Field, value: i64, digits: usize) -> Result<()> {
        let value = match field.key {
            // "25" is 0.25 as "250" is; "025" is not.
            Key::Millisecond => value * 10i64.pow(3usize.saturating_sub(digits) as u32),
            Key::Microsecond | Key::Fraction(_) => value * 10i64.pow(6usize.saturating_sub(digits) as u32),
            Key::IsoDayOfWeek if value >= 7 => 1,
            Key::IsoDayOfWeek => value + 1,
            Key::Year(width) | Key::IsoYear(width) if width < 4 && digits < 4 => nearest_to_2020(value),
            _ => value,
        };
        match field.key {
            Key::Hour12 => self.twelve_hours = true,
            Key::Year(width) | Key::IsoYear(width) => self.year_digits = width,
            Key::Fraction(digits) => self.fraction_digits = Some(digits),
            Key::ZoneMinute if self.zone_sign == 0 => self.zone_sign = 1,
            _ => {}
        }
        self.set(field, value)
    }

    /// Takes a name, by its index in the list of names.
    pub(super) fn set_name(&mut self, field: &Field, index: i64) -> Result<()> {
        match field.key {
            Key::Meridiem(_, _) => self.twelve_hours = true,
            Key::DayName(_) | Key::DayAbbreviation(_) => {
                set(&mut self.day_of_week, index, field)?;
                self.day_of_week += 1;
                return Ok(());
            }
            Key::MonthName(_) | Key::MonthAbbreviation(_) | Key::RomanMonth(_) => return self.set(field, index + 1),
            _ => {}
        }
        self.set(field, index)
    }

    pub(super) fn set(&mut self, field: &Field, value: i64) -> Result<()> {
        let place = match field.key {
            Key::Hour12 | Key::Hour24 => &mut self.hour,
            Key::Meridiem(_, _) => &mut self.afternoon,
            Key::Minute => &mut self.minute,
            Key::Second => &mut self.second,
            Key::SecondOfDay => &mut self.second_of_day,
            Key::Millisecond => &mut self.millisecond,
            Key::Microsecond | Key::Fraction(_) => &mut self.microsecond,
            Key::DayOfWeek | Key::IsoDayOfWeek => &mut self.day_of_week,
            Key::DayOfMonth => &mut self.day,
            Key::DayOfYear | Key::IsoDayOfYear => &mut self.day_of_year,
            Key::Month | Key::MonthName(_) | Key::MonthAbbreviation(_) | Key::RomanMonth(_) => &mut self.month,
            Key::Year(_) | Key::IsoYear(_) | Key::YearWithComma => &mut self.year,
            Key::Era(_, _) => &mut self.before_christ,
            Key::Week | Key::IsoWeek => &mut self.week,
            Key::WeekOfMonth => &mut self.week_of_month,
            Key::Century => &mut self.century,
            Key::JulianDay => &mut self.julian,
            Key::ZoneHour => &mut self.zone_hour,
            Key::ZoneMinute => &mut self.zone_minute,
            // A quarter does not say which day: read and left aside, as in PostgreSQL.
            _ => return Ok(()),
        };
        set(place, value, field)
    }

    /// Days since 1970-01-01. `text` is what the error message quotes.
    pub(crate) fn date(mut self, text: &str) -> Result<i32> {
        let (day, _) = self.resolve(text)?;
        match i32::try_from(day.unix()) {
            Ok(days) if day.is_in_range() && day.julian() >= 0 => Ok(days),
            _ => exec_err!("date out of range: \"{text}\""),
        }
    }

    /// Microseconds since 1970-01-01 00:00:00 UTC. `text` is what the error message quotes.
    pub(crate) fn timestamp(mut self, text: &str) -> Result<i64> {
        let (day, time) = self.resolve(text)?;
        let offset = self.zone_sign * (self.zone_hour * 3600 + self.zone_minute * 60) * MICROS_PER_SECOND;
        let micros = day.unix().checked_mul(MICROS_PER_DAY).and_then(|start| start.checked_add(time - offset));
        match micros {
            Some(micros) if day.is_in_range() && day.julian() >= 0 => Ok(round_fraction(micros, self.fraction_digits)),
            _ => exec_err!("timestamp out of range"),
        }
    }

    /// The day, and the microseconds since its midnight.
    fn resolve(&mut self, text: &str) -> Result<(Day, i64)> {
        let time = self.time_of_day()?;
        let (year, has_year) = self.year();
        let mut day = Day { year, month: 1, day: 1 };
        let (mut has_month, mut has_day, mut has_date) = (false, false, false);
        if self.julian != 0 {
            day = Day::from_julian(self.julian);
            has_date = true;
        }
        if self.week != 0 && self.convention == Some(Convention::IsoWeek) {
            day = self.iso_week_day(day.year);
            has_date = true;
        } else if self.week != 0 {
            self.day_of_year = (self.week - 1) * 7 + 1;
        }
        if self.week_of_month != 0 {
            self.day = (self.week_of_month - 1) * 7 + 1;
        }
        if self.day != 0 {
            (day.day, has_day) = (self.day, true);
        }
        if self.month != 0 {
            (day.month, has_month) = (self.month, true);
        }
        if self.day_of_year != 0 && (day.month <= 1 || day.day <= 1) {
            self.apply_day_of_year(&mut day)?;
            (has_month, has_day) = (true, true);
            has_date |= self.convention == Some(Convention::IsoWeek);
        }
        let month_ok = !(has_month || has_date) || (1..=12).contains(&day.month);
        let day_ok = !(has_day || has_date) || (1..=31).contains(&day.day);
        let whole = has_date || (has_year && has_month && has_day);
        let fits = month_ok && day_ok && (!whole || day.day <= days_in_month(day.year, day.month));
        let zone_fits =
            self.zone_sign == 0 || ((0..=15).contains(&self.zone_hour) && (0..60).contains(&self.zone_minute));
        if !zone_fits {
            return exec_err!("time zone displacement out of range: \"{text}\"");
        }
        match time {
            Some(time) if fits => Ok((day, time)),
            _ => exec_err!("date/time field value out of range: \"{text}\""),
        }
    }

    /// Microseconds since midnight, `None` when out of range.
    fn time_of_day(&self) -> Result<Option<i64>> {
        let of_day = self.second_of_day;
        let or = |field: i64, derived: i64| if field != 0 { field } else { derived };
        let mut hour = or(self.hour, of_day / 3600);
        let minute = or(self.minute, of_day % 3600 / 60);
        let second = or(self.second, of_day % 60);
        if self.twelve_hours {
            if !(1..=12).contains(&hour) {
                return exec_err!(
                    "hour \"{hour}\" is invalid for the 12-hour clock: Use the 24-hour clock, or give an hour between \
                     1 and 12."
                );
            }
            hour = hour % 12 + if self.afternoon != 0 { 12 } else { 0 };
        }
        let fraction = self.millisecond * 1000 + self.microsecond;
        let in_range = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..MICROS_PER_SECOND).contains(&fraction);
        Ok(in_range.then_some(((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + fraction))
    }

    /// The year, with 1 BC as 0, and whether one was given.
    fn year(&self) -> (i64, bool) {
        let century = if self.before_christ != 0 { -self.century } else { self.century };
        if self.year != 0 && self.century != 0 && self.year_digits <= 2 {
            // The 21st century is 2001 to 2100, the 6th before Christ 600 to 501 BC.
            let year = self.year % 100;
            let year = match (year, century >= 0) {
                (0, true) => century * 100,
                (0, false) => century * 100 + 1,
                (_, true) => (century - 1) * 100 + year,
                (_, false) => (century + 1) * 100 - year + 1,
            };
            (year, true)
        } else if self.year != 0 {
            let year = if self.before_christ != 0 { -self.year } else { self.year };
            (if year < 0 { year + 1 } else { year }, true)
        } else if century != 0 {
            (if century >= 0 { (century - 1) * 100 + 1 } else { century * 100 + 1 }, true)
        } else {
            (0, false)
        }
    }

    fn iso_week_day(&self, year: i64) -> Day {
        let monday = iso_week_julian(year, self.week);
        let offset = match self.day_of_week {
            0 => 0,
            1 => 6,
            weekday => weekday - 2,
        };
        Day::from_julian(monday + offset)
    }

    fn apply_day_of_year(&self, day: &mut Day) -> Result<()> {
        if day.year == 0 && self.before_christ == 0 {
            return exec_err!("cannot calculate day of year without year information");
        }
        if self.convention == Some(Convention::IsoWeek) {
            *day = Day::from_julian(iso_week_julian(day.year, 1) - 1 + self.day_of_year);
            return Ok(());
        }
        let mut month = 1;
        let mut before = 0;
        while month <= 12 && self.day_of_year > before + days_in_month(day.year, month) {
            before += days_in_month(day.year, month);
            month += 1;
        }
        if month > 12 {
            before = if is_leap_year(day.year) { 366 } else { 365 };
        }
        if day.month <= 1 {
            day.month = month;
        }
        if day.day <= 1 {
            day.day = self.day_of_year - before;
        }
        Ok(())
    }
}

/// Rounds to so many digits of the second, half away from 2000-01-01, from where PostgreSQL counts.
fn round_fraction(micros: i64, digits: Option<usize>) -> i64 {
    let step = digits.map_or(1, |digits| 10i64.pow(6 - digits as u32));
    let since_2000 = micros - POSTGRES_EPOCH_MICROS;
    let rounded = (since_2000.abs() + step / 2) / step * step;
    since_2000.signum() * rounded + POSTGRES_EPOCH_MICROS
}

/// A year of up to three digits, completed to the one nearest to 2020.
pub(super) fn nearest_to_2020(year: i64) -> i64 {
    match year {
        ..70 => year + 2000,
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

fn set(place: &mut i64, value: i64, field: &Field) -> Result<()> {
    if *place != 0 && *place != value {
        return exec_err!(
            "conflicting values for \"{}\" field in formatting string: This value contradicts a previous setting for \
             the same field type.",
            field.name
        );
    }
    *place = value;
    Ok(())
}
