//! What happens during a run, as data. The runner emits these; only `report` turns them into text.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// Takes the events of a run, in order, from any thread.
pub trait Reporter: Send + Sync {
    fn event(&self, event: &Event);
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The plan is made; nothing has run yet.
    RunStarted(Arc<RunInfo>),
    /// A node is about to run. `index` counts from one, in the order of starting.
    NodeStarted { index: usize, total: usize, node: Arc<NodeInfo> },
    /// How far a load has read.
    LoadProgress { node: Arc<NodeInfo>, bytes: u64, total_bytes: Option<u64>, rows: u64 },
    /// A node has an outcome. A skipped or reused node has this event only.
    NodeFinished { index: usize, total: usize, result: Arc<NodeResult> },
    /// Something the user should know that stops nothing.
    Warning(Diagnostic),
    /// What a macro said by `log(..., info=True)` or `print(...)`.
    Message(String),
    /// All staged tables of the run became visible at once.
    Published(Publication),
    /// The run is over.
    RunFinished(Arc<RunReport>),
}

/// What is fixed before the first node runs.
#[derive(Debug, Clone)]
pub struct RunInfo {
    pub invocation_id: String,
    /// The subcommand: `build`, `run`, `test`, `load`.
    pub command: String,
    /// Its arguments as typed, secrets left out: `args` of run_results.json.
    pub args: serde_json::Map<String, serde_json::Value>,
    pub project: String,
    pub profile: String,
    pub target: String,
    /// `delta` or `postgres`.
    pub warehouse: String,
    pub threads: usize,
    pub started_at: DateTime<Utc>,
    /// How many of each resource the project holds, for the "Found …" line: ("models", 11).
    pub found: Vec<(String, usize)>,
    /// Loads of source files in this run. They are counted apart from the other nodes.
    pub loads: usize,
    /// The other nodes of this run.
    pub nodes: usize,
}

/// A node as the reports name it.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub unique_id: String,
    pub name: String,
    pub kind: ReportKind,
    /// `view`, `table`, `incremental`, `seed`, `snapshot`, `test`, `load`.
    pub materialization: String,
    /// database.schema.identifier, where the node has a relation.
    pub relation: Option<String>,
    /// schema.identifier, as the console shows it.
    pub shown_as: String,
    pub path: String,
    /// False for loads, which stand outside the "3 of 69" count.
    pub counted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Load,
    Model,
    Seed,
    Snapshot,
    Test,
    Operation,
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A model, seed, snapshot or load was made.
    Success,
    /// A test found nothing to say.
    Pass,
    /// A test found rows, fewer than its `error_if` asks for.
    Warn,
    /// A test failed.
    Fail,
    /// A node could not run.
    Error,
    /// A parent failed, or the run was stopped.
    Skipped,
    /// There was nothing to do by definition (an ephemeral model).
    NoOp,
    /// SQL, config, functions and inputs are those of the last publication, whose outcome stands. The outcome of a
    /// reused test is in `NodeResult::reused`.
    Reused,
}

/// The outcome of one node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    pub node: Arc<NodeInfo>,
    pub status: Status,
    /// The outcome that stands again, where `status` is `Reused`: a reused test may have warned.
    pub reused: Option<Status>,
    /// What was done, in the warehouse's words: `MERGE 100`, `CREATE VIEW`, `SELECT 11323`, `COPY 100`.
    pub verb: Option<String>,
    pub rows_affected: Option<u64>,
    /// The number of failing rows of a test.
    pub failures: Option<u64>,
    /// How many rows a test looked at, where they were counted.
    pub tested_rows: Option<u64>,
    /// Rejected records of a load.
    pub rejects: Option<u64>,
    /// What went wrong or what to know; for a test "Got 16 results, configured to warn if != 0".
    pub message: Option<String>,
    /// An error with its place, where there is one.
    pub diagnostic: Option<Diagnostic>,
    /// The file below `target/compiled`, where there is one.
    pub compiled_path: Option<String>,
    pub compiled_code: Option<String>,
    pub started_at: DateTime<Utc>,
    pub elapsed: Duration,
    /// The worker that ran it, counted from one.
    pub thread: usize,
}

/// A state of the warehouse that became visible.
#[derive(Debug, Clone, Serialize)]
pub struct Publication {
    /// The name by which `history`, `sql --as-of` and `rollback` know it.
    pub run: String,
    pub tables: usize,
    pub views: usize,
    /// How long readers could not have told whether they would see the old or the new state.
    pub took: Duration,
}

/// What a whole run came to.
#[derive(Debug, Clone)]
pub struct RunReport {
    pub info: Arc<RunInfo>,
    /// In the order of finishing.
    pub results: Vec<Arc<NodeResult>>,
    pub elapsed: Duration,
    /// Why nothing was published, where something should have been.
    pub unpublished: Option<String>,
    pub interrupted: bool,
}

/// The numbers of the closing line. Loads are not in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub pass: usize,
    pub warn: usize,
    pub error: usize,
    pub skip: usize,
    pub no_op: usize,
    pub reused: usize,
}

impl Totals {
    pub fn total(&self) -> usize {
        self.pass + self.warn + self.error + self.skip + self.no_op + self.reused
    }
}

impl RunReport {
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        // A load is told apart, but an error is an error.
        let counts = |result: &&Arc<NodeResult>| result.node.counted || result.status == Status::Error;
        for result in self.results.iter().filter(counts) {
            match result.status {
                Status::Success | Status::Pass => totals.pass += 1,
                Status::Warn => totals.warn += 1,
                Status::Fail | Status::Error => totals.error += 1,
                Status::Skipped => totals.skip += 1,
                Status::NoOp => totals.no_op += 1,
                Status::Reused => totals.reused += 1,
            }
        }
        totals
    }

    /// Whether every node came out well, loads included.
    pub fn succeeded(&self) -> bool {
        !self.interrupted
            && self.unpublished.is_none()
            && !self.results.iter().any(|r| matches!(r.status, Status::Fail | Status::Error))
    }
}
