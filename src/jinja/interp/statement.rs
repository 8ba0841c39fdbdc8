//! Statements.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::loop_object::LoopObject;
use super::{Frame, Interp, MacroValue};
use crate::jinja::ast::{Expr, For, Macro, Name, Statement, Target};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::limits::STEPS_OF_A_ROUND;
use crate::jinja::value::{Tuple, Value, iterate};

impl<'e> Interp<'e> {
    pub(super) fn exec(&mut self, body: &[Statement], out: &mut String) -> Outcome<()> {
        self.check_stack()?;
        for statement in body {
            self.spend(1)?;
            self.exec_one(statement, out)?;
        }
        Ok(())
    }

    fn exec_one(&mut self, statement: &Statement, out: &mut String) -> Outcome<()> {
        match statement {
            Statement::Text(text) => self.write(text, out)?,
            Statement::Output(expr) => match self.eval(expr)? {
                Value::Str(text) => self.write(&text, out)?,
                value => {
                    let text = value.to_string();
                    self.write(&text, out)?;
                }
            },
            Statement::If { branches, otherwise } => {
                for (test, body) in branches {
                    if self.eval(test)?.is_true() {
                        return self.exec(body, out);
                    }
                }
                self.exec(otherwise, out)?;
            }
            Statement::For(definition) => {
                let items = self.eval(&definition.items)?;
                let looped = self.run_loop(definition, &items, 0, out);
                looped.map_err(|fault| self.locate(fault, definition.items.span))?;
            }
            Statement::Set { target, value } => {
                let value_span = value.span;
                let value = self.eval(value)?;
                self.assign(target, value).map_err(|fault| self.locate(fault, value_span))?;
            }
            Statement::SetBlock { target, filter, body } => {
                let mut value = self.capture(body)?;
                if let Some(filter) = filter {
                    value = self.eval_block_filter(filter, value)?;
                }
                self.assign(target, value)?;
            }
            Statement::With { bindings, body } => self.exec_with(bindings, body, out)?,
            Statement::Macro(definition) => self.define(definition),
            Statement::Call { call, caller } => {
                let value = self.eval_call_block(call, caller)?;
                self.write(&value.to_string(), out)?;
            }
            Statement::Filter { filter, body } => {
                let text = self.capture(body)?;
                let value = self.eval_block_filter(filter, text)?;
                self.write(&value.to_string(), out)?;
            }
            Statement::Do(expr) => _ = self.eval(expr)?,
            Statement::Break => return Err(Fault::Break),
            Statement::Continue => return Err(Fault::Continue),
        }
        Ok(())
    }

    fn write(&mut self, text: &str, out: &mut String) -> Outcome<()> {
        self.grow(text.len())?;
        out.push_str(text);
        Ok(())
    }

    /// Runs `evaluate` in a scope inside the current one.
    fn scoped<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let outer = self.frame.clone();
        self.frame = Frame::inside(Some(outer.clone()));
        let result = evaluate(self);
        self.frame = outer;
        result
    }

    /// The text that a block makes, in a scope of its own.
    fn capture(&mut self, body: &[Statement]) -> Outcome<Value> {
        let mut text = String::new();
        self.scoped(|interp| interp.exec(body, &mut text))?;
        Ok(Value::from(text))
    }

    fn exec_with(&mut self, bindings: &[(Target, Expr)], body: &[Statement], out: &mut String) -> Outcome<()> {
        let values: Vec<Value> = bindings.iter().map(|(_, value)| self.eval(value)).collect::<Outcome<_>>()?;
        self.scoped(|interp| {
            for ((target, expr), value) in bindings.iter().zip(values) {
                interp.assign(target, value).map_err(|fault| interp.locate(fault, expr.span))?;
            }
            interp.exec(body, out)
        })
    }

    fn define(&mut self, definition: &Arc<Macro>) {
        let closure = Some(self.frame.clone());
        self.closures.push(self.frame.clone());
        self.frame.set(&definition.name, Value::object(MacroValue { definition: definition.clone(), closure }));
    }

    pub(super) fn run_loop(
        &mut self,
        definition: &Arc<For>,
        items: &Value,
        depth: usize,
        out: &mut String,
    ) -> Outcome<()> {
        let mut items = iterate(items)?;
        if let Some(filter) = &definition.filter {
            items = self.filter_items(definition, filter, items)?;
        }
        if items.is_empty() {
            return self.scoped(|interp| interp.exec(&definition.otherwise, out));
        }
        let recursive = definition.recursive.then(|| (definition.clone(), self.frame.clone()));
        let state = Rc::new(LoopObject {
            items: Tuple::new(items),
            at: Cell::new(0),
            depth,
            recursive,
            changed: RefCell::new(None),
        });
        let name = Name::from("loop");
        for (at, item) in state.items.iter().enumerate() {
            self.spend(STEPS_OF_A_ROUND)?;
            state.at.set(at);
            let round = self.scoped(|interp| {
                interp.frame.set(&name, Value::Object(state.clone()));
                interp.assign(&definition.target, item.clone())?;
                interp.exec(&definition.body, out)
            });
            match round {
                Ok(()) | Err(Fault::Continue) => {}
                Err(Fault::Break) => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn filter_items(&mut self, definition: &For, filter: &Expr, items: Vec<Value>) -> Outcome<Vec<Value>> {
        let mut kept = Vec::new();
        for item in items {
            self.spend(STEPS_OF_A_ROUND)?;
            let passes = self.scoped(|interp| {
                interp.assign(&definition.target, item.clone())?;
                Ok(interp.eval(filter)?.is_true())
            });
            if passes? {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn assign(&mut self, target: &Target, value: Value) -> Outcome<()> {
        match target {
            Target::Name(name) => self.frame.set(name, value),
            Target::Attribute(name, attribute, span) => {
                let object = self.lookup(name);
                let changed = match &object {
                    Value::Object(object) => object.set_attribute(attribute, value),
                    _ => false,
                };
                if !changed {
                    let message = format!("cannot assign an attribute on '{name}', which is not a namespace()");
                    return Err(self.locate(Fault::new(message), *span));
                }
            }
            Target::Tuple(targets, span) => {
                let values = iterate(&value)
                    .map_err(|_| Fault::new(format!("cannot unpack non-iterable {} object", value.type_name())));
                let values = values.map_err(|fault| self.locate(fault, *span))?;
                if values.len() != targets.len() {
                    let (wanted, found) = (targets.len(), values.len());
                    let problem = if found > wanted { "too many" } else { "not enough" };
                    let message = format!("{problem} values to unpack (expected {wanted}, got {found})");
                    return Err(self.locate(Fault::new(message), *span));
                }
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value)?;
                }
            }
        }
        Ok(())
    }
}
