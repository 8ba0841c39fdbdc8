//! What can be told from the syntax alone: a function in `FROM` that gives one column names it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Ident, Statement, TableAlias, TableAliasColumnDef, TableFactor, VisitMut, VisitorMut,
};

const SERIES: &str = "generate_series";

/// `generate_series(1, 3) AS g` has a column `g`, and `generate_series(1, 3)` a column `generate_series`.
pub fn rewrite(statement: &mut Statement) {
    let _: ControlFlow<()> = statement.visit(&mut NameSeries);
}

struct NameSeries;

impl VisitorMut for NameSeries {
    type Break = ();

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
