//! Turns the events of a run into lines. Knows nothing of terminals, files and formats.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use indicatif::HumanBytes;
use serde_json::json;

use super::entry::Entry;
use super::node_lines::{self, Position};
use super::options::LogLevel;
use super::summary;
use super::text::{Colour, Text, counted, thousands};
use crate::runner::events::{Event, NodeInfo, NodeResult, Publication, ReportKind, RunInfo, Status};

/// How often a load that no progress bar shows says how far it is: often enough that a job runner which waits for signs
/// of life does not give up.
const LOAD_INTERVAL: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Narrator {
    width: usize,
    /// When each load last said how far it is, or began.
    loads: HashMap<String, DateTime<Utc>>,
}

impl Narrator {
    /// `width` is where the dots of a node's line end.
    pub fn new(width: usize) -> Self {
        Narrator { width, loads: HashMap::new() }
    }

    /// The lines of an event that happened at `now`.
    pub fn tell(&mut self, event: &Event, now: DateTime<Utc>) -> Vec<Entry> {
        match event {
            Event::RunStarted(info) => run_started(info),
            Event::NodeStarted { index, total, node } => {
                self.loads.insert(node.unique_id.clone(), now);
                vec![node_lines::started(Position { index: *index, total: *total }, node, self.width)]
            }
            Event::LoadProgress { node, bytes, total_bytes, rows } => {
                self.load_progress(node, *bytes, *total_bytes, *rows, now).into_iter().collect()
            }
            Event::NodeFinished { index, total, result } => {
                self.loads.remove(&result.node.unique_id);
                let line = node_lines::finished(Position { index: *index, total: *total }, result, self.width);
                std::iter::once(line).chain(load_details(result)).collect()
            }
            Event::Warning(diagnostic) => vec![warning(&diagnostic.to_string())],
            Event::Message(text) => vec![Entry::info("JinjaLogInfo", "I062", text.clone())],
            Event::Published(publication) => vec![published(publication)],
            Event::RunFinished(report) => summary::lines(report),
        }
    }

    fn load_progress(
        &mut self,
        node: &NodeInfo,
        bytes: u64,
        total: Option<u64>,
        rows: u64,
        now: DateTime<Utc>,
    ) -> Option<Entry> {
        let last = self.loads.entry(node.unique_id.clone()).or_insert(now);
        if (now - *last).to_std().is_ok_and(|waited| waited < LOAD_INTERVAL) {
            return None;
        }
        *last = now;
        let of = total.map(|total| format!(" of {}", HumanBytes(total))).unwrap_or_default();
        let text = format!("Loading {}: {}{of}, {} rows", node.shown_as, HumanBytes(bytes), thousands(rows));
        let mut entry = Entry::info("LoadProgress", "L003", text)
            .with("bytes", bytes)
            .with("total_bytes", total)
            .with("rows", rows)
            .with("node_info", node_lines::node_info(node, "executing", None));
        entry.shown_by_progress = true;
        Some(entry)
    }
}

/// A line about something that stops nothing.
pub fn warning(text: &str) -> Entry {
    let shown = Text::plain("[").then_painted(Colour::Yellow, "WARNING").then(format!("]: {text}"));
    Entry::new("Note", "Z050", LogLevel::Warn, shown).with("msg", text)
}

fn run_started(info: &RunInfo) -> Vec<Entry> {
    let version = env!("CARGO_PKG_VERSION");
    let mut entries = vec![
        Entry::info("MainReportVersion", "A001", format!("Running with medallion={version}"))
            .with("version", format!("={version}"))
            .with("log_version", 3),
        Entry::new(
            "MainReportArgs",
            "A002",
            LogLevel::Debug,
            Text::plain(format!("running {} with arguments {}", info.command, json!(info.args))),
        )
        .with("args", info.args.clone()),
    ];
    let found: Vec<String> =
        info.found.iter().filter(|(_, count)| *count > 0).map(|(many, count)| counted(*count, many)).collect();
    let found = if found.is_empty() { "nothing".to_string() } else { found.join(", ") };
    entries.push(Entry::info("FoundStats", "W006", format!("Found {found}")).with("stat_line", found));
    entries.push(Entry::blank(LogLevel::Info));
    if info.loads + info.nodes == 0 {
        let text = "Nothing to do. Check the selection with `medallion ls`.";
        entries.push(Entry::painted("NothingToDo", "Q035", LogLevel::Warn, Colour::Yellow, text));
        return entries;
    }
    let threads = counted(info.threads, "threads");
    entries.push(
        Entry::info("ConcurrencyLine", "Q026", format!("Concurrency: {threads} (target='{}')", info.target))
            .with("num_threads", info.threads)
            .with("target_name", info.target.as_str())
            .with("node_count", info.nodes),
    );
    entries.push(Entry::blank(LogLevel::Info));
    entries
}

/// What became of the records of a load: how many were unchanged, replaced, rejected or unreadable.
fn load_details(result: &NodeResult) -> Option<Entry> {
    let is_told = result.node.kind == ReportKind::Load && matches!(result.status, Status::Success | Status::Reused);
    let message = result.message.as_ref().filter(|_| is_told)?;
    let text = format!("{}: {message}", result.node.shown_as);
    Some(Entry::info("LogLoadDetails", "L003", text).with("unique_id", result.node.unique_id.clone()))
}

fn published(publication: &Publication) -> Entry {
    let Publication { run, tables, views, took } = publication;
    let (tables, views) = (counted(*tables, "tables"), counted(*views, "views"));
    let text = format!("Published {tables} and {views} as run {run} in {:.3}s", took.as_secs_f64());
    Entry::info("RunPublished", "L004", text)
        .with("run", run.as_str())
        .with("tables", publication.tables)
        .with("views", publication.views)
        .with("execution_time", took.as_secs_f64())
}
