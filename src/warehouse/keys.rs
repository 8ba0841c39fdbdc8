//! Rows as 128-bit hashes: of their key, to find the rows that a merge replaces, and of their values, to find those that
//! did not change.
//!
//! Two different rows share a hash with a probability of 2⁻¹²⁸; over a billion rows that is 10⁻²¹, below the chance
//! that the memory holding them flips a bit unseen. A lake keeps 96 bits of the hash of a stored row: 10⁻¹¹.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use xxhash_rust::xxh3::xxh3_128;

use crate::warehouse::WarehouseError;

/// Stands for "no key": a key with a null part equals no key, as in SQL.
pub const NO_KEY: u128 = 0;

/// The places of columns in a schema.
pub fn column_indices(schema: &Schema, names: &[String]) -> Result<Vec<usize>, WarehouseError> {
    names.iter().map(|name| Ok(schema.index_of(name)?)).collect()
}

/// The hash of each row's key columns, [`NO_KEY`] where one of them is null.
pub fn key_hashes(batch: &RecordBatch, columns: &[usize]) -> Result<Vec<u128>, WarehouseError> {
    let mut hashes = row_hashes(batch, columns)?;
    for column in columns.iter().map(|index| batch.column(*index)) {
        if let Some(nulls) = column.logical_nulls() {
            for (row, hash) in hashes.iter_mut().enumerate() {
                if nulls.is_null(row) {
                    *hash = NO_KEY;
                }
            }
        }
    }
    Ok(hashes)
}

/// The hash of each row's values in `columns`. Nulls count, and equal each other.
pub fn row_hashes(batch: &RecordBatch, columns: &[usize]) -> Result<Vec<u128>, WarehouseError> {
    let mut hashes = vec![1u128; batch.num_rows()];
    for index in columns {
        mix_column(batch.column(*index), &mut hashes)?;
    }
    Ok(hashes)
}

/// Whether equal values of the two types have equal hashes.
pub fn comparable(a: &DataType, b: &DataType) -> bool {
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    a == b || text(a) && text(b)
}

/// Sorts hashes. They are spread evenly, so that their first bits tell nearly where each belongs.
pub fn sort(hashes: &mut Vec<u128>) {
    /// About so many stay to be compared with each other, which the nearest memory holds.
    const BUCKET: usize = 256;
    /// Waking other cores for fewer takes longer than they help.
    const MANY: usize = 1 << 16;
    if hashes.len() < 16 * BUCKET {
        hashes.sort_unstable();
        return;
    }
    let bits = (hashes.len() / BUCKET).ilog2().min(16);
    let bucket = |hash: u128| (hash >> (128 - bits)) as usize;
    let mut ends = vec![0usize; 1 << bits];
    hashes.iter().for_each(|hash| ends[bucket(*hash)] += 1);
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    let mut sorted = vec![0u128; hashes.len()];
    for hash in hashes.iter() {
        let place = &mut ends[bucket(*hash)];
        sorted[*place] = *hash;
        *place += 1;
    }
    let mut rest = sorted.as_mut_slice();
    let mut parts = Vec::with_capacity(ends.len());
    let mut before = 0;
    for end in ends {
        let (part, after) = rest.split_at_mut(end - before);
        parts.push(part);
        (rest, before) = (after, end);
    }
    if hashes.len() > MANY {
        parts.into_par_iter().with_min_len(64).for_each(<[u128]>::sort_unstable);
    } else {
        parts.into_iter().for_each(<[u128]>::sort_unstable);
    }
    *hashes = sorted;
}

/// So many keys are sorted at once.
const PASS_KEYS: usize = 4 << 20;

/// The keys that stand more than once. What it takes in memory does not grow with their number: it goes over them several
/// times, each time for those with other first bits.
fn repeated(keys: &[&[u128]]) -> Vec<u128> {
    repeated_in_passes_of(PASS_KEYS, keys)
}

fn repeated_in_passes_of(pass_keys: usize, keys: &[&[u128]]) -> Vec<u128> {
    let total: usize = keys.iter().map(|part| part.len()).sum();
    let bits = total.div_ceil(pass_keys).next_power_of_two().ilog2();
    let mut found = Vec::new();
    for pass in 0..1u128 << bits {
        let all = keys.iter().flat_map(|part| part.iter().copied());
        let mut some: Vec<u128> =
            all.filter(|key| *key != NO_KEY && key.checked_shr(128 - bits).unwrap_or(0) == pass).collect();
        sort(&mut some);
        let twice = some.chunk_by(|a, b| a == b).filter(|equal| equal.len() > 1);
        found.extend(twice.map(|equal| equal[0]));
    }
    found
}

/// Tells, going backwards over the rows, those whose key stands again after them.
pub struct Repeated {
    /// For each key that stands twice: whether its last row has been met.
    met: HashMap<u128, bool>,
}

impl Repeated {
    pub fn among(keys: &[&[u128]]) -> Self {
        Repeated { met: repeated(keys).into_iter().map(|key| (key, false)).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// Whether a later row of the key was met.
    pub fn meets_again(&mut self, key: u128) -> bool {
        self.met.get_mut(&key).is_some_and(|met| std::mem::replace(met, true))
    }
}

/// Odd, with bits spread over its whole width.
const MULTIPLIER: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
const NULL: u128 = 0x5bd1_e995_27d4_eb2f_1656_67c5_85eb_ca77;

fn mix(hash: &mut u128, value: u128) {
    let mixed = (*hash ^ value).wrapping_mul(MULTIPLIER);
    *hash = mixed ^ (mixed >> 67);
}

fn mix_column(column: &ArrayRef, hashes: &mut [u128]) -> Result<(), WarehouseError> {
    macro_rules! mix_values {
        ($array:expr, $value:ident => $bytes:expr) => {
            for (hash, value) in hashes.iter_mut().zip($array.iter()) {
                mix(hash, value.map_or(NULL, |$value| xxh3_128($bytes)));
            }
        };
    }
    macro_rules! mix_primitive {
        ($type:ty) => {
            mix_values!(column.as_primitive::<$type>(), value => &value.to_le_bytes())
        };
    }
    use arrow::datatypes::{
        Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        TimestampMicrosecondType,
    };
    match column.data_type() {
        DataType::Utf8 => mix_values!(column.as_string::<i32>(), value => value.as_bytes()),
        DataType::Utf8View => mix_values!(column.as_string_view(), value => value.as_bytes()),
        DataType::Binary => mix_values!(column.as_binary::<i32>(), value => value),
        DataType::BinaryView => mix_values!(column.as_binary_view(), value => value),
        DataType::Boolean => mix_values!(column.as_boolean(), value => &[u8::from(value)]),
        DataType::Int8 => mix_primitive!(Int8Type),
        DataType::Int16 => mix_primitive!(Int16Type),
        DataType::Int32 => mix_primitive!(Int32Type),
        DataType::Int64 => mix_primitive!(Int64Type),
        DataType::Float32 => mix_values!(column.as_primitive::<Float32Type>(), v => &canonical(v.into()).to_le_bytes()),
        DataType::Float64 => mix_values!(column.as_primitive::<Float64Type>(), v => &canonical(v).to_le_bytes()),
        DataType::Date32 => mix_primitive!(Date32Type),
        DataType::Timestamp(_, _) => mix_primitive!(TimestampMicrosecondType),
        DataType::Decimal128(_, _) => mix_primitive!(Decimal128Type),
        _ => {
            // Lists: seldom, so their printed form will do.
            let printed = ArrayFormatter::try_new(column, &FormatOptions::default().with_null("\u{0}"))?;
            for (row, hash) in hashes.iter_mut().enumerate() {
                mix(hash, xxh3_128(printed.value(row).to_string().as_bytes()));
            }
        }
    }
    Ok(())
}

/// One bit pattern for values that SQL holds equal: -0 is 0, and every NaN is the same.
fn canonical(value: f64) -> f64 {
    if value == 0.0 {
        0.0
    } else if value.is_nan() {
        f64::NAN
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, StringArray, StringViewArray};
    use arrow::datatypes::Field;
    use std::sync::Arc;

    fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
        let fields: Vec<Field> =
            columns.iter().enumerate().map(|(i, c)| Field::new(format!("c{i}"), c.data_type().clone(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    #[test]
    fn the_border_between_two_columns_counts() {
        let left = batch(vec![Arc::new(StringArray::from(vec!["ab"])), Arc::new(StringArray::from(vec!["c"]))]);
        let right = batch(vec![Arc::new(StringArray::from(vec!["a"])), Arc::new(StringArray::from(vec!["bc"]))]);
        assert_ne!(row_hashes(&left, &[0, 1]).unwrap(), row_hashes(&right, &[0, 1]).unwrap());
        assert_ne!(row_hashes(&left, &[0, 1]).unwrap(), row_hashes(&left, &[1, 0]).unwrap());
    }

    #[test]
    fn hashes_are_sorted_however_they_are_spread() {
        let even = |n: u64| (0..n).map(|i| xxh3_128(&i.to_le_bytes())).collect::<Vec<u128>>();
        let small: Vec<u128> = (0..10_000u128).rev().collect();
        let mut few = even(3).repeat(5000);
        few.extend([u128::MAX, 0]);
        for mut hashes in [even(100_000), even(20_000), even(4095), even(4096), small, few, vec![]] {
            let mut expected = hashes.clone();
            expected.sort_unstable();
            sort(&mut hashes);
            assert!(hashes == expected);
        }
    }

    #[test]
    fn repeated_keys_are_found_in_any_number_of_passes() {
        let keys: Vec<u128> = (0..1000u64).map(|i| xxh3_128(&i.to_le_bytes())).collect();
        let again = [keys[3], NO_KEY, keys[500], keys[3], NO_KEY];
        for pass_keys in [1, 100, 600, 5000] {
            let mut found = repeated_in_passes_of(pass_keys, &[&keys, &again]);
            found.sort_unstable();
            let mut expected = vec![keys[3], keys[500]];
            expected.sort_unstable();
            assert_eq!(found, expected, "{pass_keys}");
        }
    }

    #[test]
    fn text_is_the_same_in_every_representation() {
        let plain = batch(vec![Arc::new(StringArray::from(vec![Some("x"), None, Some("")]))]);
        let view = batch(vec![Arc::new(StringViewArray::from(vec![Some("x"), None, Some("")]))]);
        let hashes = row_hashes(&plain, &[0]).unwrap();
        assert_eq!(hashes, row_hashes(&view, &[0]).unwrap());
        assert_ne!(hashes[1], hashes[2]);
    }

    #[test]
    fn a_null_part_is_no_key() {
        let rows = batch(vec![
            Arc::new(StringArray::from(vec![Some("x"), Some("x"), None])),
            Arc::new(StringArray::from(vec![Some("y"), None, Some("y")])),
        ]);
        let keys = key_hashes(&rows, &[0, 1]).unwrap();
        assert_ne!(keys[0], NO_KEY);
        assert_eq!(&keys[1..], &[NO_KEY, NO_KEY]);
    }

    #[test]
    fn zeros_and_nans_are_each_one_value() {
        let rows = batch(vec![Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]))]);
        let hashes = row_hashes(&rows, &[0]).unwrap();
        assert_eq!(hashes[0], hashes[1]);
        assert_eq!(hashes[2], hashes[3]);
        assert_ne!(hashes[0], hashes[2]);
    }
}
