//! Evaluation of syntax trees: statements in `statement`, expressions in `expression`, attributes and items in
//! `access`, calls in `call`.

mod access;
mod call;
mod expression;
mod frame;
mod loop_object;
mod macro_value;
mod native;
mod statement;

use std::rc::Rc;
use std::sync::Arc;

pub(crate) use expression::compare;
pub(crate) use frame::Frame;
pub(crate) use macro_value::MacroValue;

use super::ast::{Name, TemplateAst};
use super::dbt::Run;
use super::fault::{Fault, Outcome};
use super::limits::{MAX_ITEMS, MAX_STACK, MAX_STEPS, MAX_TEXT, MAX_TOTAL_TEXT};
use super::source::{Source, Span};
use super::value::{Missing, Value};
use crate::diagnostic::Diagnostic;

/// One evaluation of one template.
pub(crate) struct Interp<'e> {
    pub run: &'e Run<'e>,
    /// Where the code that is running stands.
    source: Arc<Source>,
    frame: Rc<Frame>,
    /// Frames that macros of the template point back to: emptied at the end, since they would keep each other alive.
    closures: Vec<Rc<Frame>>,
    /// The template's own source and the names it assigns, while parsing.
    template: Option<(Arc<Source>, &'e [Name])>,
    calls: usize,
    steps: usize,
    text: usize,
    stack_base: usize,
    /// Where the call that is being evaluated stands, for functions that record their place.
    call_span: Span,
}

impl<'e> Interp<'e> {
    pub fn new(run: &'e Run<'e>, source: Arc<Source>) -> Self {
        Interp {
            run,
            source,
            frame: Rc::new(Frame::default()),
            closures: Vec::new(),
            template: None,
            calls: 0,
            steps: 0,
            text: 0,
            stack_base: stack_position(),
            call_span: Span::new(0, 0),
        }
    }

    /// The text of a whole template.
    pub fn render(&mut self, template: &'e TemplateAst) -> Result<String, Diagnostic> {
        self.template = Some((template.source.clone(), &template.assigned));
        let mut out = String::new();
        let result = self.exec(&template.body, &mut out);
        self.close();
        let result = result.map_err(|fault| match fault {
            Fault::Return(_) => self.locate(Fault::new("return() outside of a macro"), self.call_span),
            fault => fault,
        });
        result.map(|()| out).map_err(Fault::into_diagnostic)
    }

    /// Runs `evaluate` and gives its error the form for people.
    pub fn finish<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> Outcome<T>) -> Result<T, Diagnostic> {
        let result = evaluate(self);
        self.close();
        result.map_err(Fault::into_diagnostic)
    }

    fn close(&mut self) {
        self.closures.drain(..).for_each(|frame| frame.clear());
        self.frame.clear();
    }

    /// Counts work done.
    pub fn spend(&mut self, steps: usize) -> Outcome<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            return Err(Fault::hinted(
                format!("this template takes more than {MAX_STEPS} steps"),
                "is there a loop that multiplies?",
            ));
        }
        Ok(())
    }

    /// Counts text made.
    pub fn grow(&mut self, bytes: usize) -> Outcome<()> {
        self.text = self.text.saturating_add(bytes);
        if bytes > MAX_TEXT || self.text > MAX_TOTAL_TEXT {
            return Err(Fault::hinted("this template makes too much text", "is there a loop that multiplies?"));
        }
        Ok(())
    }

    /// Counts what it took to make a value.
    pub fn charge(&mut self, value: Value) -> Outcome<Value> {
        match &value {
            Value::Str(text) => self.grow(text.len())?,
            Value::List(list) => self.charge_items(list.len())?,
            Value::Tuple(items) => self.charge_items(items.len())?,
            Value::Dict(dict) => self.charge_items(dict.len())?,
            Value::Set(set) => self.charge_items(set.len())?,
            _ => {}
        }
        Ok(value)
    }

    pub fn charge_items(&mut self, count: usize) -> Outcome<()> {
        if count > MAX_ITEMS {
            return Err(Fault::new(format!("this makes more than {MAX_ITEMS} items")));
        }
        self.spend(count)
    }

    /// An error when evaluation is so deep that the thread's stack could end.
    fn check_stack(&self) -> Outcome<()> {
        if self.stack_base.abs_diff(stack_position()) > MAX_STACK {
            return Err(Fault::hinted("the template recurses too deep", "does a macro call itself without an end?"));
        }
        Ok(())
    }

    /// Gives an error its place, if nothing inside has, and the hint what an undefined name was meant to be.
    fn locate(&self, fault: Fault, span: Span) -> Fault {
        let Fault::Failure(mut failure) = fault else { return fault };
        if failure.diagnostic.place.is_none() {
            failure.diagnostic.place = Some(Box::new(self.source.place(span)));
            if let Some(name) = failure.undefined.take() {
                let known = self.known_names();
                let known = known.iter().map(String::as_str);
                failure.diagnostic = self.run.explain_undefined(failure.diagnostic, &name, known);
            }
        }
        Fault::Failure(failure)
    }

    fn known_names(&self) -> Vec<String> {
        let mut names = self.run.names();
        names.extend(self.frame.names());
        names
    }

    /// What using an undefined value gives. dbt lets a template's own text get away with it while it parses, where much
    /// is not known yet; a name that nothing ever defines is still an error.
    pub fn tolerate(&self, missing: &Rc<Missing>) -> Outcome<Value> {
        let tolerated = match &self.template {
            Some((source, assigned)) if !self.run.execute() && Arc::ptr_eq(source, &self.source) => {
                missing.name.as_ref().is_none_or(|name| assigned.binary_search(name).is_ok())
            }
            _ => false,
        };
        if tolerated { Ok(Value::Undefined(missing.clone())) } else { Err(missing.fault()) }
    }

    /// The value of a variable, macro or function.
    pub fn lookup(&self, name: &Name) -> Value {
        self.find(name).unwrap_or_else(|| {
            let what = format!("'{name}' is undefined");
            Value::Undefined(Rc::new(Missing { what, name: Some(name.clone()), hint: None }))
        })
    }

    /// As `lookup`, if there is any.
    pub fn find(&self, name: &str) -> Option<Value> {
        self.frame.get(name).or_else(|| self.run.global(name, &self.source.package))
    }

    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    pub fn call_span(&self) -> Span {
        self.call_span
    }
}

/// Roughly where the stack of this thread ends now.
fn stack_position() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(&marker).addr()
}
