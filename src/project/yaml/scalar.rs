//! What an unquoted word means.

use serde_json::{Number, Value};

/// A scalar: what it means and how it is written (without quotes).
#[derive(Debug, Clone)]
pub struct Scalar {
    pub value: Value,
    pub text: String,
}

impl Scalar {
    /// A quoted scalar, which is text whatever it looks like.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Scalar { value: Value::String(text.clone()), text }
    }

    /// A plain scalar, by the rules of YAML 1.1 as PyYAML has them.
    ///
    /// Base-60 numbers (`1:30`) and dates stay text, as do numbers that JSON cannot hold.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Scalar { value: resolve(&text), text }
    }
}

fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => integer(text).or_else(|| float(text)).unwrap_or_else(|| Value::String(text.to_string())),
    }
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    // `from_str_radix` would take a second sign.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let size = i128::from_str_radix(&digits, radix).ok()?;
    let number = if negative { -size } else { size };
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

/// A float needs a point, and its exponent a sign: `1e5` is text.
fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let starts = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let shaped = digits(whole) && digits(fraction) && (starts(whole) || whole.is_empty() && starts(fraction));
    let signed = |exponent: &str| exponent.strip_prefix(['-', '+']).is_some_and(|rest| starts(rest) && digits(rest));
    if !shaped || exponent.is_some_and(|exponent| !signed(exponent)) {
        return None;
    }
    let number = text.replace('_', "").parse::<f64>().ok()?;
    Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_mean_what_pyyaml_says() {
        let cases = [
            ("", json!(null)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("nUll", json!("nUll")),
            ("true", json!(true)),
            ("Yes", json!(true)),
            ("off", json!(false)),
            ("y", json!("y")),
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("1_000", json!(1000)),
            ("010", json!(8)),
            ("08", json!("08")),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("0x", json!("0x")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("99999999999999999999", json!("99999999999999999999")),
            ("1.5", json!(1.5)),
            ("-1.", json!(-1.0)),
            (".5", json!(0.5)),
            (".", json!(".")),
            ("1.0e+3", json!(1000.0)),
            ("1.0e3", json!("1.0e3")),
            ("1e5", json!("1e5")),
            (".inf", json!(".inf")),
            ("1.2.3", json!("1.2.3")),
            ("1:30", json!("1:30")),
            ("2020-01-01", json!("2020-01-01")),
            ("--1", json!("--1")),
            ("> 20%", json!("> 20%")),
        ];
        for (text, expected) in cases {
            assert_eq!(Scalar::plain(text).value, expected, "{text:?}");
        }
    }
}
