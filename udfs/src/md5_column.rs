//! A column of MD5 hashes as text: repeated values are hashed once, different ones several at a time.

use md5::{Digest, Md5};

use crate::md5_lanes::{Group, LANES};

pub(crate) const HEX_LENGTH: usize = 32;

/// Longer values are hashed one by one.
const MOST_BLOCKS: usize = 4;

/// Takes values, and gives their hashes as hexadecimal digits one after the other.
#[derive(Default)]
pub(crate) struct HexColumn {
    hex: Vec<u8>,
    seen: Seen,
    /// By the number of blocks less one.
    groups: [Option<Waiting>; MOST_BLOCKS],
}

/// Values whose digits have a place, and are not there yet.
struct Waiting {
    group: Group,
    places: Vec<usize>,
}

impl HexColumn {
    pub(crate) fn with_capacity(values: usize) -> Self {
        HexColumn { hex: Vec::with_capacity(values * HEX_LENGTH), ..HexColumn::default() }
    }

    pub(crate) fn push(&mut self, value: &[u8]) {
        if self.seen.pays() {
            self.hex.extend_from_slice(&self.seen.hash(value));
            return;
        }
        let blocks = Group::blocks_of(value.len());
        let Some(slot) = self.groups.get_mut(blocks - 1) else {
            self.hex.extend_from_slice(&hash(value));
            return;
        };
        let waiting =
            slot.get_or_insert_with(|| Waiting { group: Group::new(blocks), places: Vec::with_capacity(LANES) });
        waiting.places.push(self.hex.len());
        self.hex.resize(self.hex.len() + HEX_LENGTH, 0);
        if waiting.group.add(value) {
            waiting.write(&mut self.hex);
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        for waiting in self.groups.iter_mut().flatten() {
            waiting.write(&mut self.hex);
        }
        self.hex
    }
}

impl Waiting {
    fn write(&mut self, hex: &mut [u8]) {
        for (place, hash) in self.places.drain(..).zip(self.group.hash()) {
            hex[place..place + HEX_LENGTH].copy_from_slice(&hex_digits(&hash));
        }
    }
}

fn hash(value: &[u8]) -> [u8; HEX_LENGTH] {
    hex_digits(&Md5::digest(value).into())
}

/// Values hashed a short while ago: of a column with few different values, each is hashed once or a few times.
#[derive(Default)]
struct Seen {
    /// By a few of the value's bytes; a newer value takes the place of an older one.
    slots: Vec<Option<(Vec<u8>, [u8; HEX_LENGTH])>>,
    looked: u32,
    found: u32,
}

impl Seen {
    const SLOTS: usize = 1024;
    /// After so many values it is clear whether looking them up pays.
    const TRIAL: u32 = 256;

    fn pays(&self) -> bool {
        self.looked < Self::TRIAL || self.found >= self.looked / 4
    }

    fn hash(&mut self, value: &[u8]) -> [u8; HEX_LENGTH] {
        self.slots.resize(Self::SLOTS, None);
        self.looked += 1;
        match &mut self.slots[Self::slot(value)] {
            Some((known, hex)) if known == value => {
                self.found += 1;
                *hex
            }
            Some((known, hex)) => {
                known.clear();
                known.extend_from_slice(value);
                *hex = hash(value);
                *hex
            }
            slot => slot.insert((value.to_vec(), hash(value))).1,
        }
    }

    /// From the length and four bytes at either end.
    fn slot(value: &[u8]) -> usize {
        let word = |part: Option<&[u8]>| {
            part.and_then(|part| part.try_into().ok()).map_or(value.len() as u32, u32::from_le_bytes)
        };
        let ends = u64::from(word(value.get(..4))) << 32 | u64::from(word(value.get(value.len().saturating_sub(4)..)));
        let mixed = (ends ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 54) as usize % Self::SLOTS
    }
}

fn hex_digits(hash: &[u8; 16]) -> [u8; HEX_LENGTH] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; HEX_LENGTH];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hash) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(values: &[Vec<u8>]) {
        let mut column = HexColumn::with_capacity(values.len());
        values.iter().for_each(|value| column.push(value));
        let hex = column.finish();
        let expected: Vec<u8> = values.iter().flat_map(|value| hash(value)).collect();
        assert!(hex == expected);
    }

    /// Values at the borders of blocks, short ones between long ones, and so many that lanes are full and half full.
    #[test]
    fn values_of_every_length_have_their_hash() {
        let value = |n: usize| (0..n * 7 % 301).map(|i| (i * n) as u8).collect::<Vec<u8>>();
        check(&(0..2000).map(value).collect::<Vec<_>>());
        for count in 256..280 {
            check(&(0..count).map(|i| format!("{i}").into_bytes()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn values_that_come_again_have_the_same_hash() {
        let value = |i: usize| format!("{}-{}", "x".repeat(i % 3), i * i % 1500).into_bytes();
        check(&(0..9000).map(value).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn any_bytes_have_their_hash(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 300..400)) {
            check(&values);
        }
    }
}
