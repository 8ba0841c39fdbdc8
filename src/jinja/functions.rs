//! Functions written in Rust, and the globals that every Jinja template has.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use super::args::{Args, integer};
use super::ast::Name;
use super::fault::{Fault, Outcome};
use super::interp::Interp;
use super::limits::MAX_RANGE;
use super::methods::dict::entries;
use super::value::{Dict, Key, Object, Tuple, Value, index};

pub(crate) type Function = fn(&mut Interp<'_>, Args) -> Outcome<Value>;

/// A function written in Rust.
pub(crate) struct Native {
    name: &'static str,
    function: Function,
}

impl Native {
    pub fn value(name: &'static str, function: Function) -> Value {
        Value::object(Native { name, function })
    }

    /// The function of this name in a table.
    pub fn find(table: &'static [(&'static str, Function)], name: &str) -> Option<Value> {
        table.iter().find(|(known, _)| *known == name).map(|(name, function)| Native::value(name, *function))
    }
}

impl Object for Native {
    fn type_name(&self) -> &'static str {
        "function"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<function {}>", self.name)
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        (self.function)(interp, args)
    }
}

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("range", |_, args| range(args)),
    ("dict", |_, args| Ok(Value::Dict(Rc::new(Dict::new(entries(args)?.into_iter().collect()))))),
    ("namespace", |_, args| Ok(Value::object(Namespace(Dict::new(entries(args)?.into_iter().collect()))))),
    ("cycler", |_, args| {
        if args.positional.is_empty() {
            return Err(Fault::new("at least one item has to be provided"));
        }
        Ok(Value::object(Cycler { items: Tuple::new(args.positional), at: Cell::new(0) }))
    }),
    ("joiner", |_, args| {
        let [separator] = args.bind("joiner", ["sep"], 0)?;
        let separator = Tuple::new(vec![separator.unwrap_or_else(|| Value::from(", "))]);
        Ok(Value::object(Joiner { separator, used: Cell::new(false) }))
    }),
];

fn range(args: Args) -> Outcome<Value> {
    let [first, second, step] = args.bind("range", ["start", "stop", "step"], 1)?;
    let (start, stop) = match second {
        Some(stop) => (integer("range", "start", first)?, integer("range", "stop", Some(stop))?),
        None => (Some(0), integer("range", "stop", first)?),
    };
    let (Some(start), Some(stop)) = (start, stop) else { return Err(Fault::new("range() needs integers, not None")) };
    let step = integer("range", "step", step)?.unwrap_or(1);
    if step == 0 {
        return Err(Fault::new("the step of range() must not be zero"));
    }
    let distance = i128::from(stop) - i128::from(start);
    let count = (distance + i128::from(step) - i128::from(step.signum())) / i128::from(step);
    match usize::try_from(count.max(0)) {
        Ok(count) if count <= MAX_RANGE => Ok(Value::object(Range { start, stop, step, count })),
        _ => Err(Fault::new(format!("range() of more than {MAX_RANGE} numbers"))),
    }
}

struct Range {
    start: i64,
    stop: i64,
    step: i64,
    count: usize,
}

impl Range {
    fn at(&self, position: usize) -> Value {
        Value::Int(self.start.saturating_add(self.step.saturating_mul(i64::try_from(position).unwrap_or(i64::MAX))))
    }
}

impl Object for Range {
    fn type_name(&self) -> &'static str {
        "range"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        }
    }

    fn is_true(&self) -> bool {
        self.count > 0
    }

    fn item(&self, key: &Value) -> Option<Value> {
        Some(self.at(index(key.as_int()?, self.count)?))
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some((0..self.count).map(|position| self.at(position)).collect())
    }

    fn length(&self) -> Option<usize> {
        Some(self.count)
    }

    fn identity(&self) -> Option<String> {
        Some(self.text())
    }
}

/// `namespace(a=1)`: its attributes can be set from inside loops.
struct Namespace(Dict);

impl Object for Namespace {
    fn type_name(&self) -> &'static str {
        "namespace"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        // Only the names: a namespace can hold itself.
        format!("<Namespace {}>", Value::list(self.0.keys()))
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.0.get_text(name)
    }

    fn attribute_names(&self) -> Vec<String> {
        self.0.keys().iter().map(Value::to_string).collect()
    }

    fn set_attribute(&self, name: &Name, value: Value) -> bool {
        self.0.insert(Key::text(name.clone()), value);
        true
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.0.get_text(key.as_str()?)
    }
}

struct Cycler {
    items: Tuple,
    at: Cell<usize>,
}

impl Object for Cycler {
    fn type_name(&self) -> &'static str {
        "cycler"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        if name == "current" { self.items.get(self.at.get()).cloned() } else { None }
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, _args: &mut Args) -> Option<Outcome<Value>> {
        match name {
            "next" => {
                let item = self.items.get(self.at.get()).cloned();
                self.at.set((self.at.get() + 1) % self.items.len());
                item.map(Ok)
            }
            "reset" => {
                self.at.set(0);
                Some(Ok(Value::None))
            }
            _ => None,
        }
    }
}

struct Joiner {
    separator: Tuple,
    used: Cell<bool>,
}

impl Object for Joiner {
    fn type_name(&self) -> &'static str {
        "joiner"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        args.none("joiner")?;
        match self.separator.first() {
            Some(separator) if self.used.replace(true) => Ok(separator.clone()),
            _ => Ok(Value::from("")),
        }
    }
}
