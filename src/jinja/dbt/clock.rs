//! `datetime.datetime` and time zones.

use std::any::Any;
use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime, Timelike, Utc};

use super::date::{self, Date, date_of};
use super::strftime::{Moment, offset_text, strftime, strptime, utc as as_utc, zone_name};
use super::timedelta::Delta;
use crate::jinja::args::{Args, integer};
use crate::jinja::ast::BinaryOp;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::{Function, Native};
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

pub(super) fn value(instant: DateTime<Utc>) -> Value {
    Value::object(Clock(Moment { at: instant.naive_utc(), offset: FixedOffset::east_opt(0) }))
}

struct Clock(Moment);

/// A fixed distance from UTC.
struct Zone(FixedOffset);

pub(super) fn utc() -> Value {
    FixedOffset::east_opt(0).map_or(Value::None, |offset| Value::object(Zone(offset)))
}

/// `pytz.timezone('UTC')`
pub(super) fn timezone(_interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
    let [name] = args.bind("timezone", ["zone"], 1)?;
    let name = name.unwrap_or(Value::None).to_string();
    match name.to_uppercase().as_str() {
        "UTC" | "GMT" | "ETC/UTC" | "ETC/GMT" => Ok(utc()),
        _ => Err(Fault::hinted(format!("the time zone '{name}' is not known"), "only UTC is; convert times in SQL")),
    }
}

pub(super) fn class() -> Value {
    Value::object(ClockClass)
}

/// `datetime(…)`, `datetime.now()`, `datetime.strptime(…)` …
struct ClockClass;

const CLASS_METHODS: &[(&str, Function)] = &[
    ("now", |_, args| {
        let [zone] = args.bind("now", ["tz"], 0)?;
        let now = Utc::now().naive_utc();
        let offset = zone.as_ref().and_then(|zone| zone.downcast::<Zone>()).map(|zone| zone.0);
        let at = offset.and_then(|offset| now.checked_add_offset(offset)).unwrap_or(now);
        Ok(Value::object(Clock(Moment { at, offset })))
    }),
    ("utcnow", |_, args| {
        args.none("utcnow").map(|()| Value::object(Clock(Moment { at: Utc::now().naive_utc(), offset: None })))
    }),
    ("today", |_, args| {
        args.none("today").map(|()| Value::object(Clock(Moment { at: Utc::now().naive_utc(), offset: None })))
    }),
    ("strptime", |_, args| {
        let [text, pattern] = args.bind("strptime", ["date_string", "format"], 2)?;
        let (text, pattern) = (text.unwrap_or(Value::None).to_string(), pattern.unwrap_or(Value::None).to_string());
        let problem = || Fault::new(format!("time data '{text}' does not match format '{pattern}'"));
        strptime(&text, &pattern).map(|moment| Value::object(Clock(moment))).ok_or_else(problem)
    }),
    ("fromisoformat", |_, args| {
        let [text] = args.bind("fromisoformat", ["date_string"], 1)?;
        let text = text.unwrap_or(Value::None).to_string();
        let patterns =
            ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"];
        let text_t = text.replacen(' ', "T", 1).replace('Z', "+0000");
        let found = patterns.iter().find_map(|pattern| strptime(&text_t, pattern));
        found
            .map(|moment| Value::object(Clock(moment)))
            .ok_or_else(|| Fault::new(format!("invalid isoformat string: '{text}'")))
    }),
    ("fromtimestamp", |_, args| {
        let [seconds, _] = args.bind("fromtimestamp", ["timestamp", "tz"], 1)?;
        let micros = seconds.and_then(|seconds| seconds.as_float()).map(|seconds| (seconds * 1e6).round() as i64);
        let instant = micros.and_then(DateTime::from_timestamp_micros);
        let moment = instant.map(|instant| Moment { at: instant.naive_utc(), offset: None });
        moment.map(|moment| Value::object(Clock(moment))).ok_or_else(|| Fault::new("this timestamp is out of range"))
    }),
];

impl Object for ClockClass {
    fn type_name(&self) -> &'static str {
        "datetime class"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        Native::find(CLASS_METHODS, name)
    }

    fn attribute_names(&self) -> Vec<String> {
        CLASS_METHODS.iter().map(|(name, _)| name.to_string()).collect()
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        let parts = args.bind("datetime", PARTS, 3)?;
        moment_of(parts, None).map(|moment| Value::object(Clock(moment)))
    }
}

const PARTS: [&str; 8] = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];

/// The moment of the eight arguments of `datetime(…)`.
fn moment_of(parts: [Option<Value>; 8], offset: Option<FixedOffset>) -> Outcome<Moment> {
    let [year, month, day, hour, minute, second, microsecond, zone] = parts;
    let date = date_of([year, month, day])?;
    let number = |name: &str, value| {
        let number = integer("datetime", name, value)?.unwrap_or(0);
        u32::try_from(number).map_err(|_| Fault::new(format!("{name} must not be negative")))
    };
    let time = NaiveTime::from_hms_micro_opt(
        number("hour", hour)?,
        number("minute", minute)?,
        number("second", second)?,
        number("microsecond", microsecond)?,
    );
    let time = time.ok_or_else(|| Fault::new("there is no such time of day"))?;
    let offset = zone.map_or(offset, |zone| zone.downcast::<Zone>().map(|zone| zone.0));
    Ok(Moment { at: date.and_time(time), offset })
}

impl Clock {
    fn iso(&self, separator: &str) -> String {
        let fraction = if self.0.at.nanosecond() >= 1000 { "%H:%M:%S.%f" } else { "%H:%M:%S" };
        let text = strftime(&self.0, &format!("%Y-%m-%d{}{fraction}", separator.replace('%', "%%")));
        text + &self.0.offset.map(|offset| offset_text(offset, ":")).unwrap_or_default()
    }

    fn at(&self, at: Option<NaiveDateTime>) -> Outcome<Value> {
        let moved = at.map(|at| Value::object(Clock(Moment { at, ..self.0 })));
        moved.ok_or_else(|| Fault::new("date value out of range"))
    }

    fn replace(&self, args: Args) -> Outcome<Value> {
        let given = args.bind("replace", PARTS, 0)?;
        let mut parts = PARTS.map(|part| self.attribute(part).filter(|_| part != "tzinfo"));
        for (part, given) in parts.iter_mut().zip(given) {
            *part = given.or(part.take());
        }
        moment_of(parts, self.0.offset).map(|moment| Value::object(Clock(moment)))
    }

    fn astimezone(&self, args: Args) -> Outcome<Value> {
        let [zone] = args.bind("astimezone", ["tz"], 0)?;
        let offset = zone.as_ref().and_then(|zone| zone.downcast::<Zone>()).map(|zone| zone.0);
        let offset = offset.or(FixedOffset::east_opt(0));
        let at = offset.and_then(|offset| as_utc(&self.0).checked_add_offset(offset));
        Clock(Moment { at: self.0.at, offset }).at(at)
    }
}

impl Object for Clock {
    fn type_name(&self) -> &'static str {
        "datetime"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        self.iso(" ")
    }

    fn repr(&self) -> String {
        format!("datetime({})", self.text())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let time = self.0.at.time();
        date::attribute(self.0.at.date(), name).or_else(|| {
            Some(match name {
                "hour" => Value::Int(time.hour().into()),
                "minute" => Value::Int(time.minute().into()),
                "second" => Value::Int(time.second().into()),
                "microsecond" => Value::Int((time.nanosecond() / 1000).into()),
                "tzinfo" => self.0.offset.map_or(Value::None, |offset| Value::object(Zone(offset))),
                _ => return None,
            })
        })
    }

    fn attribute_names(&self) -> Vec<String> {
        let methods = ["strftime", "isoformat", "date", "timestamp", "replace", "astimezone", "weekday"];
        PARTS.into_iter().chain(methods).map(String::from).collect()
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let args = std::mem::take(args);
        if let Some(value) = date::plain_method(self.0.at.date(), name) {
            return Some(args.none(name).map(|()| value));
        }
        Some(match name {
            "strftime" => args
                .bind(name, ["format"], 1)
                .map(|[pattern]| Value::from(strftime(&self.0, &pattern.unwrap_or(Value::None).to_string()))),
            "isoformat" => args.bind(name, ["sep", "timespec"], 0).map(|[separator, _]| {
                Value::from(self.iso(&separator.map_or_else(|| "T".to_string(), |separator| separator.to_string())))
            }),
            "date" => args.none(name).map(|()| Value::object(Date(self.0.at.date()))),
            "timestamp" => {
                args.none(name).map(|()| Value::Float(as_utc(&self.0).and_utc().timestamp_micros() as f64 / 1e6))
            }
            "replace" => self.replace(args),
            "astimezone" => self.astimezone(args),
            "utcoffset" => args.none(name).map(|()| {
                self.0.offset.map_or(Value::None, |offset| {
                    Value::object(Delta(chrono::TimeDelta::seconds(offset.local_minus_utc().into())))
                })
            }),
            _ => return None,
        })
    }

    fn identity(&self) -> Option<String> {
        Some(format!("{} {}", as_utc(&self.0), self.0.offset.is_some()))
    }

    fn compare(&self, other: &Value) -> Option<Ordering> {
        let other = other.downcast::<Clock>()?;
        let comparable = self.0.offset.is_some() == other.0.offset.is_some();
        comparable.then(|| as_utc(&self.0).cmp(&as_utc(&other.0)))
    }

    fn binary(&self, operator: BinaryOp, other: &Value, reflected: bool) -> Option<Outcome<Value>> {
        if let (BinaryOp::Sub, Some(other), false) = (operator, other.downcast::<Clock>(), reflected) {
            if self.0.offset.is_some() != other.0.offset.is_some() {
                return Some(Err(Fault::new("cannot subtract a datetime without a time zone and one with")));
            }
            return Some(Ok(Value::object(Delta(as_utc(&self.0) - as_utc(&other.0)))));
        }
        let delta = other.downcast::<Delta>()?.0;
        match operator {
            BinaryOp::Add => Some(self.at(self.0.at.checked_add_signed(delta))),
            BinaryOp::Sub if !reflected => Some(self.at(self.0.at.checked_sub_signed(delta))),
            _ => None,
        }
    }
}

impl Object for Zone {
    fn type_name(&self) -> &'static str {
        "timezone"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        zone_name(self.0)
    }

    fn identity(&self) -> Option<String> {
        Some(self.text())
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        if name != "localize" {
            return None;
        }
        let bound = std::mem::take(args).bind(name, ["dt", "is_dst"], 1);
        Some(bound.and_then(|[clock, _]| {
            let clock = clock.unwrap_or(Value::None);
            let moment = clock.downcast::<Clock>().map(|clock| Moment { offset: Some(self.0), ..clock.0 });
            moment.map(|moment| Value::object(Clock(moment))).ok_or_else(|| Fault::new("localize() needs a datetime"))
        }))
    }
}
