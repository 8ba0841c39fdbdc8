//! Expressions.

use std::cmp::Ordering;
use std::rc::Rc;

use super::Interp;
use crate::jinja::args::Args;
use crate::jinja::ast::{Arguments, CompareOp, Expr, ExprKind};
use crate::jinja::fault::{Fault, Outcome};
use crate::jinja::source::Span;
use crate::jinja::value::{self, Dict, Key, Value};
use crate::jinja::{filters, predicates};

impl<'e> Interp<'e> {
    pub(super) fn eval(&mut self, expr: &Expr) -> Outcome<Value> {
        self.check_stack()?;
        self.spend(1)?;
        self.eval_kind(expr).map_err(|fault| self.locate(fault, expr.span))
    }

    fn eval_kind(&mut self, expr: &Expr) -> Outcome<Value> {
        match &expr.kind {
            ExprKind::None => Ok(Value::None),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Int(value) => Ok(Value::Int(*value)),
            ExprKind::Float(value) => Ok(Value::Float(*value)),
            ExprKind::Str(text) => Ok(Value::Str(text.clone())),
            ExprKind::Name(name) => Ok(self.lookup(name)),
            ExprKind::List(items) => Ok(Value::list(self.eval_all(items)?)),
            ExprKind::Tuple(items) => Ok(Value::tuple(self.eval_all(items)?)),
            ExprKind::Dict(entries) => self.eval_dict(entries),
            ExprKind::Not(operand) => Ok(Value::Bool(!self.eval(operand)?.is_true())),
            ExprKind::Negative(operand) => value::negative(&self.eval(operand)?),
            ExprKind::Positive(operand) => value::positive(&self.eval(operand)?),
            ExprKind::Binary(operator, operands) => {
                let left = self.eval(&operands.0)?;
                let right = self.eval(&operands.1)?;
                let result = value::binary(*operator, &left, &right)?;
                self.charge(result)
            }
            ExprKind::And(operands) => {
                let left = self.eval(&operands.0)?;
                if left.is_true() { self.eval(&operands.1) } else { Ok(left) }
            }
            ExprKind::Or(operands) => {
                let left = self.eval(&operands.0)?;
                if left.is_true() { Ok(left) } else { self.eval(&operands.1) }
            }
            ExprKind::Concat(parts) => self.eval_concat(parts),
            ExprKind::Compare(first, rest) => self.eval_compare(first, rest),
            ExprKind::Conditional(parts) => match (self.eval(&parts.test)?.is_true(), &parts.otherwise) {
                (true, _) => self.eval(&parts.then),
                (false, Some(otherwise)) => self.eval(otherwise),
                (false, None) => Ok(Value::undefined("the inline if-expression evaluated to false and has no else")),
            },
            ExprKind::Attribute(operand, name) => {
                let operand = self.eval(operand)?;
                self.attribute(&operand, name)
            }
            ExprKind::Index(operands) => {
                let operand = self.eval(&operands.0)?;
                let key = self.eval(&operands.1)?;
                self.item(&operand, &key)
            }
            ExprKind::Slice(operand, bounds) => self.eval_slice(operand, bounds),
            ExprKind::Call(callee, arguments) => self.eval_call(callee, arguments, expr.span),
            ExprKind::Filter(Some(subject), name, arguments) => {
                let subject = self.eval(subject)?;
                self.apply_filter(name, &subject, arguments)
            }
            ExprKind::Filter(None, ..) => Err(Fault::new("this filter has nothing to work on")),
            ExprKind::Test(subject, name, arguments) => {
                let subject = self.eval(subject)?;
                let args = self.eval_arguments(arguments)?;
                Ok(Value::Bool(predicates::test(name, &subject, args)?))
            }
        }
    }

    fn eval_all(&mut self, items: &[Expr]) -> Outcome<Vec<Value>> {
        items.iter().map(|item| self.eval(item)).collect()
    }

    fn eval_dict(&mut self, entries: &[(Expr, Expr)]) -> Outcome<Value> {
        let dict = Dict::default();
        for (key, value) in entries {
            let key_value = self.eval(key)?;
            let key = Key::new(key_value).map_err(|fault| self.locate(fault, key.span))?;
            let value = self.eval(value)?;
            dict.insert(key, value);
        }
        Ok(Value::Dict(Rc::new(dict)))
    }

    fn eval_concat(&mut self, parts: &[Expr]) -> Outcome<Value> {
        let mut text = String::new();
        for part in parts {
            match self.eval(part)? {
                Value::Str(part) => text.push_str(&part),
                value => text.push_str(&value.to_string()),
            }
            crate::jinja::limits::check_text(text.len())?;
        }
        self.charge(Value::from(text))
    }

    fn eval_compare(&mut self, first: &Expr, rest: &[(CompareOp, Expr)]) -> Outcome<Value> {
        let mut left = self.eval(first)?;
        for (operator, right) in rest {
            let right = self.eval(right)?;
            if !compare(*operator, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn eval_slice(&mut self, operand: &Expr, bounds: &[Option<Expr>; 3]) -> Outcome<Value> {
        let operand = self.eval(operand)?;
        if let Value::Undefined(missing) = &operand {
            return self.tolerate(missing);
        }
        let mut values = [Value::None, Value::None, Value::None];
        for (value, bound) in values.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                *value = self.eval(bound)?;
            }
        }
        let [start, stop, step] = &values;
        let sliced = value::slice(&operand, [start, stop, step])?;
        self.charge(sliced)
    }

    fn apply_filter(&mut self, name: &str, subject: &Value, arguments: &Arguments) -> Outcome<Value> {
        let args = self.eval_arguments(arguments)?;
        let result = filters::apply(self, name, subject, args)?;
        self.charge(result)
    }

    /// The filters of a filter block or a block `set`, innermost first.
    pub(super) fn eval_block_filter(&mut self, filter: &Expr, text: Value) -> Outcome<Value> {
        let ExprKind::Filter(inner, name, arguments) = &filter.kind else { return Ok(text) };
        let subject = match inner {
            Some(inner) => self.eval_block_filter(inner, text)?,
            None => text,
        };
        self.apply_filter(name, &subject, arguments).map_err(|fault| self.locate(fault, filter.span))
    }

    pub(super) fn eval_arguments(&mut self, arguments: &Arguments) -> Outcome<Args> {
        let positional = self.eval_all(&arguments.positional)?;
        let named = arguments.named.iter().map(|(name, value)| Ok((name.clone(), self.eval(value)?)));
        let named = named.collect::<Outcome<_>>()?;
        let mut args = Args { positional, named };
        if let Some(star) = &arguments.star {
            let values = self.eval(star)?;
            let values = value::iterate(&values).map_err(|fault| self.locate(fault, star.span))?;
            self.charge_items(values.len())?;
            args.positional.extend(values);
        }
        if let Some(double_star) = &arguments.double_star {
            let mapping = self.eval(double_star)?;
            self.unpack_named(&mapping, double_star.span, &mut args)?;
        }
        Ok(args)
    }

    fn unpack_named(&mut self, mapping: &Value, span: Span, args: &mut Args) -> Outcome<()> {
        let entries = match mapping {
            Value::Dict(dict) => dict.entries(),
            Value::Undefined(missing) => return Err(self.locate(missing.fault(), span)),
            _ => {
                let message = format!("argument after ** must be a dict, not a {}", mapping.type_name());
                return Err(self.locate(Fault::new(message), span));
            }
        };
        for (key, value) in entries {
            let Value::Str(name) = key.value() else {
                return Err(self.locate(Fault::new("keywords must be strings"), span));
            };
            if args.named.iter().any(|(known, _)| known == name) {
                return Err(self.locate(Fault::new(format!("argument '{name}' is given twice")), span));
            }
            args.named.push((name.clone(), value));
        }
        Ok(())
    }
}

pub(crate) fn compare(operator: CompareOp, left: &Value, right: &Value) -> Outcome<bool> {
    let ordered =
        |spelling: &str, wanted: fn(Ordering) -> bool| Ok(value::order(left, right, spelling)?.is_some_and(wanted));
    match operator {
        CompareOp::Eq => Ok(value::equal(left, right)),
        CompareOp::Ne => Ok(!value::equal(left, right)),
        CompareOp::Lt => ordered("<", Ordering::is_lt),
        CompareOp::Le => ordered("<=", Ordering::is_le),
        CompareOp::Gt => ordered(">", Ordering::is_gt),
        CompareOp::Ge => ordered(">=", Ordering::is_ge),
        CompareOp::In => value::contains(right, left),
        CompareOp::NotIn => Ok(!value::contains(right, left)?),
    }
}
