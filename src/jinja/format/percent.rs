//! `'%s is %d' % ('a', 1)`

use std::iter::Peekable;
use std::str::Chars;

use super::spec::Spec;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::limits::check_text;
use crate::jinja::value::Value;

pub(crate) fn percent_format(template: &str, values: &Value) -> Outcome<String> {
    let positional = match values {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut formatter = Formatter { values, positional: positional.into_iter(), named: false };
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '%' {
            formatter.placeholder(&mut chars, &mut out)?;
            check_text(out.len())?;
        } else {
            out.push(c);
        }
    }
    let left_over = formatter.positional.next().is_some();
    // As in Python, values that could be looked up by name need not all be used.
    if left_over && !formatter.named && !matches!(values, Value::Dict(_) | Value::List(_)) {
        return Err(Fault::new("not all arguments converted during string formatting"));
    }
    Ok(out)
}

struct Formatter<'a> {
    values: &'a Value,
    positional: std::vec::IntoIter<Value>,
    named: bool,
}

impl Formatter<'_> {
    fn placeholder(&mut self, chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Outcome<()> {
        let mut value = None;
        if chars.next_if_eq(&'(').is_some() {
            let key: String = chars.by_ref().take_while(|c| *c != ')').collect();
            let Value::Dict(dict) = self.values else { return Err(Fault::new("format requires a mapping")) };
            value = Some(dict.get_text(&key).ok_or_else(|| Fault::new(format!("no value for '%({key})s'")))?);
            self.named = true;
        }
        let (mut spec, mut left) = (Spec::default(), false);
        while let Some(flag) = chars.next_if(|c| "#0- +".contains(*c)) {
            match flag {
                '#' => spec.alternate = true,
                '0' => (spec.fill, spec.align) = (Some('0'), Some('=')),
                '-' => left = true,
                sign => spec.sign = if spec.sign == Some('+') { spec.sign } else { Some(sign) },
            }
        }
        spec.width = self.number(chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(self.number(chars)?.unwrap_or(0));
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let kind = chars.next().ok_or_else(|| Fault::new("incomplete format"))?;
        if kind == '%' {
            out.push('%');
            return Ok(());
        }
        if left {
            (spec.fill, spec.align) = (None, Some('<'));
        }
        let value = match value {
            Some(value) => value,
            None => self.next()?,
        };
        out.push_str(&convert(spec, kind, &value)?);
        Ok(())
    }

    fn next(&mut self) -> Outcome<Value> {
        self.positional.next().ok_or_else(|| Fault::new("not enough arguments for format string"))
    }

    /// A width or precision; `*` takes it from the values.
    fn number(&mut self, chars: &mut Peekable<Chars<'_>>) -> Outcome<Option<usize>> {
        if chars.next_if_eq(&'*').is_some() {
            let value = self.next()?.as_int().ok_or_else(|| Fault::new("* wants an integer"))?;
            return Ok(Some(usize::try_from(value).unwrap_or(0)));
        }
        let mut digits = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| Fault::new("the width of a placeholder is too large"))
    }
}

fn convert(mut spec: Spec, kind: char, value: &Value) -> Outcome<String> {
    let wrong = |wanted: &str| Fault::new(format!("%{kind} format: {wanted} is required, not {}", value.type_name()));
    if let Value::Undefined(missing) = value
        && !matches!(kind, 's' | 'r' | 'a')
    {
        return Err(missing.fault());
    }
    let value = match kind {
        's' | 'r' | 'a' => {
            // Zeros and signs are for numbers; text is only made as wide as asked, to the right.
            (spec.fill, spec.align) = (None, Some(spec.align.filter(|align| *align == '<').unwrap_or('>')));
            Value::from(if kind == 's' { value.to_string() } else { value.repr() })
        }
        'd' | 'i' | 'u' => match value {
            Value::Float(float) if float.is_finite() => Value::Int(float.trunc() as i64),
            _ => Value::Int(value.as_int().ok_or_else(|| wrong("a real number"))?),
        },
        'o' | 'x' | 'X' => Value::Int(value.as_int().ok_or_else(|| wrong("an integer"))?),
        'c' => match value {
            Value::Str(text) if text.chars().count() == 1 => return Ok(text.to_string()),
            _ => Value::Int(value.as_int().ok_or_else(|| wrong("an integer or a character"))?),
        },
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Value::Float(value.as_float().ok_or_else(|| wrong("a real number"))?),
        _ => return Err(Fault::new(format!("unsupported format character '{kind}'"))),
    };
    spec.kind = Some(match kind {
        'i' | 'u' => 'd',
        'r' | 'a' => 's',
        kind => kind,
    });
    spec.format(&value)
}
