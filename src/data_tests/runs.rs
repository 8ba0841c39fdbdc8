//! Sorted runs of hashes, in memory or on disk, read as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};

use tempfile::NamedTempFile;

pub enum Run {
    Memory(Vec<u128>),
    /// Of 16 bytes each, little endian.
    File(NamedTempFile),
}

/// What is read of a file at once.
const BUFFER: usize = 256 << 10;

impl Run {
    pub fn on_disk(hashes: &[u128]) -> io::Result<Self> {
        let file = NamedTempFile::with_prefix("medallion-")?;
        let mut writer = BufWriter::with_capacity(BUFFER, file.as_file());
        for hash in hashes {
            writer.write_all(&hash.to_le_bytes())?;
        }
        writer.flush()?;
        drop(writer);
        Ok(Run::File(file))
    }

    fn cursor(&self) -> io::Result<Cursor<'_>> {
        Ok(match self {
            Run::Memory(hashes) => Cursor::Memory(hashes.iter()),
            Run::File(file) => Cursor::File(BufReader::with_capacity(BUFFER, file.reopen()?)),
        })
    }
}

/// Leaves at most two of each in sorted hashes: more say no more of whether a value is repeated. Tells whether there were
/// more.
pub fn thin(hashes: &mut Vec<u128>) -> bool {
    let before = hashes.len();
    let mut kept = 0;
    for at in 0..before {
        let hash = hashes[at];
        if kept < 2 || hashes[kept - 2] != hash {
            hashes[kept] = hash;
            kept += 1;
        }
    }
    hashes.truncate(kept);
    kept < before
}

enum Cursor<'a> {
    Memory(std::slice::Iter<'a, u128>),
    File(BufReader<File>),
}

impl Cursor<'_> {
    fn advance(&mut self) -> io::Result<Option<u128>> {
        match self {
            Cursor::Memory(hashes) => Ok(hashes.next().copied()),
            Cursor::File(reader) => {
                let mut bytes = [0; size_of::<u128>()];
                match reader.read_exact(&mut bytes) {
                    Ok(()) => Ok(Some(u128::from_le_bytes(bytes))),
                    // A file ends between two hashes.
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// All hashes of some runs, in order.
pub struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    /// The next hash of each cursor that has one.
    heap: BinaryHeap<Reverse<(u128, usize)>>,
}

pub fn merge(runs: &[Run]) -> io::Result<Merge<'_>> {
    let mut cursors = runs.iter().map(Run::cursor).collect::<io::Result<Vec<_>>>()?;
    let mut heap = BinaryHeap::new();
    for (index, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.advance()?.map(|hash| Reverse((hash, index))));
    }
    Ok(Merge { cursors, heap })
}

impl Merge<'_> {
    /// The next hash, and how often it stands.
    pub fn next_group(&mut self) -> io::Result<Option<(u128, u64)>> {
        let Some(Reverse((hash, only))) = self.heap.peek().copied() else { return Ok(None) };
        if self.heap.len() == 1 {
            return self.next_group_of(hash, only).map(Some);
        }
        let mut count = 0;
        while let Some(mut top) = self.heap.peek_mut().filter(|top| top.0.0 == hash) {
            count += 1;
            let index = top.0.1;
            match self.cursors[index].advance()? {
                Some(next) => *top = Reverse((next, index)),
                None => drop(std::collections::binary_heap::PeekMut::pop(top)),
            }
        }
        Ok(Some((hash, count)))
    }

    /// Of the one run that is left, as there mostly is: nothing has to be compared between runs.
    fn next_group_of(&mut self, hash: u128, run: usize) -> io::Result<(u128, u64)> {
        self.heap.clear();
        let mut count = 1;
        while let Some(next) = self.cursors[run].advance()? {
            if next != hash {
                self.heap.push(Reverse((next, run)));
                break;
            }
            count += 1;
        }
        Ok((hash, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_as_one() {
        let runs = [Run::Memory(vec![1, 3, 3, 9]), Run::Memory(vec![]), Run::Memory(vec![2, 3, 9, 10])];
        let mut merged = merge(&runs).unwrap();
        let mut groups = Vec::new();
        while let Some(group) = merged.next_group().unwrap() {
            groups.push(group);
        }
        assert_eq!(groups, [(1, 1), (2, 1), (3, 3), (9, 2), (10, 1)]);
    }

    #[test]
    fn two_of_each_stay() {
        let mut hashes = vec![1, 1, 1, 2, 3, 3, 4, 4, 4, 4];
        assert!(thin(&mut hashes));
        assert_eq!(hashes, [1, 1, 2, 3, 3, 4, 4]);
        assert!(!thin(&mut hashes));
    }
}
