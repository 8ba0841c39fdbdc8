//! Entries of a table's Delta log: what a draft changes, as Delta actions, and their way into the log.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::{Action, Add, Metadata, MetadataExt, Protocol, Remove, StructType, new_metadata};
use serde_json::{Value, json};

use super::catalog::{Catalog, LogCommit, own_path};
use super::files::DataFile;
use super::lake::Lake;
use super::table::{LakeTable, delta_table};
use crate::warehouse::WarehouseError;

/// Features of tables that somebody else made and that we can write without breaking what they promise.
const WRITABLE: &[&str] = &["appendOnly", "deletionVectors", "invariants", "timestampNtz"];

/// The property of a table that allows deletion vectors.
const DELETION_VECTORS: &str = "delta.enableDeletionVectors";

/// The bytes of the log entry that turns `base` into a table of these files and this schema.
pub fn entry(
    base: Option<&LakeTable>,
    schema: &Schema,
    files: &[DataFile],
    publication: &str,
) -> Result<Bytes, WarehouseError> {
    let now = chrono::Utc::now().timestamp_millis();
    let mut actions = Vec::new();
    let marks = files.iter().any(|file| file.deleted.is_some());
    let marked = |base: &LakeTable| base.metadata.configuration().get(DELETION_VECTORS).is_some_and(|on| on == "true");
    if base.is_none_or(|base| base.schema.as_ref() != schema || marks && !marked(base)) {
        actions.extend(table_actions(base, schema, marks)?);
    }
    let old: &[DataFile] = base.map_or(&[], |base| &base.files);
    let stays: HashSet<_> = files.iter().map(DataFile::id).collect();
    let was: HashSet<_> = old.iter().map(DataFile::id).collect();
    actions.extend(old.iter().filter(|file| !stays.contains(&file.id())).map(|file| remove(file, now)));
    actions.extend(files.iter().filter(|file| !was.contains(&file.id())).map(add));
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

fn table_actions(base: Option<&LakeTable>, schema: &Schema, marks: bool) -> Result<Vec<Action>, WarehouseError> {
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
    let mut metadata: Metadata = match base {
        Some(base) => base.metadata.clone().with_schema(&kernel).map_err(failed)?,
        None => new_metadata(&kernel, no_partitions, no_properties).map_err(failed)?,
    };
    if marks {
        metadata = metadata.add_config_key(DELETION_VECTORS.to_string(), "true".to_string()).map_err(failed)?;
    }
    let has = base.map(|base| json!(base.protocol));
    let relation = base.map(|base| base.dir.clone()).unwrap_or_default();
    let protocol = protocol(has.as_ref(), &reader_features(schema, marks))
        .map_err(|message| WarehouseError::Unsupported { relation, message })?;
    let protocol = protocol.map(parse_protocol).transpose()?.map(Action::Protocol);
    Ok(protocol.into_iter().chain([Action::Metadata(metadata)]).collect())
}

/// What readers have to know of beyond the first protocol.
fn reader_features(schema: &Schema, marks: bool) -> Vec<&'static str> {
    let naive = schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Timestamp(_, None)));
    let features = [(naive, "timestampNtz"), (marks, "deletionVectors")];
    features.into_iter().filter(|(needed, _)| *needed).map(|(_, feature)| feature).collect()
}

/// The oldest protocol with these features and those the table has, so that the most readers can open it; `None` where the
/// table has it.
fn protocol(has: Option<&Value>, needed: &[&str]) -> Result<Option<Value>, String> {
    let list = |kind: &str| -> Vec<String> {
        let features = has.and_then(|has| has.get(kind)).and_then(Value::as_array);
        features.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
    };
    let (mut readers, mut writers) = (list("readerFeatures"), list("writerFeatures"));
    if let Some(unknown) = writers.iter().find(|feature| !WRITABLE.contains(&feature.as_str())) {
        return Err(format!("uses the Delta feature {unknown}, which medallion cannot write"));
    }
    if has.is_none() && needed.is_empty() {
        return Ok(Some(json!({"minReaderVersion": 1, "minWriterVersion": 2})));
    }
    if needed.iter().all(|feature| readers.iter().any(|known| known == feature)) {
        return Ok(None);
    }
    let version = has.and_then(|has| has["minWriterVersion"].as_i64()).unwrap_or(2);
    if (3..7).contains(&version) {
        return Err(format!("asks for Delta's writer version {version}, which medallion cannot write"));
    }
    let add = |features: &mut Vec<String>, feature: &str| {
        if !features.iter().any(|known| known == feature) {
            features.push(feature.to_string());
        }
    };
    needed.iter().for_each(|feature| add(&mut readers, feature));
    // The first protocol has the latter two without naming them.
    needed.iter().chain(&["appendOnly", "invariants"]).for_each(|feature| add(&mut writers, feature));
    Ok(Some(json!({
        "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": readers, "writerFeatures": writers,
    })))
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
        stats: file.stats.as_deref().map(|stats| stats_of(stats, file.deleted.is_some())),
        tags: None,
        deletion_vector: file.deleted.as_ref().map(|deleted| deleted.stored.clone()),
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
        deletion_vector: file.deleted.as_ref().map(|deleted| deleted.stored.clone()),
        ..Default::default()
    })
}

/// The statistics of a file some of whose rows may be gone: then they are of more rows than there are.
fn stats_of(stats: &str, wide: bool) -> String {
    match serde_json::from_str::<Value>(stats) {
        Ok(Value::Object(mut object)) => {
            object.insert("tightBounds".to_string(), json!(!wide));
            Value::Object(object).to_string()
        }
        _ => stats.to_string(),
    }
}

/// The first line of our entries, which says whose they are, is shorter than this.
const FIRST_LINE: u64 = 4096;

/// Copies the entries that a catalog version promised into the tables' logs. Each is copied once, whoever does it. Gives
/// back those whose place in the log another program took first: their tables are not what the catalog says.
pub async fn roll_forward(lake: &Lake, catalog: &Catalog) -> Result<Vec<LogCommit>, WarehouseError> {
    let Some(publication) = &catalog.publication else { return Ok(Vec::new()) };
    let copies = catalog.commits.iter().map(|commit| async move {
        let path = log_path(lake, &commit.dir, commit.version);
        if let Some(start) = lake.read_start(&path, FIRST_LINE).await? {
            return Ok::<_, WarehouseError>((!is_of(&start, &publication.id)).then(|| commit.clone()));
        }
        if lake.copy_if_absent(&own_path(lake, &commit.staged), &path).await? {
            checkpoint_now_and_then(lake, commit).await;
            return Ok(None);
        }
        let start = lake.read_start(&path, FIRST_LINE).await?.ok_or_else(|| WarehouseError::Corrupt {
            path: own_path(lake, &commit.staged).to_string(),
            message: format!("is missing, but the catalog promises it as version {} of {}", commit.version, commit.dir),
        })?;
        Ok((!is_of(&start, &publication.id)).then(|| commit.clone()))
    });
    Ok(futures::future::try_join_all(copies).await?.into_iter().flatten().collect())
}

/// Returns once the entries that a catalog version promised are in the logs for good: then another version, which says
/// nothing of them any more, may take its place.
pub async fn settle_entries(lake: &Lake, catalog: &Catalog) -> Result<(), WarehouseError> {
    let entries: Vec<_> = catalog.commits.iter().map(|commit| log_path(lake, &commit.dir, commit.version)).collect();
    lake.settle(&[], &entries).await
}

/// Whether a log entry that starts so is the one that a publication staged.
fn is_of(start: &[u8], publication: &str) -> bool {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let info: Option<Value> = serde_json::from_slice(line).ok();
    info.is_some_and(|info| info["commitInfo"]["publication"] == publication)
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
