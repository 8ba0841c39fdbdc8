//! The words of a date pattern.

/// How a name is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    Upper,
    Capital,
    Lower,
}

/// What a keyword stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Century,
    DayName(Case),
    DayAbbreviation(Case),
    DayOfYear,
    DayOfMonth,
    /// 1 is Sunday.
    DayOfWeek,
    /// `AD`, `B.C.`; the flag is for the dots.
    Era(Case, bool),
    /// From here on widths are exact and blanks are not skipped.
    FixedFormat,
    /// So many digits of the second's fraction.
    Fraction(usize),
    Hour12,
    Hour24,
    /// 1 is Monday.
    IsoDayOfWeek,
    IsoDayOfYear,
    IsoWeek,
    /// With so many digits.
    IsoYear(usize),
    JulianDay,
    /// `AM`, `p.m.`; the flag is for the dots.
    Meridiem(Case, bool),
    Microsecond,
    Millisecond,
    Minute,
    Month,
    MonthName(Case),
    MonthAbbreviation(Case),
    Quarter,
    RomanMonth(Case),
    Second,
    SecondOfDay,
    Week,
    WeekOfMonth,
    /// With so many digits.
    Year(usize),
    YearWithComma,
    Zone(Case),
    ZoneHour,
    ZoneMinute,
    ZoneOffset,
}

/// The two ways to count years, weeks and days, which one pattern must not mix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Convention {
    Gregorian,
    IsoWeek,
}

impl Key {
    /// The convention that the key belongs to, if it does to one.
    pub(super) fn convention(self) -> Option<Convention> {
        match self {
            Self::DayOfYear
            | Self::DayOfMonth
            | Self::DayOfWeek
            | Self::Month
            | Self::MonthName(_)
            | Self::MonthAbbreviation(_)
            | Self::RomanMonth(_)
            | Self::Week
            | Self::WeekOfMonth
            | Self::Year(_)
            | Self::YearWithComma => Some(Convention::Gregorian),
            Self::IsoDayOfWeek | Self::IsoDayOfYear | Self::IsoWeek | Self::IsoYear(_) => Some(Convention::IsoWeek),
            _ => None,
        }
    }

    /// Whether its text begins with a digit, so that a number in front of it ends at its full width.
    pub(super) fn is_digits(self) -> bool {
        !matches!(
            self,
            Self::DayName(_)
                | Self::DayAbbreviation(_)
                | Self::Era(_, _)
                | Self::FixedFormat
                | Self::Fraction(_)
                | Self::Meridiem(_, _)
                | Self::MonthName(_)
                | Self::MonthAbbreviation(_)
                | Self::RomanMonth(_)
                | Self::Zone(_)
                | Self::ZoneHour
                | Self::ZoneOffset
        )
    }
}

use Case::{Capital, Lower, Upper};

/// Every keyword; of two that begin alike the longer one comes first.
pub(super) const KEYWORDS: &[(&str, Key)] = &[
    ("A.D.", Key::Era(Upper, true)),
    ("A.M.", Key::Meridiem(Upper, true)),
    ("AD", Key::Era(Upper, false)),
    ("AM", Key::Meridiem(Upper, false)),
    ("B.C.", Key::Era(Upper, true)),
    ("BC", Key::Era(Upper, false)),
    ("CC", Key::Century),
    ("DAY", Key::DayName(Upper)),
    ("DDD", Key::DayOfYear),
    ("DD", Key::DayOfMonth),
    ("DY", Key::DayAbbreviation(Upper)),
    ("Day", Key::DayName(Capital)),
    ("Dy", Key::DayAbbreviation(Capital)),
    ("D", Key::DayOfWeek),
    ("FF1", Key::Fraction(1)),
    ("FF2", Key::Fraction(2)),
    ("FF3", Key::Fraction(3)),
    ("FF4", Key::Fraction(4)),
    ("FF5", Key::Fraction(5)),
    ("FF6", Key::Fraction(6)),
    ("FX", Key::FixedFormat),
    ("HH24", Key::Hour24),
    ("HH12", Key::Hour12),
    ("HH", Key::Hour12),
    ("IDDD", Key::IsoDayOfYear),
    ("ID", Key::IsoDayOfWeek),
    ("IW", Key::IsoWeek),
    ("IYYY", Key::IsoYear(4)),
    ("IYY", Key::IsoYear(3)),
    ("IY", Key::IsoYear(2)),
    ("I", Key::IsoYear(1)),
    ("J", Key::JulianDay),
    ("MI", Key::Minute),
    ("MM", Key::Month),
    ("MONTH", Key::MonthName(Upper)),
    ("MON", Key::MonthAbbreviation(Upper)),
    ("MS", Key::Millisecond),
    ("Month", Key::MonthName(Capital)),
    ("Mon", Key::MonthAbbreviation(Capital)),
    ("OF", Key::ZoneOffset),
    ("P.M.", Key::Meridiem(Upper, true)),
    ("PM", Key::Meridiem(Upper, false)),
    ("Q", Key::Quarter),
    ("RM", Key::RomanMonth(Upper)),
    ("SSSSS", Key::SecondOfDay),
    ("SSSS", Key::SecondOfDay),
    ("SS", Key::Second),
    ("TZH", Key::ZoneHour),
    ("TZM", Key::ZoneMinute),
    ("TZ", Key::Zone(Upper)),
    ("US", Key::Microsecond),
    ("WW", Key::Week),
    ("W", Key::WeekOfMonth),
    ("Y,YYY", Key::YearWithComma),
    ("YYYY", Key::Year(4)),
    ("YYY", Key::Year(3)),
    ("YY", Key::Year(2)),
    ("Y", Key::Year(1)),
    ("a.d.", Key::Era(Lower, true)),
    ("a.m.", Key::Meridiem(Lower, true)),
    ("ad", Key::Era(Lower, false)),
    ("am", Key::Meridiem(Lower, false)),
    ("b.c.", Key::Era(Lower, true)),
    ("bc", Key::Era(Lower, false)),
    ("cc", Key::Century),
    ("day", Key::DayName(Lower)),
    ("ddd", Key::DayOfYear),
    ("dd", Key::DayOfMonth),
    ("dy", Key::DayAbbreviation(Lower)),
    ("d", Key::DayOfWeek),
    ("ff1", Key::Fraction(1)),
    ("ff2", Key::Fraction(2)),
    ("ff3", Key::Fraction(3)),
    ("ff4", Key::Fraction(4)),
    ("ff5", Key::Fraction(5)),
    ("ff6", Key::Fraction(6)),
    ("fx", Key::FixedFormat),
    ("hh24", Key::Hour24),
    ("hh12", Key::Hour12),
    ("hh", Key::Hour12),
    ("iddd", Key::IsoDayOfYear),
    ("id", Key::IsoDayOfWeek),
    ("iw", Key::IsoWeek),
    ("iyyy", Key::IsoYear(4)),
    ("iyy", Key::IsoYear(3)),
    ("iy", Key::IsoYear(2)),
    ("i", Key::IsoYear(1)),
    ("j", Key::JulianDay),
    ("mi", Key::Minute),
    ("mm", Key::Month),
    ("month", Key::MonthName(Lower)),
    ("mon", Key::MonthAbbreviation(Lower)),
    ("ms", Key::Millisecond),
    ("of", Key::ZoneOffset),
    ("p.m.", Key::Meridiem(Lower, true)),
    ("pm", Key::Meridiem(Lower, false)),
    ("q", Key::Quarter),
    ("rm", Key::RomanMonth(Lower)),
    ("sssss", Key::SecondOfDay),
    ("ssss", Key::SecondOfDay),
    ("ss", Key::Second),
    ("tzh", Key::ZoneHour),
    ("tzm", Key::ZoneMinute),
    ("tz", Key::Zone(Lower)),
    ("us", Key::Microsecond),
    ("ww", Key::Week),
    ("w", Key::WeekOfMonth),
    ("y,yyy", Key::YearWithComma),
    ("yyyy", Key::Year(4)),
    ("yyy", Key::Year(3)),
    ("yy", Key::Year(2)),
    ("y", Key::Year(1)),
];
