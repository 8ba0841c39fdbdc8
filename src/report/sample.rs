//! Events of the bundled project for the tests of this module.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::json;

use super::console::Console;
use super::options::ReportOptions;
use crate::runner::events::{
    Event, NodeInfo, NodeResult, Publication, ReportKind, Reporter, RunInfo, RunReport, Status,
};

/// 02:18:25 and `seconds`.
pub fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 2, 18, 25).unwrap() + TimeDelta::seconds(seconds)
}

pub fn info(loads: usize, nodes: usize) -> Arc<RunInfo> {
    Arc::new(RunInfo {
        invocation_id: "0d5e".to_string(),
        command: "build".to_string(),
        args: json!({"select": "silver"}).as_object().unwrap().clone(),
        project: "bundled".to_string(),
        profile: "embedded".to_string(),
        target: "dev".to_string(),
        warehouse: "delta".to_string(),
        threads: 4,
        started_at: at(0),
        found: vec![("models".to_string(), 11), ("data tests".to_string(), 58), ("sources".to_string(), 1)],
        loads,
        nodes,
    })
}

fn node(kind: ReportKind, name: &str, materialization: &str, shown_as: &str) -> NodeInfo {
    let prefix = super::node_lines::resource_type(kind);
    NodeInfo {
        unique_id: format!("{prefix}.bundled.{name}"),
        name: name.to_string(),
        kind,
        materialization: materialization.to_string(),
        relation: (kind != ReportKind::Test).then(|| format!("dev.{shown_as}")),
        shown_as: shown_as.to_string(),
        path: format!("models/silver/{name}.sql"),
        counted: true,
    }
}

pub fn model(name: &str, materialization: &str) -> Arc<NodeInfo> {
    Arc::new(node(ReportKind::Model, name, materialization, &format!("silver.{name}")))
}

pub fn other(kind: ReportKind, name: &str) -> Arc<NodeInfo> {
    Arc::new(node(kind, name, "", &format!("silver.{name}")))
}

pub fn test(name: &str) -> Arc<NodeInfo> {
    Arc::new(NodeInfo { path: "models/silver/_silver.yml".to_string(), ..node(ReportKind::Test, name, "test", name) })
}

pub fn load() -> Arc<NodeInfo> {
    let shown = "data_lake.forex.customer_transactions";
    let node = node(ReportKind::Load, "customer_transactions", "load", shown);
    let path = "models/_sources.yml".to_string();
    Arc::new(NodeInfo { counted: false, relation: Some(shown.to_string()), path, ..node })
}

pub fn ended(node: Arc<NodeInfo>, status: Status) -> NodeResult {
    NodeResult {
        node,
        status,
        reused: None,
        verb: None,
        rows_affected: None,
        failures: None,
        tested_rows: None,
        rejects: None,
        message: None,
        diagnostic: None,
        compiled_path: None,
        compiled_code: None,
        started_at: at(0),
        elapsed: Duration::from_millis(20),
        thread: 1,
    }
}

pub fn made(node: Arc<NodeInfo>, verb: &str) -> Arc<NodeResult> {
    Arc::new(NodeResult { verb: Some(verb.to_string()), ..ended(node, Status::Success) })
}

pub fn result(result: &NodeResult) -> NodeResult {
    result.clone()
}

/// A test that found 16 rows and says so.
pub fn found_16(name: &str, status: Status) -> NodeResult {
    let verb = if status == Status::Warn { "warn" } else { "fail" };
    NodeResult {
        failures: Some(16),
        message: Some(format!("Got 16 results, configured to {verb} if != 0")),
        compiled_path: Some(format!("target/compiled/{name}.sql")),
        ..ended(test(name), status)
    }
}

pub fn start(index: usize, node: Arc<NodeInfo>) -> Event {
    Event::NodeStarted { index, total: 4, node }
}

pub fn end(index: usize, result: Arc<NodeResult>) -> Event {
    Event::NodeFinished { index, total: 4, result }
}

pub fn report(results: Vec<Arc<NodeResult>>) -> RunReport {
    RunReport { info: info(1, 4), results, elapsed: Duration::from_millis(310), unpublished: None, interrupted: false }
}

pub fn publication() -> Event {
    Event::Published(Publication { run: "42".to_string(), tables: 7, views: 4, took: Duration::from_millis(3) })
}

/// Where a test reads what was written.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the console shows of `events`, at 02:18:25 all of them.
pub fn shown(options: ReportOptions, colored: bool, events: &[Event]) -> String {
    let captured = Captured::default();
    let clock = Box::new(|| at(0).fixed_offset());
    let console = Console::new(options, Box::new(captured.clone()), colored, None, clock);
    for event in events {
        console.event(event);
    }
    captured.text()
}
