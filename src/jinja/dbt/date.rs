//! `datetime.date`

use std::any::Any;
use std::cmp::Ordering;

use chrono::{Datelike, NaiveDate, NaiveTime, Utc};

use super::strftime::{Moment, strftime};
use super::timedelta::Delta;
use crate::jinja::args::{Args, integer};
use crate::jinja::ast::BinaryOp;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::functions::Native;
use crate::jinja::interp::Interp;
use crate::jinja::value::{Object, Value};

pub(super) struct Date(pub NaiveDate);

/// `date(year, month, day)`, `date.today()`, `date.fromisoformat(text)`
pub(super) fn class() -> Value {
    Value::object(DateClass)
}

struct DateClass;

impl Object for DateClass {
    fn type_name(&self) -> &'static str {
        "date class"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "today" => Some(Native::value("today", |_, args| {
                args.none("today").map(|()| Value::object(Date(Utc::now().date_naive())))
            })),
            "fromisoformat" => Some(Native::value("fromisoformat", |_, args| {
                let [text] = args.bind("fromisoformat", ["date_string"], 1)?;
                let text = text.unwrap_or(Value::None).to_string();
                let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
                date.map(|date| Value::object(Date(date)))
                    .map_err(|_| Fault::new(format!("invalid isoformat string: '{text}'")))
            })),
            _ => None,
        }
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        let parts = args.bind("date", ["year", "month", "day"], 3)?;
        date_of(parts).map(|date| Value::object(Date(date)))
    }
}

/// The date of three arguments.
pub(super) fn date_of([year, month, day]: [Option<Value>; 3]) -> Outcome<NaiveDate> {
    let number = |name: &str, value| integer("date", name, value).map(|number| number.unwrap_or(0));
    let (year, month, day) = (number("year", year)?, number("month", month)?, number("day", day)?);
    let date = match (i32::try_from(year), u32::try_from(month), u32::try_from(day)) {
        (Ok(year), Ok(month), Ok(day)) => NaiveDate::from_ymd_opt(year, month, day),
        _ => None,
    };
    date.ok_or_else(|| Fault::new(format!("there is no date {year}-{month}-{day}")))
}

/// Attributes that dates and datetimes share.
pub(super) fn attribute(date: NaiveDate, name: &str) -> Option<Value> {
    Some(match name {
        "year" => Value::Int(date.year().into()),
        "month" => Value::Int(date.month().into()),
        "day" => Value::Int(date.day().into()),
        _ => return None,
    })
}

/// Methods without arguments that dates and datetimes share.
pub(super) fn plain_method(date: NaiveDate, name: &str) -> Option<Value> {
    Some(match name {
        "weekday" => Value::Int(date.weekday().num_days_from_monday().into()),
        "isoweekday" => Value::Int(date.weekday().number_from_monday().into()),
        "toordinal" => Value::Int(date.num_days_from_ce().into()),
        "isocalendar" => {
            let week = date.iso_week();
            let parts = [i64::from(week.year()), week.week().into(), date.weekday().number_from_monday().into()];
            Value::tuple(parts.map(Value::Int).to_vec())
        }
        _ => return None,
    })
}

impl Object for Date {
    fn type_name(&self) -> &'static str {
        "date"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.0.year(), self.0.month(), self.0.day())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        attribute(self.0, name)
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        if let Some(value) = plain_method(self.0, name) {
            return Some(std::mem::take(args).none(name).map(|()| value));
        }
        let args = std::mem::take(args);
        match name {
            "isoformat" => Some(args.none(name).map(|()| Value::from(self.text()))),
            "strftime" => Some(args.bind(name, ["format"], 1).map(|[format]| {
                let moment = Moment { at: self.0.and_time(NaiveTime::MIN), offset: None };
                Value::from(strftime(&moment, &format.unwrap_or(Value::None).to_string()))
            })),
            "replace" => Some(args.bind(name, ["year", "month", "day"], 0).and_then(|given| {
                let own = ["year", "month", "day"].map(|part| attribute(self.0, part));
                let [year, month, day] = given;
                let [own_year, own_month, own_day] = own;
                let date = date_of([year.or(own_year), month.or(own_month), day.or(own_day)])?;
                Ok(Value::object(Date(date)))
            })),
            _ => None,
        }
    }

    fn identity(&self) -> Option<String> {
        Some(self.text())
    }

    fn compare(&self, other: &Value) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast::<Date>()?.0))
    }

    fn binary(&self, operator: BinaryOp, other: &Value, reflected: bool) -> Option<Outcome<Value>> {
        if let (BinaryOp::Sub, Some(other), false) = (operator, other.downcast::<Date>(), reflected) {
            return Some(Ok(Value::object(Delta(self.0 - other.0))));
        }
        let delta = other.downcast::<Delta>()?.0;
        let moved = match operator {
            BinaryOp::Add => self.0.checked_add_signed(delta),
            BinaryOp::Sub if !reflected => self.0.checked_sub_signed(delta),
            _ => return None,
        };
        Some(moved.map(|date| Value::object(Date(date))).ok_or_else(|| Fault::new("date value out of range")))
    }
}
