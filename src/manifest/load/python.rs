//! Values as Python writes them: dbt makes the names and ids of generic tests out of them.

use serde_json::{Map, Value};

/// `str(value)`.
pub(super) fn str_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_string(),
        Value::Bool(true) => "True".to_string(),
        Value::Bool(false) => "False".to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => float_of(float),
            _ => number.to_string(),
        },
        Value::Array(items) => {
            format!("[{}]", items.iter().map(repr_of).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => repr_of_map(map.iter()),
    }
}

/// `repr(value)`.
pub(super) fn repr_of(value: &Value) -> String {
    match value {
        Value::String(text) => repr_of_text(text),
        other => str_of(other),
    }
}

fn repr_of_map<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let entry = |(key, value): (&String, &Value)| format!("{}: {}", repr_of_text(key), repr_of(value));
    format!("{{{}}}", entries.map(entry).collect::<Vec<_>>().join(", "))
}

/// dbt's text for hashing: keys sorted, every scalar as `str()` has it.
pub(super) fn hashable(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(hashable).collect(),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), hashable(&map[key]))).collect::<Map<_, _>>())
        }
        scalar => Value::String(str_of(scalar)),
    }
}

/// In single quotes, unless it holds some and no double ones.
fn repr_of_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for part in text.chars() {
        match part {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            part if part == quote => shown.extend(['\\', part]),
            part if part.is_ascii_control() => shown.push_str(&format!("\\x{:02x}", part as u32)),
            part => shown.push(part),
        }
    }
    shown.push(quote);
    shown
}

/// The shortest digits that read back, with an exponent from 1e16 on and below 1e-4.
fn float_of(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let shown = format!("{float:e}");
        let Some((digits, exponent)) = shown.split_once('e') else { return shown };
        let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{float:?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_as_python_shows_them() {
        let cases = [
            (json!("a"), "a", "'a'"),
            (json!("it's"), "it's", "\"it's\""),
            (json!("'\""), "'\"", "'\\'\"'"),
            (json!("a\n\\"), "a\n\\", "'a\\n\\\\'"),
            (json!(null), "None", "None"),
            (json!(true), "True", "True"),
            (json!(1), "1", "1"),
            (json!(1.0), "1.0", "1.0"),
            (json!(1e16), "1e+16", "1e+16"),
            (json!(0.00001), "1e-05", "1e-05"),
            (json!(0.5), "0.5", "0.5"),
            (json!([1, "a", [null]]), "[1, 'a', [None]]", "[1, 'a', [None]]"),
            (json!({"b": 1, "a": "x"}), "{'b': 1, 'a': 'x'}", "{'b': 1, 'a': 'x'}"),
        ];
        for (value, text, repr) in cases {
            assert_eq!((str_of(&value).as_str(), repr_of(&value).as_str()), (text, repr), "{value}");
        }
        assert_eq!(repr_of(&hashable(&json!({"b": [1, null], "a": true}))), "{'a': 'True', 'b': ['1', 'None']}");
    }
}
