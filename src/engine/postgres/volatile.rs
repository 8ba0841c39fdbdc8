//! Which statements depend on more than their inputs.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Statement, visit_expressions};

/// Functions whose value changes from run to run though no input did.
const VOLATILE: &[&str] = &[
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "today",
    "random",
    "uuid",
    "gen_random_uuid",
];

/// Whether the statement's rows may differ from one run to the next though its inputs are the same.
pub fn is_volatile(statement: &Statement) -> bool {
    visit_expressions(statement, |expression| match expression {
        Expr::Function(function) => {
            let name = function.name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase());
            match name {
                Some(name) if VOLATILE.contains(&name.as_str()) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}
