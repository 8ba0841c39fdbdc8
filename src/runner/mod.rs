//! Runs the nodes of a plan in graph order and tells what happened.
//!
//! First the loads, each a publication of its own. Then everything else in one publication: models are staged and tested
//! as they will be, and become visible together when no node failed.

mod audit;
mod behind;
mod cancel;
pub mod events;
mod loads;
mod models;
mod node;
mod queue;
mod reuse;

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};

pub use cancel::Cancel;

use self::events::{Event, NodeInfo, NodeResult, ReportKind, Reporter, RunInfo, RunReport, Status};
use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::manifest::{Manifest, Node, NodeId, NodeKind};
use crate::materialize::{LogLevel, TemplateLog};
use crate::plan::Plan;
use crate::warehouse::{Places, RunLabel};

/// When the results become visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Publish {
    /// All together, and only when no node failed.
    #[default]
    Together,
    /// What did not fail, without what hangs on a failure.
    PerModel,
}

#[derive(Debug, Clone)]
pub struct RunOptions {
    pub threads: usize,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// Whether a node with nothing new keeps its result.
    pub reuse: bool,
    pub publish: Publish,
    /// Rejected records are an error, before anything is written.
    pub strict: bool,
    pub invocation_id: String,
    pub started_at: DateTime<Utc>,
    /// Arguments as typed, for run_results.json.
    pub args: serde_json::Map<String, serde_json::Value>,
}

/// An error of the run as a whole.
#[derive(Debug)]
pub struct RunError {
    pub diagnostic: Diagnostic,
    /// Whether anything had run by then: a load, a model. Otherwise the run never began.
    pub begun: bool,
}

/// Everything a run works with.
#[derive(Clone)]
pub struct Runner {
    pub manifest: Arc<Manifest>,
    pub engine: Engine,
    pub places: Places,
    pub reporter: Arc<dyn Reporter>,
    pub options: Arc<RunOptions>,
    pub cancel: Cancel,
}

impl Runner {
    /// Runs the plan. An error is one of the run as a whole; what single nodes came to is in the report.
    pub async fn run(&self, plan: Plan) -> Result<Arc<RunReport>, RunError> {
        let clock = Instant::now();
        let info = Arc::new(self.info(&plan));
        self.reporter.event(&Event::RunStarted(Arc::clone(&info)));
        self.warn_of_hooks(&plan);
        let loaded = loads::run(self, &plan).await;
        let built = models::run(self, &plan, &loaded).await.inspect_err(|_| self.tell_failures(&loaded))?;
        let mut results = loaded;
        results.extend(built.results);
        let report = Arc::new(RunReport {
            info,
            results,
            elapsed: clock.elapsed(),
            unpublished: built.unpublished,
            interrupted: self.cancel.was_interrupted(),
        });
        self.reporter.event(&Event::RunFinished(Arc::clone(&report)));
        Ok(report)
    }

    /// A run that ends with an error of its own has no report that would say why its loads failed.
    fn tell_failures(&self, loaded: &[Arc<NodeResult>]) {
        for diagnostic in loaded.iter().filter_map(|result| result.diagnostic.clone()) {
            self.reporter.event(&Event::Warning(diagnostic));
        }
    }

    fn info(&self, plan: &Plan) -> RunInfo {
        let manifest = &self.manifest;
        let count = |kind: NodeKind| manifest.nodes.values().filter(|node| node.kind == kind).count();
        let kinds = [
            ("models", NodeKind::Model),
            ("seeds", NodeKind::Seed),
            ("snapshots", NodeKind::Snapshot),
            ("data tests", NodeKind::Test),
            ("sources", NodeKind::Source),
        ];
        let mut found: Vec<(String, usize)> =
            kinds.into_iter().map(|(name, kind)| (name.to_string(), count(kind))).collect();
        found.push(("macros".to_string(), manifest.jinja.macros().len()));
        RunInfo {
            invocation_id: self.options.invocation_id.clone(),
            command: plan.command.as_str().to_string(),
            args: self.options.args.clone(),
            project: manifest.project_name.clone(),
            profile: manifest.target.profile_name.clone(),
            target: manifest.target.target_name.clone(),
            warehouse: self.places.target().capabilities().name.to_string(),
            threads: self.options.threads,
            started_at: self.options.started_at,
            found: found.into_iter().filter(|(_, count)| *count > 0).collect(),
            loads: plan.loads.len(),
            nodes: plan.graph.len(),
        }
    }

    /// Passes on what templates say.
    pub fn template_log(reporter: &Arc<dyn Reporter>) -> TemplateLog {
        let reporter = Arc::clone(reporter);
        Arc::new(move |level, text| match level {
            LogLevel::Debug => tracing::debug!("{text}"),
            LogLevel::Info => reporter.event(&Event::Message(text.to_string())),
            LogLevel::Warn => reporter.event(&Event::Warning(Diagnostic::new(text))),
        })
    }

    /// Hooks are SQL that changes things, and this medallion runs queries only: whoever relies on one must know.
    fn warn_of_hooks(&self, plan: &Plan) {
        if self.places.target().capabilities().hooks {
            return;
        }
        let warn = |node: &Node, what: &str| {
            let warning = Diagnostic::new(format!("{}: {what} is not run", node.name))
                .at(node.place())
                .hint("medallion publishes all tables of a run at once and runs no SQL that changes them in between");
            self.reporter.event(&Event::Warning(warning));
        };
        for node in plan.graph.keys().filter_map(|id| self.manifest.nodes.get(id)) {
            if !node.config.pre_hook.is_empty() || !node.config.post_hook.is_empty() {
                warn(node, "its pre_hook or post_hook");
            }
        }
        for node in self.manifest.on_run_start.iter().chain(&self.manifest.on_run_end) {
            warn(node, "the hook");
        }
    }

    fn label(&self, plan: &Plan) -> RunLabel {
        RunLabel {
            invocation_id: self.options.invocation_id.clone(),
            command: plan.command.as_str().to_string(),
            target: self.manifest.target.target_name.clone(),
            started_at: self.options.started_at,
        }
    }
}

/// A node as reports name it.
fn node_info(node: &Node) -> NodeInfo {
    let kind = match node.kind {
        NodeKind::Source => ReportKind::Load,
        NodeKind::Seed => ReportKind::Seed,
        NodeKind::Snapshot => ReportKind::Snapshot,
        NodeKind::Test => ReportKind::Test,
        NodeKind::Operation => ReportKind::Operation,
        _ => ReportKind::Model,
    };
    let materialization = if kind == ReportKind::Load { "load" } else { node.config.materialized.as_str() };
    let relation = node.relation.as_ref();
    let shown_as = match (kind, relation) {
        (ReportKind::Test, _) | (_, None) => node.name.clone(),
        (ReportKind::Load, Some(relation)) => relation.to_string(),
        (_, Some(relation)) => format!("{}.{}", relation.schema, relation.identifier),
    };
    NodeInfo {
        unique_id: node.id.to_string(),
        name: node.name.clone(),
        kind,
        materialization: materialization.to_string(),
        relation: relation.map(|relation| relation.quoted()),
        shown_as,
        path: node.path.display().to_string(),
        counted: kind != ReportKind::Load,
    }
}

/// The result of a node that did not run.
fn skipped(node: &Node, why: &str) -> NodeResult {
    NodeResult {
        node: Arc::new(node_info(node)),
        status: Status::Skipped,
        reused: None,
        verb: None,
        rows_affected: None,
        failures: None,
        tested_rows: None,
        rejects: None,
        message: Some(why.to_string()),
        diagnostic: None,
        compiled_path: None,
        compiled_code: None,
        started_at: Utc::now(),
        elapsed: std::time::Duration::ZERO,
        thread: 0,
    }
}

/// The nodes that did not come out well.
fn failed_ids(results: &[Arc<NodeResult>]) -> Vec<NodeId> {
    let failed = results.iter().filter(|result| matches!(result.status, Status::Fail | Status::Error));
    failed.map(|result| NodeId::new(&result.node.unique_id)).collect()
}
