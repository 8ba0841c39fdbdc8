//! The reader's side of a load: files in, streams of rows and of rejects out.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::columns::bind;
use super::csv::{Chunk, CsvError, CsvFile, Pace};
use super::files::Candidate;
use super::reject::Reject;
use super::spec::LoadPlan;
use super::{LOAD_TIMESTAMP, LoadRequest, Progress};
use crate::diagnostic::Diagnostic;

/// How many batches wait for the writer: the reader keeps no further ahead.
const AHEAD: usize = 8;

/// A running reader.
pub struct Feed {
    pub rows: SendableRecordBatchStream,
    pub rejects: RejectStream,
    pub finished: JoinHandle<Result<FeedSummary, Diagnostic>>,
}

/// What the reader saw.
#[derive(Debug, Default)]
pub struct FeedSummary {
    pub rows: u64,
    pub rejects: u64,
    /// The first of them, for a message.
    pub first_reject: Option<(String, Reject)>,
    pub unreadable: Vec<(String, u64)>,
    /// Of each file.
    pub hashes: Vec<u128>,
}

impl FeedSummary {
    /// Why `--strict` stops here.
    pub fn strict_error(&self, request: &LoadRequest<'_>) -> Diagnostic {
        let count = self.rejects;
        let records = if count == 1 { "record" } else { "records" };
        let first =
            self.first_reject.as_ref().map(|(file, reject)| format!("{file}:{}: {}", reject.line, reject.reason));
        Diagnostic::new(format!(
            "{}: {count} {records} cannot be taken, the first at {}",
            request.relation,
            first.unwrap_or_default()
        ))
        .hint("correct the file, or run without --strict: such records then go to the __rejects table")
    }
}

type Sender = mpsc::Sender<Result<RecordBatch, DataFusionError>>;

impl Feed {
    /// Starts reading the files, one after the other, in a thread of its own.
    pub fn start(plan: LoadPlan, files: Vec<Candidate>, stamp: DateTime<Utc>, progress: Arc<Progress>) -> Self {
        let (rows, row_batches) = mpsc::channel(AHEAD);
        let (rejects, reject_batches) = mpsc::channel(AHEAD);
        let schema = plan.schema();
        let reader = Reader { plan, stamp, schema: Arc::clone(&schema), rows, rejects, progress };
        let finished = tokio::task::spawn_blocking(move || reader.run(&files));
        Feed { rows: as_stream(schema, row_batches), rejects: RejectStream(Some(reject_batches)), finished }
    }
}

fn as_stream(
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch, DataFusionError>>,
) -> SendableRecordBatchStream {
    let batches = stream::unfold(batches, |mut batches| async move { Some((batches.recv().await?, batches)) });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// Rejected records, if there are any.
pub struct RejectStream(Option<mpsc::Receiver<Result<RecordBatch, DataFusionError>>>);

impl RejectStream {
    /// Waits for the first reject. `None`: there was none.
    pub async fn first(&mut self) -> Option<SendableRecordBatchStream> {
        let mut batches = self.0.take()?;
        let first = batches.recv().await?;
        let rest = as_stream(reject_schema(), batches);
        let all = stream::iter([first]).chain(rest);
        Some(Box::pin(RecordBatchStreamAdapter::new(reject_schema(), all)))
    }
}

struct Reader {
    plan: LoadPlan,
    stamp: DateTime<Utc>,
    schema: SchemaRef,
    rows: Sender,
    rejects: Sender,
    progress: Arc<Progress>,
}

/// Why reading stops.
enum Stop {
    Failed(Diagnostic),
    /// Nobody wants the rows any more: the writer failed and says why.
    Unwanted,
}

impl From<CsvError> for Stop {
    fn from(error: CsvError) -> Self {
        Stop::Failed(error.into())
    }
}

impl From<ArrowError> for Stop {
    fn from(error: ArrowError) -> Self {
        Stop::Failed(Diagnostic::new(format!("cannot build a batch: {error}")))
    }
}

impl Reader {
    fn run(self, files: &[Candidate]) -> Result<FeedSummary, Diagnostic> {
        let mut summary = FeedSummary::default();
        for file in files {
            if let Err(error) = self.read(file, &mut summary) {
                let Stop::Failed(error) = error else { return Ok(summary) };
                // The rows stop with an error, so that the half that was read is not taken for the whole.
                let _ = self.rows.blocking_send(Err(DataFusionError::Execution(error.message.clone())));
                return Err(error);
            }
        }
        Ok(summary)
    }

    fn read(&self, file: &Candidate, summary: &mut FeedSummary) -> Result<(), Stop> {
        let opened = CsvFile::open(&file.path, self.plan.options.clone())?;
        let binding = bind(opened.header(), &self.plan.columns, self.plan.unknown)
            .map_err(|error| Stop::Failed(Diagnostic { message: format!("{}: {error}", file.name), ..error.into() }))?;
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let scanned = opened.scan(binding, &Pace::of_threads(threads), |chunk| self.send(file, &chunk, summary))?;
        summary.hashes.push(scanned.fingerprint.hash);
        for (column, count) in self.plan.columns.iter().zip(&scanned.unreadable).filter(|(_, count)| **count > 0) {
            match summary.unreadable.iter_mut().find(|(name, _)| *name == column.name) {
                Some((_, known)) => *known += count,
                None => summary.unreadable.push((column.name.clone(), *count)),
            }
        }
        Ok(())
    }

    fn send(&self, file: &Candidate, chunk: &Chunk, summary: &mut FeedSummary) -> Result<(), Stop> {
        let rows = chunk.batch.num_rows();
        self.progress.add(chunk.bytes, rows as u64);
        summary.rows += rows as u64;
        summary.rejects += chunk.rejects.len() as u64;
        if !chunk.rejects.is_empty() {
            if summary.first_reject.is_none() {
                summary.first_reject = chunk.rejects.first().map(|reject| (file.name.clone(), reject.clone()));
            }
            let batch = reject_batch(&file.name, &chunk.rejects, self.stamp)?;
            self.rejects.blocking_send(Ok(batch)).map_err(|_| Stop::Unwanted)?;
        }
        if rows == 0 {
            return Ok(());
        }
        let mut columns: Vec<ArrayRef> = chunk.batch.columns().to_vec();
        columns.push(Arc::new(TimestampMicrosecondArray::from(vec![self.stamp.timestamp_micros(); rows])));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.rows.blocking_send(Ok(batch)).map_err(|_| Stop::Unwanted)
    }
}

/// The columns of a `__rejects` table.
fn reject_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, true),
        Field::new("line", DataType::Int64, true),
        Field::new("column_number", DataType::Int32, true),
        Field::new("column_name", DataType::Utf8, true),
        Field::new("raw", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, true),
        Field::new(LOAD_TIMESTAMP, DataType::Timestamp(TimeUnit::Microsecond, None), true),
    ]))
}

fn reject_batch(file: &str, rejects: &[Reject], stamp: DateTime<Utc>) -> Result<RecordBatch, ArrowError> {
    let text = |value: fn(&Reject) -> Option<&str>| -> ArrayRef {
        Arc::new(rejects.iter().map(value).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![file; rejects.len()])),
        Arc::new(Int64Array::from_iter_values(rejects.iter().map(|reject| reject.line as i64))),
        Arc::new(rejects.iter().map(|reject| reject.column.map(|column| column as i32)).collect::<Int32Array>()),
        text(|reject| reject.column_name.as_deref()),
        text(|reject| Some(&reject.raw)),
        text(|reject| Some(&reject.reason)),
        Arc::new(TimestampMicrosecondArray::from(vec![stamp.timestamp_micros(); rejects.len()])),
    ];
    RecordBatch::try_new(reject_schema(), columns)
}
