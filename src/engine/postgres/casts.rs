//! Casts: to an integer they round, to text they write what Postgres writes, a decimal becomes the nearest double, a float8 becomes a numeric from its first 15
//! digits, and `varchar(n)` cuts.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::functions::datetime::expr_fn::to_local_time;
use datafusion::functions::unicode::expr_fn::left;
use datafusion::logical_expr::{Cast, Expr, ScalarUDF, lit};
use medallion_udfs::{ANY_NUMERIC, PgCastBytea, PgCastFloat8, PgCastInt, PgCastMoment, PgCastNumeric, PgCastText};

use super::rewrite::type_of;
use super::types::{UTC, is_unconstrained, length_of};

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::Cast(Cast { expr: value, field }) = expr else { return Ok(Transformed::no(expr)) };
    let Some(from) = type_of(&value, schema) else {
        return Ok(Transformed::no(Expr::Cast(Cast { expr: value, field })));
    };
    if is_unconstrained(&field) {
        return Ok(Transformed::yes(numeric(*value, &from, field.data_type())));
    }
    let length = length_of(&field);
    let to = field.data_type();
    if let DataType::Timestamp(_, Some(zone)) = to
        && zone.as_ref() != UTC
    {
        return Ok(Transformed::yes(at_time_zone(*value, &from, zone)));
    }
    let rewritten = match function(&from, to) {
        Some(function) => {
            let call = function.call(vec![*value]);
            let is_wider = is_text(to) || is_bytes(to) || to.is_decimal() || to == &DataType::Float32;
            if is_wider { cast(call, to.clone()) } else { call }
        }
        None if length.is_some() => cast(*value, to.clone()),
        None => return Ok(Transformed::no(Expr::Cast(Cast { expr: value, field }))),
    };
    Ok(Transformed::yes(match length {
        Some(length) => left(rewritten, lit(length)),
        None => rewritten,
    }))
}

/// What does the cast between two types; `None` where DataFusion's means the same.
fn function(from: &DataType, to: &DataType) -> Option<ScalarUDF> {
    let fractional = from.is_floating() || from.is_decimal();
    Some(match to {
        DataType::Int16 if fractional => ScalarUDF::from(PgCastInt::int2()),
        DataType::Int32 if fractional => ScalarUDF::from(PgCastInt::int4()),
        DataType::Int64 if fractional => ScalarUDF::from(PgCastInt::int8()),
        DataType::Date32 if is_text(from) => ScalarUDF::from(PgCastMoment::date()),
        DataType::Timestamp(_, None) if is_text(from) => ScalarUDF::from(PgCastMoment::timestamp()),
        DataType::Timestamp(_, Some(_)) if is_text(from) => ScalarUDF::from(PgCastMoment::timestamptz()),
        DataType::Float32 | DataType::Float64 if is_long(from) => ScalarUDF::from(PgCastFloat8::default()),
        DataType::Decimal128(_, _) | DataType::Decimal256(_, _) if from.is_floating() => {
            ScalarUDF::from(PgCastNumeric::default())
        }
        to if is_bytes(to) && is_text(from) => ScalarUDF::from(PgCastBytea::default()),
        to if is_text(to) && has_own_text(from) => ScalarUDF::from(PgCastText::default()),
        _ => return None,
    })
}

/// `AT TIME ZONE`, which is planned as a cast: a timestamp without zone is one of that zone, and one with a zone is shown as
/// its clocks do.
fn at_time_zone(value: Expr, from: &DataType, zone: &Arc<str>) -> Expr {
    let there = cast(value, DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(zone))));
    let shown = |timestamp| cast(to_local_time(vec![timestamp]), DataType::Timestamp(TimeUnit::Microsecond, None));
    match from {
        DataType::Timestamp(_, Some(_)) => shown(there),
        DataType::Timestamp(_, None) => cast(there, DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))),
        _ => there,
    }
}

/// A `numeric` without precision keeps the decimals that the value has; `any` is the type where they are not known.
fn numeric(value: Expr, from: &DataType, any: &DataType) -> Expr {
    match from {
        from if from.is_decimal() => value,
        from if from.is_integer() => cast(value, DataType::Decimal128(20, 0)),
        from if from.is_floating() => cast(ScalarUDF::from(PgCastNumeric::default()).call(vec![value]), any.clone()),
        _ => match written_decimals(&value) {
            Some(decimals) => cast(value, DataType::Decimal128(38, decimals)),
            None => cast(value, any.clone()),
        },
    }
}

/// The decimals of a number that is written as a text: `'1.50'`.
fn written_decimals(value: &Expr) -> Option<i8> {
    let Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) = value else {
        return None;
    };
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    i8::try_from(decimals).ok().filter(|decimals| is_plain && *decimals < 30)
}

fn cast(expr: Expr, to: DataType) -> Expr {
    Expr::Cast(Cast::new(Box::new(expr), to))
}

pub fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

pub fn is_bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

/// Whether a decimal has more digits than every double.
fn is_long(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal128(precision, _) => i32::from(*precision) > f64::DIGITS as i32,
        other => matches!(other, DataType::Decimal256(_, _)),
    }
}

/// Whether Postgres and Arrow write values of this type differently.
fn has_own_text(data_type: &DataType) -> bool {
    let is_interval = matches!(data_type, DataType::Interval(_) | DataType::Duration(_));
    let is_moment = matches!(data_type, DataType::Timestamp(_, _));
    data_type.is_floating() || is_interval || is_moment || data_type == &ANY_NUMERIC
}
