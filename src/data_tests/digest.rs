//! The values of a column as 128-bit hashes: enough to tell which stand twice, and which another column lacks.

use std::io;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use super::partitions::{Column, Partitions};
use super::runs::{Run, merge};
use crate::warehouse::WarehouseError;
use crate::warehouse::keys::{NO_KEY, comparable, key_hashes};

/// What hashing a value costs in memory, in bytes: what grows has room to spare.
const BYTES_PER_VALUE: usize = 2 * size_of::<u128>();
/// So many values are kept in memory at once; more of them go to disk as sorted runs.
const RUN_VALUES: usize = 4 << 20;
/// Fewer are not worth a file.
const FILE_VALUES: usize = 64 << 10;

/// Takes the values of a column, or of a part of it.
pub struct Collector {
    nulls: u64,
    hashes: Partitions,
    runs: Vec<Run>,
    /// Whether all values are in `runs`, each as often as it stands.
    exact: bool,
    memory: MemoryReservation,
    run_values: usize,
}

impl Collector {
    pub fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        Self::with_runs_of(RUN_VALUES, MemoryConsumer::new("data tests").register(pool))
    }

    fn with_runs_of(run_values: usize, memory: MemoryReservation) -> Self {
        Collector { nulls: 0, hashes: Partitions::default(), runs: Vec::new(), exact: true, memory, run_values }
    }

    pub fn add(&mut self, batch: &RecordBatch, column: usize) -> Result<(), WarehouseError> {
        let mut hashes = key_hashes(batch, &[column])?;
        hashes.retain(|hash| *hash != NO_KEY);
        self.nulls += (batch.num_rows() - hashes.len()) as u64;
        self.add_hashes(&hashes)
    }

    /// None of them is [`NO_KEY`].
    pub fn add_hashes(&mut self, hashes: &[u128]) -> Result<(), WarehouseError> {
        let bytes = hashes.len() * BYTES_PER_VALUE;
        let full = self.hashes.len() >= self.run_values;
        if full || self.memory.try_grow(bytes).is_err() {
            self.end_run()?;
            self.memory.try_grow(bytes)?;
        }
        let taken = self.hashes.add(hashes);
        self.memory.shrink((hashes.len() - taken) * BYTES_PER_VALUE);
        Ok(())
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        self.memory.size()
    }

    /// Sorts what is there and puts it aside.
    fn end_run(&mut self) -> Result<(), WarehouseError> {
        let hashes = std::mem::take(&mut self.hashes);
        let (mut sorted, thinned) = hashes.sorted();
        self.exact &= hashes.exact && !thinned;
        drop(hashes);
        self.memory.free();
        self.runs.push(if sorted.len() > FILE_VALUES {
            Run::on_disk(&sorted).map_err(DataFusionError::IoError)?
        } else {
            sorted.shrink_to_fit();
            self.memory.grow(sorted.len() * size_of::<u128>());
            Run::Memory(sorted)
        });
        Ok(())
    }

    /// Puts the parts of a column together. `None` of no part.
    pub fn together(parts: Vec<Collector>, data_type: DataType) -> Result<Option<(u64, Digest)>, WarehouseError> {
        let in_memory = parts.iter().all(|part| part.runs.is_empty());
        let (mut nulls, mut exact, mut memory) = (0, true, None::<MemoryReservation>);
        let (mut column, mut runs) = (Vec::new(), Vec::new());
        for mut part in parts {
            if !in_memory && part.hashes.len() > 0 {
                part.end_run()?;
            }
            nulls += part.nulls;
            exact &= part.exact && part.hashes.exact;
            runs.append(&mut part.runs);
            column.push(part.hashes);
            match &memory {
                Some(all) => all.grow(part.memory.free()),
                None => memory = Some(part.memory),
            }
        }
        let values = if in_memory { Values::Memory(Column(column)) } else { Values::Runs(runs) };
        Ok(memory.map(|memory| (nulls, Digest { values, exact, data_type, _memory: memory })))
    }
}

/// All values of one column that are not null.
pub struct Digest {
    values: Values,
    /// Whether each is there as often as it stands. One that stands often may have been left at twice.
    exact: bool,
    data_type: DataType,
    /// Gives the memory back when the digest goes.
    _memory: MemoryReservation,
}

enum Values {
    Memory(Column),
    /// Each sorted.
    Runs(Vec<Run>),
}

impl Digest {
    /// Calls back with the hashes in order, each at least once.
    pub fn for_each_sorted(&self, mut each: impl FnMut(u128)) -> io::Result<()> {
        match &self.values {
            Values::Memory(column) => column.for_each_sorted(each),
            Values::Runs(runs) => {
                let mut groups = merge(runs)?;
                while let Some((hash, _)) = groups.next_group()? {
                    each(hash);
                }
            }
        }
        Ok(())
    }

    /// How many values stand more than once.
    pub fn repeated(&self) -> io::Result<u64> {
        let runs = match &self.values {
            Values::Memory(column) => return Ok(column.repeated()),
            Values::Runs(runs) => runs,
        };
        let mut repeated = 0;
        let mut groups = merge(runs)?;
        while let Some((_, count)) = groups.next_group()? {
            repeated += u64::from(count > 1);
        }
        Ok(repeated)
    }

    /// How many of the values, each as often as it stands, `other` lacks. `None` where that cannot be told: equal values
    /// of the two types need not have equal hashes, or it is no longer known how often a value stands.
    pub fn missing_in(&self, other: &Digest) -> io::Result<Option<u64>> {
        if !comparable(&self.data_type, &other.data_type) {
            return Ok(None);
        }
        let (missing, exact) = match (&self.values, &other.values) {
            (Values::Memory(wanted), Values::Memory(there)) => (wanted.missing_in(there), true),
            (Values::Runs(wanted), Values::Runs(there)) => (missing(wanted, there)?, true),
            (Values::Memory(wanted), Values::Runs(there)) => {
                let (wanted, exact) = wanted.runs();
                (missing(&wanted, there)?, exact)
            }
            (Values::Runs(wanted), Values::Memory(there)) => (missing(wanted, &there.runs().0)?, true),
        };
        Ok((missing == 0 || self.exact && exact).then_some(missing))
    }
}

fn missing(wanted: &[Run], there: &[Run]) -> io::Result<u64> {
    let (mut wanted, mut there) = (merge(wanted)?, merge(there)?);
    let mut missing = 0;
    let mut present = there.next_group()?;
    while let Some((hash, count)) = wanted.next_group()? {
        while present.is_some_and(|(present, _)| present < hash) {
            present = there.next_group()?;
        }
        if present.is_none_or(|(present, _)| present != hash) {
            missing += count;
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray, StringViewArray};

    use datafusion::execution::memory_pool::{GreedyMemoryPool, UnboundedMemoryPool};

    fn digest_of(parts: Vec<ArrayRef>, run_values: usize, pool: &Arc<dyn MemoryPool>) -> (Digest, u64) {
        let data_type = parts[0].data_type().clone();
        let collect = |part: ArrayRef| {
            let memory = MemoryConsumer::new("test").register(pool);
            let mut collector = Collector::with_runs_of(run_values, memory);
            for start in (0..part.len()).step_by(1000) {
                let slice = part.slice(start, 1000.min(part.len() - start));
                collector.add(&RecordBatch::try_from_iter([("c", slice)]).unwrap(), 0).unwrap();
            }
            collector
        };
        let (nulls, digest) =
            Collector::together(parts.into_iter().map(collect).collect(), data_type).unwrap().unwrap();
        (digest, nulls)
    }

    fn digest(column: ArrayRef) -> (Digest, u64) {
        digest_of(vec![column], RUN_VALUES, &(Arc::new(UnboundedMemoryPool::default()) as Arc<dyn MemoryPool>))
    }

    fn text(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringViewArray::from_iter(values.iter().copied()))
    }

    #[test]
    fn a_value_that_stands_often_is_repeated_once_and_null_never() {
        let (digest, nulls) =
            digest(text(&[Some("a"), None, Some("b"), Some("a"), None, Some("a"), Some("b"), Some("c")]));
        assert_eq!((digest.repeated().unwrap(), nulls), (2, 2));
    }

    #[test]
    fn each_row_without_a_parent_counts() {
        let (child, _) = digest(text(&[Some("x"), Some("a"), Some("x"), Some("y"), None, Some("b")]));
        let (parent, _) = digest(Arc::new(StringArray::from(vec!["b", "a", "c", "a"])));
        assert_eq!(child.missing_in(&parent).unwrap(), Some(3));
        assert_eq!(parent.missing_in(&child).unwrap(), Some(1));
    }

    #[test]
    fn values_of_two_types_are_left_to_sql() {
        let (child, _) = digest(text(&[Some("1")]));
        let (parent, _) = digest(Arc::new(Int32Array::from(vec![1])));
        assert_eq!(child.missing_in(&parent).unwrap(), None);
    }

    fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(values))
    }

    #[test]
    fn what_is_more_than_a_run_is_found_on_disk() {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        // Twice, over two parts and several runs: 0, 7, 14, … below 200,000.
        let parts = vec![numbers(0..300_000), numbers((0..200_000).step_by(7))];
        let (children, _) = digest_of(parts, 70_000, &pool);
        assert!(matches!(&children.values, Values::Runs(runs) if runs.iter().any(|run| matches!(run, Run::File(_)))));
        assert_eq!(children.repeated().unwrap(), 200_000_u64.div_ceil(7));
        let (parents, _) = digest_of(vec![numbers((0..300_000).rev())], 80_000, &pool);
        assert_eq!(children.missing_in(&parents).unwrap(), Some(0));
        let (fewer, _) = digest_of(vec![numbers(0..299_990)], 80_000, &pool);
        assert_eq!(children.missing_in(&fewer).unwrap(), Some(10));
        // Of two columns one may fit into memory.
        let (in_memory, _) = digest_of(vec![numbers(0..299_990)], RUN_VALUES, &pool);
        assert!(matches!(in_memory.values, Values::Memory(_)));
        assert_eq!(children.missing_in(&in_memory).unwrap(), Some(10));
        let (some, _) = digest_of(vec![numbers(299_980..300_020)], RUN_VALUES, &pool);
        assert_eq!(some.missing_in(&children).unwrap(), Some(20));
    }

    #[test]
    fn values_that_stand_often_take_no_room() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(3 << 20));
        let (children, _) = digest_of(vec![numbers((0..500_000).map(|i| i % 5))], RUN_VALUES, &pool);
        assert_eq!(children.repeated().unwrap(), 5);
        let (parents, _) = digest_of(vec![numbers(0..5)], RUN_VALUES, &pool);
        assert_eq!(children.missing_in(&parents).unwrap(), Some(0));
        let (fewer, _) = digest_of(vec![numbers(0..4)], RUN_VALUES, &pool);
        assert_eq!(children.missing_in(&fewer).unwrap(), None, "how often 4 stands is not known any more");
    }
}
