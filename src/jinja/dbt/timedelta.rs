//! `datetime.timedelta`

use std::any::Any;
use std::cmp::Ordering;

use chrono::TimeDelta;

use crate::jinja::args::Args;
use crate::jinja::ast::BinaryOp;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

pub(super) struct Delta(pub TimeDelta);

pub(super) fn create(_interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    const NAMES: [&str; 7] = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
    const MICROSECONDS: [f64; 7] = [86_400e6, 1e6, 1.0, 1e3, 60e6, 3_600e6, 604_800e6];
    let mut total = 0.0;
    for ((value, name), unit) in args.bind("timedelta", NAMES, 0)?.into_iter().zip(NAMES).zip(MICROSECONDS) {
        let Some(value) = value else { continue };
        let number = value.as_float().ok_or_else(|| {
            Fault::new(format!("timedelta() needs a number for '{name}', not a {}", value.type_name()))
        })?;
        total += number * unit;
    }
    from_microseconds(total)
}

fn from_microseconds(total: f64) -> Outcome<Value> {
    // Python's limit: a billion days.
    if !total.is_finite() || total.abs() > 86_400e6 * 1e9 {
        return Err(Fault::new("this timedelta is too large"));
    }
    let rounded = total.round_ties_even();
    let seconds = (rounded / 1e6).floor();
    let rest = rounded - seconds * 1e6;
    let delta = TimeDelta::try_seconds(seconds as i64).map(|delta| delta + TimeDelta::microseconds(rest as i64));
    delta.map(|delta| Value::object(Delta(delta))).ok_or_else(|| Fault::new("this timedelta is too large"))
}

impl Delta {
    /// Whole days, and the microseconds left, which are never negative.
    fn parts(&self) -> (i64, i64) {
        let days = self.0.num_seconds().div_euclid(86_400) - i64::from(self.rest_is_negative());
        let rest = self.0 - TimeDelta::days(days);
        (days, rest.num_microseconds().unwrap_or(0))
    }

    fn rest_is_negative(&self) -> bool {
        self.0.num_seconds().rem_euclid(86_400) == 0 && self.0.subsec_nanos() < 0
    }

    fn microseconds(&self) -> f64 {
        self.0.num_seconds() as f64 * 1e6 + f64::from(self.0.subsec_nanos()) / 1e3
    }
}

impl Object for Delta {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        let (days, rest) = self.parts();
        let seconds = rest / 1_000_000;
        let clock = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = if rest % 1_000_000 > 0 { format!(".{:06}", rest % 1_000_000) } else { String::new() };
        match days {
            0 => format!("{clock}{fraction}"),
            1 | -1 => format!("{days} day, {clock}{fraction}"),
            _ => format!("{days} days, {clock}{fraction}"),
        }
    }

    fn is_true(&self) -> bool {
        !self.0.is_zero()
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let (days, rest) = self.parts();
        Some(Value::Int(match name {
            "days" => days,
            "seconds" => rest / 1_000_000,
            "microseconds" => rest % 1_000_000,
            _ => return None,
        }))
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let total = Value::Float(self.microseconds() / 1e6);
        (name == "total_seconds").then(|| std::mem::take(args).none(name).map(|()| total))
    }

    fn identity(&self) -> Option<String> {
        Some(self.text())
    }

    fn compare(&self, other: &Value) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast::<Delta>()?.0))
    }

    fn binary(&self, operator: BinaryOp, other: &Value, reflected: bool) -> Option<Outcome<Value>> {
        let own = self.microseconds();
        let other_delta = other.downcast::<Delta>().map(Delta::microseconds);
        let result = match (operator, other_delta, other.as_float()) {
            (BinaryOp::Add, Some(other), _) => own + other,
            (BinaryOp::Sub, Some(other), _) if !reflected => own - other,
            (BinaryOp::Mul, _, Some(factor)) => own * factor,
            (BinaryOp::Div, _, Some(divisor)) if !reflected && divisor != 0.0 => own / divisor,
            (BinaryOp::Div, Some(other), _) if !reflected && other != 0.0 => {
                return Some(Ok(Value::Float(own / other)));
            }
            _ => return None,
        };
        Some(from_microseconds(result))
    }
}
