//! One value, formatted by a format specification such as `>10`, `05d` or `,.2f`.

use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::limits::check_text;
use crate::jinja::value::{Value, float_repr};

const MAX_PRECISION: usize = 1000;

#[derive(Debug, Default, Clone)]
pub(super) struct Spec {
    pub fill: Option<char>,
    /// `<`, `>`, `^` or `=` (padding between sign and digits).
    pub align: Option<char>,
    /// `+` or space: what stands before a number that is not negative.
    pub sign: Option<char>,
    pub alternate: bool,
    pub width: usize,
    pub grouping: Option<char>,
    pub precision: Option<usize>,
    pub kind: Option<char>,
}

impl Spec {
    /// Reads Python's `[[fill]align][sign][#][0][width][,][.precision][type]`.
    pub fn parse(text: &str) -> Outcome<Spec> {
        let mut spec = Spec::default();
        let mut rest: &[char] = &text.chars().collect::<Vec<char>>();
        match rest {
            [fill, align @ ('<' | '>' | '^' | '='), tail @ ..] => {
                (spec.fill, spec.align, rest) = (Some(*fill), Some(*align), tail);
            }
            [align @ ('<' | '>' | '^' | '='), tail @ ..] => (spec.align, rest) = (Some(*align), tail),
            _ => {}
        }
        if let [sign @ ('+' | '-' | ' '), tail @ ..] = rest {
            (spec.sign, rest) = (Some(*sign).filter(|sign| *sign != '-'), tail);
        }
        if let ['#', tail @ ..] = rest {
            (spec.alternate, rest) = (true, tail);
        }
        if let ['0', tail @ ..] = rest {
            spec.fill = spec.fill.or(Some('0'));
            spec.align = spec.align.or(Some('='));
            rest = tail;
        }
        (spec.width, rest) = digits(rest).map_or((0, rest), |(width, tail)| (width, tail));
        if let [grouping @ (',' | '_'), tail @ ..] = rest {
            (spec.grouping, rest) = (Some(*grouping), tail);
        }
        if let ['.', tail @ ..] = rest {
            let (precision, tail) = digits(tail).ok_or_else(|| Fault::new("format specifier missing precision"))?;
            (spec.precision, rest) = (Some(precision), tail);
        }
        if let [kind, tail @ ..] = rest {
            (spec.kind, rest) = (Some(*kind), tail);
        }
        if rest.is_empty() { Ok(spec) } else { Err(Fault::new(format!("invalid format specifier '{text}'"))) }
    }

    pub fn format(&self, value: &Value) -> Outcome<String> {
        check_text(self.width)?;
        if self.precision.is_some_and(|precision| precision > MAX_PRECISION) {
            return Err(Fault::new(format!("a precision of more than {MAX_PRECISION} digits")));
        }
        let text = match (self.kind, value) {
            (None | Some('s'), Value::Str(text)) => return Ok(self.pad_text(text)),
            (None, Value::Int(integer)) => self.integer(*integer, 'd')?,
            (None, Value::Float(float)) => self.plain_float(*float),
            (Some('s') | None, other) => return Ok(self.pad_text(&other.to_string())),
            (Some(kind @ ('d' | 'x' | 'X' | 'o' | 'b' | 'c' | 'n')), other) => match other.as_int() {
                Some(integer) => self.integer(integer, kind)?,
                None => return Err(self.unknown(kind, value)),
            },
            (Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')), other) => match other.as_float() {
                Some(float) => self.float(float, kind),
                None => return Err(self.unknown(kind, value)),
            },
            (Some(kind), _) => return Err(self.unknown(kind, value)),
        };
        Ok(self.pad_number(&text))
    }

    fn unknown(&self, kind: char, value: &Value) -> Fault {
        Fault::new(format!("unknown format code '{kind}' for a value of type '{}'", value.type_name()))
    }

    fn integer(&self, value: i64, kind: char) -> Outcome<String> {
        let magnitude = value.unsigned_abs();
        let digits = match kind {
            'x' => format!("{}{magnitude:x}", if self.alternate { "0x" } else { "" }),
            'X' => format!("{}{magnitude:X}", if self.alternate { "0X" } else { "" }),
            'o' => format!("{}{magnitude:o}", if self.alternate { "0o" } else { "" }),
            'b' => format!("{}{magnitude:b}", if self.alternate { "0b" } else { "" }),
            'c' => {
                let c = u32::try_from(value).ok().and_then(char::from_u32);
                return c.map(String::from).ok_or_else(|| Fault::new(format!("{value} is not a character")));
            }
            _ => self.grouped(&magnitude.to_string()),
        };
        Ok(format!("{}{digits}", self.sign_of(value < 0)))
    }

    fn sign_of(&self, negative: bool) -> String {
        if negative { "-".to_string() } else { self.sign.map(String::from).unwrap_or_default() }
    }

    /// Thousands separators into the digits before the point.
    fn grouped(&self, digits: &str) -> String {
        let Some(separator) = self.grouping else { return digits.to_string() };
        let (whole, rest) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
        let mut out = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                out.push(separator);
            }
            out.push(digit);
        }
        out + rest
    }

    fn plain_float(&self, value: f64) -> String {
        match self.precision {
            Some(_) => self.float(value, 'g'),
            None => {
                format!("{}{}", self.sign_of(value.is_sign_negative()), self.grouped(&float_repr(value.abs())))
            }
        }
    }

    fn float(&self, value: f64, kind: char) -> String {
        let precision = self.precision.unwrap_or(6);
        let magnitude = value.abs();
        let digits = if !magnitude.is_finite() {
            float_repr(magnitude)
        } else {
            match kind.to_ascii_lowercase() {
                'e' => exponential(magnitude, precision),
                'g' => general(magnitude, precision.max(1), self.alternate),
                '%' => format!("{:.precision$}%", magnitude * 100.0),
                _ => format!("{magnitude:.precision$}"),
            }
        };
        let digits = if kind.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
        format!("{}{}", self.sign_of(value.is_sign_negative()), self.grouped(&digits))
    }

    fn pad_text(&self, text: &str) -> String {
        let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.pad(&text, "", self.align.unwrap_or('<'))
    }

    fn pad_number(&self, text: &str) -> String {
        let align = self.align.unwrap_or('>');
        match text.strip_prefix(['-', '+', ' ']) {
            Some(digits) if align == '=' => self.pad(digits, &text[..1], '>'),
            _ if align == '=' => self.pad(text, "", '>'),
            _ => self.pad(text, "", align),
        }
    }

    fn pad(&self, text: &str, sign: &str, align: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count() + sign.len());
        let fill = |count: usize| self.fill.unwrap_or(' ').to_string().repeat(count);
        match align {
            '<' => format!("{sign}{text}{}", fill(missing)),
            '^' => format!("{}{sign}{text}{}", fill(missing / 2), fill(missing - missing / 2)),
            _ => format!("{sign}{}{text}", fill(missing)),
        }
    }
}

fn digits(text: &[char]) -> Option<(usize, &[char])> {
    let length = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let number = text[..length].iter().collect::<String>().parse();
    (length > 0).then(|| (number.unwrap_or(usize::MAX), &text[length..]))
}

/// `1.5e+03`
fn exponential(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if exponent.starts_with('-') { '-' } else { '+' };
    format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
}

/// The shorter of fixed and exponential, with this many significant digits.
fn general(value: f64, precision: usize, keep_zeros: bool) -> String {
    let text = exponential(value, precision - 1);
    let exponent: i64 = text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let significant = i64::try_from(precision).unwrap_or(i64::MAX);
    let trim = |digits: &str| {
        let trimmed = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        if keep_zeros { digits.to_string() } else { trimmed.to_string() }
    };
    if (-4..significant).contains(&exponent) {
        let places = usize::try_from(significant - 1 - exponent).unwrap_or(0);
        return trim(&format!("{value:.places$}"));
    }
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
    format!("{}e{exponent}", trim(digits))
}
