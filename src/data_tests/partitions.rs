//! Hashes by their first bits: what can be equal stands together in a part that the nearest caches hold, where a small
//! table tells what is repeated. To sort them all would take several times as long.

use super::runs::{Run, thin};
use crate::warehouse::keys::sort;

/// By so many bits.
const BITS: u32 = 8;
/// So many of the hashes met last are known. A power of two.
const RECENT: usize = 1 << 10;

/// None of them is 0.
pub struct Partitions {
    parts: Vec<Vec<u128>>,
    len: usize,
    /// Of each hash met last, and how often it was taken.
    recent: Vec<(u128, u8)>,
    /// Whether each was taken as often as it stands: of many in a short while two are enough to know it for repeated.
    pub exact: bool,
}

impl Default for Partitions {
    fn default() -> Self {
        Partitions { parts: vec![Vec::new(); 1 << BITS], len: 0, recent: vec![(0, 0); RECENT], exact: true }
    }
}

impl Partitions {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Gives how many were taken.
    pub fn add(&mut self, hashes: &[u128]) -> usize {
        let before = self.len;
        for hash in hashes {
            let (known, times) = &mut self.recent[(hash >> 32) as usize % RECENT];
            if known == hash {
                if *times == 2 {
                    self.exact = false;
                    continue;
                }
                *times += 1;
            } else {
                (*known, *times) = (*hash, 1);
            }
            self.parts[(hash >> (128 - BITS)) as usize].push(*hash);
            self.len += 1;
        }
        self.len - before
    }

    /// All in order, but of each two at most. Tells whether there were more of some.
    pub fn sorted(&self) -> (Vec<u128>, bool) {
        let mut all = self.parts.concat();
        sort(&mut all);
        let thinned = thin(&mut all);
        (all, thinned)
    }
}

/// Partitions that together are one column.
pub struct Column(pub Vec<Partitions>);

impl Column {
    /// Each of the first bits, with the hashes that have them.
    fn parts(&self) -> impl Iterator<Item = impl Iterator<Item = u128> + Clone + '_> {
        (0..1 << BITS).map(|part| self.0.iter().flat_map(move |of| of.parts[part].iter().copied()))
    }

    /// How many of one kind stand more than once.
    pub fn repeated(&self) -> u64 {
        let mut table = Table::default();
        self.parts().map(|part| table.fill(part)).sum()
    }

    /// How many, each as often as it was taken, `other` lacks.
    pub fn missing_in(&self, other: &Column) -> u64 {
        let mut table = Table::default();
        let missing = self.parts().zip(other.parts()).map(|(wanted, there)| {
            table.fill(there);
            wanted.filter(|hash| !table.has(*hash)).count() as u64
        });
        missing.sum()
    }

    /// Calls back with all of each part, in order.
    pub fn for_each_sorted(&self, mut each: impl FnMut(u128)) {
        let mut sorted = Vec::new();
        for part in self.parts() {
            sorted.clear();
            sorted.extend(part);
            sort(&mut sorted);
            sorted.iter().for_each(|hash| each(*hash));
        }
    }

    /// The same, sorted, for what is read in order. Tells also whether each stands as often as it was taken.
    pub fn runs(&self) -> (Vec<Run>, bool) {
        let (runs, thinned): (Vec<_>, Vec<bool>) = self.0.iter().map(Partitions::sorted).unzip();
        (runs.into_iter().map(Run::Memory).collect(), !thinned.contains(&true))
    }
}

/// The hashes of one part, by their last bits.
#[derive(Default)]
struct Table {
    /// 0 where there is none, and whether it was met again.
    slots: Vec<(u128, bool)>,
}

impl Table {
    /// Takes these in place of those before. Gives how many of one kind are repeated.
    fn fill(&mut self, hashes: impl Iterator<Item = u128> + Clone) -> u64 {
        let slots = (2 * hashes.clone().count()).next_power_of_two();
        self.slots.clear();
        self.slots.resize(slots, (0, false));
        let mut repeated = 0;
        for hash in hashes {
            let slot = self.slot(hash);
            let (known, again) = &mut self.slots[slot];
            if *known == hash {
                repeated += u64::from(!std::mem::replace(again, true));
            } else {
                *known = hash;
            }
        }
        repeated
    }

    fn has(&self, hash: u128) -> bool {
        self.slots[self.slot(hash)].0 == hash
    }

    /// Where it is, or would be: half of the slots stay free.
    fn slot(&self, hash: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].0 != 0 && self.slots[slot].0 != hash {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_128;

    fn partitions(values: &[u16]) -> Partitions {
        let mut partitions = Partitions::default();
        let hashes: Vec<u128> = values.iter().map(|value| xxh3_128(&value.to_le_bytes())).collect();
        let taken: usize = hashes.chunks(5).map(|hashes| partitions.add(hashes)).sum();
        assert_eq!(taken, partitions.len());
        partitions
    }

    /// Some close to each other, some not, and some alike in all but their first bits.
    fn values() -> impl Strategy<Value = Vec<u16>> {
        proptest::collection::vec(prop_oneof![0..3u16, 0..200u16, any::<u16>()], 0..400)
    }

    proptest! {
        #[test]
        fn they_are_counted_as_they_stand(one in values(), two in values(), other in values()) {
            let (column, others) = (Column(vec![partitions(&one), partitions(&two)]), Column(vec![partitions(&other)]));
            let mut times: HashMap<u16, u64> = HashMap::new();
            one.iter().chain(&two).for_each(|value| *times.entry(*value).or_default() += 1);
            prop_assert_eq!(column.repeated(), times.values().filter(|times| **times > 1).count() as u64);
            let missing = times.iter().filter(|(value, _)| !other.contains(value));
            let (kinds, rows) = missing.fold((0, 0), |(kinds, rows), (_, times)| (kinds + 1, rows + times));
            let found = column.missing_in(&others);
            if column.0.iter().all(|part| part.exact) {
                prop_assert_eq!(found, rows);
            } else {
                prop_assert!(kinds <= found && found <= rows);
            }
            let mut sorted = Vec::new();
            column.for_each_sorted(|hash| sorted.push(hash));
            prop_assert!(sorted.is_sorted());
            sorted.dedup();
            prop_assert_eq!(sorted.len(), times.len());
            for part in &column.0 {
                let (sorted, _) = part.sorted();
                prop_assert!(sorted.is_sorted());
                prop_assert!(sorted.chunk_by(|a, b| a == b).all(|same| same.len() <= 2));
            }
        }
    }

    #[test]
    fn hashes_that_end_alike_are_told_apart() {
        let mut partitions = Partitions::default();
        let hashes: Vec<u128> = (1..2000_u128).map(|n| (7 << 120) | (n << 64) | 5).collect();
        partitions.add(&hashes);
        partitions.add(&hashes[..10]);
        let column = Column(vec![partitions]);
        assert_eq!(column.repeated(), 10);
        assert_eq!(column.missing_in(&Column(vec![Partitions::default()])), 2009);
        assert_eq!(Column(vec![Partitions::default()]).missing_in(&column), 0);
    }
}
