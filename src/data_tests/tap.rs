//! Values that tests ask for, taken from rows while these are staged: then nobody has to read them again.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{Stream, StreamExt};

use super::digest::{Collector, Digest};

/// The taps of a run together may keep this share of the memory: models need it while rows are staged, tests later do not.
const SHARE: usize = 8;

/// What is taken of rows in a run.
#[derive(Default)]
pub struct Taps {
    /// By what stands behind `from`.
    taken: Mutex<HashMap<String, Arc<Taken>>>,
    bytes: Arc<AtomicUsize>,
}

/// Of one table.
struct Taken {
    /// Each with its type.
    columns: Vec<(String, DataType)>,
    streams: usize,
    /// Of the streams that came to their end.
    parts: Mutex<Vec<Vec<Collector>>>,
}

impl Taken {
    fn columns(&self) -> Vec<(String, u64, Digest)> {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        if parts.len() < self.streams {
            return Vec::new();
        }
        let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
        let column = |(name, data_type): &(String, DataType)| {
            let collectors = parts.iter_mut().filter_map(Iterator::next).collect();
            let together = Collector::together(collectors, data_type.clone());
            let (nulls, digest) = together.inspect_err(|error| tracing::debug!("{name}: {error}")).ok()??;
            Some((name.clone(), nulls, digest))
        };
        self.columns.iter().filter_map(column).collect()
    }
}

/// A column to take.
pub struct Column {
    /// As the tests name it.
    pub name: String,
    pub index: usize,
}

impl Taps {
    /// The streams, whose values will be there once their rows are staged. What was taken of the source before counts no
    /// more.
    pub fn tap(
        &self,
        source: &str,
        wanted: &[Column],
        streams: Vec<SendableRecordBatchStream>,
        pool: &Arc<dyn MemoryPool>,
    ) -> Vec<SendableRecordBatchStream> {
        let Some(schema) = streams.first().map(|stream| stream.schema()) else { return streams };
        let columns = wanted.iter().map(|column| {
            let data_type = schema.field(column.index).data_type();
            (column.name.clone(), data_type.clone())
        });
        let taken = Taken { columns: columns.collect(), streams: streams.len(), parts: Mutex::default() };
        let taken = Arc::new(taken);
        self.lock().insert(source.to_string(), Arc::clone(&taken));
        let most = match pool.memory_limit() {
            MemoryLimit::Finite(bytes) => bytes / SHARE,
            _ => usize::MAX,
        };
        let tapped = streams.into_iter().map(|rows| {
            let collectors = wanted.iter().map(|_| Collector::new(pool)).collect();
            let tap = Tap {
                indices: wanted.iter().map(|column| column.index).collect(),
                collectors: Some(collectors),
                bytes: Arc::clone(&self.bytes),
                most,
                taken: Arc::clone(&taken),
            };
            Box::pin(Tapped { rows, tap }) as SendableRecordBatchStream
        });
        tapped.collect()
    }

    /// By column: how many values are null, and the others. Nothing, where not all rows were seen.
    pub async fn take(&self, source: &str) -> Vec<(String, u64, Digest)> {
        let Some(taken) = self.lock().remove(source) else { return Vec::new() };
        // Sorting takes a while.
        let columns = tokio::task::spawn_blocking(move || taken.columns()).await;
        columns.inspect_err(|error| tracing::debug!("{source}: {error}")).unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Taken>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the values of one stream.
struct Tap {
    indices: Vec<usize>,
    /// `None` once it gave up.
    collectors: Option<Vec<Collector>>,
    bytes: Arc<AtomicUsize>,
    most: usize,
    taken: Arc<Taken>,
}

impl Tap {
    fn add(&mut self, batch: &RecordBatch) {
        let Some(collectors) = &mut self.collectors else { return };
        let size = |collectors: &[Collector]| collectors.iter().map(Collector::size).sum::<usize>();
        let before = size(collectors);
        let mut goes_on = collectors.iter_mut().zip(&self.indices).all(|(of, column)| of.add(batch, *column).is_ok());
        let more = size(collectors).saturating_sub(before);
        goes_on &= self.bytes.fetch_add(more, Ordering::Relaxed) + more <= self.most;
        if !goes_on {
            self.collectors = None;
        }
    }

    fn end(&mut self) {
        if let Some(collectors) = self.collectors.take() {
            self.taken.parts.lock().unwrap_or_else(PoisonError::into_inner).push(collectors);
        }
    }
}

struct Tapped {
    rows: SendableRecordBatchStream,
    tap: Tap,
}

impl Stream for Tapped {
    type Item = QueryResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.rows.poll_next_unpin(context);
        match &next {
            Poll::Ready(Some(Ok(batch))) => self.tap.add(batch),
            Poll::Ready(None) => self.tap.end(),
            _ => {}
        }
        next
    }
}

impl RecordBatchStream for Tapped {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}
