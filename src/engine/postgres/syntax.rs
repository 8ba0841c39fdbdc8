//! What can be told from the syntax alone: the names of columns that a query does not name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableAliasColumnDef,
    TableFactor, Value, VisitMut, VisitorMut,
};

use super::names::name_columns;

const SERIES: &str = "generate_series";

/// Names the columns of select lists and of functions in `FROM`: `generate_series(1, 3) AS g` has a column `g`, and
/// `generate_series(1, 3)` a column `generate_series`.
pub fn rewrite(statement: &mut Statement) {
    let _: ControlFlow<()> = statement.visit(&mut Names);
}

struct Names;

impl VisitorMut for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        order_by_position(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        name_columns(&mut select.projection);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, args: Some(_), alias, .. } = factor else { return ControlFlow::Continue(()) };
        let function = name.0.last().and_then(|part| part.as_ident());
        if !function.is_some_and(|function| function.value.eq_ignore_ascii_case(SERIES)) {
            return ControlFlow::Continue(());
        }
        let alias = alias.get_or_insert_with(|| TableAlias {
            explicit: true,
            name: Ident::new(SERIES),
            columns: vec![],
            at: None,
        });
        if alias.columns.is_empty() {
            alias.columns.push(TableAliasColumnDef { name: alias.name.clone(), data_type: None });
        }
        ControlFlow::Continue(())
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
