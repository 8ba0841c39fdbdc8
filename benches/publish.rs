//! Staging and publishing rows, beside writing the same rows as plain Parquet files (for the lake) or by one COPY (for
//! Postgres, where a server is installed).

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

#[expect(dead_code, reason = "each bench uses a part of it")]
mod common;
#[expect(dead_code, reason = "each bench uses a part of it")]
#[path = "../tests/support/postgres/mod.rs"]
mod server;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use medallion::warehouse::delta::DeltaWarehouse;
use medallion::warehouse::postgres::PostgresWarehouse;
use medallion::warehouse::postgres::connect::Fields;
use medallion::warehouse::{RelationName, RunLabel, StageMode, Warehouse};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tokio::runtime::Runtime;

use common::{copy_lake, folder, short, sizes};

const BATCH: u64 = 8192;
const DATABASE: &str = "shop";

/// Rows of every `step`th key below `rows`: a key of 32 digits, two numbers, and three texts of few and of many values.
fn batches(rows: u64, step: u64, amount: f64) -> Vec<RecordBatch> {
    let keys: Vec<u64> = (0..rows).step_by(step as usize).collect();
    let batch = |keys: &[u64]| {
        let text =
            |form: &dyn Fn(u64) -> String| Arc::new(StringViewArray::from_iter_values(keys.iter().map(|k| form(*k))));
        let columns: [(&str, ArrayRef); 6] = [
            (
                "id",
                text(&|key| {
                    format!("{:032x}", u128::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
                }),
            ),
            ("number", Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| *key as i64)))),
            ("amount", Arc::new(Float64Array::from_iter_values(keys.iter().map(|key| *key as f64 + amount)))),
            ("country", text(&|key| format!("country {}", key % 200))),
            ("product", text(&|key| format!("product {}", key % 5))),
            ("email", text(&|key| format!("someone.{key}@example.org"))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    keys.chunks(BATCH as usize).map(batch).collect()
}

/// Two halves, as two cores would give them.
fn halves(batches: &[RecordBatch]) -> [Vec<RecordBatch>; 2] {
    let (left, right) = batches.split_at(batches.len() / 2);
    [left.to_vec(), right.to_vec()]
}

fn streams(batches: &[RecordBatch]) -> Vec<SendableRecordBatchStream> {
    let schema = batches[0].schema();
    let stream = |part: Vec<RecordBatch>| -> SendableRecordBatchStream {
        let rows = futures::stream::iter(part.into_iter().map(Ok));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), rows))
    };
    halves(batches).map(stream).into_iter().collect()
}

async fn publish(warehouse: &dyn Warehouse, database: &str, batches: &[RecordBatch], mode: StageMode) {
    let name = RelationName::new(database, "main", "t");
    let label = RunLabel {
        invocation_id: uuid::Uuid::now_v7().to_string(),
        command: "bench".to_string(),
        target: "pro".to_string(),
        started_at: chrono::Utc::now(),
    };
    let publication = warehouse.begin(label, std::slice::from_ref(&name)).await.unwrap();
    publication.stage(&name, streams(batches), mode).await.unwrap();
    publication.commit().await.unwrap();
}

fn key() -> Vec<String> {
    vec!["id".to_string()]
}

fn lake(folder: &Path) -> DeltaWarehouse {
    DeltaWarehouse::open(&folder.to_string_lossy(), &HashMap::new()).unwrap()
}

/// The floor of the lake: the rows in two files, nothing else.
fn plain_parquet(folder: &Path, rows: &[RecordBatch]) {
    let level = ZstdLevel::try_new(1).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    std::thread::scope(|threads| {
        for (index, part) in halves(rows).into_iter().enumerate() {
            let properties = properties.clone();
            threads.spawn(move || {
                let file = std::fs::File::create(folder.join(format!("{index}.parquet"))).unwrap();
                let mut writer = ArrowWriter::try_new(file, part[0].schema(), Some(properties)).unwrap();
                part.iter().for_each(|batch| writer.write(batch).unwrap());
                writer.close().unwrap();
            });
        }
    });
}

fn on_the_lake(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime, rows: u64) {
    let all = batches(rows, 1, 0.0);
    group.bench_function("plain parquet", |bencher| {
        bencher.iter_batched(folder, |folder| plain_parquet(folder.path(), &all), BatchSize::PerIteration);
    });
    group.bench_function("delta, into nothing", |bencher| {
        let mode = || StageMode::Replace { unique_key: key() };
        let run = |folder: tempfile::TempDir| runtime.block_on(publish(&lake(folder.path()), DATABASE, &all, mode()));
        bencher.iter_batched(folder, run, BatchSize::PerIteration);
    });
    let base = folder();
    runtime.block_on(publish(&lake(base.path()), DATABASE, &all, StageMode::Replace { unique_key: key() }));
    for (name, changed) in
        [("delta, merge of all", batches(rows, 1, 1.0)), ("delta, merge of 1%", batches(rows, 100, 1.0))]
    {
        group.bench_function(name, |bencher| {
            let mode = || StageMode::Merge { unique_key: key() };
            let run =
                |folder: tempfile::TempDir| runtime.block_on(publish(&lake(folder.path()), DATABASE, &changed, mode()));
            bencher.iter_batched(|| copy_lake(base.path()), run, BatchSize::PerIteration);
        });
    }
}

fn on_postgres(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime, rows: u64) {
    let Some(server) = server::shared() else { return };
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let warehouse = || {
        let database = format!("bench_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.create_database(&database).unwrap();
        let fields = [
            ("host", "127.0.0.1".to_string()),
            ("port", server.port().to_string()),
            ("user", server::USER.to_string()),
            ("password", server::PASSWORD.to_string()),
            ("dbname", database.clone()),
        ];
        let fields = Fields::new(fields.map(|(name, value)| (name.to_string(), value)));
        (PostgresWarehouse::new(fields.settings().unwrap(), Vec::new()), database)
    };
    let all = batches(rows, 1, 0.0);
    group.bench_function("postgres, into nothing", |bencher| {
        let mode = || StageMode::Replace { unique_key: key() };
        bencher.iter_batched(
            warehouse,
            |(to, database)| runtime.block_on(publish(&to, &database, &all, mode())),
            BatchSize::PerIteration,
        );
    });
    let full = || {
        let (warehouse, database) = warehouse();
        runtime.block_on(publish(&warehouse, &database, &all, StageMode::Replace { unique_key: key() }));
        (warehouse, database)
    };
    for (name, changed) in
        [("postgres, merge of all", batches(rows, 1, 1.0)), ("postgres, merge of 1%", batches(rows, 100, 1.0))]
    {
        group.bench_function(name, |bencher| {
            let mode = || StageMode::Merge { unique_key: key() };
            bencher.iter_batched(
                full,
                |(to, database)| runtime.block_on(publish(&to, &database, &changed, mode())),
                BatchSize::PerIteration,
            );
        });
    }
}

fn publish_rows(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for rows in sizes() {
        let mut group = criterion.benchmark_group(format!("publish/{}", short(rows)));
        let bytes: usize = batches(rows, 1, 0.0).iter().map(RecordBatch::get_array_memory_size).sum();
        group.sample_size(10).throughput(Throughput::ElementsAndBytes { elements: rows, bytes: bytes as u64 });
        on_the_lake(&mut group, &runtime, rows);
        on_postgres(&mut group, &runtime, rows);
        group.finish();
    }
}

criterion_group!(benches, publish_rows);
criterion_main!(benches);
