//! What can be told from the syntax alone: the names of columns that a query does not name, functions that give rows,
//! written intervals.

use std::ops::ControlFlow;

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, LimitClause, ObjectName, OrderByKind,
    Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Statement, TableFactor, Value, VisitMut,
    VisitorMut,
};

use super::names::name_columns;
use super::{intervals, merged_columns, row_values, set_returning};

/// Names the columns of select lists and of functions in `FROM`, and writes in DataFusion's words what it would not
/// understand.
pub fn rewrite(statement: &mut Statement) -> Result<()> {
    match statement.visit(&mut Syntax) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Syntax;

impl VisitorMut for Syntax {
    type Break = DataFusionError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<DataFusionError> {
        order_by_position(query);
        fetch_as_limit(query);
        refuse_multisets(&query.body)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<DataFusionError> {
        merged_columns::put_first(select);
        name_columns(&mut select.projection);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<DataFusionError> {
        set_returning::in_from(factor);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<DataFusionError> {
        intervals::spell_out(expr);
        set_returning::in_expression(expr);
        row_values::spell_out(expr);
        age_of_today(expr);
        ControlFlow::Continue(())
    }
}

/// `EXCEPT ALL` and `INTERSECT ALL` would count rows otherwise than Postgres does.
fn refuse_multisets(body: &SetExpr) -> ControlFlow<DataFusionError> {
    match body {
        SetExpr::SetOperation { op, set_quantifier: SetQuantifier::All, .. } if *op != SetOperator::Union => {
            let error = DataFusionError::NotImplemented(format!(
                "{op} ALL is not supported: number the equal rows with row_number() and use {op}"
            ));
            ControlFlow::Break(error)
        }
        SetExpr::SetOperation { left, right, .. } => {
            refuse_multisets(left)?;
            refuse_multisets(right)
        }
        _ => ControlFlow::Continue(()),
    }
}

/// `FETCH FIRST n ROWS ONLY` is `LIMIT n`.
fn fetch_as_limit(query: &mut Query) {
    let is_plain = query.fetch.as_ref().is_some_and(|fetch| !fetch.with_ties && !fetch.percent);
    let rows = match (&query.limit_clause, is_plain) {
        (None, true) => LimitClause::LimitOffset { limit: None, offset: None, limit_by: vec![] },
        (Some(clause @ LimitClause::LimitOffset { limit: None, .. }), true) => clause.clone(),
        _ => return,
    };
    let (Some(fetch), LimitClause::LimitOffset { offset, limit_by, .. }) = (query.fetch.take(), rows) else { return };
    let one = || Expr::Value(Value::Number("1".to_string(), false).into());
    let limit = Some(fetch.quantity.unwrap_or_else(one));
    query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by });
}

/// `age(x)` counts from today.
fn age_of_today(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let is_age = function.name.to_string().eq_ignore_ascii_case("age");
    let mut today = function.clone();
    let FunctionArguments::List(arguments) = &mut function.args else { return };
    if is_age && arguments.args.len() == 1 {
        today.name = ObjectName::from(vec![Ident::new("current_date")]);
        today.args = FunctionArguments::None;
        arguments.args.insert(0, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(today))));
    }
}

/// `SELECT DISTINCT f(x) … ORDER BY f(x)` orders by the first column: once that has a name, nothing else tells that the
/// two are one.
fn order_by_position(query: &mut Query) {
    let (SetExpr::Select(select), Some(order)) = (query.body.as_ref(), query.order_by.as_mut()) else { return };
    let (Some(Distinct::Distinct), OrderByKind::Expressions(keys)) = (&select.distinct, &mut order.kind) else {
        return;
    };
    for key in keys {
        let same = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(expr) if *expr == key.expr);
        let has_star =
            |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _));
        let Some(position) = select.projection.iter().position(same) else { continue };
        if !select.projection.iter().take(position).any(has_star) {
            key.expr = Expr::Value(Value::Number((position + 1).to_string(), false).into());
        }
    }
}
