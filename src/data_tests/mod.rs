//! Data tests: SQL that returns the bad rows, and what their number means.

mod beneath;
mod changed;
mod digest;
mod found;
mod group_masks;
mod grouped;
mod groups;
mod joined;
mod keyed;
mod nulls;
mod partitions;
mod runs;
mod shape;
mod sweep;
mod tap;
mod touched;

use sweep::Count;
pub use sweep::Sweeps;

use datafusion::error::{DataFusionError, Result as QueryResult};

use crate::diagnostic::Diagnostic;
use crate::engine::diagnose;
use crate::manifest::{Node, Severity};
use crate::materialize::{Compiled, Prior, Workspace};
use crate::warehouse::{RelationName, StageMode};

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Warn,
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    pub verdict: Verdict,
    pub failures: u64,
    /// Of the tested relation, where they were counted.
    pub rows: Option<u64>,
    /// "Got 16 results, configured to warn if != 0", where it did not pass.
    pub message: Option<String>,
}

/// Runs a test on the tables as they will be. What standard tests ask for is counted in `sweeps`, which they share.
pub async fn run(
    workspace: &Workspace,
    sweeps: &Sweeps,
    node: &Node,
    compiled: &Compiled,
    prior: &Prior,
) -> Result<TestOutcome, Diagnostic> {
    let invalid = |error: DataFusionError| diagnose(&error, &compiled.path, &compiled.sql);
    let mut count = changed::failures(workspace, sweeps.views(), node, compiled, prior).await;
    if count.is_none() {
        count = sweeps.failures(workspace, node, compiled).await;
    }
    if let Some(count) = count {
        return judge(workspace, node, count).await.map_err(invalid);
    }
    let limit = node.config.limit.map(|limit| format!("\nlimit {limit}")).unwrap_or_default();
    let rows = format!("select * from (\n{}\n) as dbt_internal_rows{limit}", compiled.sql);
    let counted = format!("select {} as failures from (\n{rows}\n) as dbt_internal_test", node.config.fail_calc);
    let failures = number(workspace, &counted).await.map_err(invalid)?.unwrap_or(0);
    if node.config.store_failures == Some(true)
        && let Some(relation) = &node.relation
    {
        store(workspace, relation, &rows).await?;
    }
    judge(workspace, node, Count { failures, rows: None }).await.map_err(invalid)
}

/// dbt's rule: under severity `error`, `error_if` is looked at first, then `warn_if`; under `warn`, `warn_if` alone.
async fn judge(workspace: &Workspace, node: &Node, count: Count) -> QueryResult<TestOutcome> {
    let Count { failures, .. } = count;
    let config = &node.config;
    let relative = config.warn_if.percent || config.error_if.percent;
    let rows = match count.rows {
        None if relative && failures > 0 => Some(tested_rows(workspace, node).await?),
        known => known,
    };
    let share_of = rows.unwrap_or_default();
    let results = if failures == 1 { "result" } else { "results" };
    if config.severity == Severity::Error && config.error_if.holds(failures, share_of) {
        let message = format!("Got {failures} {results}, configured to fail if {}", config.error_if);
        return Ok(TestOutcome { verdict: Verdict::Fail, failures, rows, message: Some(message) });
    }
    if config.warn_if.holds(failures, share_of) {
        let message = format!("Got {failures} {results}, configured to warn if {}", config.warn_if);
        return Ok(TestOutcome { verdict: Verdict::Warn, failures, rows, message: Some(message) });
    }
    Ok(TestOutcome { verdict: Verdict::Pass, failures, rows, message: None })
}

/// How many rows a relative threshold is a share of: those of the tested relation that the test's `where` lets through.
async fn tested_rows(workspace: &Workspace, node: &Node) -> QueryResult<u64> {
    let Some(relation) = sweep::tested(workspace, node) else {
        return Err(DataFusionError::Plan("a threshold in percent needs a test that stands on a model".to_string()));
    };
    let condition = node.config.where_clause.as_ref().map(|c| format!(" where {c}")).unwrap_or_default();
    let known = workspace.relations.describe(&relation).and_then(|description| description.rows);
    let mut rows = known.filter(|_| condition.is_empty());
    if rows.is_none() && condition.is_empty() {
        rows = changed::rows(workspace, &relation).await;
    }
    match rows {
        Some(rows) => Ok(rows),
        None => {
            let sql = format!("select count(*) from {}{condition}", relation.quoted());
            Ok(number(workspace, &sql).await?.unwrap_or(0))
        }
    }
}

/// The one number of a query.
async fn number(workspace: &Workspace, sql: &str) -> QueryResult<Option<u64>> {
    let first = workspace.session.numbers(sql).await?.into_iter().next().flatten();
    first.map(|value| u64::try_from(value).map_err(|_| negative(value))).transpose()
}

fn negative(value: i64) -> DataFusionError {
    DataFusionError::Plan(format!("the number of failures is {value}; fail_calc must not be negative"))
}

/// `store_failures`: the bad rows as a table.
async fn store(workspace: &Workspace, relation: &RelationName, sql: &str) -> Result<(), Diagnostic> {
    let invalid = |error: DataFusionError| diagnose(&error, std::path::Path::new("store_failures"), sql);
    let frame = workspace.session.query(sql).await.map_err(invalid)?;
    let streams = workspace.session.partitions(frame).await.map_err(invalid)?;
    let staged = workspace.publication.stage(relation, streams, StageMode::Replace { unique_key: Vec::new() }).await;
    staged.map(|_| ()).map_err(Diagnostic::from)
}
