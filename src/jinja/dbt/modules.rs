//! `modules`: the parts of Python's standard library that dbt offers.

use super::{clock, date, regular_expression, timedelta};
use crate::jinja::functions::Native;
use crate::jinja::value::Value;

/// Made of plain dicts, so `modules.datetime.datetime.now()` is three look-ups and a call.
pub(super) fn value() -> Value {
    let datetime = Value::dict([
        ("datetime", clock::class()),
        ("date", date::class()),
        ("timedelta", Native::value("timedelta", timedelta::create)),
        ("timezone", Value::dict([("utc", clock::utc())])),
    ]);
    let pytz = Value::dict([
        ("utc", clock::utc()),
        ("UTC", clock::utc()),
        ("timezone", Native::value("timezone", clock::timezone)),
    ]);
    Value::dict([("datetime", datetime), ("pytz", pytz), ("re", regular_expression::module())])
}
