//! Parts of a large file, read one after the other. On a disk of this machine each goes into memory that an earlier one was in: new
//! memory, which the system has to find and clear first, takes longer than the bytes take to get there from its cache.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use object_store::path::Path;

use super::lake::Lake;

/// So many of them are kept for later.
const SPARES: usize = 8;
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

pub struct PartReader<'l> {
    lake: &'l Lake,
    path: Path,
    /// `None` where the lake is in an object store.
    file: Option<File>,
}

impl<'l> PartReader<'l> {
    /// `None`: there is no such file.
    pub fn open(lake: &'l Lake, path: Path) -> Option<Self> {
        let file = match lake.disk_file(&path) {
            Some(file) => Some(File::open(file.ok()?).ok()?),
            None => None,
        };
        Some(PartReader { lake, path, file })
    }

    /// `None`: the file ends before that, or cannot be read.
    pub async fn read(&self, start: u64, length: usize) -> Option<Part> {
        let Some(mut file) = self.file.as_ref() else {
            let bytes = self.lake.read_range(&self.path, start..start + length as u64).await.ok()??;
            return (bytes.len() == length).then_some(Part::Given(bytes));
        };
        // What it takes to hand a megabyte over to another thread is worth more than the time until it is read.
        let mut part = Part::spare(length);
        file.seek(SeekFrom::Start(start)).ok()?;
        file.read_exact(part.room()).ok()?;
        Some(part)
    }
}

pub enum Part {
    Given(Bytes),
    /// So many bytes at the beginning.
    Spare(Vec<u8>, usize),
}

impl Part {
    fn spare(length: usize) -> Self {
        let mut buffer = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        Part::Spare(buffer, length)
    }

    fn room(&mut self) -> &mut [u8] {
        match self {
            Part::Given(_) => &mut [],
            Part::Spare(buffer, length) => &mut buffer[..*length],
        }
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Part::Given(bytes) => bytes,
            Part::Spare(buffer, length) => &buffer[..*length],
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Part::Spare(buffer, _) = self {
            let mut spares = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            if spares.len() < SPARES {
                spares.push(std::mem::take(buffer));
            }
        }
    }
}
