//! Entries of a table's Delta log: what a draft changes, as Delta actions, and their way into the log.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::{Action, Add, Metadata, MetadataExt, Protocol, Remove, StructType, new_metadata};
use serde_json::{Value, json};

use super::catalog::{LogCommit, own_path};
use super::files::DataFile;
use super::lake::Lake;
use super::table::{LakeTable, delta_table};
use crate::warehouse::WarehouseError;

/// Features of tables that somebody else made and that we can write without breaking what they promise.
const WRITABLE: &[&str] = &["appendOnly", "invariants", "timestampNtz"];

/// The bytes of the log entry that turns `base` into a table of these files and this schema.
pub fn entry(
    base: Option<&LakeTable>,
    schema: &Schema,
    files: &[DataFile],
    publication: &str,
) -> Result<Bytes, WarehouseError> {
    let now = chrono::Utc::now().timestamp_millis();
    let mut actions = Vec::new();
    if base.is_none_or(|base| base.schema.as_ref() != schema) {
        actions.extend(table_actions(base, schema)?);
    }
    let old: &[DataFile] = base.map_or(&[], |base| &base.files);
    let stays: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let was: HashSet<&str> = old.iter().map(|file| file.path.as_str()).collect();
    actions.extend(old.iter().filter(|file| !stays.contains(file.path.as_str())).map(|file| remove(file, now)));
    actions.extend(files.iter().filter(|file| !was.contains(file.path.as_str())).map(add));
    let info = json!({"commitInfo": {
        "timestamp": now,
        "operation": "WRITE",
        "operationParameters": {"mode": if base.is_some() { "Overwrite" } else { "ErrorIfExists" }},
        "engineInfo": concat!("medallion/", env!("CARGO_PKG_VERSION")),
        "publication": publication,
    }});
    let mut lines = info.to_string();
    for action in &actions {
        lines.push('\n');
        lines.push_str(&serde_json::to_string(action).map_err(|error| WarehouseError::Task(error.to_string()))?);
    }
    lines.push('\n');
    Ok(Bytes::from(lines))
}

fn table_actions(base: Option<&LakeTable>, schema: &Schema) -> Result<Vec<Action>, WarehouseError> {
    let plain = Schema::new(
        schema
            .fields()
            .iter()
            .map(|field| {
                let data_type = match field.data_type() {
                    DataType::Utf8View => DataType::Utf8,
                    DataType::BinaryView => DataType::Binary,
                    other => other.clone(),
                };
                field.as_ref().clone().with_data_type(data_type)
            })
            .collect::<Vec<_>>(),
    );
    let kernel: StructType = (&plain).try_into_kernel()?;
    let no_partitions: [&str; 0] = [];
    let no_properties: [(&str, &str); 0] = [];
    let failed =
        |error: deltalake::kernel::Error| WarehouseError::Task(format!("cannot describe the table to Delta: {error}"));
    let metadata: Metadata = match base {
        Some(base) => base.metadata.clone().with_schema(&kernel).map_err(failed)?,
        None => new_metadata(&kernel, no_partitions, no_properties).map_err(failed)?,
    };
    let mut actions = vec![Action::Metadata(metadata)];
    let wanted = protocol(schema);
    match base.map(|base| json!(base.protocol)) {
        Some(has) => {
            let features = has.get("writerFeatures").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(unknown) = features.iter().find(|f| !WRITABLE.iter().any(|known| *f == known)) {
                return Err(WarehouseError::Unsupported {
                    relation: base.map(|base| base.dir.clone()).unwrap_or_default(),
                    message: format!("uses the Delta feature {unknown}, which medallion cannot write"),
                });
            }
            let needs_more = wanted["minReaderVersion"].as_i64() > has["minReaderVersion"].as_i64();
            if needs_more {
                actions.insert(0, Action::Protocol(parse_protocol(wanted)?));
            }
        }
        None => actions.insert(0, Action::Protocol(parse_protocol(wanted)?)),
    }
    Ok(actions)
}

/// The oldest protocol that can hold these columns, so that the most readers can open the table.
fn protocol(schema: &Schema) -> Value {
    let naive = schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Timestamp(_, None)));
    if naive {
        json!({"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["timestampNtz"],
               "writerFeatures": ["timestampNtz", "appendOnly", "invariants"]})
    } else {
        json!({"minReaderVersion": 1, "minWriterVersion": 2})
    }
}

fn parse_protocol(value: Value) -> Result<Protocol, WarehouseError> {
    serde_json::from_value(value).map_err(|error| WarehouseError::Task(format!("cannot state the protocol: {error}")))
}

fn add(file: &DataFile) -> Action {
    Action::Add(Add {
        path: file.path.clone(),
        partition_values: Default::default(),
        size: file.size as i64,
        modification_time: file.modified_ms,
        data_change: true,
        stats: file.stats.clone(),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    })
}

fn remove(file: &DataFile, now: i64) -> Action {
    Action::Remove(Remove {
        path: file.path.clone(),
        data_change: true,
        deletion_timestamp: Some(now),
        extended_file_metadata: Some(true),
        partition_values: Some(Default::default()),
        size: Some(file.size as i64),
        ..Default::default()
    })
}

/// What is known of promised log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// They were copied before, or should have been.
    MayBeThere,
    /// They were promised a moment ago: an entry that is there already may be somebody else's.
    AreNew,
}

/// Copies the entries that a catalog version promised into the tables' logs. Each is copied once, whoever does it.
pub async fn roll_forward(lake: &Lake, commits: &[LogCommit], entries: Entries) -> Result<(), WarehouseError> {
    let copies = commits.iter().map(|commit| async move {
        let path = log_path(lake, &commit.dir, commit.version);
        if entries == Entries::MayBeThere && lake.exists(&path).await? {
            return Ok(());
        }
        let staged = own_path(lake, &commit.staged);
        let bytes = lake.read(&staged).await?.ok_or_else(|| WarehouseError::Corrupt {
            path: staged.to_string(),
            message: format!("is missing, but the catalog promises it as version {} of {}", commit.version, commit.dir),
        })?;
        if !lake.put_if_absent(&path, bytes.clone()).await? && lake.read(&path).await? != Some(bytes) {
            return Err(WarehouseError::Overtaken { dir: commit.dir.clone(), version: commit.version });
        }
        checkpoint_now_and_then(lake, commit).await;
        Ok(())
    });
    futures::future::try_join_all(copies).await.map(|_| ())
}

/// Readers replay the log from the last checkpoint: every tenth version gets one.
async fn checkpoint_now_and_then(lake: &Lake, commit: &LogCommit) {
    if commit.version == 0 || !commit.version.is_multiple_of(10) {
        return;
    }
    let made = async {
        let table = delta_table(lake, &commit.dir, Some(commit.version)).await?;
        deltalake::checkpoints::create_checkpoint(&table, None).await.map_err(WarehouseError::delta("checkpoint"))
    };
    if let Err(error) = made.await {
        // It only makes reading faster; the next one covers it.
        tracing::warn!("{}: cannot write a checkpoint: {error}", commit.dir);
    }
}

pub fn log_path(lake: &Lake, dir: &str, version: u64) -> object_store::path::Path {
    lake.table_path(dir).join("_delta_log").join(format!("{version:020}.json"))
}

/// The newest version of a table's log, at least `known`: somebody else may have added some.
pub async fn newest_version(lake: &Lake, dir: &str, known: u64) -> Result<u64, WarehouseError> {
    let mut newest = known;
    while lake.exists(&log_path(lake, dir, newest + 1)).await? {
        newest += 1;
    }
    Ok(newest)
}
