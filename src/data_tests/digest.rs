//! The values of a column as sorted 128-bit hashes: enough to tell which stand twice, and which another column lacks.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::execution::memory_pool::MemoryReservation;

use crate::warehouse::WarehouseError;
use crate::warehouse::keys::{NO_KEY, key_hashes, sort};

/// What hashing a value costs in memory, in bytes; a growing vector may hold twice what is in it.
pub const BYTES_PER_VALUE: usize = 2 * size_of::<u128>();

/// All values of one column.
#[derive(Debug)]
pub struct Digest {
    /// Of the values that are not null, sorted.
    hashes: Vec<u128>,
    data_type: DataType,
    /// Gives the memory back when the digest goes.
    _memory: MemoryReservation,
}

impl Digest {
    pub fn new(mut hashes: Vec<u128>, data_type: DataType, memory: MemoryReservation) -> Self {
        sort(&mut hashes);
        Digest { hashes, data_type, _memory: memory }
    }

    /// How many values stand more than once.
    pub fn repeated(&self) -> u64 {
        self.hashes.chunk_by(|a, b| a == b).filter(|equal| equal.len() > 1).count() as u64
    }

    /// How many of the values, each as often as it stands, `other` lacks. `None` where equal values of the two types need
    /// not have equal hashes.
    pub fn missing_in(&self, other: &Digest) -> Option<u64> {
        if !comparable(&self.data_type, &other.data_type) {
            return None;
        }
        let mut has = other.hashes.iter().copied().peekable();
        let missing = self.hashes.chunk_by(|a, b| a == b).map(|equal| {
            while has.next_if(|hash| *hash < equal[0]).is_some() {}
            if has.peek() == Some(&equal[0]) { 0 } else { equal.len() as u64 }
        });
        Some(missing.sum())
    }
}

fn comparable(a: &DataType, b: &DataType) -> bool {
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    a == b || text(a) && text(b)
}

/// Adds the hashes of a column's values, and gives the number of its nulls.
pub fn add_column(batch: &RecordBatch, column: usize, hashes: &mut Vec<u128>) -> Result<u64, WarehouseError> {
    let before = hashes.len();
    hashes.extend(key_hashes(batch, &[column])?.into_iter().filter(|hash| *hash != NO_KEY));
    Ok((batch.num_rows() + before - hashes.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, StringArray, StringViewArray};
    use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, UnboundedMemoryPool};
    use std::sync::Arc;

    fn digest(column: ArrayRef) -> (Digest, u64) {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let data_type = column.data_type().clone();
        let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
        let mut hashes = Vec::new();
        let nulls = add_column(&batch, 0, &mut hashes).unwrap();
        (Digest::new(hashes, data_type, MemoryConsumer::new("test").register(&pool)), nulls)
    }

    fn text(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringViewArray::from_iter(values.iter().copied()))
    }

    #[test]
    fn a_value_that_stands_often_is_repeated_once_and_null_never() {
        let (digest, nulls) =
            digest(text(&[Some("a"), None, Some("b"), Some("a"), None, Some("a"), Some("b"), Some("c")]));
        assert_eq!((digest.repeated(), nulls), (2, 2));
    }

    #[test]
    fn each_row_without_a_parent_counts() {
        let (child, _) = digest(text(&[Some("x"), Some("a"), Some("x"), Some("y"), None, Some("b")]));
        let (parent, _) = digest(Arc::new(StringArray::from(vec!["b", "a", "c", "a"])));
        assert_eq!(child.missing_in(&parent), Some(3));
        assert_eq!(parent.missing_in(&child), Some(1));
    }

    #[test]
    fn values_of_two_types_are_left_to_sql() {
        let (child, _) = digest(text(&[Some("1")]));
        let (parent, _) = digest(Arc::new(Int32Array::from(vec![1])));
        assert_eq!(child.missing_in(&parent), None);
    }
}
