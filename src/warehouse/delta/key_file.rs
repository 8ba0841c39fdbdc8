//! The keys of a data file, in a file beside it: a hash for each row, in their order. Who looks for keys reads these, where the
//! columns themselves would have to be decompressed, decoded and hashed.
//!
//! Nothing depends on a key file: one that is missing or damaged is made again by whoever misses it first. It never changes, as its
//! data file does not, and goes with it.
//!
//! ```text
//! the magic bytes, the width of a hash                              8 bytes
//! then for each CHUNK_ROWS rows, the last time for fewer
//!     the first 4 bytes of each hash, and xxh3 of all these
//!     the next 8 bytes of each hash, and xxh3 of all these          where the width is 12
//! ```

use std::sync::Arc;

use bytes::Bytes;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tokio::io::AsyncWriteExt;
use xxhash_rust::xxh3::xxh3_64;

use super::key_index::Kept;
use super::lake::Lake;
use super::part_reader::{Part, PartReader};

/// So many rows are read at once.
pub const CHUNK_ROWS: usize = 256 << 10;

/// Also tells the version of the format.
const MAGIC: &[u8; 7] = b"mdlkeys";
const HEADER: usize = 8;
/// What goes to an object store at once; some take no less.
const PART_BYTES: usize = 5 << 20;
const FIRST: usize = size_of::<u32>();
const NEXT: usize = size_of::<u64>();
const CHECK: usize = size_of::<u64>();

/// How much of each hash there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// 4 bytes: enough to pass over nearly all rows that are not looked for.
    First = 4,
    /// 12 bytes: enough to tell keys apart. Two of a billion share them with a probability of 10⁻¹¹.
    Kept = 12,
}

fn header(width: Width) -> [u8; HEADER] {
    let mut header = [width as u8; HEADER];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header
}

/// Reads a key file.
pub struct KeyReader<'l> {
    parts: PartReader<'l>,
    rows: usize,
    width: Width,
}

impl<'l> KeyReader<'l> {
    /// `None`: there is none, or it keeps less of each hash. The data file has so many rows.
    pub async fn open(lake: &'l Lake, path: Path, rows: u64, at_least: Width) -> Option<Self> {
        let parts = PartReader::open(lake, path)?;
        let start = parts.read(0, HEADER).await?;
        let width = [Width::First, Width::Kept].into_iter().find(|width| *start == header(*width));
        let width = width.filter(|width| *width >= at_least)?;
        Some(KeyReader { parts, rows: rows as usize, width })
    }

    pub fn chunks(&self) -> usize {
        self.rows.div_ceil(CHUNK_ROWS)
    }

    /// The first bytes of each hash of a chunk; `None` where they are damaged.
    pub async fn firsts(&self, chunk: usize) -> Option<Firsts> {
        self.read(self.start_of(chunk), self.rows_of(chunk) * FIRST).await.map(Firsts)
    }

    /// The bytes that follow them.
    pub async fn nexts(&self, chunk: usize) -> Option<Nexts> {
        let rows = self.rows_of(chunk);
        self.read(self.start_of(chunk) + rows * FIRST + CHECK, rows * NEXT).await.map(Nexts)
    }

    fn rows_of(&self, chunk: usize) -> usize {
        CHUNK_ROWS.min(self.rows - chunk * CHUNK_ROWS)
    }

    fn start_of(&self, chunk: usize) -> usize {
        let checks = if self.width == Width::Kept { 2 * CHECK } else { CHECK };
        HEADER + chunk * (CHUNK_ROWS * self.width as usize + checks)
    }

    async fn read(&self, start: usize, bytes: usize) -> Option<Checked> {
        let part = self.parts.read(start as u64, bytes + CHECK).await?;
        let checked = Checked(part);
        (xxh3_64(checked.bytes()).to_le_bytes() == *checked.check()).then_some(checked)
    }
}

/// Bytes, and then what tells whether they are damaged.
struct Checked(Part);

impl Checked {
    fn bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - CHECK]
    }

    fn check(&self) -> &[u8] {
        &self.0[self.0.len() - CHECK..]
    }
}

pub struct Firsts(Checked);

impl Firsts {
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.bytes().as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub fn with(&self, nexts: &Nexts, row: usize) -> Option<Kept> {
        let first = self.0.bytes().as_chunks().0.get(row)?;
        let next = nexts.0.bytes().as_chunks().0.get(row)?;
        Some(Kept { first: u32::from_le_bytes(*first), next: u64::from_le_bytes(*next) })
    }
}

pub struct Nexts(Checked);

/// Writes a key file while hashes come. What goes wrong costs the key file, and nothing else.
pub struct KeyWriter {
    /// `None` once it gave up.
    out: Option<BufWriter>,
    path: Path,
    width: Width,
    rows: u64,
    /// Until it is written.
    header: Option<Bytes>,
    firsts: Vec<[u8; FIRST]>,
    nexts: Vec<[u8; NEXT]>,
}

impl KeyWriter {
    pub fn create(lake: &Lake, path: Path, width: Width) -> Self {
        let out = BufWriter::with_capacity(Arc::clone(&lake.store), path.clone(), PART_BYTES);
        let header = Some(Bytes::copy_from_slice(&header(width)));
        KeyWriter { out: Some(out), path, width, rows: 0, header, firsts: Vec::new(), nexts: Vec::new() }
    }

    pub async fn add(&mut self, mut hashes: &[u128]) {
        self.rows += hashes.len() as u64;
        while !hashes.is_empty() && self.out.is_some() {
            let room = CHUNK_ROWS - self.firsts.len();
            let (now, later) = hashes.split_at(room.min(hashes.len()));
            hashes = later;
            self.firsts.extend(now.iter().map(|hash| Kept::of(*hash).first.to_le_bytes()));
            if self.width == Width::Kept {
                self.nexts.extend(now.iter().map(|hash| Kept::of(*hash).next.to_le_bytes()));
            }
            if now.len() == room {
                self.end_chunk().await;
            }
        }
    }

    async fn end_chunk(&mut self) {
        let firsts = std::mem::take(&mut self.firsts).into_flattened();
        let nexts = std::mem::take(&mut self.nexts).into_flattened();
        let parts = [firsts, nexts].into_iter().filter(|part| !part.is_empty()).flat_map(|part| {
            let check = xxh3_64(&part).to_le_bytes().to_vec();
            [Bytes::from(part), Bytes::from(check)]
        });
        let parts: Vec<Bytes> = self.header.take().into_iter().chain(parts).collect();
        for part in parts {
            self.put(part).await;
        }
    }

    async fn put(&mut self, bytes: Bytes) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = out.put(bytes).await {
            self.give_up(&error).await;
        }
    }

    /// The key file is there now, if all rows of its data file came.
    pub async fn close(mut self, rows: u64) {
        if self.rows != rows {
            self.give_up(&format!("{} of {rows} rows came", self.rows)).await;
        }
        if !self.firsts.is_empty() {
            self.end_chunk().await;
        }
        let Some(out) = &mut self.out else { return };
        if let Err(error) = out.shutdown().await {
            self.give_up(&error).await;
        }
    }

    async fn give_up(&mut self, why: &(dyn std::fmt::Display + Sync)) {
        tracing::debug!("{}: {why}", self.path);
        if let Some(mut out) = self.out.take()
            && let Err(error) = out.abort().await
        {
            tracing::debug!("{}: {error}", self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(rows: usize) -> Vec<u128> {
        (0..rows as u64).map(|row| xxhash_rust::xxh3::xxh3_128(&row.to_le_bytes())).collect()
    }

    fn lake() -> Lake {
        Lake::open("memory:///lake", &Default::default()).unwrap()
    }

    async fn write(lake: &Lake, hashes: &[u128], rows: usize, width: Width) -> Path {
        let path = lake.path(&["t", "keys"]);
        let mut writer = KeyWriter::create(lake, path.clone(), width);
        for some in hashes.chunks(10_007) {
            writer.add(some).await;
        }
        writer.close(rows as u64).await;
        path
    }

    /// What is read back, as far as it is there.
    async fn read(lake: &Lake, path: &Path, rows: usize, width: Width) -> Option<Vec<Kept>> {
        let reader = KeyReader::open(lake, path.clone(), rows as u64, width).await?;
        let mut read = Vec::new();
        for chunk in 0..reader.chunks() {
            let firsts = reader.firsts(chunk).await?;
            match width {
                Width::First => read.extend(firsts.iter().map(|first| Kept { first, next: 0 })),
                Width::Kept => {
                    let nexts = reader.nexts(chunk).await?;
                    read.extend((0..firsts.iter().count()).map(|row| firsts.with(&nexts, row).unwrap()));
                }
            }
        }
        Some(read)
    }

    #[tokio::test]
    async fn hashes_are_read_as_they_were_written() {
        for rows in [1, 1000, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 77] {
            let (lake, hashes) = (lake(), hashes(rows));
            let kept: Vec<Kept> = hashes.iter().map(|hash| Kept::of(*hash)).collect();
            let firsts: Vec<Kept> = kept.iter().map(|kept| Kept { next: 0, ..*kept }).collect();
            let path = write(&lake, &hashes, rows, Width::Kept).await;
            assert!(read(&lake, &path, rows, Width::Kept).await == Some(kept), "{rows}");
            assert!(read(&lake, &path, rows, Width::First).await.as_ref() == Some(&firsts), "{rows}");
            let path = write(&lake, &hashes, rows, Width::First).await;
            assert!(read(&lake, &path, rows, Width::First).await == Some(firsts), "{rows}");
            assert!(read(&lake, &path, rows, Width::Kept).await.is_none(), "{rows}");
            assert!(read(&lake, &path, rows + 1, Width::First).await.is_none(), "{rows}");
        }
    }

    #[tokio::test]
    async fn what_is_damaged_anywhere_is_not_there() {
        let (rows, hashes) = (CHUNK_ROWS + 100, hashes(CHUNK_ROWS + 100));
        let lake = lake();
        let path = write(&lake, &hashes, rows, Width::Kept).await;
        let whole = lake.read(&path).await.unwrap().unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 50).chain([0, HEADER - 1, HEADER, whole.len() - 1]) {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 0x10;
            lake.put(&path, damaged).await.unwrap();
            assert!(read(&lake, &path, rows, Width::Kept).await.is_none(), "byte {at}");
        }
        for length in [0, 3, HEADER, HEADER + 100, whole.len() - 1] {
            lake.put(&path, whole.slice(..length)).await.unwrap();
            assert!(read(&lake, &path, rows, Width::Kept).await.is_none(), "{length} bytes");
        }
        lake.put(&path, whole).await.unwrap();
        assert!(read(&lake, &path, rows, Width::Kept).await.is_some());
    }

    #[tokio::test]
    async fn hashes_of_some_rows_leave_no_file() {
        let lake = lake();
        for (come, rows) in [(0, 10), (10, 11), (CHUNK_ROWS, CHUNK_ROWS + 1), (11, 10)] {
            let path = write(&lake, &hashes(come), rows, Width::Kept).await;
            assert!(!lake.exists(&path).await.unwrap(), "{come} of {rows}");
        }
    }
}
