//! A text read by a date pattern to the letter: what `try_to_date` does.

use datafusion_common::{Result, plan_err};

use super::calendar::{Day, MONTHS, WEEKDAYS, days_in_month, is_leap_year};
use super::fields::nearest_to_2020;
use super::keyword::Key;
use super::pattern::{Field, Node, Template};

/// A date pattern in which every field can be read exactly.
#[derive(Debug)]
pub(crate) struct StrictTemplate(Template);

impl StrictTemplate {
    /// Takes a pattern apart; an error names the first field that has no strict reading.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let template = Template::parse(pattern);
        for node in &template.nodes {
            if let Node::Field(field) = node
                && (digits(field).is_none() && names(field).is_none() || field.ordinal.is_some())
            {
                return plan_err!(
                    "try_to_date does not know the field \"{}\" of the pattern \"{pattern}\"; it knows YYYY, YY, MM, Month, \
                     Mon, DD, DDD, Day, Dy, HH24, HH12, HH, MI, SS, MS and US, with or without FM",
                    field.name
                );
            }
        }
        Ok(Self(template))
    }

    /// Days since 1970-01-01 when the whole text fits the pattern and is a date that exists, with a time that exists
    /// where the pattern has one.
    pub(crate) fn date(&self, text: &str) -> Option<i32> {
        let mut rest = text;
        let mut date = Date { year: None, month: 1, day: 1, day_of_year: None };
        for node in &self.0.nodes {
            match node {
                Node::Field(field) => rest = date.take(field, rest)?,
                Node::Literal(character) | Node::Separator(character) | Node::Space(character) => {
                    rest = rest.strip_prefix(*character)?;
                }
            }
        }
        if rest.is_empty() { date.unix() } else { None }
    }
}

struct Date {
    year: Option<i64>,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
}

impl Date {
    /// Reads one field from the start of `text` and returns what is behind it.
    fn take<'a>(&mut self, field: &Field, text: &'a str) -> Option<&'a str> {
        if let Some((names, letters)) = names(field) {
            let (index, len) = names.iter().enumerate().find_map(|(index, name)| {
                let name = &name[..name.len().min(letters)];
                let start = text.as_bytes().get(..name.len())?;
                start.eq_ignore_ascii_case(name.as_bytes()).then_some((index, name.len()))
            })?;
            if matches!(field.key, Key::MonthName(_) | Key::MonthAbbreviation(_)) {
                self.month = index as i64 + 1;
            }
            return Some(&text[len..]);
        }
        let width = digits(field)?;
        let len = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
        if len == 0 || (len < width && !field.fill) {
            return None;
        }
        let value: i64 = text[..len].parse().ok()?;
        let fits = match field.key {
            Key::Hour24 => value < 24,
            Key::Hour12 => (1..=12).contains(&value),
            Key::Minute | Key::Second => value < 60,
            _ => true,
        };
        match field.key {
            Key::Year(4) => self.year = Some(value),
            Key::Year(_) => self.year = Some(nearest_to_2020(value)),
            Key::Month => self.month = value,
            Key::DayOfMonth => self.day = value,
            Key::DayOfYear => self.day_of_year = Some(value),
            _ => {}
        }
        fits.then(|| &text[len..])
    }

    fn unix(self) -> Option<i32> {
        let year = self.year.filter(|year| *year > 0)?;
        let day = match self.day_of_year {
            Some(day) if (1..=365 + i64::from(is_leap_year(year))).contains(&day) => Day { year, month: 1, day },
            Some(_) => return None,
            None => Day { year, month: self.month, day: self.day },
        };
        let exists = self.day_of_year.is_some()
            || ((1..=12).contains(&day.month) && (1..=days_in_month(year, day.month)).contains(&day.day));
        if exists { i32::try_from(day.unix()).ok() } else { None }
    }
}

/// The number of digits of a numeric field.
fn digits(field: &Field) -> Option<usize> {
    match field.key {
        Key::Year(4) => Some(4),
        Key::Year(2) | Key::Month | Key::DayOfMonth | Key::Hour12 | Key::Hour24 | Key::Minute | Key::Second => Some(2),
        Key::DayOfYear | Key::Millisecond => Some(3),
        Key::Microsecond => Some(6),
        _ => None,
    }
}

/// The names that a field can have, and to how many letters they are cut.
fn names(field: &Field) -> Option<(&'static [&'static str], usize)> {
    match field.key {
        Key::MonthName(_) => Some((&MONTHS, usize::MAX)),
        Key::MonthAbbreviation(_) => Some((&MONTHS, 3)),
        Key::DayName(_) => Some((&WEEKDAYS, usize::MAX)),
        Key::DayAbbreviation(_) => Some((&WEEKDAYS, 3)),
        _ => None,
    }
}
