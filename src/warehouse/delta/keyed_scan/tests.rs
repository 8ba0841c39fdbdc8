//! Joins over a table of files, beside the same joins over the same rows in memory.

use arrow::array::{Int64Array, StringViewArray};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::kernel::{DeletionVectorDescriptor, StorageType};

use super::super::deletion_vector::DeletionVector;
use super::super::files::FileWriter;
use super::super::lake::Lake;
use super::super::scan::LakeScan;
use super::*;

const ROWS: i64 = 100_000;

/// Rows from a number on: their number, a text of it, one that few share, the number of another row, and null here and there.
fn rows(from: i64, count: i64) -> RecordBatch {
    let numbers = || from..from + count;
    let text = |n: i64| (n % 13 != 5).then(|| format!("text {n}"));
    let few = |n: i64| Some(format!("few {}", n % 7));
    RecordBatch::try_from_iter_with_nullable([
        ("n", Arc::new(Int64Array::from_iter_values(numbers())) as ArrayRef, true),
        ("text", Arc::new(StringViewArray::from_iter(numbers().map(text))), true),
        ("few", Arc::new(StringViewArray::from_iter(numbers().map(few))), true),
        ("next", Arc::new(Int64Array::from_iter_values(numbers().map(|n| n * 3 + 1))), true),
    ])
    .unwrap()
}

async fn write(lake: &Lake, rows: &RecordBatch, gone: &[u64]) -> DataFile {
    let label = uuid::Uuid::now_v7().simple().to_string();
    let mut writer = FileWriter::create(lake, "t", &label, &rows.schema());
    writer.write(rows).await.unwrap();
    let file = writer.close().await.unwrap();
    let stored = DeletionVectorDescriptor {
        storage_type: StorageType::UuidRelativePath,
        path_or_inline_dv: String::new(),
        offset: Some(1),
        size_in_bytes: 1,
        cardinality: gone.len() as i64,
    };
    let deleted = DeletionVector { rows: gone.iter().copied().collect(), stored };
    DataFile { deleted: (!gone.is_empty()).then(|| Arc::new(deleted)), ..file }
}

/// The table `big` of two large files, of one of which rows are gone, and a small one; the same rows in memory as `plain`;
/// and `keys`, some of which it has.
async fn context(makes_keys: bool) -> (SessionContext, Lake) {
    let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
    let gone: Vec<u64> = (0..ROWS as u64).step_by(10).collect();
    let parts = [(rows(0, ROWS), gone), (rows(ROWS, ROWS), Vec::new()), (rows(2 * ROWS, 50), Vec::new())];
    let (mut files, mut plain) = (Vec::new(), Vec::new());
    for (rows, gone) in &parts {
        files.push(write(&lake, rows, gone).await);
        let stays = (0..rows.num_rows()).map(|row| Some(!gone.contains(&(row as u64)) || gone.is_empty()));
        plain.push(arrow::compute::filter_record_batch(rows, &stays.collect()).unwrap());
    }
    let schema = parts[0].0.schema();
    let mut config = SessionConfig::new().with_target_partitions(2);
    let settings = config.options_mut();
    settings.execution.parquet.pushdown_filters = true;
    settings.optimizer.hash_join_inlist_pushdown_max_distinct_values = 1 << 18;
    settings.optimizer.hash_join_inlist_pushdown_max_size = 1 << 26;
    let context = SessionContext::new_with_config(config);
    let big = LakeScan::new(lake.clone(), "t".into(), Arc::clone(&schema), Arc::new(files)).making_keys(makes_keys);
    context.register_table("big", Arc::new(big)).unwrap();
    context.register_table("plain", Arc::new(MemTable::try_new(schema, vec![plain]).unwrap())).unwrap();
    let wanted = rows(0, 3 * ROWS);
    let wanted = arrow::compute::filter_record_batch(
        &wanted,
        &(0..3 * ROWS).map(|n| Some(n % 997 < 2 || (30..60).contains(&n))).collect(),
    );
    let keys = MemTable::try_new(rows(0, 0).schema(), vec![vec![wanted.unwrap()]]).unwrap();
    context.register_table("keys", Arc::new(keys)).unwrap();
    (context, lake)
}

/// What comes of a query, and how many rows were read of files.
async fn answer(context: &SessionContext, sql: &str) -> (String, usize) {
    let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let rows = collect(Arc::clone(&plan), context.task_ctx()).await.unwrap();
    (pretty_format_batches(&rows).unwrap().to_string(), read(&plan))
}

fn read(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let of_children: usize = plan.children().into_iter().map(read).sum();
    let is_scan = plan.downcast_ref::<datafusion::datasource::source::DataSourceExec>();
    let is_scan = is_scan.is_some_and(|scan| scan.data_source().is::<KeyedScan>());
    let rows = plan.metrics().filter(|_| is_scan).and_then(|metrics| metrics.output_rows());
    of_children + rows.unwrap_or_default()
}

fn in_memory(sql: &str) -> String {
    ["from", "join"]
        .into_iter()
        .fold(sql.to_string(), |sql, word| sql.replace(&format!("{word} big"), &format!("{word} plain as big")))
}

async fn key_files(lake: &Lake) -> usize {
    lake.list(&lake.path(&["t", "_keys"])).await.unwrap().len()
}

/// Queries, and how many rows of files they are to read at most.
const QUERIES: [(&str, usize); 12] = [
    ("select count(*), sum(big.n), min(keys.text) from big join keys on big.text = keys.text", 500),
    ("select count(*), sum(n) from big where text in (select text from keys)", 500),
    ("select count(*), sum(n) from keys where not exists (select 1 from big where big.text = keys.text)", 500),
    ("select count(*), count(big.n), sum(keys.n) from keys left join big on big.text = keys.text", 500),
    ("select count(*), sum(big.n) from big join keys on big.text = keys.text and big.n = keys.n", 500),
    (
        "select count(*), sum(big.next) from big join keys on big.n = keys.n where big.n > 500 and keys.few = 'few 3'",
        150,
    ),
    ("select count(*), sum(n) from big where text in (select text from keys where n < 0)", 50),
    ("select n, few from big where text = 'text 777'", 60),
    ("select count(*), sum(n) from big where text in ('text 7', 'text 150000', 'text 200001', 'none')", 60),
    // Values that come again are read.
    ("select count(*), sum(big.n) from big where few in (select few from keys where n = 8)", 60_000),
    ("select count(*) from big where not (text in (select text from keys where text is not null))", 250_000),
    (
        "with recursive chain as (select n, next from big where n = 1 union all \
         select big.n, big.next from big join chain on big.n = chain.next) select count(*), max(n) from chain",
        // Of each step's rows nothing is known before it runs, so that they are looked up in the table.
        usize::MAX,
    ),
];

#[tokio::test]
async fn rows_with_other_keys_are_not_read() {
    let (context, lake) = context(true).await;
    for (sql, most) in QUERIES {
        let (expected, _) = answer(&context, &in_memory(sql)).await;
        // The first time the key files are made.
        for _ in 0..2 {
            let (found, read) = answer(&context, sql).await;
            assert_eq!(found, expected, "{sql}");
            assert!(read <= most, "{sql}: {read} rows read");
        }
    }
    // Two files each by text and by number.
    assert_eq!(key_files(&lake).await, 4);
}

#[tokio::test]
async fn who_only_reads_makes_no_key_files() {
    let (context, lake) = context(false).await;
    for (sql, _) in QUERIES {
        let (expected, _) = answer(&context, &in_memory(sql)).await;
        assert_eq!(answer(&context, sql).await.0, expected, "{sql}");
    }
    assert_eq!(key_files(&lake).await, 0);
}
