//! Rows as hashes of their group, each with a bit for every column that has a value: how many groups have none in some of
//! them is counted once the hashes are sorted. That takes the memory of one number a row, and of one a group where the
//! groups are few.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::digest::{Collector, Digest};
use crate::warehouse::WarehouseError;
use crate::warehouse::keys::row_hashes;

/// Of a hash, so many bits say what the row has a value for.
pub const BITS: usize = 8;
const MASK: u128 = (1 << BITS) - 1;

/// What is asked of a row.
pub struct Asked {
    /// The first so many columns tell the groups apart.
    pub keys: usize,
    /// A column for each bit.
    pub bits: Vec<usize>,
}

/// The rows of one stream.
pub struct GroupMasks {
    hashes: Collector,
    pub rows: u64,
    /// The largest number among the values that have a bit and are no key, whatever its sign; not finite where one is not.
    pub largest: f64,
}

impl GroupMasks {
    pub async fn read(
        mut stream: SendableRecordBatchStream,
        asked: Arc<Asked>,
        hashes: Collector,
    ) -> Result<Self, WarehouseError> {
        let mut masks = GroupMasks { hashes, rows: 0, largest: 0.0 };
        while let Some(batch) = stream.next().await.transpose()? {
            masks.add(&batch, &asked)?;
        }
        Ok(masks)
    }

    fn add(&mut self, batch: &RecordBatch, asked: &Asked) -> Result<(), WarehouseError> {
        self.rows += batch.num_rows() as u64;
        let keys: Vec<usize> = (0..asked.keys).collect();
        let mut hashes = row_hashes(batch, &keys)?;
        hashes.iter_mut().for_each(|hash| *hash &= !MASK);
        for (bit, at) in asked.bits.iter().copied().enumerate() {
            let column = batch.column(at);
            let nulls = column.logical_nulls();
            for (row, hash) in hashes.iter_mut().enumerate() {
                *hash |= u128::from(nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))) << bit;
            }
            if at >= asked.keys && column.data_type().is_numeric() {
                self.largest = self.largest.max(largest(column)?);
            }
        }
        self.hashes.add_hashes(&hashes)
    }

    /// The rows of all streams.
    pub fn together(parts: Vec<Self>) -> Result<Option<Groups>, WarehouseError> {
        let hashes = parts.into_iter().map(|part| part.hashes).collect();
        Ok(Collector::together(hashes, DataType::Null)?.map(|(_, digest)| Groups(digest)))
    }
}

fn largest(column: &ArrayRef) -> Result<f64, WarehouseError> {
    let column = cast(column, &DataType::Float64)?;
    let numbers = column.as_primitive::<Float64Type>();
    let ends = [max(numbers), min(numbers)].into_iter().flatten().map(f64::abs);
    Ok(ends.fold(0.0, |largest, end| if end.is_nan() { f64::INFINITY } else { largest.max(end) }))
}

/// All groups.
pub struct Groups(Digest);

impl Groups {
    /// How many groups there are, and for each of `needed` in how many of them one of these bits is missing.
    pub fn count(&self, needed: &[u128]) -> io::Result<(u64, Vec<u64>)> {
        let (mut groups, mut missing) = (0, vec![0; needed.len()]);
        let mut end = |mask: u128| {
            groups += 1;
            for (missing, needed) in missing.iter_mut().zip(needed) {
                *missing += u64::from(mask & needed != *needed);
            }
        };
        let mut open: Option<(u128, u128)> = None;
        self.0.for_each_sorted(|hash| {
            let (group, mask) = (hash & !MASK, hash & MASK);
            open = match open {
                Some((known, before)) if known == group => Some((known, before | mask)),
                before => {
                    before.into_iter().for_each(|(_, mask)| end(mask));
                    Some((group, mask))
                }
            };
        })?;
        open.into_iter().for_each(|(_, mask)| end(mask));
        Ok((groups, missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use arrow::array::{Float64Array, Int32Array, StringArray};
    use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
    use proptest::prelude::*;

    type Row = (u8, Option<bool>, Option<i32>, Option<i8>);

    fn masks(rows: &[Row], asked: &Asked) -> GroupMasks {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let mut masks = GroupMasks { hashes: Collector::new(&pool), rows: 0, largest: 0.0 };
        for rows in rows.chunks(7) {
            let text = rows.iter().map(|row| row.1.map(|key| if key { "a" } else { "b" }));
            let columns: [(&str, ArrayRef); 4] = [
                ("number", Arc::new(Int32Array::from_iter(rows.iter().map(|row| Some(i32::from(row.0)))))),
                ("text", Arc::new(StringArray::from_iter(text))),
                ("first", Arc::new(Int32Array::from_iter(rows.iter().map(|row| row.2)))),
                ("second", Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.3.map(f64::from))))),
            ];
            masks
                .add(&RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap(), asked)
                .unwrap();
        }
        masks
    }

    proptest! {
        #[test]
        fn they_are_counted_as_if_they_were_made(
            rows in proptest::collection::vec((0..40u8, any::<Option<bool>>(), any::<Option<i32>>(), any::<Option<i8>>()), 0..200),
            cut in 0..200usize,
        ) {
            let asked = Asked { keys: 2, bits: vec![1, 2, 3] };
            let cut = cut.min(rows.len());
            let parts = vec![masks(&rows[..cut], &asked), masks(&rows[cut..], &asked)];
            let largest = rows.iter().flat_map(|row| [row.2.map(f64::from), row.3.map(f64::from)]).flatten().map(f64::abs);
            prop_assert_eq!(parts.iter().map(|part| part.largest).fold(0.0, f64::max), largest.fold(0.0, f64::max));
            let mut groups: HashMap<(u8, Option<bool>), (bool, bool)> = HashMap::new();
            for (number, text, first, second) in &rows {
                let group = groups.entry((*number, *text)).or_default();
                *group = (group.0 || first.is_some(), group.1 || second.is_some());
            }
            let without_text = groups.keys().filter(|(_, text)| text.is_none()).count() as u64;
            let without_first = groups.values().filter(|(first, _)| !first).count() as u64;
            let without_one = groups.values().filter(|(first, second)| !first || !second).count() as u64;
            let expected = vec![without_text, without_first, without_one, 0];
            let found = GroupMasks::together(parts).unwrap().unwrap().count(&[0b001, 0b010, 0b110, 0]).unwrap();
            prop_assert_eq!(found, (groups.len() as u64, expected));
        }
    }

    #[test]
    fn a_number_that_is_none_is_larger_than_all() {
        for value in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let column: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(value), Some(-2.0)]));
            assert_eq!(largest(&column).unwrap(), f64::INFINITY);
        }
        let none: ArrayRef = Arc::new(Int32Array::from(vec![None, None]));
        assert_eq!(largest(&none).unwrap(), 0.0);
    }
}
