//! Guarantee 3, for any project: an incremental table equals what a full refresh would make of it.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;

use crate::diagnostic::Diagnostic;
use crate::engine::diagnose;
use crate::manifest::{Node, NodeId};
use crate::materialize::{Compiled, Compiler, Workspace};
use crate::warehouse::RelationName;

/// How one table compares with its rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub relation: RelationName,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Same {
        rows: u64,
    },
    /// The table was never built.
    Absent,
    Different {
        /// Rows of the table that a full refresh would not have, and the other way round.
        extra: u64,
        missing: u64,
        /// Some of them, as text: `+ …` is extra, `- …` missing.
        samples: Vec<String>,
    },
}

impl Check {
    pub fn is_same(&self) -> bool {
        !matches!(self.verdict, Verdict::Different { .. })
    }

    /// The verdict for people.
    pub fn lines(&self) -> Vec<String> {
        match &self.verdict {
            Verdict::Same { rows } => vec![format!("OK        {} ({rows} rows)", self.relation)],
            Verdict::Absent => vec![format!("ABSENT    {} is not built yet", self.relation)],
            Verdict::Different { extra, missing, samples } => {
                let head = format!(
                    "DIFFERENT {}: {extra} rows that a full refresh would not have (+), {missing} that it would add (-)",
                    self.relation
                );
                std::iter::once(head).chain(samples.iter().map(|row| format!("  {row}"))).collect()
            }
        }
    }
}

/// Computes each model anew from its published inputs and compares. Shows up to `samples` differing rows of each.
pub async fn verify(workspace: &Workspace, models: &[NodeId], samples: usize) -> Result<Vec<Check>, Diagnostic> {
    let mut checks = Vec::with_capacity(models.len());
    for node in models.iter().filter_map(|id| workspace.manifest.node(id)) {
        let Some(relation) = &node.relation else { continue };
        let verdict = match workspace.relations.describe(relation) {
            Some(_) => compare(workspace, node, relation, samples).await?,
            None => Verdict::Absent,
        };
        checks.push(Check { relation: relation.clone(), verdict });
    }
    Ok(checks)
}

async fn compare(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    samples: usize,
) -> Result<Verdict, Diagnostic> {
    let compiled = Compiler::new(workspace).compile(node, false)?;
    let stored = workspace.session.plan(&format!("select * from {}", relation.quoted())).await;
    let stored = stored.map_err(|error| diagnose(&error, &compiled.path, &compiled.sql))?;
    let columns: Vec<String> =
        stored.schema().fields().iter().map(|field| format!("\"{}\"", field.name().replace('"', "\"\""))).collect();
    let columns = columns.join(", ");
    let table = relation.quoted();
    // Rows counted up for the table and down for its rebuild: what does not come to zero differs.
    let difference = format!(
        "select cast(sum(side) as bigint) as side, {columns} from (select cast(1 as bigint) as side, {columns} from {table} \
         union all select cast(-1 as bigint), {columns} from (\n{}\n) as rebuilt) as both_sides \
         group by {columns} having sum(side) <> 0",
        compiled.sql
    );
    let counts = format!(
        "select sum(case when side > 0 then side end), sum(case when side < 0 then -side end) \
         from (\n{difference}\n) as differing"
    );
    let counts = counted(workspace, &compiled, &counts).await?;
    let count = |column: usize| counts.get(column).copied().flatten().unwrap_or(0).unsigned_abs();
    let (extra, missing) = (count(0), count(1));
    if extra == 0 && missing == 0 {
        let rows = counted(workspace, &compiled, &format!("select count(*) from {table}")).await?;
        return Ok(Verdict::Same { rows: rows.first().copied().flatten().unwrap_or(0).unsigned_abs() });
    }
    let some = format!("{difference} order by {columns}, side limit {samples}");
    Ok(Verdict::Different { extra, missing, samples: shown(&rows(workspace, &compiled, &some).await?)? })
}

async fn counted(workspace: &Workspace, compiled: &Compiled, sql: &str) -> Result<Vec<Option<i64>>, Diagnostic> {
    workspace.session.numbers(sql).await.map_err(|error| diagnose(&error, &compiled.path, sql))
}

async fn rows(workspace: &Workspace, compiled: &Compiled, sql: &str) -> Result<Vec<RecordBatch>, Diagnostic> {
    let batches = async { workspace.session.stream(sql).await?.try_collect().await };
    batches.await.map_err(|error| diagnose(&error, &compiled.path, sql))
}

fn shown(batches: &[RecordBatch]) -> Result<Vec<String>, Diagnostic> {
    let mut lines = Vec::new();
    for batch in batches {
        let options = FormatOptions::default().with_null("NULL");
        let formatters: Result<Vec<_>, _> =
            batch.columns().iter().skip(1).map(|column| ArrayFormatter::try_new(column, &options)).collect();
        let formatters = formatters.map_err(|error| Diagnostic::new(error.to_string()))?;
        let sides = batch.column(0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let sign = if sides.is_valid(row) && sides.value(row) > 0 { '+' } else { '-' };
            let values: Vec<String> = formatters.iter().map(|column| column.value(row).to_string()).collect();
            lines.push(format!("{sign} {}", values.join(" | ")));
        }
    }
    Ok(lines)
}
