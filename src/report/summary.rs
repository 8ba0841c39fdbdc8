//! The closing lines of a run: what ran, what went wrong and why, what was published.

use std::time::Duration;

use serde_json::json;

use super::entry::Entry;
use super::node_lines::{counted_rejects, kind_name, node_info, resource_type, status_name};
use super::options::LogLevel;
use super::text::{Colour, Text, counted};
use crate::runner::events::{NodeResult, ReportKind, RunReport, Status};

const KINDS: [ReportKind; 6] = [
    ReportKind::Load,
    ReportKind::Seed,
    ReportKind::Snapshot,
    ReportKind::Model,
    ReportKind::Test,
    ReportKind::Operation,
];

/// All closing lines, in order.
pub fn lines(report: &RunReport) -> Vec<Entry> {
    let mut entries = vec![Entry::blank(LogLevel::Info)];
    entries.extend(reused(report));
    entries.push(finished_running(report));
    let with_status = |wanted: &[Status]| report.results.iter().filter(|r| wanted.contains(&r.status)).collect();
    let errors: Vec<_> = with_status(&[Status::Fail, Status::Error]);
    let warnings: Vec<_> = with_status(&[Status::Warn]);
    let standing: Vec<_> = report.results.iter().filter(|r| r.reused == Some(Status::Warn)).collect();
    let rejecting: Vec<_> = report.results.iter().filter(|r| r.rejects.is_some_and(|rejects| rejects > 0)).collect();

    entries.push(Entry::blank(LogLevel::Info));
    entries.push(completed(report, errors.len(), warnings.len() + standing.len() + rejecting.len()));
    entries.extend(errors.iter().flat_map(|result| outcome(result)));
    entries.extend(warnings.iter().flat_map(|result| outcome(result)));
    entries.extend(rejecting.iter().flat_map(|result| rejects(result)));
    if !standing.is_empty() {
        entries.push(Entry::blank(LogLevel::Warn));
        entries.extend(standing.iter().map(|result| still_warning(result)));
    }
    entries.extend(unpublished(report));
    entries.push(Entry::blank(LogLevel::Info));
    entries.push(totals(report));
    entries
}

/// How many nodes had nothing to do, in one line instead of one each.
fn reused(report: &RunReport) -> Vec<Entry> {
    let reused = |counts: bool| {
        let results = report.results.iter().filter(|r| r.status == Status::Reused && r.node.counted == counts);
        results.count()
    };
    let (loads, nodes) = (reused(false), reused(true));
    let parts: Vec<String> = [(loads, "loads"), (nodes, "nodes")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, many)| counted(count, many))
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let text = format!("{} unchanged since the last publication, reused", parts.join(" and "));
    let entry = Entry::painted("NodesReused", "L005", LogLevel::Info, Colour::Green, text);
    vec![entry.with("loads", loads).with("nodes", nodes), Entry::blank(LogLevel::Info)]
}

fn finished_running(report: &RunReport) -> Entry {
    let ran: Vec<String> = KINDS
        .into_iter()
        .filter_map(|kind| {
            let of_kind = report.results.iter().filter(|r| r.node.kind == kind && r.status != Status::Reused);
            let count = of_kind.count();
            (count > 0).then(|| counted(count, kind_name(kind)))
        })
        .collect();
    let what = if ran.is_empty() { String::new() } else { format!(" running {}", ran.join(", ")) };
    let text = format!("Finished{what} in {} ({:.2}s).", spelled(report.elapsed), report.elapsed.as_secs_f64());
    Entry::info("FinishedRunningStats", "E047", text)
        .with("stat_line", ran.join(", "))
        .with("execution_time", report.elapsed.as_secs_f64())
}

/// `0 hours 0 minutes and 0.31 seconds`
fn spelled(took: Duration) -> String {
    // Rounded before it is split, or 59.999 seconds would read "60.00 seconds".
    let hundredths = took.as_millis().saturating_add(5) / 10;
    let (seconds, minutes) = (hundredths / 100, hundredths / 6_000);
    format!("{} hours {} minutes and {}.{:02} seconds", minutes / 60, minutes % 60, seconds % 60, hundredths % 100)
}

fn completed(report: &RunReport, errors: usize, warnings: usize) -> Entry {
    let (error_count, warning_count) = (counted(errors, "errors"), counted(warnings, "warnings"));
    let (level, colour, text) = if report.interrupted {
        (LogLevel::Error, Colour::Yellow, "Exited because of keyboard interrupt".to_string())
    } else if errors > 0 {
        (LogLevel::Error, Colour::Red, format!("Completed with {error_count} and {warning_count}:"))
    } else if report.unpublished.is_some() {
        (LogLevel::Error, Colour::Red, "Completed, but not published".to_string())
    } else if warnings > 0 {
        (LogLevel::Info, Colour::Yellow, format!("Completed with {warning_count}:"))
    } else {
        (LogLevel::Info, Colour::Green, "Completed successfully".to_string())
    };
    Entry::painted("EndOfRunSummary", "Z030", level, colour, text)
        .with("num_errors", errors)
        .with("num_warnings", warnings)
        .with("keyboard_interrupt", report.interrupted)
}

/// A failed or warning node with everything that helps to mend it.
fn outcome(result: &NodeResult) -> Vec<Entry> {
    let node = &*result.node;
    let (level, colour, word, name, code) = match result.status {
        Status::Warn => (LogLevel::Warn, Colour::Yellow, "Warning", "RunResultWarning", "Z021"),
        Status::Fail => (LogLevel::Error, Colour::Red, "Failure", "RunResultFailure", "Z022"),
        _ => (LogLevel::Error, Colour::Red, "Error", "RunResultFailure", "Z022"),
    };
    let kind = if node.kind == ReportKind::Load { "load" } else { resource_type(node.kind) };
    let title = format!("{word} in {kind} {} ({})", node.name, node.path);
    let mut entries = vec![
        Entry::blank(level),
        Entry::painted(name, code, level, colour, title)
            .with("node_name", node.name.as_str())
            .with("path", node.path.as_str())
            .with("resource_type", resource_type(node.kind)),
    ];
    let message = match (&result.diagnostic, &result.message) {
        (Some(diagnostic), _) => diagnostic.to_string(),
        (None, Some(message)) => message.clone(),
        (None, None) => format!("Status: {}", status_name(result.status)),
    };
    let (name, code) =
        if level == LogLevel::Warn { ("RunResultWarningMessage", "Z046") } else { ("RunResultError", "Z024") };
    entries.push(
        Entry::new(name, code, level, Text::plain(indented(&message)))
            .with("msg", message)
            .with("node_info", node_info(node, status_name(result.status), Some(result))),
    );
    if let Some(path) = &result.compiled_path {
        entries.push(Entry::blank(level));
        let text = Text::plain(format!("  compiled code at {path}"));
        entries.push(Entry::new("SQLCompiledPath", "Z026", level, text).with("path", path.as_str()));
    }
    entries.extend(stored_failures(result, level));
    entries
}

/// Where the rows are that failed a test, in dbt's words.
fn stored_failures(result: &NodeResult, level: LogLevel) -> Vec<Entry> {
    let node = &*result.node;
    let tested = node.kind == ReportKind::Test && matches!(result.status, Status::Warn | Status::Fail);
    let Some(relation) = node.relation.as_ref().filter(|_| tested) else { return Vec::new() };
    let query = format!("select * from {relation}");
    let rule = "-".repeat(query.chars().count());
    let text = Text::plain(format!("  See test failures:\n  {rule}\n  {query}\n  {rule}"));
    let entry = Entry::new("CheckNodeTestFailure", "Z027", level, text).with("relation_name", relation.as_str());
    vec![Entry::blank(level), entry]
}

fn rejects(result: &NodeResult) -> Vec<Entry> {
    let node = &*result.node;
    let rejects = result.rejects.unwrap_or_default();
    let title = format!("Warning in load {} ({})", node.name, node.path);
    let target = node.relation.as_deref().unwrap_or(&node.shown_as);
    let message = format!("{}: see {target}__rejects for place and reason", counted_rejects(rejects));
    vec![
        Entry::blank(LogLevel::Warn),
        Entry::painted("RunResultWarning", "Z021", LogLevel::Warn, Colour::Yellow, title),
        Entry::new("RecordsRejected", "L006", LogLevel::Warn, Text::plain(indented(&message)))
            .with("rejects", rejects)
            .with("node_info", node_info(node, status_name(result.status), Some(result))),
    ]
}

/// A warning of an earlier run that stands, as nothing has changed: one line, since the whole story was told then.
fn still_warning(result: &NodeResult) -> Entry {
    let node = &*result.node;
    let message = result.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let title = format!("Warning in {} {} ({})", resource_type(node.kind), node.name, node.path);
    let text = Text::painted(Colour::Yellow, title).then(format!("{message} (unchanged)"));
    Entry::new("RunResultWarning", "Z021", LogLevel::Warn, text)
        .with("node_info", node_info(node, status_name(result.status), Some(result)))
}

fn unpublished(report: &RunReport) -> Vec<Entry> {
    let Some(reason) = &report.unpublished else { return Vec::new() };
    let reason = reason.trim_end_matches('.');
    let text = format!("Nothing was published: {reason}; readers still see the previous run.");
    let entry = Entry::painted("NothingPublished", "L007", LogLevel::Error, Colour::Red, text);
    vec![Entry::blank(LogLevel::Error), entry.with("reason", reason)]
}

fn totals(report: &RunReport) -> Entry {
    let totals = report.totals();
    let text = format!(
        "Done. PASS={} WARN={} ERROR={} SKIP={} NO-OP={} REUSED={} TOTAL={}",
        totals.pass,
        totals.warn,
        totals.error,
        totals.skip,
        totals.no_op,
        totals.reused,
        totals.total()
    );
    let stats = json!({
        "pass": totals.pass, "warn": totals.warn, "error": totals.error, "skip": totals.skip,
        "noop": totals.no_op, "reused": totals.reused, "total": totals.total(),
    });
    Entry::info("StatsLine", "Z023", text).with("stats", stats)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_before_it_is_split() {
        let spelled = |millis| spelled(Duration::from_millis(millis));
        assert_eq!(spelled(310), "0 hours 0 minutes and 0.31 seconds");
        assert_eq!(spelled(59_996), "0 hours 1 minutes and 0.00 seconds");
        assert_eq!(spelled(3_661_250), "1 hours 1 minutes and 1.25 seconds");
    }
}
