//! Intervals that are written out, in the forms that Postgres reads and DataFusion does not: `'01:30:00'`, `'1 month - 1 day'`.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Interval, UnaryOperator, Value};
use medallion_udfs::parse_interval;

/// Writes an interval with its units; one that cannot be read stays as it is, for planning to refuse.
pub fn spell_out(expr: &mut Expr) {
    let spelled = match expr {
        Expr::Interval(interval) if interval.leading_field.is_none() => text_of(&interval.value).and_then(spelled),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match expr.as_ref() {
            Expr::Interval(interval) if interval.leading_field.is_none() => text_of(&interval.value).and_then(negated),
            _ => None,
        },
        Expr::Cast { expr, data_type: DataType::Interval { fields: None, .. }, .. } => text_of(expr).and_then(spelled),
        _ => None,
    };
    if let Some(spelled) = spelled {
        *expr = interval(&spelled);
    }
}

/// `text` as an interval.
pub fn interval(text: &str) -> Expr {
    let text = spelled(text).unwrap_or_else(|| text.to_string());
    Expr::Interval(Interval {
        value: Box::new(Expr::Value(Value::SingleQuotedString(text).into())),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

/// The text of a constant.
pub fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn spelled(text: &str) -> Option<String> {
    parse_interval(text).map(|(months, days, micros)| in_units(months, days, micros))
}

fn negated(text: &str) -> Option<String> {
    let (months, days, micros) = parse_interval(text)?;
    Some(in_units(months.checked_neg()?, days.checked_neg()?, micros.checked_neg()?))
}

fn in_units(months: i32, days: i32, micros: i64) -> String {
    let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    format!("{months} months {days} days {sign}{}.{:06} seconds", micros / 1_000_000, micros % 1_000_000)
}
