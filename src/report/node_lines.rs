//! The line of a node that starts or ends: `3 of 69 OK created sql table model gold.date_dim .... [SELECT 11 in 0.02s]`.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::entry::Entry;
use super::options::LogLevel;
use super::text::{Colour, Text, counted, thousands};
use crate::runner::events::{NodeInfo, NodeResult, ReportKind, Status};

/// Where a node stands among the others. Loads are not counted and show no number.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub index: usize,
    pub total: usize,
}

/// The line of a node that is about to run.
pub fn started(at: Position, node: &NodeInfo, width: usize) -> Entry {
    let (name, code) = match node.kind {
        ReportKind::Operation => ("LogHookStartLine", "Q032"),
        _ => ("LogStartLine", "Q011"),
    };
    let text = dotted(at, node, &format!("START {}", description(node)), width).then(" [RUN]");
    let mut entry = Entry::new(name, code, LogLevel::Info, text)
        .with("description", description(node))
        .with("node_info", node_info(node, "started", None));
    entry.shown_by_progress = true;
    numbered(entry, at, node)
}

/// The line of a node that has ended.
pub fn finished(at: Position, result: &NodeResult, width: usize) -> Entry {
    let node = &*result.node;
    let (level, colour) = weight(result.status);
    let (said, state) = (headline(result), state(result));
    let mut text = dotted(at, node, &said, width).then(" [").then_painted(colour, &state);
    if !matches!(result.status, Status::Skipped | Status::NoOp | Status::Reused) {
        text = text.then(format!(" in {:.2}s", result.elapsed.as_secs_f64()));
    }
    let (name, code) = event_name(result);
    let entry = Entry::new(name, code, level, text.then("]"))
        .with("description", description(node))
        .with("status", status_name(result.status))
        .with("execution_time", result.elapsed.as_secs_f64())
        .with("num_failures", result.failures)
        .with("rejects", result.rejects)
        .with("message", result.message.clone())
        .with("node_info", node_info(node, status_name(result.status), Some(result)));
    numbered(entry, at, node).on_thread(result.thread)
}

/// `status` as dbt writes it in `run_results.json`.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::Pass => "pass",
        Status::Warn => "warn",
        Status::Fail => "fail",
        Status::Error => "error",
        Status::Skipped => "skipped",
        Status::NoOp => "no-op",
        Status::Reused => "reused",
    }
}

/// The plural noun of a kind of node.
pub fn kind_name(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Load => "loads",
        ReportKind::Model => "models",
        ReportKind::Seed => "seeds",
        ReportKind::Snapshot => "snapshots",
        ReportKind::Test => "data tests",
        ReportKind::Operation => "hooks",
    }
}

/// dbt's `resource_type`. A load stands for the source it fills.
pub fn resource_type(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Load => "source",
        ReportKind::Model => "model",
        ReportKind::Seed => "seed",
        ReportKind::Snapshot => "snapshot",
        ReportKind::Test => "test",
        ReportKind::Operation => "operation",
    }
}

/// The time as dbt's artifacts write it.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// When something ended that began at `start`.
pub fn end(start: DateTime<Utc>, took: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(took).ok().and_then(|took| start.checked_add_signed(took)).unwrap_or(start)
}

fn description(node: &NodeInfo) -> String {
    let shown = &node.shown_as;
    match node.kind {
        ReportKind::Load => format!("load {shown}"),
        ReportKind::Model => format!("sql {} model {shown}", node.materialization),
        ReportKind::Seed => format!("seed file {shown}"),
        ReportKind::Snapshot => format!("snapshot {shown}"),
        ReportKind::Test => format!("test {}", node.name),
        ReportKind::Operation => format!("hook: {}", node.name),
    }
}

fn headline(result: &NodeResult) -> String {
    let node = &*result.node;
    let described = description(node);
    match (result.status, node.kind) {
        (Status::Reused, _) => format!("REUSED {described}"),
        (Status::NoOp, _) => format!("NO-OP {described}"),
        (Status::Skipped, ReportKind::Model | ReportKind::Seed | ReportKind::Snapshot) => {
            format!("SKIP relation {}", node.shown_as)
        }
        (Status::Skipped, _) => format!("SKIP {described}"),
        (Status::Warn | Status::Fail, _) => format!("{} {}", state(result), node.name),
        (Status::Error, ReportKind::Test) => format!("ERROR {}", node.name),
        (Status::Error, kind) => format!("ERROR {}{described}", doing(kind)),
        (Status::Success | Status::Pass, ReportKind::Test) => format!("PASS {}", node.name),
        (Status::Success | Status::Pass, ReportKind::Load) => format!("LOAD {}", node.shown_as),
        (Status::Success | Status::Pass, kind) => format!("OK {}{described}", done(kind)),
    }
}

fn doing(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Model => "creating ",
        ReportKind::Seed => "loading ",
        ReportKind::Snapshot => "snapshotting ",
        ReportKind::Load | ReportKind::Test | ReportKind::Operation => "",
    }
}

fn done(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Model => "created ",
        ReportKind::Seed => "loaded ",
        ReportKind::Snapshot => "snapshotted ",
        ReportKind::Load | ReportKind::Test | ReportKind::Operation => "",
    }
}

/// What stands in the brackets.
fn state(result: &NodeResult) -> String {
    let failures = result.failures.map(|failures| format!(" {failures}")).unwrap_or_default();
    match result.status {
        Status::Pass => "PASS".to_string(),
        Status::Warn => format!("WARN{failures}"),
        Status::Fail => format!("FAIL{failures}"),
        Status::Error => "ERROR".to_string(),
        Status::Skipped => "SKIP".to_string(),
        Status::NoOp => "NO-OP".to_string(),
        Status::Reused => "REUSED".to_string(),
        Status::Success => {
            let verb = result.verb.as_deref().unwrap_or("OK");
            match result.rejects.filter(|rejects| *rejects > 0) {
                Some(rejects) => format!("{verb}, {}", counted_rejects(rejects)),
                None => verb.to_string(),
            }
        }
    }
}

/// `3 rejects`.
pub fn counted_rejects(rejects: u64) -> String {
    if rejects == 1 { counted(1, "rejects") } else { format!("{} rejects", thousands(rejects)) }
}

fn weight(status: Status) -> (LogLevel, Colour) {
    match status {
        Status::Success | Status::Pass => (LogLevel::Info, Colour::Green),
        Status::NoOp | Status::Skipped => (LogLevel::Info, Colour::Yellow),
        Status::Warn => (LogLevel::Warn, Colour::Yellow),
        Status::Fail | Status::Error => (LogLevel::Error, Colour::Red),
        // The closing lines count these: a build that changes nothing should not fill the screen to say so.
        Status::Reused => (LogLevel::Debug, Colour::Green),
    }
}

fn event_name(result: &NodeResult) -> (&'static str, &'static str) {
    match (result.status, result.node.kind) {
        (Status::Skipped, _) => ("SkippingDetails", "Q034"),
        (Status::NoOp, _) => ("LogNodeNoOpResult", "Q019"),
        (Status::Reused, _) => ("LogNodeReused", "L001"),
        (_, ReportKind::Test) => ("LogTestResult", "Q007"),
        (_, ReportKind::Model) => ("LogModelResult", "Q012"),
        (_, ReportKind::Snapshot) => ("LogSnapshotResult", "Q015"),
        (_, ReportKind::Seed) => ("LogSeedResult", "Q016"),
        (_, ReportKind::Operation) => ("LogHookEndLine", "Q033"),
        (_, ReportKind::Load) => ("LogLoadResult", "L002"),
    }
}

/// `3 of 69 <said> ` and dots up to `width`.
fn dotted(at: Position, node: &NodeInfo, said: &str, width: usize) -> Text {
    let number = if node.counted { format!("{} of {} ", at.index, at.total) } else { String::new() };
    let mut line = format!("{number}{said} ");
    line.extend(std::iter::repeat_n('.', width.saturating_sub(line.chars().count())));
    Text::plain(line)
}

fn numbered(entry: Entry, at: Position, node: &NodeInfo) -> Entry {
    if node.counted { entry.with("index", at.index).with("total", at.total) } else { entry }
}

/// What dbt's structured log says about the node of a line.
pub fn node_info(node: &NodeInfo, status: &str, result: Option<&NodeResult>) -> Value {
    json!({
        "materialized": node.materialization,
        "node_finished_at": result.map(|result| timestamp(end(result.started_at, result.elapsed))),
        "node_name": node.name,
        "node_path": node.path,
        "node_relation": { "relation_name": node.relation },
        "node_started_at": result.map(|result| timestamp(result.started_at)),
        "node_status": status,
        "resource_type": resource_type(node.kind),
        "unique_id": node.unique_id,
    })
}
