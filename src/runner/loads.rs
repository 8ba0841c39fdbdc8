//! The loads of a run: several at once, each a publication of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::StreamExt;

use super::events::{Event, NodeInfo, NodeResult, Status};
use super::{Runner, node_info, skipped};
use crate::diagnostic::Diagnostic;
use crate::load::{LoadRequest, Loaded, Progress, load};
use crate::manifest::{LoadSpec, Node};
use crate::plan::Plan;
use crate::warehouse::RelationName;

/// How often a load says how far it is.
const TICK: Duration = Duration::from_millis(200);

pub async fn run(runner: &Runner, plan: &Plan) -> Vec<Arc<NodeResult>> {
    let total = plan.loads.len();
    let nodes = plan.loads.iter().filter_map(|id| runner.manifest.nodes.get(id));
    let loads = nodes.enumerate().map(|(index, node)| async move {
        let result = Arc::new(one(runner, plan, node, index + 1, total).await);
        runner.reporter.event(&Event::NodeFinished { index: index + 1, total, result: Arc::clone(&result) });
        if runner.options.fail_fast && result.status == Status::Error {
            runner.cancel.cancel();
        }
        result
    });
    futures::stream::iter(loads).buffered(runner.options.threads.max(1)).collect().await
}

async fn one(runner: &Runner, plan: &Plan, node: &Node, index: usize, total: usize) -> NodeResult {
    let (Some(spec), Some(relation)) = (&node.load, &node.relation) else { return skipped(node, "has no file") };
    if runner.cancel.is_cancelled() {
        return skipped(node, "the run was stopped");
    }
    let info = Arc::new(node_info(node));
    runner.reporter.event(&Event::NodeStarted { index, total, node: Arc::clone(&info) });
    let started_at = Utc::now();
    let clock = Instant::now();
    let outcome = tokio::select! {
        outcome = attempt(runner, plan, node, spec, relation, &info) => outcome,
        () = runner.cancel.cancelled() => return skipped(node, "the run was stopped"),
    };
    let mut result = NodeResult { node: info, started_at, thread: 1, ..skipped(node, "") };
    match outcome {
        Ok(loaded) => describe(&mut result, &loaded),
        Err(diagnostic) => {
            result.status = Status::Error;
            result.message = Some(diagnostic.message.clone());
            result.diagnostic = Some(diagnostic);
        }
    }
    result.elapsed = clock.elapsed();
    result
}

async fn attempt(
    runner: &Runner,
    plan: &Plan,
    node: &Node,
    spec: &LoadSpec,
    relation: &RelationName,
    info: &Arc<NodeInfo>,
) -> Result<Loaded, Diagnostic> {
    let progress = Arc::new(Progress::default());
    let tell = |warning: Diagnostic| runner.reporter.event(&Event::Warning(warning));
    let request = LoadRequest {
        node,
        relation,
        spec,
        project_dir: &runner.manifest.options.project_dir,
        strict: runner.options.strict,
        full_refresh: runner.manifest.options.full_refresh,
        label: runner.label(plan),
        progress: Arc::clone(&progress),
        tell: &tell,
    };
    let mut loading = std::pin::pin!(load(&**runner.places.of(&relation.database), &request));
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            loaded = &mut loading => return loaded,
            _ = ticks.tick() => {
                let total = progress.total_bytes.load(Ordering::Relaxed);
                runner.reporter.event(&Event::LoadProgress {
                    node: Arc::clone(info),
                    bytes: progress.bytes.load(Ordering::Relaxed),
                    total_bytes: (total > 0).then_some(total),
                    rows: progress.rows.load(Ordering::Relaxed),
                });
            }
        }
    }
}

fn describe(result: &mut NodeResult, loaded: &Loaded) {
    if loaded.files == 0 {
        result.status = Status::Reused;
        result.reused = Some(Status::Success);
        result.message = Some(match loaded.skipped {
            1 => "the file was taken before".to_string(),
            files => format!("the {files} files were taken before"),
        });
        return;
    }
    result.status = Status::Success;
    result.verb = Some(format!("COPY {}", loaded.rows));
    result.rows_affected = Some(loaded.rows);
    result.rejects = Some(loaded.rejects);
    let mut notes = Vec::new();
    let mut note = |count: u64, what: &str| {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    };
    note(loaded.unchanged, "unchanged");
    note(loaded.duplicates, "replaced by a later record of the same key");
    note(loaded.rejects, "rejected, see the __rejects table");
    for (column, count) in &loaded.unreadable {
        note(*count, &format!("unreadable in {column}"));
    }
    result.message = (!notes.is_empty()).then(|| notes.join(", "));
}
