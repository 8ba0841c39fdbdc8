//! A text read by a date pattern, as leniently as PostgreSQL does.

use datafusion_common::{Result, exec_err};

use super::calendar::{MONTHS, ROMAN_MONTHS, WEEKDAYS};
use super::fields::Fields;
use super::keyword::Key;
use super::pattern::{Field, Node, Template, is_separator, is_space};

impl Template {
    /// What the text says, as far as text and pattern reach; what is left over of either is not looked at.
    pub(crate) fn read(&self, text: &str) -> Result<Fields> {
        let mut reader =
            Reader { rest: text, whole: text, fields: Fields::default(), skipped: 0, fixed: false, nodes: &self.nodes };
        for (index, node) in self.nodes.iter().enumerate() {
            if reader.rest.is_empty() {
                break;
            }
            reader.node(index, node)?;
        }
        Ok(reader.fields)
    }
}

/// The state of reading one text.
struct Reader<'a> {
    rest: &'a str,
    whole: &'a str,
    fields: Fields,
    /// Blanks skipped beyond those that the pattern has.
    skipped: i32,
    fixed: bool,
    nodes: &'a [Node],
}

impl Reader<'_> {
    fn node(&mut self, index: usize, node: &Node) -> Result<()> {
        let is_fixed_key = matches!(node, Node::Field(field) if field.key == Key::FixedFormat);
        if !self.fixed && !is_fixed_key && (index == 0 || matches!(node, Node::Field(_))) {
            self.skip_spaces();
        }
        match node {
            Node::Space(_) | Node::Separator(_) => self.separator(),
            Node::Literal(_) if !self.fixed && self.skipped > 0 => self.skipped -= 1,
            Node::Literal(_) => self.skip_char(),
            Node::Field(field) => {
                self.fields.set_convention(field.key)?;
                self.field(index, field)?;
                if !self.fixed {
                    self.skipped = 0;
                    self.skip_spaces();
                }
            }
        }
        Ok(())
    }

    /// A blank or separator of the pattern: exactly one character in fixed format, else one like it or none.
    fn separator(&mut self) {
        if self.fixed {
            return self.skip_char();
        }
        self.skipped -= 1;
        if self.rest.starts_with(|character| is_space(character) || is_separator(character)) {
            self.skip_char();
            self.skipped += 1;
        }
    }

    fn field(&mut self, index: usize, field: &Field) -> Result<()> {
        match field.key {
            Key::FixedFormat => {
                self.fixed = true;
                return Ok(());
            }
            Key::DayName(_)
            | Key::DayAbbreviation(_)
            | Key::MonthName(_)
            | Key::MonthAbbreviation(_)
            | Key::RomanMonth(_)
            | Key::Meridiem(_, _)
            | Key::Era(_, _) => return self.name(field),
            Key::Zone(_) | Key::ZoneOffset => {
                return exec_err!("formatting field \"{}\" is only supported in to_char", field.name);
            }
            Key::YearWithComma => self.year_with_comma(field)?,
            Key::ZoneHour => {
                self.fields.zone_sign = self.zone_sign();
                let (hour, _) = self.integer(index, field, 2)?;
                self.fields.set(field, hour)?;
            }
            _ => {
                let (value, digits) = self.integer(index, field, width(field))?;
                self.fields.set_number(field, value, digits)?;
            }
        }
        if field.ordinal.is_some() && !matches!(field.key, Key::ZoneHour | Key::ZoneMinute) {
            self.skip_char();
            self.skip_char();
        }
        Ok(())
    }

    /// The minus sign before an hour may have been taken for a separator.
    fn zone_sign(&mut self) -> i64 {
        let read = self.whole.len() - self.rest.len();
        if let Some(sign) = self.rest.chars().next().filter(|sign| matches!(sign, '+' | '-' | ' ')) {
            self.skip_char();
            return if sign == '-' { -1 } else { 1 };
        }
        if self.skipped > 0 && self.whole[..read].ends_with('-') { -1 } else { 1 }
    }

    /// An integer and how many bytes it took: exactly `width` characters when a digit may follow in the pattern.
    fn integer(&mut self, index: usize, field: &Field, width: usize) -> Result<(i64, usize)> {
        let before = self.rest.len();
        let trimmed = self.rest.trim_start_matches(is_space);
        let (value, taken) = if field.fill || self.ends_anywhere(index, field) {
            let (value, taken) = leading_integer(self.rest.as_bytes());
            (value, taken)
        } else {
            let remaining = trimmed.len();
            let copy = &trimmed.as_bytes()[..width.min(remaining)];
            if remaining < width {
                return exec_err!(
                    "source string too short for \"{}\" formatting field: Field requires {width} characters, but only \
                     {remaining} remain. If your source string is not fixed-width, try using the \"FM\" modifier.",
                    field.name
                );
            }
            let (value, taken) = leading_integer(copy);
            if taken > 0 && taken < width {
                return exec_err!(
                    "invalid value \"{}\" for \"{}\": Field requires {width} characters, but only {taken} could be \
                     parsed. If your source string is not fixed-width, try using the \"FM\" modifier.",
                    String::from_utf8_lossy(copy),
                    field.name
                );
            }
            (value, before - remaining + taken)
        };
        if taken == 0 {
            return exec_err!(
                "invalid value \"{}\" for \"{}\": Value must be an integer.",
                trimmed.chars().take(width).collect::<String>(),
                field.name
            );
        }
        self.rest = &self.rest[taken..];
        match i32::try_from(value) {
            Ok(value) => Ok((i64::from(value), taken)),
            Err(_) => exec_err!(
                "value for \"{}\" in source string is out of range: Value must be in the range {} to {}.",
                field.name,
                i32::MIN,
                i32::MAX
            ),
        }
    }

    /// Whether what follows in the pattern cannot be a digit, so that a number ends where its digits do.
    fn ends_anywhere(&self, index: usize, field: &Field) -> bool {
        field.ordinal.is_some()
            || match self.nodes.get(index + 1) {
                None => true,
                Some(Node::Field(next)) => !next.key.is_digits(),
                Some(Node::Literal(next) | Node::Separator(next) | Node::Space(next)) => !next.is_ascii_digit(),
            }
    }

    fn year_with_comma(&mut self, field: &Field) -> Result<()> {
        let invalid = || exec_err!("invalid input string for \"Y,YYY\"");
        let (thousands, taken) = leading_integer(self.rest.as_bytes());
        let Some(behind) = self.rest[taken..].strip_prefix(',') else { return invalid() };
        let blanks = behind.len() - behind.trim_start_matches(is_space).len();
        let years = &behind.as_bytes()[blanks..];
        let (years, digits) = leading_integer(&years[..years.len().min(3)]);
        if taken == 0 || digits == 0 {
            return invalid();
        }
        self.rest = &behind[blanks + digits..];
        self.fields.year_digits = 4;
        self.fields.set(field, thousands.saturating_mul(1000).saturating_add(years))
    }

    /// A name in any case.
    fn name(&mut self, field: &Field) -> Result<()> {
        let found = match field.key {
            Key::DayName(_) => find(self.rest, &WEEKDAYS, usize::MAX),
            Key::DayAbbreviation(_) => find(self.rest, &WEEKDAYS, 3),
            Key::MonthName(_) => find(self.rest, &MONTHS, usize::MAX),
            Key::MonthAbbreviation(_) => find(self.rest, &MONTHS, 3),
            Key::RomanMonth(_) => find(self.rest, &ROMAN_MONTHS, usize::MAX).map(|(index, len)| (11 - index, len)),
            Key::Meridiem(_, dots) => find(self.rest, if dots { &["a.m.", "p.m."] } else { &["am", "pm"] }, usize::MAX),
            Key::Era(_, dots) => find(self.rest, if dots { &["a.d.", "b.c."] } else { &["ad", "bc"] }, usize::MAX),
            _ => None,
        };
        let Some((index, len)) = found else {
            return exec_err!(
                "invalid value \"{}\" for \"{}\": The given value did not match any of the allowed values for this field.",
                self.rest.split(is_space).next().unwrap_or_default(),
                field.name
            );
        };
        self.rest = &self.rest[len..];
        self.fields.set_name(field, index as i64)
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest.trim_start_matches(is_space);
        self.skipped += (self.rest.len() - rest.len()) as i32;
        self.rest = rest;
    }

    fn skip_char(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }
}

/// The characters that a number takes when digits follow it in the pattern.
fn width(field: &Field) -> usize {
    match field.key {
        Key::Hour12 | Key::Hour24 | Key::ZoneMinute => 2,
        Key::Millisecond | Key::IsoDayOfYear => 3,
        Key::Microsecond => 6,
        Key::Fraction(digits) => digits,
        Key::IsoDayOfWeek => 1,
        _ => field.name.len(),
    }
}

/// Blanks, a sign and digits from the start, as C's `strtol` reads them; 0 bytes when there is no digit.
fn leading_integer(text: &[u8]) -> (i64, usize) {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let (sign, signed) = match text.get(blanks) {
        Some(b'-') => (-1, 1),
        Some(b'+') => (1, 1),
        _ => (1, 0),
    };
    let digits = text[blanks + signed..].iter().take_while(|byte| byte.is_ascii_digit());
    let (value, len) = digits.fold((0i64, 0), |(value, len), byte| {
        (value.saturating_mul(10).saturating_add(i64::from(byte - b'0')), len + 1)
    });
    (sign * value, if len == 0 { 0 } else { blanks + signed + len })
}

/// The first of `names`, cut to `letters`, that the text begins with, and its length.
fn find(text: &str, names: &[&str], letters: usize) -> Option<(usize, usize)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let len = name.len().min(letters);
        let begins =
            text.as_bytes().get(..len).is_some_and(|start| start.eq_ignore_ascii_case(&name.as_bytes()[..len]));
        begins.then_some((index, len))
    })
}
