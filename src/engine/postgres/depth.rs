//! How deep an expression or a query may go.
//!
//! The parser counts what it opens, like parentheses. `a + b + c + …` and `… union all …` open nothing, but are as deep as
//! they are long, and whatever walks them needs stack for it.

use std::ops::ControlFlow;

use datafusion::error::Result;
use datafusion::sql::sqlparser::ast::{Expr, Query, SetExpr, Statement, Table, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::parser::ParserError;

/// Terms of one chain. A thread of this process has stack for several times as many.
const MAX_TERMS: usize = 5_000;

/// The statement, unless it goes too deep.
pub fn limited(mut statement: Statement) -> Result<Statement> {
    match statement.visit(&mut Depth) {
        ControlFlow::Continue(()) => Ok(statement),
        ControlFlow::Break(()) => Err(ParserError::RecursionLimitExceeded.into()),
    }
}

/// Looks down a chain before anything walks it, and takes one apart that is too long: dropping it would go as deep.
struct Depth;

impl VisitorMut for Depth {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let (mut terms, mut body) = (0, query.body.as_ref());
        while let SetExpr::SetOperation { left, .. } = body {
            (terms, body) = (terms + 1, left.as_ref());
        }
        if terms <= MAX_TERMS {
            return ControlFlow::Continue(());
        }
        let nothing = || Box::new(SetExpr::Table(Box::new(Table { table_name: None, schema_name: None })));
        let mut rest = std::mem::replace(&mut query.body, nothing());
        while let SetExpr::SetOperation { left, .. } = rest.as_mut() {
            rest = std::mem::replace(left, nothing());
        }
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let (mut terms, mut inner) = (0, &*expr);
        while let Expr::BinaryOp { left, .. } = inner {
            (terms, inner) = (terms + 1, left.as_ref());
        }
        if terms <= MAX_TERMS {
            return ControlFlow::Continue(());
        }
        let nothing = || Expr::value(Value::Null);
        let mut rest = std::mem::replace(expr, nothing());
        while let Expr::BinaryOp { left, .. } = &mut rest {
            rest = std::mem::replace(left, nothing());
        }
        ControlFlow::Break(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::MAX_TERMS;

    #[test]
    fn a_chain_has_an_end() {
        // A test's thread has little stack.
        let parsed = |terms: usize, operator: &str, term: &str| {
            let sql = format!("select {}", vec![term; terms].join(operator));
            std::thread::Builder::new()
                .stack_size(256 << 20)
                .spawn(move || parse(&sql).map(drop))
                .unwrap()
                .join()
                .unwrap()
        };
        for (operator, term) in [(" + ", "1"), (" or ", "true"), (" || ", "x"), (" union all select ", "1")] {
            assert!(parsed(MAX_TERMS, operator, term).is_ok(), "{operator}");
            let error = parsed(200_000, operator, term).unwrap_err();
            assert!(error.to_string().contains("RecursionLimitExceeded"), "{error}");
        }
    }
}
