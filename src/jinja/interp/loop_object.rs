//! The `loop` of a `for`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::{Frame, Interp};
use crate::jinja::args::Args;
use crate::jinja::ast::For;
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::value::{Object, Tuple, Value, equal};

pub(super) struct LoopObject {
    pub items: Tuple,
    pub at: Cell<usize>,
    pub depth: usize,
    /// For a recursive loop: what `loop(items)` runs again, and the variables around it.
    pub recursive: Option<(Arc<For>, Rc<Frame>)>,
    pub changed: RefCell<Option<Vec<Value>>>,
}

impl Object for LoopObject {
    fn type_name(&self) -> &'static str {
        "loop"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn text(&self) -> String {
        format!("<LoopContext {}/{}>", self.at.get() + 1, self.items.len())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let (at, length) = (self.at.get(), self.items.len());
        let neighbour = |at: Option<usize>, what: &str| {
            at.and_then(|at| self.items.get(at).cloned()).unwrap_or_else(|| Value::undefined(what))
        };
        Some(match name {
            "index" => Value::from(at + 1),
            "index0" => Value::from(at),
            "revindex" => Value::from(length - at),
            "revindex0" => Value::from(length - at - 1),
            "first" => Value::Bool(at == 0),
            "last" => Value::Bool(at + 1 == length),
            "length" => Value::from(length),
            "depth" => Value::from(self.depth + 1),
            "depth0" => Value::from(self.depth),
            "previtem" => neighbour(at.checked_sub(1), "there is no previous item"),
            "nextitem" => neighbour(Some(at + 1), "there is no next item"),
            _ => return None,
        })
    }

    fn attribute_names(&self) -> Vec<String> {
        const NAMES: [&str; 13] = [
            "index",
            "index0",
            "revindex",
            "revindex0",
            "first",
            "last",
            "length",
            "depth",
            "depth0",
            "previtem",
            "nextitem",
            "cycle",
            "changed",
        ];
        NAMES.map(String::from).to_vec()
    }

    fn length(&self) -> Option<usize> {
        Some(self.items.len())
    }

    fn call_method(&self, _interp: &mut Interp<'_>, name: &str, args: &mut Args) -> Option<Outcome<Value>> {
        let values = match name {
            "cycle" | "changed" => std::mem::take(&mut args.positional),
            _ => return None,
        };
        if name == "changed" {
            let same =
                |old: &Vec<Value>| old.len() == values.len() && old.iter().zip(&values).all(|(a, b)| equal(a, b));
            let changed = !self.changed.borrow().as_ref().is_some_and(same);
            self.changed.replace(Some(values));
            return Some(Ok(Value::Bool(changed)));
        }
        if values.is_empty() {
            return Some(Err(Fault::new("no items for cycling given")));
        }
        Some(Ok(values[self.at.get() % values.len()].clone()))
    }

    fn is_callable(&self) -> bool {
        self.recursive.is_some()
    }

    fn call(&self, interp: &mut Interp<'_>, args: Args) -> Outcome<Value> {
        let [items] = args.bind("loop", ["iterable"], 1)?;
        let Some((definition, frame)) = &self.recursive else {
            let hint = "write '{% for item in items recursive %}'";
            return Err(Fault::hinted("the loop must have the 'recursive' marker to be called", hint));
        };
        let mut out = String::new();
        let outer = std::mem::replace(&mut interp.frame, frame.clone());
        let items = items.unwrap_or(Value::None);
        let result = interp.run_loop(definition, &items, self.depth + 1, &mut out);
        interp.frame = outer;
        result.map(|()| Value::from(out))
    }
}
