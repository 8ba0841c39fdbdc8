//! Whole runs, as the user reads them.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::console::Console;
use super::options::{LogFormat, LogLevel, ReportOptions};
use super::sample::{self, at, ended, found_16, load, made, model, other, shown, test};
use crate::diagnostic::{Diagnostic, Place};
use crate::runner::events::{Event, NodeResult, ReportKind, Reporter, RunReport, Status};

/// A load, a model, a test that passes, one that warns, and a reused node.
fn events() -> Vec<Event> {
    let loaded = made(load(), "COPY 100");
    let merged = made(model("transaction", "incremental"), "MERGE 100");
    let passed = Arc::new(ended(test("not_null_transaction_id"), Status::Pass));
    let warned = Arc::new(found_16("not_null_transaction_quantity", Status::Warn));
    let reused = Arc::new(ended(model("date_dim", "table"), Status::Reused));
    let mut events = vec![Event::RunStarted(sample::info(1, 4))];
    for (index, result) in [&loaded, &merged, &passed, &warned].into_iter().enumerate() {
        events.push(sample::start(index, result.node.clone()));
        events.push(sample::end(index, result.clone()));
    }
    events.push(sample::end(4, reused.clone()));
    events.push(sample::publication());
    let results = vec![loaded, merged, passed, warned, reused];
    events.push(Event::RunFinished(Arc::new(sample::report(results))));
    events
}

fn finished(report: RunReport) -> [Event; 1] {
    [Event::RunFinished(Arc::new(report))]
}

/// The lines without the time, which is always the same here.
fn lines(options: ReportOptions, events: &[Event]) -> Vec<String> {
    shown(options, false, events).lines().map(|line| line.replacen("02:18:25  ", "", 1)).collect()
}

#[test]
fn a_run_in_a_pipe_reads_as_dbts_does() {
    let expected = "\
02:18:25  Running with medallion=0.1.0
02:18:25  Found 11 models, 58 data tests, 1 source
02:18:25  
02:18:25  Concurrency: 4 threads (target='dev')
02:18:25  
02:18:25  START load data_lake.forex.customer_transactions ............................... [RUN]
02:18:25  LOAD data_lake.forex.customer_transactions ..................................... [COPY 100 in 0.02s]
02:18:25  1 of 4 START sql incremental model silver.transaction .......................... [RUN]
02:18:25  1 of 4 OK created sql incremental model silver.transaction ..................... [MERGE 100 in 0.02s]
02:18:25  2 of 4 START test not_null_transaction_id ...................................... [RUN]
02:18:25  2 of 4 PASS not_null_transaction_id ............................................ [PASS in 0.02s]
02:18:25  3 of 4 START test not_null_transaction_quantity ................................ [RUN]
02:18:25  3 of 4 WARN 16 not_null_transaction_quantity ................................... [WARN 16 in 0.02s]
02:18:25  Published 7 tables and 4 views as run 42 in 0.003s
02:18:25  
02:18:25  1 node unchanged since the last publication, reused
02:18:25  
02:18:25  Finished running 1 load, 1 model, 2 data tests in 0 hours 0 minutes and 0.31 seconds (0.31s).
02:18:25  
02:18:25  Completed with 1 warning:
02:18:25  
02:18:25  Warning in test not_null_transaction_quantity (models/silver/_silver.yml)
02:18:25    Got 16 results, configured to warn if != 0
02:18:25  
02:18:25    compiled code at target/compiled/not_null_transaction_quantity.sql
02:18:25  
02:18:25  Done. PASS=2 WARN=1 ERROR=0 SKIP=0 NO-OP=0 REUSED=1 TOTAL=4
";
    assert_eq!(shown(ReportOptions::default(), false, &events()), expected);
}

#[test]
fn every_kind_and_status_has_its_line() {
    use ReportKind::{Operation, Seed, Snapshot};
    use Status::{Error, Fail, NoOp, Reused, Skipped};
    let cases = [
        (ended(model("a", "view"), Error), "ERROR creating sql view model silver.a", "[ERROR in 0.02s]"),
        (ended(model("a", "view"), Skipped), "SKIP relation silver.a", "[SKIP]"),
        (ended(model("a", "ephemeral"), NoOp), "NO-OP sql ephemeral model silver.a", "[NO-OP]"),
        (ended(model("a", "table"), Reused), "REUSED sql table model silver.a", "[REUSED]"),
        (ended(test("t"), Skipped), "SKIP test t", "[SKIP]"),
        (ended(test("t"), Error), "ERROR t", "[ERROR in 0.02s]"),
        (found_16("t", Fail), "FAIL 16 t", "[FAIL 16 in 0.02s]"),
        (sample::result(&made(other(Seed, "s"), "INSERT 3")), "OK loaded seed file silver.s", "[INSERT 3 in 0.02s]"),
        (ended(other(Seed, "s"), Error), "ERROR loading seed file silver.s", "[ERROR in 0.02s]"),
        (sample::result(&made(other(Snapshot, "s"), "M 1")), "OK snapshotted snapshot silver.s", "[M 1 in 0.02s]"),
        (sample::result(&made(other(Operation, "h"), "OK")), "OK hook: h", "[OK in 0.02s]"),
    ];
    for (result, said, state) in cases {
        let options = ReportOptions { level: LogLevel::Debug, ..ReportOptions::default() };
        let line = lines(options, &[sample::end(2, Arc::new(result))]).remove(0);
        let (text, after) = line.split_at(80);
        assert_eq!(text.trim_end_matches('.'), format!("2 of 4 {said} "));
        assert_eq!(after, format!(" {state}"));
    }
}

#[test]
fn a_name_longer_than_the_line_has_no_dots() {
    let name = "n".repeat(90);
    let line = lines(ReportOptions::default(), &[sample::start(1, test(&name))]).remove(0);
    assert_eq!(line, format!("1 of 4 START test {name}  [RUN]"));
}

#[test]
fn rejected_records_are_named_with_the_load_and_at_the_end() {
    let loaded = Arc::new(NodeResult { rejects: Some(1200), ..sample::result(&made(load(), "COPY 98")) });
    let line = lines(ReportOptions::default(), &[sample::end(0, loaded.clone())]).remove(0);
    assert!(line.ends_with(". [COPY 98, 1,200 rejects in 0.02s]"), "{line}");
    let closing = lines(ReportOptions::default(), &finished(sample::report(vec![loaded]))).join("\n");
    assert!(closing.contains("Completed with 1 warning:"), "{closing}");
    let names = "1,200 rejects: see data_lake.forex.customer_transactions__rejects for place and reason";
    assert!(closing.contains(names), "{closing}");
}

#[test]
fn a_failed_run_says_where_why_and_that_nothing_was_published() {
    let sql = "select 1\nfrom {{ ref('trnsaction') }}\n";
    let place = Place::of_bytes(std::path::Path::new("models/gold/f.sql"), sql, 17, 34);
    let diagnostic = Diagnostic::new("no model 'trnsaction'").at(place).hint("did you mean 'transaction'?");
    let failed = NodeResult { diagnostic: Some(diagnostic), ..ended(model("f", "table"), Status::Error) };
    let results = vec![Arc::new(failed), Arc::new(found_16("t", Status::Fail))];
    let unpublished = Some("2 nodes failed".to_string());
    let report = RunReport { unpublished, ..sample::report(results) };
    let expected = "
Finished running 1 model, 1 data test in 0 hours 0 minutes and 0.31 seconds (0.31s).

Completed with 2 errors and 0 warnings:

Error in model f (models/silver/f.sql)
  no model 'trnsaction'
   --> models/gold/f.sql:2:9
    |
  2 | from {{ ref('trnsaction') }}
    |         ^^^^^^^^^^^^^^^^^
    = help: did you mean 'transaction'?

Failure in test t (models/silver/_silver.yml)
  Got 16 results, configured to fail if != 0

  compiled code at target/compiled/t.sql

Nothing was published: 2 nodes failed; readers still see the previous run.

Done. PASS=0 WARN=0 ERROR=2 SKIP=0 NO-OP=0 REUSED=0 TOTAL=2";
    let shown: Vec<String> = lines(ReportOptions::default(), &finished(report))
        .into_iter()
        // Further lines of a message stand below its first one.
        .map(|line| line.strip_prefix("          ").map(str::to_string).unwrap_or(line))
        .collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_build_that_changes_nothing_says_so_in_one_line_and_keeps_its_warnings() {
    let reused = |node, stands| {
        let message = (stands == Status::Warn).then(|| "Got 16 results, configured to warn if != 0".to_string());
        Arc::new(NodeResult { reused: Some(stands), message, ..ended(node, Status::Reused) })
    };
    let results = vec![
        reused(load(), Status::Success),
        reused(model("a", "table"), Status::Success),
        reused(test("t"), Status::Warn),
    ];
    let mut events: Vec<Event> = results.iter().map(|result| sample::end(1, result.clone())).collect();
    events.extend(finished(sample::report(results)));
    assert_eq!(
        lines(ReportOptions::default(), &events),
        [
            "",
            "1 load and 2 nodes unchanged since the last publication, reused",
            "",
            "Finished in 0 hours 0 minutes and 0.31 seconds (0.31s).",
            "",
            "Completed with 1 warning:",
            "",
            "Warning in test t (models/silver/_silver.yml): Got 16 results, configured to warn if != 0 (unchanged)",
            "",
            "Done. PASS=0 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=2 TOTAL=2",
        ]
    );
    let verbose = lines(ReportOptions { level: LogLevel::Debug, ..ReportOptions::default() }, &events);
    assert!(verbose[0].starts_with("REUSED load data_lake"), "{verbose:?}");
}

#[test]
fn an_interrupted_run_says_so() {
    let report = RunReport { interrupted: true, ..sample::report(Vec::new()) };
    assert!(
        lines(ReportOptions::default(), &finished(report)).contains(&"Exited because of keyboard interrupt".into())
    );
}

#[test]
fn colours_mark_the_state_only() {
    let events = [sample::end(1, Arc::new(found_16("t", Status::Warn)))];
    let line = shown(ReportOptions::default(), true, &events);
    assert!(line.ends_with(". [\x1b[33mWARN 16\x1b[0m in 0.02s]\n"), "{line:?}");
    assert_eq!(line.matches('\x1b').count(), 2);
}

#[test]
fn quiet_leaves_errors() {
    let quiet = || ReportOptions { quiet: true, ..ReportOptions::default() };
    assert_eq!(lines(quiet(), &events()), Vec::<String>::new());
    let failed = Arc::new(found_16("t", Status::Fail));
    let mut events = vec![sample::end(1, failed.clone())];
    events.extend(finished(sample::report(vec![failed])));
    let shown = lines(quiet(), &events);
    assert!(shown[0].starts_with("1 of 4 FAIL 16 t"), "{shown:?}");
    assert!(shown.contains(&"  Got 16 results, configured to fail if != 0".to_string()), "{shown:?}");
    assert!(!shown.iter().any(|line| line.starts_with("Done.")), "{shown:?}");
}

#[test]
fn json_is_one_object_a_line_in_dbts_shape() {
    let options = ReportOptions { format: LogFormat::Json, ..ReportOptions::default() };
    let text = shown(options, false, &events());
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = objects.iter().map(|object| object["info"]["name"].as_str().unwrap()).collect();
    let expected = "MainReportVersion FoundStats ConcurrencyLine LogStartLine LogLoadResult LogStartLine LogModelResult \
        LogStartLine LogTestResult LogStartLine LogTestResult RunPublished NodesReused FinishedRunningStats \
        EndOfRunSummary RunResultWarning RunResultWarningMessage SQLCompiledPath StatsLine";
    assert_eq!(names.join(" "), expected);
    let warned = &objects[10];
    assert_eq!(
        warned["info"],
        json!({
            "category": "", "code": "Q007", "extra": {}, "invocation_id": "0d5e", "level": "warn",
            "msg": format!("3 of 4 WARN 16 not_null_transaction_quantity {} [WARN 16 in 0.02s]", ".".repeat(35)),
            "name": "LogTestResult", "pid": std::process::id(), "thread": "Thread-1",
            "ts": "2026-11-23T02:18:25.000000Z",
        })
    );
    assert_eq!(warned["data"]["num_failures"], 16);
    assert_eq!(warned["data"]["node_info"]["unique_id"], "test.bundled.not_null_transaction_quantity");
    assert_eq!(objects.last().unwrap()["data"]["stats"]["reused"], 1);
}

#[test]
fn no_secret_reaches_console_log_or_artifact() {
    let dir = tempfile::tempdir().unwrap();
    let message = Some("cannot connect to postgres://u:s3cret@host".to_string());
    let failed = Arc::new(NodeResult { message, ..ended(model("a", "table"), Status::Error) });
    let report = RunReport { unpublished: Some("s3cret".to_string()), ..sample::report(vec![failed]) };
    for format in [LogFormat::Default, LogFormat::Json] {
        let options = ReportOptions {
            format,
            log_path: Some(dir.path().join("logs")),
            target_path: Some(dir.path().join("target")),
            redact: vec!["s3cret".to_string()],
            ..ReportOptions::default()
        };
        let console = shown(options, false, &finished(report.clone()));
        let log = std::fs::read_to_string(dir.path().join("logs/medallion.log")).unwrap();
        let results = std::fs::read_to_string(dir.path().join("target/run_results.json")).unwrap();
        for text in [console, log, results] {
            assert!(text.contains("postgres://u:*****@host") && !text.contains("s3cret"), "{text}");
        }
    }
}

#[test]
fn the_log_file_takes_everything_with_date_level_and_thread() {
    let dir = tempfile::tempdir().unwrap();
    let options = ReportOptions { log_path: Some(dir.path().to_path_buf()), quiet: true, ..ReportOptions::default() };
    shown(options, false, &events());
    let log = std::fs::read_to_string(dir.path().join("medallion.log")).unwrap();
    let lines: Vec<&str> = log.lines().skip(1).collect();
    let rule = "=".repeat(30);
    assert_eq!(lines[0], format!("{rule} 2026-11-23T02:18:25.000000Z | 0d5e {rule}"));
    assert_eq!(lines[1], "2026-11-23 02:18:25.000000 [info ] [MainThread]: Running with medallion=0.1.0");
    assert!(log.contains("[warn ] [Thread-1]: 3 of 4 WARN 16 "), "{log}");
    assert!(log.contains("[debug] [Thread-1]: 4 of 4 REUSED sql table model silver.date_dim"), "{log}");
}

#[test]
fn a_log_file_that_cannot_be_opened_is_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = ReportOptions { log_path: Some(file.path().to_path_buf()), ..ReportOptions::default() };
    let shown = shown(options, false, &[Event::RunStarted(sample::info(0, 1))]);
    assert!(shown.contains("[WARNING]: no log file: cannot write to "), "{shown}");
}

#[test]
fn a_reader_that_went_away_does_not_stop_the_run() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let options = ReportOptions { target_path: Some(dir.path().to_path_buf()), ..ReportOptions::default() };
    let console = Console::new(options, Box::new(Closed), false, None, Box::new(|| at(0).fixed_offset()));
    events().iter().for_each(|event| console.event(event));
    assert!(dir.path().join("run_results.json").exists());
}

#[test]
fn a_long_load_gives_a_sign_of_life_every_half_minute() {
    let mut narrator = super::narrator::Narrator::new(80);
    let progress = |bytes| Event::LoadProgress { node: load(), bytes, total_bytes: Some(4096), rows: 1234 };
    narrator.tell(&sample::start(0, load()), at(0));
    assert!(narrator.tell(&progress(1), at(29)).is_empty());
    let said = narrator.tell(&progress(2048), at(31));
    assert_eq!(
        said[0].text.render(false),
        "Loading data_lake.forex.customer_transactions: 2.00 KiB of 4.00 KiB, 1,234 rows"
    );
    assert!(narrator.tell(&progress(4096), at(60)).is_empty());
}
