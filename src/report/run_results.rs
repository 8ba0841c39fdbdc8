//! `run_results.json` in dbt's schema v6, for everything that reads dbt's artifacts.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::node_lines::{end, status_name, timestamp};
use super::redact::Redactor;
use crate::runner::events::{NodeResult, RunReport, Status};

const NAME: &str = "run_results.json";
const SCHEMA: &str = "https://schemas.getdbt.com/dbt/run-results/v6.json";

/// Writes `folder/run_results.json`. The file is complete or the one of the run before: it is written beside it and
/// renamed.
pub fn write(folder: &Path, report: &RunReport, now: DateTime<Utc>, redactor: &Redactor) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(NAME);
    // The process id keeps two runs of one project from writing into the same file.
    let unfinished = folder.join(format!(".{NAME}.{}", std::process::id()));
    let written = write_to(&unfinished, &redactor.json(document(report, now)));
    if let Err(error) = written.and_then(|()| std::fs::rename(&unfinished, &path)) {
        // The first error is the one to tell; a file that cannot be removed either adds nothing.
        let _ = std::fs::remove_file(&unfinished);
        return Err(error);
    }
    Ok(path)
}

fn write_to(path: &Path, document: &Value) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, document)?;
    file.flush()?;
    file.get_ref().sync_all()
}

fn document(report: &RunReport, now: DateTime<Utc>) -> Value {
    let info = &report.info;
    let mut args = info.args.clone();
    args.entry("which").or_insert_with(|| info.command.as_str().into());
    json!({
        "metadata": {
            "dbt_schema_version": SCHEMA,
            "dbt_version": env!("CARGO_PKG_VERSION"),
            "generated_at": timestamp(now),
            "invocation_id": info.invocation_id,
            "invocation_started_at": timestamp(info.started_at),
            "env": {},
        },
        "results": report.results.iter().map(|result| entry(result)).collect::<Vec<_>>(),
        "elapsed_time": report.elapsed.as_secs_f64(),
        "args": args,
    })
}

fn entry(result: &NodeResult) -> Value {
    let ran = !matches!(result.status, Status::Skipped | Status::NoOp | Status::Reused);
    let timing = if ran {
        json!([{
            "name": "execute",
            "started_at": timestamp(result.started_at),
            "completed_at": timestamp(end(result.started_at, result.elapsed)),
        }])
    } else {
        json!([])
    };
    let message = result.message.clone().or_else(|| result.diagnostic.as_ref().map(ToString::to_string));
    json!({
        "status": status_name(result.status),
        "timing": timing,
        "thread_id": format!("Thread-{}", result.thread),
        "execution_time": result.elapsed.as_secs_f64(),
        "adapter_response": adapter_response(result),
        "message": message.or_else(|| result.verb.clone()),
        "failures": result.failures,
        "unique_id": result.node.unique_id,
        "compiled": result.compiled_code.is_some(),
        "compiled_code": result.compiled_code,
        "relation_name": result.node.relation,
        "batch_results": null,
    })
}

/// `MERGE 100` taken apart, as dbt's adapters do.
fn adapter_response(result: &NodeResult) -> Map<String, Value> {
    let mut response = Map::new();
    if let Some(verb) = &result.verb {
        let code = verb.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
        response.insert("_message".to_string(), verb.as_str().into());
        response.insert("code".to_string(), code.into());
    }
    if let Some(rows) = result.rows_affected {
        response.insert("rows_affected".to_string(), rows.into());
    }
    if let Some(rejects) = result.rejects {
        response.insert("rejects".to_string(), rejects.into());
    }
    if let Some(stands) = result.reused {
        response.insert("reused_status".to_string(), status_name(stands).into());
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sample;
    use super::*;

    fn written(report: &RunReport, secrets: &[&str]) -> Value {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("target");
        let path = write(&folder, report, sample::at(9), &Redactor::new(secrets)).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing unfinished is left");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_model_as_dbt_writes_it() {
        let mut result = sample::result(&sample::made(sample::model("transaction", "incremental"), "MERGE 100"));
        result.rows_affected = Some(100);
        result.compiled_code = Some("select 's3cret'".to_string());
        let shown = written(&sample::report(vec![Arc::new(result)]), &["s3cret"]);
        assert_eq!(
            shown["results"][0],
            json!({
                "status": "success",
                "timing": [{
                    "name": "execute",
                    "started_at": "2026-11-23T02:18:25.000000Z",
                    "completed_at": "2026-11-23T02:18:25.020000Z",
                }],
                "thread_id": "Thread-1",
                "execution_time": 0.02,
                "adapter_response": {"_message": "MERGE 100", "code": "MERGE", "rows_affected": 100},
                "message": "MERGE 100",
                "failures": null,
                "unique_id": "model.bundled.transaction",
                "compiled": true,
                "compiled_code": "select '*****'",
                "relation_name": "dev.silver.transaction",
                "batch_results": null,
            })
        );
        assert_eq!(shown["metadata"]["dbt_schema_version"], SCHEMA);
        assert_eq!(shown["metadata"]["generated_at"], "2026-11-23T02:18:34.000000Z");
        assert_eq!(shown["args"], json!({"select": "silver", "which": "build"}));
        assert_eq!(shown["elapsed_time"], json!(0.31));
    }

    #[test]
    fn every_status_by_dbts_name() {
        use Status::{Error, Fail, NoOp, Pass, Reused, Skipped, Success, Warn};
        let statuses = [Success, Pass, Warn, Fail, Error, Skipped, NoOp, Reused];
        let results = statuses.into_iter().map(|s| Arc::new(sample::ended(sample::test("t"), s))).collect();
        let shown = written(&sample::report(results), &[]);
        let names: Vec<&str> =
            shown["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
        assert_eq!(names, ["success", "pass", "warn", "fail", "error", "skipped", "no-op", "reused"]);
        assert_eq!(shown["results"][7]["timing"], json!([]));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("target");
        std::fs::write(&file, "").unwrap();
        assert!(write(&file, &sample::report(Vec::new()), sample::at(0), &Redactor::default()).is_err());
    }
}
