//! Calls: of functions, methods, macros and call blocks.

use std::rc::Rc;
use std::sync::Arc;

use super::{Frame, Interp, MacroValue};
use crate::jinja::args::Args;
use crate::jinja::ast::{Arguments, Expr, ExprKind, Macro, MacroKind, Name};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::limits::MAX_CALLS;
use crate::jinja::methods;
use crate::jinja::source::Span;
use crate::jinja::value::{Dict, Key, Value};

impl<'e> Interp<'e> {
    pub(super) fn eval_call(&mut self, callee: &Expr, arguments: &Arguments, span: Span) -> Outcome<Value> {
        self.eval_call_with(callee, arguments, span, None)
    }

    /// `{% call(x) macro(…) %}body{% endcall %}`: the body goes along as the argument `caller`.
    pub(super) fn eval_call_block(&mut self, call: &Expr, caller: &Arc<Macro>) -> Outcome<Value> {
        let ExprKind::Call(callee, arguments) = &call.kind else { return Err(Fault::new("expected a call")) };
        let closure = Some(self.frame.clone());
        let caller = Value::object(MacroValue { definition: caller.clone(), closure });
        self.eval_call_with(callee, arguments, call.span, Some(caller)).map_err(|fault| self.locate(fault, call.span))
    }

    fn eval_call_with(
        &mut self,
        callee: &Expr,
        arguments: &Arguments,
        span: Span,
        caller: Option<Value>,
    ) -> Outcome<Value> {
        let (receiver, method) = match &callee.kind {
            ExprKind::Attribute(receiver, name) => (self.eval(receiver)?, Some(name)),
            _ => (self.eval(callee)?, None),
        };
        let mut args = self.eval_arguments(arguments)?;
        args.named.extend(caller.map(|caller| (Name::from("caller"), caller)));
        self.call_span = span;
        let result = match method {
            Some(name) => self.call_method(&receiver, name, args)?,
            None => self.call(&receiver, args)?,
        };
        self.charge(result)
    }

    pub fn call(&mut self, callee: &Value, args: Args) -> Outcome<Value> {
        match callee {
            Value::Object(object) => object.clone().call(self, args),
            Value::Undefined(missing) => self.tolerate(missing),
            _ => Err(Fault::new(format!("'{}' object is not callable", callee.type_name()))),
        }
    }

    pub fn call_method(&mut self, receiver: &Value, name: &Name, mut args: Args) -> Outcome<Value> {
        match receiver {
            Value::Undefined(missing) => return self.tolerate(missing),
            Value::Object(object) => {
                if let Some(result) = object.clone().call_method(self, name, &mut args) {
                    return result;
                }
            }
            _ if methods::names(receiver).contains(&&**name) => return methods::call(self, receiver, name, args),
            _ => {}
        }
        let callee = self.attribute(receiver, name)?;
        self.call(&callee, args)
    }

    /// Runs a macro. Its value is what it printed, or what it gave to `return()`.
    pub fn call_macro(&mut self, definition: &Arc<Macro>, closure: Option<Rc<Frame>>, args: Args) -> Outcome<Value> {
        if self.calls >= MAX_CALLS {
            let message = format!("more than {MAX_CALLS} macros are running inside one another");
            return Err(Fault::hinted(message, format!("does '{}' call itself without an end?", definition.name)));
        }
        let is_caller = definition.kind == MacroKind::Caller;
        if closure.is_none() {
            self.run.entered(definition);
        }
        let call_span = self.call_span;
        let outer_source = std::mem::replace(&mut self.source, definition.source.clone());
        let outer_frame = std::mem::replace(&mut self.frame, Frame::inside(closure));
        self.calls += 1;
        let mut out = String::new();
        let bound = self.bind_parameters(definition, args);
        let result = bound.and_then(|()| self.exec(&definition.body, &mut out));
        self.calls -= 1;
        self.frame = outer_frame;
        self.source = outer_source;
        match result {
            Ok(()) => Ok(Value::from(out)),
            Err(Fault::Return(value)) if !is_caller => Ok(value),
            Err(fault) if !is_caller && fault.has_place() => {
                let site = self.source.place(call_span);
                Err(fault.leaving(&format!("macro {}", definition.name), &site.path, site.line))
            }
            // Wrong arguments are an error of the call, which gets its place there.
            Err(fault) => Err(fault),
        }
    }

    fn bind_parameters(&mut self, definition: &Macro, mut args: Args) -> Outcome<()> {
        let name = &definition.name;
        let frame = self.frame.clone();
        let extra = args.positional.split_off(definition.parameters.len().min(args.positional.len()));
        let mut positional = args.positional.drain(..);
        let mut given = Vec::with_capacity(definition.parameters.len());
        for (parameter, _) in &definition.parameters {
            let by_name = args.named.iter().position(|(known, _)| known == parameter);
            let by_name = by_name.map(|at| args.named.remove(at).1);
            match (positional.next(), by_name) {
                (Some(_), Some(_)) => {
                    return Err(Fault::new(format!("macro '{name}' got two values for the argument '{parameter}'")));
                }
                (one, other) => given.push(one.or(other)),
            }
        }
        drop(positional);
        self.bind_special(definition, extra, args)?;
        for ((parameter, default), value) in definition.parameters.iter().zip(given) {
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default)?,
                (None, None) => Value::undefined(format!("parameter '{parameter}' of macro '{name}' was not provided")),
            };
            frame.set(parameter, value);
        }
        Ok(())
    }

    /// `caller`, `varargs` and `kwargs`: only a macro that mentions them takes them.
    fn bind_special(&mut self, definition: &Macro, extra: Vec<Value>, mut args: Args) -> Outcome<()> {
        let (name, uses) = (&definition.name, definition.uses);
        if uses.caller
            && definition.kind != MacroKind::Caller
            && let Some(caller) = args.take_named("caller")
        {
            self.frame.set(&Name::from("caller"), caller);
        }
        if uses.kwargs {
            let entries = args.named.into_iter().map(|(name, value)| (Key::text(name), value));
            self.frame.set(&Name::from("kwargs"), Value::Dict(Rc::new(Dict::new(entries.collect()))));
        } else if let Some((unknown, _)) = args.named.first() {
            if &**unknown == "caller" {
                let message =
                    format!("macro '{name}' does not use caller(), so it cannot be the target of a call block");
                return Err(Fault::new(message));
            }
            let diagnostic = crate::diagnostic::Diagnostic::new(format!("macro '{name}' has no argument '{unknown}'"));
            let known = definition.parameters.iter().map(|(name, _)| &**name);
            return Err(diagnostic.known_names(unknown, "arguments", known).into());
        }
        if uses.varargs {
            self.frame.set(&Name::from("varargs"), Value::tuple(extra));
        } else if !extra.is_empty() {
            let limit = definition.parameters.len();
            return Err(Fault::new(format!("macro '{name}' takes not more than {limit} argument(s)")));
        }
        Ok(())
    }
}
