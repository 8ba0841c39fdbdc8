//! The units of `extract`, `date_part` and `date_trunc`.

use arrow::datatypes::IntervalMonthDayNano;
use datafusion_common::{Result, exec_err};

use crate::template::calendar::{Day, MICROS_PER_DAY, MICROS_PER_SECOND, iso_week_julian};

/// A unit of time, or a field computed from a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DateUnit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    /// 0 is Sunday.
    DayOfWeek,
    /// 1 is Monday.
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Julian,
    Epoch,
    Zone,
}

impl DateUnit {
    /// The unit of that name, in any case, in the singular or plural or one of PostgreSQL's abbreviations.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "microsecond" | "microseconds" | "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => {
                Self::Microsecond
            }
            "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => {
                Self::Millisecond
            }
            "second" | "seconds" | "s" | "sec" | "secs" => Self::Second,
            "minute" | "minutes" | "m" | "min" | "mins" => Self::Minute,
            "hour" | "hours" | "h" | "hr" | "hrs" => Self::Hour,
            "day" | "days" | "d" => Self::Day,
            "week" | "weeks" | "w" => Self::Week,
            "month" | "months" | "mon" | "mons" => Self::Month,
            "quarter" | "qtr" => Self::Quarter,
            "year" | "years" | "y" | "yr" | "yrs" => Self::Year,
            "decade" | "decades" | "dec" | "decs" => Self::Decade,
            "century" | "centuries" | "c" | "cent" => Self::Century,
            "millennium" | "millennia" | "mil" | "mils" => Self::Millennium,
            "dow" => Self::DayOfWeek,
            "isodow" => Self::IsoDayOfWeek,
            "doy" => Self::DayOfYear,
            "isoyear" => Self::IsoYear,
            "julian" | "j" | "jd" => Self::Julian,
            "epoch" => Self::Epoch,
            "timezone" | "timezone_hour" | "timezone_minute" => Self::Zone,
            _ => return exec_err!("unit \"{name}\" not recognized"),
        })
    }

    /// Decimals of the field of a timestamp or interval.
    pub(crate) fn decimals(self) -> i8 {
        match self {
            Self::Second | Self::Epoch => 6,
            Self::Millisecond => 3,
            Self::Julian => JULIAN_DECIMALS,
            _ => 0,
        }
    }

    /// Whether a date, which has no time of day, has this field.
    pub(crate) fn is_date_field(self) -> bool {
        !matches!(self, Self::Microsecond | Self::Millisecond | Self::Second | Self::Minute | Self::Hour | Self::Zone)
    }

    /// The field of a moment, in days since 1970 and microseconds of the day, as a multiple of 10^-[`Self::decimals`].
    pub(crate) fn of_moment(self, days: i64, time: i64) -> i128 {
        let day = Day::from_unix(days);
        i128::from(match self {
            Self::Julian => return julian(day, time),
            Self::Epoch => return i128::from(days) * i128::from(MICROS_PER_DAY) + i128::from(time),
            Self::Microsecond | Self::Millisecond | Self::Second => time % (60 * MICROS_PER_SECOND),
            Self::Minute => time / (60 * MICROS_PER_SECOND) % 60,
            Self::Hour => time / (3600 * MICROS_PER_SECOND),
            Self::Day => day.day,
            Self::Week => day.iso_year_and_week().1,
            Self::Month => day.month,
            Self::Quarter => (day.month - 1) / 3 + 1,
            // There is no year 0: 1 BC is -1.
            Self::Year => without_zero(day.year),
            Self::IsoYear => without_zero(day.iso_year_and_week().0),
            Self::Decade => day.year.div_euclid(10),
            Self::Century => centuries(day.year, 100),
            Self::Millennium => centuries(day.year, 1000),
            Self::DayOfWeek => day.weekday(),
            Self::IsoDayOfWeek => (day.weekday() + 6) % 7 + 1,
            Self::DayOfYear => day.day_of_year(),
            Self::Zone => 0,
        })
    }

    /// The field of an interval, as a multiple of 10^-[`Self::decimals`]; an error where an interval has none.
    pub(crate) fn of_interval(self, interval: IntervalMonthDayNano) -> Result<i128> {
        let months = i64::from(interval.months);
        let days = i64::from(interval.days);
        let micros = interval.nanoseconds / 1000;
        Ok(i128::from(match self {
            Self::Epoch => {
                // A year counts as 365.25 days, a month beside years as 30.
                let days = i128::from(months / 12) * 1461 + i128::from(months % 12 * 30 + days) * 4;
                return Ok(days * i128::from(MICROS_PER_DAY / 4) + i128::from(micros));
            }
            Self::Microsecond | Self::Millisecond | Self::Second => micros % (60 * MICROS_PER_SECOND),
            Self::Minute => micros / (60 * MICROS_PER_SECOND) % 60,
            Self::Hour => micros / (3600 * MICROS_PER_SECOND),
            Self::Day => days,
            Self::Month => months % 12,
            Self::Quarter => months % 12 / 3 + 1,
            Self::Year => months / 12,
            Self::Decade => months / 120,
            Self::Century => months / 1200,
            Self::Millennium => months / 12_000,
            other => return exec_err!("unit \"{other:?}\" not supported for type interval"),
        }))
    }

    /// The beginning of the unit that a moment, in microseconds since 1970, is in.
    pub(crate) fn truncate(self, micros: i64) -> Result<i64> {
        let floor = |step: i64| micros.div_euclid(step) * step;
        let day = Day::from_unix(micros.div_euclid(MICROS_PER_DAY));
        let month_start = |year, month| Day { year, month, day: 1 }.unix() * MICROS_PER_DAY;
        Ok(match self {
            Self::Microsecond => micros,
            Self::Millisecond => floor(1000),
            Self::Second => floor(MICROS_PER_SECOND),
            Self::Minute => floor(60 * MICROS_PER_SECOND),
            Self::Hour => floor(3600 * MICROS_PER_SECOND),
            Self::Day => floor(MICROS_PER_DAY),
            Self::Week => {
                let (year, week) = day.iso_year_and_week();
                Day::from_julian(iso_week_julian(year, week)).unix() * MICROS_PER_DAY
            }
            Self::Month => month_start(day.year, day.month),
            Self::Quarter => month_start(day.year, (day.month - 1) / 3 * 3 + 1),
            Self::Year => month_start(day.year, 1),
            Self::Decade => month_start(day.year.div_euclid(10) * 10, 1),
            Self::Century => month_start((day.year - 1).div_euclid(100) * 100 + 1, 1),
            Self::Millennium => month_start((day.year - 1).div_euclid(1000) * 1000 + 1, 1),
            other => return exec_err!("unit \"{other:?}\" not supported by date_trunc"),
        })
    }
}

/// Decimals of a Julian day with its fraction.
const JULIAN_DECIMALS: i8 = 20;

fn julian(day: Day, time: i64) -> i128 {
    let scale = 10i128.pow(JULIAN_DECIMALS as u32);
    let per_day = i128::from(MICROS_PER_DAY);
    i128::from(day.julian()) * scale + (i128::from(time) * scale + per_day / 2) / per_day
}

fn without_zero(year: i64) -> i64 {
    if year > 0 { year } else { year - 1 }
}

/// Centuries and the like, of which the first begins with the year 1 and the one before it is -1.
fn centuries(year: i64, years: i64) -> i64 {
    if year > 0 { (year + years - 1) / years } else { -((years - 1 - (year - 1)) / years) }
}
