//! A number written by a number pattern.

use super::number::{Anchor, Layout, NumberKey, NumberNode, NumberTemplate};
use super::write::ordinal_suffix;

/// The digits that a double and a real hold for certain.
const DOUBLE_DIGITS: usize = 15;
const REAL_DIGITS: usize = 6;

/// The widest Roman numeral, and what is written for a number that has none.
const ROMAN_WIDTH: usize = 15;

impl NumberTemplate {
    /// Appends an exact decimal, `value` / 10^`scale`, rounded half away from zero.
    pub(crate) fn write_decimal(&self, value: i128, scale: i8, text: &mut String) {
        let mut layout = self.layout;
        if layout.roman {
            let whole = shifted(value.unsigned_abs(), -i32::from(scale));
            return self.write_roman(if value < 0 { None } else { whole.parse().ok() }, text);
        }
        if layout.exponent {
            return write_decimal_exponent(value, i32::from(scale), layout.behind, text);
        }
        layout.before += layout.shift;
        let digits = shifted(value.unsigned_abs(), layout.shift as i32 + layout.behind as i32 - i32::from(scale));
        // As many digits as behind the point, and one before it.
        let mut number = format!("{digits:0>width$}", width = layout.behind + 1);
        if layout.behind > 0 {
            number.insert(number.len() - layout.behind, '.');
        }
        let negative = value < 0 && number.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        self.write(layout, number, negative, text);
    }

    /// Appends an integer; with an exponent it is written as a double is.
    pub(crate) fn write_integer(&self, value: i64, text: &mut String) {
        if self.layout.exponent {
            write_exponent(value as f64, self.layout.behind, text);
        } else {
            self.write_decimal(i128::from(value), 0, text);
        }
    }

    /// Appends a double, to as many digits as it holds.
    pub(crate) fn write_double(&self, value: f64, text: &mut String) {
        self.write_float(value, DOUBLE_DIGITS, text);
    }

    /// As [`Self::write_double`], for a real.
    pub(crate) fn write_real(&self, value: f32, text: &mut String) {
        self.write_float(f64::from(value), REAL_DIGITS, text);
    }

    fn write_float(&self, value: f64, exact_digits: usize, text: &mut String) {
        let mut layout = self.layout;
        if layout.roman {
            return self.write_roman(Some(value.round_ties_even() as i64), text);
        }
        if layout.exponent {
            return write_exponent(value, layout.behind, text);
        }
        layout.before += layout.shift;
        let value = value * 10f64.powi(layout.shift as i32);
        let digits = plain(value.abs(), 0).len();
        layout.behind = layout.behind.min(exact_digits.saturating_sub(digits));
        self.write(layout, plain(value.abs(), layout.behind), value.is_sign_negative() && !value.is_nan(), text);
    }

    fn write_roman(&self, value: Option<i64>, text: &mut String) {
        let numeral = value.and_then(roman).unwrap_or_else(|| "#".repeat(ROMAN_WIDTH));
        for node in &self.nodes {
            match node {
                NumberNode::Literal(character) => text.push(*character),
                NumberNode::Key(NumberKey::Roman(upper)) => {
                    let numeral = if *upper { numeral.clone() } else { numeral.to_ascii_lowercase() };
                    let width = if self.layout.fill { 0 } else { ROMAN_WIDTH };
                    text.push_str(&format!("{numeral:>width$}"));
                }
                // The other keywords, in front of a numeral, behave as for a number without digits.
                NumberNode::Key(NumberKey::Comma | NumberKey::Group) if !self.layout.fill => text.push(' '),
                NumberNode::Key(NumberKey::Currency) => text.push(' '),
                NumberNode::Key(NumberKey::Minus) if !self.layout.fill => text.push(' '),
                NumberNode::Key(NumberKey::Plus | NumberKey::SignHere) => text.push('+'),
                NumberNode::Key(_) => {}
            }
        }
    }

    /// Lays out `number`, its digits without a sign, which had to be rounded to what the layout has behind the point.
    fn write(&self, layout: Layout, mut number: String, negative: bool, text: &mut String) {
        let whole_digits = number.find('.').unwrap_or(number.len());
        if whole_digits > layout.before {
            number = "#".repeat(layout.before + layout.behind + 1);
            number.replace_range(layout.before..=layout.before, ".");
        }
        let padding = layout.before.saturating_sub(whole_digits);
        let mut writer = Writer::new(layout, number.as_bytes(), negative, padding);
        for node in &self.nodes {
            match node {
                NumberNode::Key(key) => writer.key(*key, text),
                NumberNode::Literal(character) => text.push(*character),
            }
        }
    }
}

/// The state of writing one number.
struct Writer<'a> {
    layout: Layout,
    number: &'a [u8],
    negative: bool,
    /// Digit places of the pattern before the number's first digit.
    padding: usize,
    sign_written: bool,
    /// In fill mode with a decimal point: the last digit that is not a superfluous zero.
    last_relevant: Option<usize>,
    /// Digit places and points passed in the pattern.
    place: usize,
    /// Digits and points passed in the number.
    next: usize,
    /// The place that the number ends behind.
    end: usize,
    /// Whether the number has begun, so that separators are written.
    inside: bool,
}

impl<'a> Writer<'a> {
    fn new(layout: Layout, number: &'a [u8], negative: bool, padding: usize) -> Self {
        let sign_written = if layout.plus || layout.minus {
            layout.minus
        } else {
            !negative && layout.fill && layout.anchor == Anchor::Nowhere
        };
        let last_relevant = (layout.fill && layout.point).then(|| last_relevant(&layout, number, padding)).flatten();
        let places = layout.before + layout.behind + usize::from(!sign_written && padding == 0);
        let end = places + usize::from(padding > 0) + usize::from(layout.point);
        let (place, next, inside) = (0, 0, false);
        let mut layout = layout;
        layout.bracket &= negative || !layout.fill;
        Self { layout, number, negative, padding, sign_written, last_relevant, place, next, end, inside }
    }

    fn key(&mut self, key: NumberKey, text: &mut String) {
        let fill = self.layout.fill;
        match key {
            NumberKey::Nine | NumberKey::Zero | NumberKey::Point => self.place(key, text),
            NumberKey::Comma | NumberKey::Group if self.inside => text.push(','),
            NumberKey::Comma | NumberKey::Group if !fill => text.push(' '),
            NumberKey::Currency => text.push(' '),
            NumberKey::Ordinal(upper) if !self.negative && !self.layout.point && self.number[0] != b'#' => {
                let suffix = ordinal_suffix(self.number);
                text.push_str(&if upper { suffix.to_ascii_uppercase() } else { suffix.to_owned() });
            }
            NumberKey::Minus if self.negative => text.push('-'),
            NumberKey::Plus if !self.negative => text.push('+'),
            NumberKey::Minus | NumberKey::Plus if !fill => text.push(' '),
            NumberKey::SignHere => text.push(if self.negative { '-' } else { '+' }),
            _ => {}
        }
    }

    /// A digit place or the decimal point of the pattern.
    fn place(&mut self, key: NumberKey, text: &mut String) {
        self.inside = false;
        self.leading_sign(text);
        if self.place < self.padding {
            if self.layout.zero && self.layout.zero_start <= self.place + 1 {
                text.push('0');
                self.inside = true;
            } else if !self.layout.fill {
                text.push(' ');
            }
        } else {
            self.digit(key, text);
        }
        self.trailing_sign(text);
        self.place += 1;
    }

    fn digit(&mut self, key: NumberKey, text: &mut String) {
        match self.number.get(self.next) {
            Some(b'.') => text.push('.'),
            _ if key != NumberKey::Zero && self.last_relevant.is_some_and(|last| self.next > last) => {}
            _ if self.is_bare_zero() => {
                if !self.layout.fill {
                    text.push(' ');
                } else if self.is_relevant_up_to_point() {
                    text.push('0');
                }
            }
            Some(digit) => {
                text.push(char::from(*digit));
                self.inside = true;
            }
            None => self.inside = true,
        }
        if self.next < self.number.len() {
            self.next += 1;
        }
    }

    /// Whether the `0` of `0.1` stands here, which a `9` does not write.
    fn is_bare_zero(&self) -> bool {
        !self.layout.zero && self.next == 0 && self.number[0] == b'0' && self.layout.behind != 0
    }

    fn is_relevant_up_to_point(&self) -> bool {
        self.last_relevant.is_some_and(|last| self.number[last] == b'.')
    }

    fn leading_sign(&mut self, text: &mut String) {
        let begins = self.place >= self.padding || (self.layout.zero && self.layout.zero_start == self.place + 1);
        if self.sign_written || !begins || (self.is_bare_zero() && !self.is_relevant_up_to_point()) {
            return;
        }
        let sign = match self.layout.anchor {
            Anchor::Behind => return,
            Anchor::Before => Some(if self.negative { '-' } else { '+' }),
            Anchor::Nowhere if self.layout.bracket => Some(if self.negative { '<' } else { ' ' }),
            Anchor::Nowhere if self.negative => Some('-'),
            Anchor::Nowhere => (!self.layout.fill).then_some(' '),
        };
        text.extend(sign);
        self.sign_written = true;
    }

    fn trailing_sign(&mut self, text: &mut String) {
        let end = if self.last_relevant == Some(self.next) { self.place } else { self.end - 1 };
        if self.place + 1 != end {
            return;
        }
        if self.sign_written && self.layout.bracket {
            text.push(if self.negative { '>' } else { ' ' });
        } else if self.layout.anchor == Anchor::Behind {
            text.push(if self.negative { '-' } else { '+' });
        }
    }
}

/// The index of the last character that fill mode keeps.
fn last_relevant(layout: &Layout, number: &[u8], padding: usize) -> Option<usize> {
    let point = number.iter().position(|byte| *byte == b'.')?;
    let last = (point + 1..number.len()).rev().find(|index| number[*index] != b'0').unwrap_or(point);
    let last_zero = if layout.zero_end > padding { (number.len() - 1).min(layout.zero_end - padding) } else { 0 };
    Some(last.max(last_zero))
}

/// `value` × 10^`power`, rounded half away from zero, in decimal digits.
fn shifted(value: u128, power: i32) -> String {
    let mut digits = value.to_string();
    if power >= 0 {
        if value != 0 {
            digits.push_str(&"0".repeat(power as usize));
        }
        return digits;
    }
    let Some(divisor) = 10u128.checked_pow(power.unsigned_abs()) else {
        return "0".to_owned();
    };
    let round_up = value % divisor >= divisor.div_ceil(2);
    (value / divisor + u128::from(round_up)).to_string()
}

fn plain(value: f64, decimals: usize) -> String {
    if value.is_infinite() { "Infinity".to_owned() } else { format!("{value:.decimals$}") }
}

fn write_exponent(value: f64, decimals: usize, text: &mut String) {
    if !value.is_finite() {
        text.push_str(" #.");
        text.push_str(&"#".repeat(decimals + 4));
        return;
    }
    let number = format!("{value:.decimals$e}");
    let (mantissa, exponent) = number.split_once('e').unwrap_or((&number, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    text.push_str(if value.is_sign_negative() { "" } else { " " });
    text.push_str(&format!("{mantissa}e{sign}{exponent:0>2}"));
}

/// The exponent is that of the number before it is rounded: 9.99 with one decimal is 10.0e+00, as in PostgreSQL.
fn write_decimal_exponent(value: i128, scale: i32, decimals: usize, text: &mut String) {
    let digits = if value == 0 { 0 } else { value.unsigned_abs().ilog10() as i32 };
    let mut mantissa = shifted(value.unsigned_abs(), decimals as i32 - digits);
    if decimals > 0 {
        mantissa = format!("{mantissa:0>width$}", width = decimals + 1);
        mantissa.insert(mantissa.len() - decimals, '.');
    }
    let exponent = if value == 0 { 0 } else { digits - scale };
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push(if value < 0 { '-' } else { ' ' });
    text.push_str(&format!("{mantissa}e{sign}{:02}", exponent.abs()));
}

fn roman(value: i64) -> Option<String> {
    const NUMERALS: [(i64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..=3999).contains(&value) {
        return None;
    }
    let mut rest = value;
    let mut numeral = String::new();
    for (step, letters) in NUMERALS {
        while rest >= step {
            numeral.push_str(letters);
            rest -= step;
        }
    }
    Some(numeral)
}
