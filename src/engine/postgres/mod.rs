//! SQL as Postgres means it: parsed as PostgreSQL, rewritten where DataFusion means something else.
//!
//! Three places, each the earliest where the difference can be seen: [`syntax`] before planning, [`types`] for the names
//! of types, and [`rewrite`] on the plan, where the types of operands are known. Functions that are named in SQL are
//! replaced one by one in [`functions`].

mod alternatives;
mod arrays;
mod average;
mod casts;
mod clock;
mod common_type;
mod concat;
mod dates;
mod decimal_places;
mod depth;
mod divide;
mod functions;
mod integers;
mod intervals;
mod keys;
mod merged_columns;
mod names;
mod not_in;
mod numerics;
mod operators;
mod outer_references;
mod ranks;
mod recursion;
mod regex;
mod rewrite;
mod row_values;
mod series;
mod set_returning;
mod subqueries;
mod sums;
mod syntax;
mod texts;
mod types;
mod unions;
mod uuids;
mod volatile;

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::parser::Parser;

use crate::dialect::Dialect;

pub use functions::register;
pub use types::UTC;
pub use volatile::is_volatile;

/// Parses one statement.
pub fn parse(sql: &str) -> Result<SqlStatement> {
    let mut statements = Parser::parse_sql(&Dialect::default(), sql)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => depth::limited(statement),
        (Some(_), false) => Err(DataFusionError::Plan("expected one statement, found several".to_string())),
        (None, _) => Err(DataFusionError::Plan("there is no SQL here".to_string())),
    }
}

/// Plans one statement that reads; one that would change something is an error. The types of the plan's columns are
/// those that Postgres gives them.
pub async fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    let mut statement = parse(sql)?;
    match statement {
        SqlStatement::Query(_) | SqlStatement::Explain { .. } | SqlStatement::ExplainTable { .. } => {}
        SqlStatement::ShowTables { .. } | SqlStatement::ShowColumns { .. } | SqlStatement::ShowVariable { .. } => {}
        _ => {
            return Err(DataFusionError::Plan(
                "only queries can be run here: tables change by `medallion build`".to_string(),
            ));
        }
    }
    syntax::rewrite(&mut statement)?;
    rewrite::rewrite(state.statement_to_plan(Statement::Statement(Box::new(statement))).await?)
}

/// Adds what reads SQL's types and syntax. Called before the builder's own defaults are, which stand behind.
pub fn with_planners(builder: SessionStateBuilder) -> SessionStateBuilder {
    builder
        .with_expr_planners(vec![
            Arc::new(medallion_udfs::PostgresPlanner::default()),
            Arc::new(operators::PostgresOperators),
        ])
        .with_type_planner(Arc::new(types::PostgresTypes))
}
