//! Which statements depend on more than their inputs.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, FunctionArguments, Statement, visit_expressions};

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
    "random_normal",
    "setseed",
    "uuid",
    "uuidv4",
    "uuidv7",
    "gen_random_uuid",
];

/// Whether the statement's rows may differ from one run to the next though its inputs are the same.
pub fn is_volatile(statement: &Statement) -> bool {
    visit_expressions(statement, |expression| match expression {
        Expr::Function(function) => {
            let name = function.name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase());
            match name {
                Some(name) if VOLATILE.contains(&name.as_str()) => ControlFlow::Break(()),
                // Of one moment: counted from today.
                Some(name) if name == "age" && arguments(&function.args) == 1 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

fn arguments(arguments: &FunctionArguments) -> usize {
    match arguments {
        FunctionArguments::List(list) => list.args.len(),
        FunctionArguments::None | FunctionArguments::Subquery(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::is_volatile;

    #[test]
    fn what_changes_by_itself_is_volatile() {
        for call in [
            "now()",
            "current_timestamp",
            "current_date",
            "current_time",
            "localtime",
            "localtimestamp",
            "clock_timestamp()",
            "statement_timestamp()",
            "transaction_timestamp()",
            "timeofday()",
            "random()",
            "RANDOM()",
            "setseed(0.5)",
            "gen_random_uuid()",
            "pg_catalog.gen_random_uuid()",
            "age(date '2020-01-01')",
        ] {
            for sql in [
                format!("select {call}"),
                format!("with a as (select 1 as x) select * from a where exists (select {call})"),
                format!("select sum(1) over (order by {call})"),
            ] {
                assert!(is_volatile(&parse(&sql).unwrap()), "{sql}");
            }
        }
        for sql in ["select 1", "select age(date '2020-01-01', date '2019-01-01')", "select today_sales from t"] {
            assert!(!is_volatile(&parse(sql).unwrap()), "{sql}");
        }
    }
}
