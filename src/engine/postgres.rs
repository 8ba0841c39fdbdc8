//! SQL as Postgres means it: parsed as PostgreSQL, rewritten where DataFusion means something else.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, Statement as SqlStatement, visit_expressions};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Parses one statement.
pub fn parse(sql: &str) -> Result<SqlStatement> {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (Some(_), false) => Err(DataFusionError::Plan("expected one statement, found several".to_string())),
        (None, _) => Err(DataFusionError::Plan("there is no SQL here".to_string())),
    }
}

/// Plans one statement that reads; one that would change something is an error.
pub async fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    let statement = parse(sql)?;
    match statement {
        SqlStatement::Query(_) | SqlStatement::Explain { .. } | SqlStatement::ExplainTable { .. } => {}
        SqlStatement::ShowTables { .. } | SqlStatement::ShowColumns { .. } | SqlStatement::ShowVariable { .. } => {}
        _ => {
            return Err(DataFusionError::Plan(
                "only queries can be run here: tables change by `medallion build`".to_string(),
            ));
        }
    }
    state.statement_to_plan(Statement::Statement(Box::new(statement))).await
}

/// Registers the functions that make up the difference.
pub fn register(context: &SessionContext, _instant: DateTime<Utc>) -> Result<()> {
    for function in medallion_udfs::all() {
        context.register_udf(function.as_ref().clone());
    }
    Ok(())
}

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
pub fn is_volatile(statement: &SqlStatement) -> bool {
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
