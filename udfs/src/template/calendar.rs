//! The proleptic Gregorian calendar over the whole range of PostgreSQL's dates; year 0 is 1 BC.

/// Julian day number of 1970-01-01.
pub(crate) const UNIX_EPOCH_JULIAN: i64 = 2_440_588;
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;
pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds from 1970-01-01 to 2000-01-01, from where PostgreSQL counts.
pub(crate) const POSTGRES_EPOCH_MICROS: i64 = 946_684_800 * MICROS_PER_SECOND;

/// A day; month and day count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Day {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

impl Day {
    /// The day with this Julian day number.
    pub(crate) fn from_julian(julian: i64) -> Self {
        // Count days from 0000-03-01 of a 400-year era, whose last day is the leap day.
        let days = julian - 1_721_120;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// The day so many days after 1970-01-01.
    pub(crate) fn from_unix(days: i64) -> Self {
        Self::from_julian(days + UNIX_EPOCH_JULIAN)
    }

    /// Julian day number; a month or day beyond its range counts on into the next.
    pub(crate) fn julian(self) -> i64 {
        let year = self.year + (self.month - 1).div_euclid(12);
        let month = (self.month - 1).rem_euclid(12) + 1;
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year + 1_721_120
    }

    /// Days since 1970-01-01.
    pub(crate) fn unix(self) -> i64 {
        self.julian() - UNIX_EPOCH_JULIAN
    }

    /// Whether PostgreSQL's calendar reaches this far: 4714-11-24 BC to 5874898-06-03.
    pub(crate) fn is_in_range(self) -> bool {
        (self.year > -4713 || (self.year == -4713 && self.month >= 11))
            && (self.year < 5_874_898 || (self.year == 5_874_898 && self.month < 6))
    }

    /// 0 is Sunday.
    pub(crate) fn weekday(self) -> i64 {
        (self.julian() + 1).rem_euclid(7)
    }

    /// 1 is the first of January.
    pub(crate) fn day_of_year(self) -> i64 {
        self.julian() - Self { year: self.year, month: 1, day: 1 }.julian() + 1
    }

    /// The year that the ISO week of this day belongs to, and that week's number.
    pub(crate) fn iso_year_and_week(self) -> (i64, i64) {
        let julian = self.julian();
        let year = (self.year - 1..=self.year + 1).rev().find(|year| iso_week_julian(*year, 1) <= julian);
        let year = year.unwrap_or(self.year);
        (year, (julian - iso_week_julian(year, 1)) / 7 + 1)
    }
}

/// Julian day number of the Monday that begins this ISO week.
pub(crate) fn iso_week_julian(year: i64, week: i64) -> i64 {
    let fourth = Day { year, month: 1, day: 4 }.julian();
    fourth - fourth.rem_euclid(7) + (week - 1) * 7
}

pub(crate) fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The number of days of a month from 1 to 12.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(crate) const MONTHS: [&str; 12] = [
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

/// From Sunday.
pub(crate) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// From December, so that none is found inside a longer one.
pub(super) const ROMAN_MONTHS: [&str; 12] = ["XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"];
