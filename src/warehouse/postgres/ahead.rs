//! Rows that go to the server while more of the same table are still computed.
//!
//! The server takes rows more slowly than they are computed, and computing them leaves it idle: what it can take in the
//! meantime need not be waited for afterwards. Of each part the server is offered the first rows, as many as may wait;
//! the others it gets from the spool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::spool::{Spool, Spooled, Taken};
use super::target::Batches;

/// So many bytes may wait for the server.
const MAY_WAIT: usize = 64 << 20;

/// How long whoever wants the connection waits for more rows to come.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the rows of a table are offered through.
pub struct Offer {
    rows: mpsc::UnboundedSender<Offered>,
    waiting: Arc<AtomicUsize>,
    may_wait: usize,
    whole: oneshot::Sender<Whole>,
}

/// The rows of a table as they come.
pub struct Coming {
    rows: mpsc::UnboundedReceiver<Offered>,
    waiting: Arc<AtomicUsize>,
    whole: oneshot::Receiver<Whole>,
    /// The first of the rows, which somebody looked at already.
    next: Option<Offered>,
    taken: Taken,
}

struct Whole {
    spool: Spool,
    /// Whether some rows that were offered are not among them.
    lacks: bool,
}

/// What is left of the rows when the first ones were taken.
pub enum Rest {
    None,
    Some(Batches),
    /// Those that were taken are not all to stay: all rows that are.
    Anew(Batches),
}

struct Offered {
    part: usize,
    batch: RecordBatch,
    bytes: usize,
}

pub fn offer() -> (Offer, Coming) {
    offer_within(MAY_WAIT)
}

fn offer_within(may_wait: usize) -> (Offer, Coming) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (whole, told) = oneshot::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let offer = Offer { rows: sender, waiting: Arc::clone(&waiting), may_wait, whole };
    (offer, Coming { rows: receiver, waiting, whole: told, next: None, taken: Taken::default() })
}

impl Offer {
    pub fn part(&self, part: usize) -> PartOffer {
        let waiting = Arc::clone(&self.waiting);
        PartOffer { rows: Some(self.rows.clone()), waiting, may_wait: self.may_wait, part }
    }

    /// All rows are spooled. Without it, they are not wanted.
    pub fn finish(self, spooled: &Spooled) {
        // Whoever does not hear it does not copy any more.
        let _ = self.whole.send(Whole { spool: spooled.spool.clone(), lacks: spooled.duplicates > 0 });
    }
}

/// Offers the rows of one part, in order, from the first on and without a gap.
pub struct PartOffer {
    /// None once a batch was not offered.
    rows: Option<mpsc::UnboundedSender<Offered>>,
    waiting: Arc<AtomicUsize>,
    may_wait: usize,
    part: usize,
}

impl PartOffer {
    pub fn offer(&mut self, batch: &RecordBatch) {
        let Some(rows) = &self.rows else { return };
        let bytes = batch.get_array_memory_size();
        let waiting = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        // One batch may always wait, however large it is.
        let fits = waiting == 0 || waiting + bytes <= self.may_wait;
        if !fits || rows.send(Offered { part: self.part, batch: batch.clone(), bytes }).is_err() {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.rows = None;
        }
    }
}

impl Coming {
    /// Waits until there are rows, or all of them are spooled.
    pub async fn begin(&mut self) {
        self.next = self.rows.recv().await;
    }

    /// The next rows, as long as some come. Where `others` wait for the connection, they are not kept waiting for rows that
    /// are yet to be computed.
    pub async fn next(&mut self, others: impl Fn() -> bool) -> Option<RecordBatch> {
        let offered = match self.next.take() {
            Some(offered) => offered,
            None => self.receive(others).await?,
        };
        self.waiting.fetch_sub(offered.bytes, Ordering::Relaxed);
        self.taken.add(offered.part, offered.batch.num_rows());
        Some(offered.batch)
    }

    async fn receive(&mut self, others: impl Fn() -> bool) -> Option<Offered> {
        loop {
            match tokio::time::timeout(PATIENCE, self.rows.recv()).await {
                Ok(offered) => return offered,
                Err(_) if others() => return None,
                Err(_) => {}
            }
        }
    }

    /// What was not taken, as soon as all rows are spooled. `None`: they are not wanted.
    pub async fn rest(self) -> Option<Rest> {
        // No more rows are taken from here.
        drop(self.rows);
        let Whole { spool, lacks } = self.whole.await.ok()?;
        let taken = self.taken.rows();
        Some(if lacks && taken > 0 {
            Rest::Anew(spool.batches(&Taken::default()).boxed())
        } else if taken < spool.rows {
            Rest::Some(spool.batches(&self.taken).boxed())
        } else {
            Rest::None
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, Int64Array};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::SendableRecordBatchStream;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::stream;
    use proptest::prelude::*;

    use super::super::folder::SpoolFolder;
    use super::*;

    fn batch(values: &[i64]) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(values.to_vec()))]).unwrap()
    }

    fn values(batch: &RecordBatch) -> Vec<i64> {
        batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
    }

    /// What comes of rows that are offered, as a reader who takes `patience` batches sees it: the first ones and the rest, or
    /// all of them again, which is told too.
    async fn copied(parts: &[Vec<Vec<i64>>], key: &[usize], may_wait: usize, patience: usize) -> (Vec<i64>, bool) {
        let schema = batch(&[]).schema();
        let streams = parts.iter().map(|part| {
            let batches: Vec<_> = part.iter().map(|values| Ok(batch(values))).collect();
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream::iter(batches)))
                as SendableRecordBatchStream
        });
        let (offer, mut coming) = offer_within(may_wait);
        let folder = Arc::new(SpoolFolder::create().unwrap());
        let filling = async {
            let streams = streams.collect();
            let spooled =
                Spool::fill(&folder, "1".into(), Arc::clone(&schema), streams, key, Some(&offer)).await.unwrap();
            offer.finish(&spooled);
        };
        let copying = async {
            coming.begin().await;
            let mut rows = Vec::new();
            for _ in 0..patience {
                let Some(batch) = coming.next(|| true).await else { break };
                rows.extend(values(&batch));
            }
            let (rest, anew) = match coming.rest().await.unwrap() {
                Rest::None => return (rows, false),
                Rest::Some(rest) => (rest, false),
                Rest::Anew(rest) => (rest, true),
            };
            if anew {
                rows.clear();
            }
            let rest: Vec<_> = rest.collect().await;
            rows.extend(rest.into_iter().flat_map(|batch| values(&batch.unwrap())));
            (rows, anew)
        };
        tokio::join!(filling, copying).1
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However many rows may wait, and whenever the reader stops: each row comes once, those of a part in their order.
        #[test]
        fn every_row_is_copied_once(
            sizes in prop::collection::vec(prop::collection::vec(0usize..600, 0..8), 1..4),
            may_wait in 0usize..20_000,
            patience in 0usize..12,
        ) {
            let mut next = 0..;
            let mut part_of = Vec::new();
            let parts: Vec<Vec<Vec<i64>>> = sizes.iter().enumerate().map(|(part, sizes)| {
                sizes.iter().map(|size| {
                    part_of.extend(std::iter::repeat_n(part, *size));
                    next.by_ref().take(*size).collect()
                }).collect()
            }).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let (rows, anew) = runtime.block_on(copied(&parts, &[0], may_wait, patience));
            prop_assert!(!anew);
            let mut sorted = rows.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..part_of.len() as i64).collect::<Vec<_>>());
            for part in 0..parts.len() {
                prop_assert!(rows.iter().filter(|row| part_of[**row as usize] == part).is_sorted());
            }
        }
    }

    #[tokio::test]
    async fn rows_that_do_not_stay_are_copied_and_taken_back() {
        let parts = [vec![vec![1, 2], vec![3, 1]]];
        assert_eq!(copied(&parts, &[0], MAY_WAIT, 9).await, (vec![2, 3, 1], true));
        assert_eq!(copied(&parts, &[0], MAY_WAIT, 0).await, (vec![2, 3, 1], false));
        assert_eq!(copied(&parts, &[], MAY_WAIT, 1).await, (vec![1, 2, 3, 1], false));
    }

    #[tokio::test]
    async fn rows_that_end_with_an_error_are_not_wanted() {
        let (offer, mut coming) = offer();
        offer.part(0).offer(&batch(&[1]));
        drop(offer);
        coming.begin().await;
        assert!(coming.next(|| false).await.is_some());
        assert!(coming.next(|| false).await.is_none());
        assert!(coming.rest().await.is_none());
    }
}
