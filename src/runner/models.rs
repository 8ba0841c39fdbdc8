//! Models, seeds and tests: one publication for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::events::{Event, NodeResult, Publication as Published, Status};
use super::node::NodeRun;
use super::queue::{End, drive};
use super::reuse::Fingerprints;
use super::{Publish, RunError, Runner, audit, failed_ids, skipped};
use crate::data_tests::Sweeps;
use crate::diagnostic::Diagnostic;
use crate::engine::{Located, Relations, SessionOptions, ToBePublished, published_elsewhere};
use crate::manifest::{NodeId, NodeKind};
use crate::materialize::{Workspace, run_hooks};
use crate::plan::{Command, Plan};
use crate::warehouse::{AsOf, RelationName, WarehouseError};

/// What the second part of a run came to.
pub struct Built {
    pub results: Vec<Arc<NodeResult>>,
    /// Why nothing was published, where something should have been.
    pub unpublished: Option<String>,
}

/// How often a run starts again: after another run published the same tables first, or the connection broke.
const ATTEMPTS: u32 = 5;

pub async fn run(runner: &Runner, plan: &Plan, loaded: &[Arc<NodeResult>]) -> Result<Built, RunError> {
    if plan.graph.is_empty() {
        return Ok(Built { results: Vec::new(), unpublished: None });
    }
    let mut begun = !loaded.is_empty();
    let mut attempt = 1;
    loop {
        match once(runner, plan, loaded, attempt == ATTEMPTS).await {
            Ok(built) => return Ok(built),
            Err(error) if error.diagnostic.may_pass && attempt < ATTEMPTS && !runner.cancel.is_cancelled() => {
                begun |= error.begun;
                // Whatever was staged is gone, and nothing of it was visible.
                let message = format!("{}; running again ({attempt} of {})", error.diagnostic.message, ATTEMPTS - 1);
                runner.reporter.event(&Event::Warning(Diagnostic::new(message)));
                tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(attempt)).await;
                attempt += 1;
            }
            Err(error) => return Err(RunError { begun: begun || error.begun, ..error }),
        }
    }
}

/// One attempt. Unless it is the last one, what kept a node from its end and may pass is an error of the attempt.
async fn once(runner: &Runner, plan: &Plan, loaded: &[Arc<NodeResult>], is_last: bool) -> Result<Built, RunError> {
    let after = |diagnostic| RunError { diagnostic, begun: true };
    let begun = Phase::begin(runner, plan).await.map_err(|diagnostic| RunError { diagnostic, begun: false });
    let phase = Arc::new(begun?);
    phase.run(plan, loaded).await.map_err(after)?;
    if !is_last && let Some(diagnostic) = phase.passing_failure() {
        return Err(after(diagnostic));
    }
    let published = phase.publish(plan, loaded).await;
    let unpublished = published.map_err(|error| after(Diagnostic::from(error).within("cannot publish")))?;
    Ok(Built { results: phase.results(), unpublished })
}

/// One attempt: a publication and what the nodes came to.
pub struct Phase {
    pub runner: Runner,
    pub workspace: Workspace,
    pub fingerprints: Fingerprints,
    pub sweeps: Sweeps,
    pub total: usize,
    /// The numbers that nodes were given when they started.
    numbers: Mutex<HashMap<NodeId, usize>>,
    results: Mutex<Vec<Arc<NodeResult>>>,
}

impl Phase {
    async fn begin(runner: &Runner, plan: &Plan) -> Result<Self, Diagnostic> {
        let cannot = |error: Diagnostic| error.within("cannot open the warehouse");
        let failed = |error: WarehouseError| cannot(error.into());
        let places = &runner.places;
        let writes = Self::writes(runner, plan);
        let publication = places.target().begin(runner.label(plan), &writes).await.map_err(failed)?;
        let elsewhere = published_elsewhere(places, &AsOf::Now).await.map_err(failed)?;
        let target = Arc::new(ToBePublished(Arc::clone(&publication)));
        let relations: Arc<dyn Relations> = Arc::new(Located { target, elsewhere });
        let target = &runner.manifest.target;
        let options = SessionOptions {
            database: target.database.clone(),
            schema: target.schema.clone(),
            instant: runner.options.started_at,
            most_keys: places.most_keys(),
        };
        let session = runner
            .engine
            .session(Arc::clone(&relations), &options)
            .map_err(|error| cannot(Diagnostic::new(error.strip_backtrace())))?;
        let workspace = Workspace {
            manifest: Arc::clone(&runner.manifest),
            publication,
            session,
            relations,
            capabilities: places.target().capabilities(),
            started_at: runner.options.started_at,
            invocation_id: runner.options.invocation_id.clone(),
            log: Runner::template_log(&runner.reporter),
        };
        if plan.command != Command::Test {
            run_hooks(&workspace)?;
        }
        let is_test = |id: &&NodeId| runner.manifest.node(id).is_some_and(|node| node.kind == NodeKind::Test);
        let tests = plan.graph.keys().filter(is_test).cloned();
        Ok(Phase {
            runner: runner.clone(),
            workspace,
            fingerprints: Fingerprints::default(),
            sweeps: Sweeps::new(tests.collect()),
            total: plan.graph.len(),
            numbers: Mutex::default(),
            results: Mutex::default(),
        })
    }

    /// The relations that the plan's nodes may change. The tables of failing rows are not among them: they are published
    /// by themselves when the rest is not.
    fn writes(runner: &Runner, plan: &Plan) -> Vec<RelationName> {
        let nodes = plan.graph.keys().filter_map(|id| runner.manifest.nodes.get(id));
        nodes.filter(|node| node.kind != NodeKind::Test).filter_map(|node| node.relation.clone()).collect()
    }

    async fn run(self: &Arc<Self>, plan: &Plan, loaded: &[Arc<NodeResult>]) -> Result<(), Diagnostic> {
        let manifest = &self.workspace.manifest;
        let mut graph = plan.graph.clone();
        for load in failed_ids(loaded) {
            let below: Vec<NodeId> =
                manifest.dag.descendants(&load, None).into_iter().map(|(id, _)| id.clone()).collect();
            for id in below.iter().filter(|id| graph.contains(id)) {
                self.skip(id, &format!("{load} was not loaded"));
            }
            graph = graph.induced(|id| !below.contains(id));
        }
        let cancel = &self.runner.cancel;
        let run = |id: NodeId, worker| {
            let phase = Arc::clone(self);
            async move { NodeRun::new(&phase, worker).run(&id).await }
        };
        let why = |cancelled: bool| if cancelled { "the run was stopped" } else { "a node it depends on failed" };
        drive(graph, self.runner.options.threads, cancel, run, |id| self.skip(id, why(cancel.is_cancelled())))
            .await
            .map_err(Diagnostic::new)
    }

    fn skip(&self, id: &NodeId, why: &str) {
        if let Some(node) = self.workspace.manifest.nodes.get(id) {
            let index = self.number_of(id);
            self.finish(index, skipped(node, why));
        }
    }

    /// The place of a node among those of the run; one that was stopped in the middle keeps it.
    pub fn number_of(&self, id: &NodeId) -> usize {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = numbers.len() + 1;
        *numbers.entry(id.clone()).or_insert(next)
    }

    /// Records and reports a result.
    pub fn finish(&self, index: usize, result: NodeResult) -> End {
        let end = match result.status {
            Status::Fail | Status::Error => End::Failed,
            _ => End::Done,
        };
        let result = Arc::new(result);
        self.lock().push(Arc::clone(&result));
        self.runner.reporter.event(&Event::NodeFinished { index, total: self.total, result });
        if end == End::Failed && self.runner.options.fail_fast && self.passing_failure().is_none() {
            self.runner.cancel.cancel();
        }
        end
    }

    /// Why a node failed, where it may succeed the next time.
    fn passing_failure(&self) -> Option<Diagnostic> {
        let results = self.lock();
        let failures = results.iter().filter_map(|result| result.diagnostic.as_ref());
        failures.into_iter().find(|diagnostic| diagnostic.may_pass).cloned()
    }

    fn results(&self) -> Vec<Arc<NodeResult>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<NodeResult>>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the staged tables visible, as far as the results let it. Says why it did not; tables of failing rows become
    /// visible all the same.
    async fn publish(&self, plan: &Plan, loaded: &[Arc<NodeResult>]) -> Result<Option<String>, WarehouseError> {
        let failed = failed_ids(&self.lock());
        let unpublished = self.unpublished(failed.len() + failed_ids(loaded).len());
        if plan.command == Command::Test || unpublished.is_some() {
            if !self.runner.cancel.was_interrupted() {
                audit::publish(self, plan, &self.results()).await?;
            }
            return Ok(unpublished.filter(|_| plan.command != Command::Test));
        }
        self.leave_out(&failed);
        let clock = Instant::now();
        if let Some(receipt) = self.workspace.publication.commit().await? {
            self.runner.reporter.event(&Event::Published(Published {
                run: receipt.publication,
                tables: receipt.tables,
                views: receipt.views,
                took: clock.elapsed(),
            }));
        }
        Ok(None)
    }

    /// Why the run publishes nothing, where it does not.
    fn unpublished(&self, failed: usize) -> Option<String> {
        if failed > 0 && self.runner.options.publish == Publish::Together {
            return Some(format!("{failed} {} failed", if failed == 1 { "node" } else { "nodes" }));
        }
        self.runner.cancel.is_cancelled().then(|| "the run was stopped".to_string())
    }

    /// Takes out of the publication what failed, or is read by a failing test, and whatever was made from it.
    fn leave_out(&self, failed: &[NodeId]) {
        let dag = &self.workspace.manifest.dag;
        let is_test = |id: &NodeId| self.workspace.manifest.node(id).is_some_and(|node| node.kind == NodeKind::Test);
        for id in failed {
            let culprits: Vec<&NodeId> = if is_test(id) { dag.parents(id).collect() } else { vec![id] };
            for culprit in culprits {
                self.drop_staged(culprit);
                dag.descendants(culprit, None).into_iter().for_each(|(id, _)| self.drop_staged(id));
            }
        }
    }

    fn drop_staged(&self, id: &NodeId) {
        let Some(node) = self.workspace.manifest.node(id) else { return };
        // The rows that fail a test are wanted most when it fails.
        if let Some(relation) = node.relation.as_ref().filter(|_| node.test.is_none()) {
            self.workspace.publication.unstage(relation);
        }
        self.workspace.publication.put_state(&super::reuse::state_key(&self.workspace, node), None);
    }
}
