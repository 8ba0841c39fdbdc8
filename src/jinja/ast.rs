//! The syntax tree of a template. Immutable and shared between threads.

use std::sync::Arc;

use super::source::{Source, Span};

pub(crate) type Name = Arc<str>;
pub(crate) type Body = Vec<Statement>;

#[derive(Debug)]
pub(crate) struct TemplateAst {
    pub source: Arc<Source>,
    pub body: Body,
    /// Every name that some `set`, `for`, `with`, parameter or macro of the template may define.
    pub assigned: Vec<Name>,
}

#[derive(Debug)]
pub(crate) enum Statement {
    Text(String),
    Output(Expr),
    If { branches: Vec<(Expr, Body)>, otherwise: Body },
    For(Arc<For>),
    Set { target: Target, value: Expr },
    SetBlock { target: Target, filter: Option<Expr>, body: Body },
    With { bindings: Vec<(Target, Expr)>, body: Body },
    Macro(Arc<Macro>),
    Call { call: Expr, caller: Arc<Macro> },
    Filter { filter: Expr, body: Body },
    Do(Expr),
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct For {
    pub target: Target,
    pub items: Expr,
    pub filter: Option<Expr>,
    pub body: Body,
    pub otherwise: Body,
    pub recursive: bool,
}

/// The left side of an assignment.
#[derive(Debug)]
pub(crate) enum Target {
    Name(Name),
    /// `ns.name`, where `ns` is a `namespace()`.
    Attribute(Name, Name, Span),
    Tuple(Vec<Target>, Span),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacroKind {
    Macro,
    /// `{% test name() %}`: a macro named `test_name`.
    Test,
    /// `{% materialization name, adapter='x' %}`: a macro named `materialization_name_x`.
    Materialization,
    /// The body of a `{% call %}` block.
    Caller,
}

#[derive(Debug)]
pub(crate) struct Macro {
    pub kind: MacroKind,
    pub name: Name,
    pub parameters: Vec<(Name, Option<Expr>)>,
    pub body: Body,
    pub source: Arc<Source>,
    /// The macro's name in its header.
    pub header: Span,
    /// From `{% macro` to the end of `{% endmacro %}`.
    pub extent: Span,
    pub uses: SpecialNames,
}

/// Which of the names that Jinja gives to macros only on demand a macro's body mentions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpecialNames {
    pub varargs: bool,
    pub kwargs: bool,
    pub caller: bool,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    pub span: Span,
    /// How many levels of expressions are below this one, itself included.
    pub depth: usize,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Name(Name),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Binary(BinaryOp, Box<(Expr, Expr)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Concat(Vec<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    Conditional(Box<Conditional>),
    Attribute(Box<Expr>, Name),
    Index(Box<(Expr, Expr)>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call(Box<Expr>, Box<Arguments>),
    /// The subject is missing in `{% filter upper %}` and `{% set x | upper %}`: there it is the block's text.
    Filter(Option<Box<Expr>>, Name, Box<Arguments>),
    Test(Box<Expr>, Name, Box<Arguments>),
}

#[derive(Debug)]
pub(crate) struct Conditional {
    pub test: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
}

impl BinaryOp {
    pub fn spelling(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "**",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// The arguments of a call, filter or test, as written.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub positional: Vec<Expr>,
    pub named: Vec<(Name, Expr)>,
    pub star: Option<Expr>,
    pub double_star: Option<Expr>,
}

impl Arguments {
    pub fn each(&self) -> impl Iterator<Item = &Expr> {
        let named = self.named.iter().map(|(_, value)| value);
        self.positional.iter().chain(named).chain(&self.star).chain(&self.double_star)
    }
}

impl ExprKind {
    /// Calls `visit` with every direct sub-expression.
    pub fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) => {}
            ExprKind::Str(_) | ExprKind::Name(_) => {}
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => items.iter().for_each(visit),
            ExprKind::Dict(items) => items.iter().flat_map(|(key, value)| [key, value]).for_each(visit),
            ExprKind::Not(one) | ExprKind::Negative(one) | ExprKind::Positive(one) => visit(one),
            ExprKind::Attribute(one, _) => visit(one),
            ExprKind::Binary(_, two) | ExprKind::And(two) | ExprKind::Or(two) | ExprKind::Index(two) => {
                visit(&two.0);
                visit(&two.1);
            }
            ExprKind::Compare(first, rest) => {
                visit(first);
                rest.iter().for_each(|(_, operand)| visit(operand));
            }
            ExprKind::Conditional(parts) => {
                visit(&parts.test);
                visit(&parts.then);
                parts.otherwise.iter().for_each(visit);
            }
            ExprKind::Slice(subject, bounds) => {
                visit(subject);
                bounds.iter().flatten().for_each(visit);
            }
            ExprKind::Call(subject, arguments) | ExprKind::Test(subject, _, arguments) => {
                visit(subject);
                arguments.each().for_each(visit);
            }
            ExprKind::Filter(subject, _, arguments) => {
                subject.iter().for_each(|subject| visit(subject));
                arguments.each().for_each(visit);
            }
        }
    }
}

impl Statement {
    /// Calls `visit` with every expression of this statement and of those inside it, outermost expressions only.
    pub fn each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        let all = |body: &'a Body, visit: &mut dyn FnMut(&'a Expr)| {
            body.iter().for_each(|statement| statement.each_expr(visit));
        };
        match self {
            Statement::Text(_) | Statement::Break | Statement::Continue => {}
            Statement::Output(expr) | Statement::Do(expr) | Statement::Set { value: expr, .. } => visit(expr),
            Statement::If { branches, otherwise } => {
                for (test, body) in branches {
                    visit(test);
                    all(body, visit);
                }
                all(otherwise, visit);
            }
            Statement::For(each) => {
                visit(&each.items);
                each.filter.iter().for_each(&mut *visit);
                all(&each.body, visit);
                all(&each.otherwise, visit);
            }
            Statement::SetBlock { filter, body, .. } => {
                filter.iter().for_each(&mut *visit);
                all(body, visit);
            }
            Statement::With { bindings, body } => {
                bindings.iter().for_each(|(_, value)| visit(value));
                all(body, visit);
            }
            Statement::Macro(inner) => inner.each_expr(visit),
            Statement::Call { call, caller } => {
                visit(call);
                caller.each_expr(visit);
            }
            Statement::Filter { filter, body } => {
                visit(filter);
                all(body, visit);
            }
        }
    }
}

impl Macro {
    /// Calls `visit` with every outermost expression of the macro.
    pub fn each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.parameters.iter().filter_map(|(_, default)| default.as_ref()).for_each(&mut *visit);
        self.body.iter().for_each(|statement| statement.each_expr(visit));
    }
}
