//! Variables.

use std::cell::RefCell;
use std::rc::Rc;

use crate::jinja::ast::Name;
use crate::jinja::value::{Value, drop_flat};

/// The variables of one scope, and the scope around it.
#[derive(Default)]
pub(crate) struct Frame {
    variables: RefCell<Vec<(Name, Value)>>,
    parent: Option<Rc<Frame>>,
}

impl Frame {
    pub fn inside(parent: Option<Rc<Frame>>) -> Rc<Frame> {
        Rc::new(Frame { variables: RefCell::default(), parent })
    }

    pub fn get(&self, name: &str) -> Option<Value> {
        let mut frame = Some(self);
        while let Some(here) = frame {
            let variables = here.variables.borrow();
            if let Some((_, value)) = variables.iter().find(|(known, _)| &**known == name) {
                return Some(value.clone());
            }
            frame = here.parent.as_deref();
        }
        None
    }

    pub fn set(&self, name: &Name, value: Value) {
        let mut variables = self.variables.borrow_mut();
        let old = match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => Some(std::mem::replace(slot, value)),
            None => {
                variables.push((name.clone(), value));
                None
            }
        };
        // The old value may be a macro whose frame is this one: it goes after the borrow.
        drop(variables);
        drop(old);
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.variables.borrow().iter().map(|(name, _)| name.to_string()).collect();
        names.extend(self.parent.iter().flat_map(|parent| parent.names()));
        names
    }

    pub fn clear(&self) {
        drop_flat(self.variables.take().into_iter().map(|(_, value)| value));
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.clear();
    }
}
