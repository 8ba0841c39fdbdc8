//! Keys to look up, and where each was found.

use std::sync::OnceLock;

use crate::warehouse::keys::NO_KEY;

/// Where a staged row is: segment, and row in it.
pub type Place = (u32, u32);

/// The keys are hashes, spread evenly: their first bits tell the bucket. It is made in two passes over the keys and without
/// growing, which a hash map would do, and a look into it touches two lines of memory.
#[derive(Default)]
pub struct KeyIndex {
    /// How many of a key's bits do not tell its bucket.
    shift: u32,
    /// Where each bucket ends; the one before it begins there.
    ends: Vec<usize>,
    keys: Vec<u128>,
    /// By key; empty where nobody asks.
    places: Vec<Place>,
    sieve: OnceLock<Sieve>,
}

/// What is kept of a key in a file: its first bits, and those that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub first: u32,
    pub next: u64,
}

impl Kept {
    pub fn of(key: u128) -> Self {
        Kept { first: (key >> 96) as u32, next: (key >> 32) as u64 }
    }

    /// The key as far as it is kept.
    pub fn as_key(self) -> u128 {
        u128::from(self.first) << 96 | u128::from(self.next) << 32
    }
}

/// How many keys a bucket has, about: two lines of memory.
const BUCKET: usize = 8;

impl KeyIndex {
    /// Of the keys in all segments. [`NO_KEY`] is none.
    pub fn of(segments: &[&[u128]], with_places: bool) -> Self {
        let keys = || segments.iter().flat_map(|keys| keys.iter()).filter(|key| **key != NO_KEY);
        let count = keys().count();
        if count == 0 {
            return KeyIndex::default();
        }
        // No more than are kept first of a key.
        let bits = (count / BUCKET).max(2).next_power_of_two().ilog2().min(u32::BITS);
        let shift = u128::BITS - bits;
        let mut starts = vec![0usize; 1 << bits];
        keys().for_each(|key| starts[(key >> shift) as usize] += 1);
        let mut start = 0;
        for bucket in &mut starts {
            start += std::mem::replace(bucket, start);
        }
        let mut index = KeyIndex {
            shift,
            ends: starts,
            keys: vec![NO_KEY; count],
            places: vec![(0, 0); if with_places { count } else { 0 }],
            sieve: OnceLock::new(),
        };
        for (segment, keys) in segments.iter().enumerate() {
            for (row, key) in keys.iter().enumerate().filter(|(_, key)| **key != NO_KEY) {
                index.put(*key, (segment as u32, row as u32));
            }
        }
        index
    }

    /// While it is filled, a bucket ends where its next key goes: when it is full, that is its end.
    fn put(&mut self, key: u128, place: Place) {
        let next = &mut self.ends[(key >> self.shift) as usize];
        self.keys[*next] = key;
        if let Some(places) = self.places.get_mut(*next) {
            *places = place;
        }
        *next += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys there are, each as often as it was given.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Where the key is; of several places the last. Without places, whether it is there.
    pub fn find(&self, kept: Kept) -> Option<Place> {
        let key = kept.as_key();
        if key == NO_KEY { None } else { self.last_of(key, |other| other >> 32 == key >> 32) }
    }

    /// Whether one of the keys begins so.
    pub fn has_first(&self, first: u32) -> bool {
        self.last_of(u128::from(first) << 96, |other| (other >> 96) as u32 == first).is_some()
    }

    /// Which keys there may be, by their first bits.
    pub fn sieve(&self) -> &Sieve {
        self.sieve.get_or_init(|| Sieve::of(&self.keys))
    }

    /// Of the keys in the bucket of `key` the last that is meant.
    fn last_of(&self, key: u128, is_meant: impl Fn(u128) -> bool) -> Option<Place> {
        if self.keys.is_empty() {
            return None;
        }
        let bucket = (key >> self.shift) as usize;
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        let found = self.keys[start..self.ends[bucket]].iter().rposition(|other| is_meant(*other))?;
        Some(self.places.get(start + found).copied().unwrap_or_default())
    }
}

/// Tells of most keys that are not there that they are not, from memory that the nearest caches hold.
pub struct Sieve {
    shift: u32,
    bits: Vec<u64>,
}

impl Sieve {
    /// About so many bits for each key, but no more than a cache holds.
    const BITS_OF_A_KEY: usize = 64;
    const MOST_BITS: u32 = 23;

    fn of(keys: &[u128]) -> Self {
        let bits = (keys.len() * Self::BITS_OF_A_KEY).next_power_of_two().ilog2().clamp(6, Self::MOST_BITS);
        let mut sieve = Sieve { shift: u32::BITS - bits, bits: vec![0; 1 << (bits - 6)] };
        for key in keys {
            let at = (Kept::of(*key).first >> sieve.shift) as usize;
            sieve.bits[at / 64] |= 1 << (at % 64);
        }
        sieve
    }

    pub fn lets_through(&self, first: u32) -> bool {
        let at = (first >> self.shift) as usize;
        self.bits[at / 64] >> (at % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn spread(key: u64) -> u128 {
        u128::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    proptest! {
        #[test]
        fn it_finds_what_a_map_would(
            segments in prop::collection::vec(prop::collection::vec(0u64..300, 0..120), 0..5),
            is_even in any::<bool>(),
        ) {
            // Also keys whose first bits are all the same.
            let hash = |key: u64| if is_even { spread(key) } else { u128::from(key) << 32 };
            let hashes: Vec<Vec<u128>> =
                segments.iter().map(|keys| keys.iter().map(|key| hash(*key)).collect()).collect();
            let hashes: Vec<&[u128]> = hashes.iter().map(Vec::as_slice).collect();
            let mut map = HashMap::new();
            for (segment, keys) in hashes.iter().enumerate() {
                map.extend(keys.iter().enumerate().map(|(row, key)| (*key, (segment as u32, row as u32))));
            }
            map.remove(&NO_KEY);
            let (with, without) = (KeyIndex::of(&hashes, true), KeyIndex::of(&hashes, false));
            prop_assert_eq!(with.is_empty(), map.is_empty());
            for key in 0..320 {
                let (kept, place) = (Kept::of(hash(key)), map.get(&hash(key)).copied());
                prop_assert_eq!(with.find(kept), place);
                prop_assert_eq!(without.find(kept).is_some(), place.is_some());
                if place.is_some() {
                    prop_assert!(with.sieve().lets_through(kept.first) && with.has_first(kept.first));
                }
            }
        }
    }
}
