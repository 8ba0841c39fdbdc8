//! Looking into a key file: rows by their keys, and keys by their rows.

use roaring::RoaringTreemap;

use super::files::DataFile;
use super::key_file::{CHUNK_ROWS, Firsts, KeyReader, Nexts};
use super::key_index::{Kept, KeyIndex, Place};

/// The rows with one of these keys, and where each key is. `None`, here and below: the file is damaged.
pub async fn found_in(reader: &KeyReader<'_>, file: &DataFile, keys: &KeyIndex) -> Option<Vec<(u64, Place)>> {
    let mut found = Vec::new();
    for chunk in 0..reader.chunks() {
        let firsts = reader.firsts(chunk).await?;
        let start = (chunk * CHUNK_ROWS) as u64;
        let maybe = rows_that_may_be(&firsts, keys).map(|(row, _)| row);
        let maybe: Vec<usize> = maybe.filter(|row| file.has(start + *row as u64)).collect();
        if maybe.is_empty() {
            continue;
        }
        let nexts: Nexts = reader.nexts(chunk).await?;
        let rows = maybe.into_iter().filter_map(|row| Some((start + row as u64, firsts.with(&nexts, row)?)));
        found.extend(rows.filter_map(|(row, kept)| Some((row, keys.find(kept)?))));
    }
    Some(found)
}

/// The rows that may have one of the keys, each with the first bytes of its hash.
pub async fn most_in(reader: &KeyReader<'_>, file: &DataFile, keys: &KeyIndex) -> Option<Vec<(u64, u32)>> {
    let mut found = Vec::new();
    for chunk in 0..reader.chunks() {
        let firsts = reader.firsts(chunk).await?;
        let start = (chunk * CHUNK_ROWS) as u64;
        let rows = rows_that_may_be(&firsts, keys).map(|(row, first)| (start + row as u64, first));
        found.extend(rows.filter(|(row, _)| file.has(*row)));
    }
    Some(found)
}

fn rows_that_may_be<'f>(firsts: &'f Firsts, keys: &'f KeyIndex) -> impl Iterator<Item = (usize, u32)> + 'f {
    let sieve = keys.sieve();
    let maybe = firsts.iter().enumerate().filter(|(_, first)| sieve.lets_through(*first));
    maybe.filter(|(_, first)| keys.has_first(*first))
}

/// The hashes of some rows.
pub async fn hashes_at(reader: &KeyReader<'_>, rows: &RoaringTreemap) -> Option<Vec<Kept>> {
    let mut found = Vec::with_capacity(rows.len() as usize);
    let mut wanted = rows.iter().map(|row| row as usize).peekable();
    while let Some(row) = wanted.peek() {
        let chunk = row / CHUNK_ROWS;
        let (firsts, nexts) = (reader.firsts(chunk).await?, reader.nexts(chunk).await?);
        while let Some(row) = wanted.next_if(|row| row / CHUNK_ROWS == chunk) {
            found.push(firsts.with(&nexts, row % CHUNK_ROWS)?);
        }
    }
    Some(found)
}
