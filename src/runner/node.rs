//! One node from its template to its outcome.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::events::{Event, NodeInfo, NodeResult, Status};
use super::models::Phase;
use super::queue::{End, Worker};
use super::reuse::{Fingerprint, Outcome, state_key};
use super::{behind, node_info};
use crate::data_tests::{self, Verdict};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Materialization, Node, NodeId};
use crate::materialize::{Compiled, Compiler, Prior, also_reads, materialize};
use crate::plan::{Action, action};
use crate::warehouse::RelationKind;

/// Runs nodes of a phase on one worker.
pub struct NodeRun<'a> {
    phase: &'a Phase,
    worker: Worker,
    started_at: DateTime<Utc>,
    clock: Instant,
}

/// A node's SQL, in the form that runs, and in all forms for the fingerprint.
struct Forms {
    runs: Compiled,
    others: Vec<Compiled>,
}

impl Forms {
    /// All of them, in one order whichever runs.
    fn variants(&self) -> Vec<&Compiled> {
        let mut variants: Vec<&Compiled> = std::iter::once(&self.runs).chain(&self.others).collect();
        variants.sort_by(|a, b| (a.incremental, &a.sql).cmp(&(b.incremental, &b.sql)));
        variants
    }
}

impl<'a> NodeRun<'a> {
    pub fn new(phase: &'a Phase, worker: Worker) -> Self {
        NodeRun { phase, worker, started_at: Utc::now(), clock: Instant::now() }
    }

    pub async fn run(&self, id: &NodeId) -> End {
        let Some(node) = self.phase.workspace.manifest.nodes.get(id) else { return End::Failed };
        let index = self.phase.number_of(id);
        let info = Arc::new(node_info(node));
        let forms = match self.compile(node) {
            Ok(forms) => forms,
            Err(diagnostic) => return self.phase.finish(index, self.failed(&info, None, diagnostic)),
        };
        let mut prior = Prior::default();
        let known = self.fingerprint(node, &forms).and_then(|now| Some((self.published(node)?, now)));
        if let Some((outcome, now)) = known {
            if outcome.fingerprint == now {
                return self.phase.finish(index, self.reused(&info, &forms.runs, outcome));
            }
            prior = outcome.prior(&self.phase.fingerprints, &self.phase.workspace, node, &now);
            prior.since = behind::since(self.phase, node, &forms.variants(), (&outcome.fingerprint, &now));
        }
        let started = Event::NodeStarted { index, total: self.phase.total, node: Arc::clone(&info) };
        self.phase.runner.reporter.event(&started);
        let result = match self.execute(node, &info, &forms.runs, &prior).await {
            Ok(result) => result,
            Err(diagnostic) => self.failed(&info, Some(&forms.runs), diagnostic),
        };
        self.remember(node, &forms, &result);
        self.phase.finish(index, result)
    }

    fn compile(&self, node: &Node) -> Result<Forms, Diagnostic> {
        let compiler = Compiler::new(&self.phase.workspace);
        if node.config.materialized != Materialization::Incremental {
            return Ok(Forms { runs: compiler.compile(node, false)?, others: Vec::new() });
        }
        let incremental = self.is_incremental(node);
        let runs = compiler.compile(node, incremental)?;
        let also = also_reads(&self.phase.workspace, node)?;
        let also = also.map(|sql| Compiled { sql, incremental: true, path: runs.path.clone() });
        // The other form is there for the fingerprint only, which does without it where it cannot be made.
        let others = compiler.compile(node, !incremental).ok().into_iter().chain(also).collect();
        Ok(Forms { runs, others })
    }

    /// dbt's rule: the table is there, is a table, and no full refresh was asked for.
    fn is_incremental(&self, node: &Node) -> bool {
        let workspace = &self.phase.workspace;
        let stored = node.relation.as_ref().and_then(|relation| workspace.publication.base().describe(relation));
        stored.is_some_and(|stored| stored.kind == RelationKind::Table) && !self.refreshes(node)
    }

    fn refreshes(&self, node: &Node) -> bool {
        matches!(action(&self.phase.workspace.manifest, node), Some(Action::Model { full_refresh: true, .. }))
    }

    fn fingerprint(&self, node: &Node, forms: &Forms) -> Option<Fingerprint> {
        self.phase.fingerprints.of(&self.phase.workspace, node, &forms.variants())
    }

    /// What the node came to in the last publication, unless that must not count.
    fn published(&self, node: &Node) -> Option<Outcome> {
        if !self.phase.runner.options.reuse || self.refreshes(node) {
            return None;
        }
        let stored = self.phase.workspace.publication.base().state(&state_key(&self.phase.workspace, node))?;
        serde_json::from_value(stored).ok()
    }

    async fn execute(
        &self,
        node: &Node,
        info: &Arc<NodeInfo>,
        compiled: &Compiled,
        prior: &Prior,
    ) -> Result<NodeResult, Diagnostic> {
        self.write_compiled(compiled)?;
        let workspace = &self.phase.workspace;
        let mut result = self.result(info, Some(compiled), Status::Success);
        if node.test.is_some() {
            let outcome = data_tests::run(workspace, &self.phase.sweeps, node, compiled, prior).await?;
            result.status = match outcome.verdict {
                Verdict::Pass => Status::Pass,
                Verdict::Warn => Status::Warn,
                Verdict::Fail => Status::Fail,
            };
            result.failures = Some(outcome.failures);
            result.tested_rows = outcome.rows;
            result.message = outcome.message;
        } else {
            let relation = node.relation.as_ref().ok_or_else(|| {
                Diagnostic::new(format!("{} has no relation to be stored in", node.name)).at(node.place())
            })?;
            let made = materialize(workspace, node, relation, compiled, prior, &self.phase.sweeps).await?;
            result.rows_affected = made.rows;
            result.verb = Some(made.verb);
        }
        result.elapsed = self.clock.elapsed();
        Ok(result)
    }

    /// Leaves the outcome beside the tables, for the next run to reuse.
    fn remember(&self, node: &Node, forms: &Forms, result: &NodeResult) {
        let outcome = match result.status {
            Status::Success | Status::Pass | Status::Warn => {
                // The node's own table has a new version by now.
                self.fingerprint(node, forms).map(|fingerprint| Outcome {
                    fingerprint,
                    status: result.status,
                    verb: result.verb.clone(),
                    failures: result.failures,
                    tested_rows: result.tested_rows,
                    message: result.message.clone(),
                })
            }
            _ => None,
        };
        let key = state_key(&self.phase.workspace, node);
        self.phase.workspace.publication.put_state(&key, outcome.map(|outcome| json!(outcome)));
    }

    fn write_compiled(&self, compiled: &Compiled) -> Result<(), Diagnostic> {
        let path = self.phase.workspace.manifest.options.project_dir.join(&compiled.path);
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &compiled.sql)).map_err(|error| {
            Diagnostic::new(format!("cannot write {}: {error}", path.display()))
                .hint("is the target folder writable, and is there room on the disk?")
        })
    }

    fn result(&self, info: &Arc<NodeInfo>, compiled: Option<&Compiled>, status: Status) -> NodeResult {
        NodeResult {
            node: Arc::clone(info),
            status,
            reused: None,
            verb: None,
            rows_affected: None,
            failures: None,
            tested_rows: None,
            rejects: None,
            message: None,
            diagnostic: None,
            compiled_path: compiled.map(|compiled| compiled.path.display().to_string()),
            compiled_code: compiled.map(|compiled| compiled.sql.clone()),
            started_at: self.started_at,
            elapsed: self.clock.elapsed(),
            thread: self.worker,
        }
    }

    fn failed(&self, info: &Arc<NodeInfo>, compiled: Option<&Compiled>, diagnostic: Diagnostic) -> NodeResult {
        let message = Some(diagnostic.message.clone());
        NodeResult { message, diagnostic: Some(diagnostic), ..self.result(info, compiled, Status::Error) }
    }

    fn reused(&self, info: &Arc<NodeInfo>, compiled: &Compiled, outcome: Outcome) -> NodeResult {
        NodeResult {
            reused: Some(outcome.status),
            verb: outcome.verb,
            failures: outcome.failures,
            message: outcome.message,
            ..self.result(info, Some(compiled), Status::Reused)
        }
    }
}
