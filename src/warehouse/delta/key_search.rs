//! Looking for keys in data files.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::TryStreamExt;
use object_store::path::Path;
use roaring::RoaringTreemap;
use xxhash_rust::xxh3::xxh3_64;

use super::files::{DataFile, footer, is_data_file, read_file};
use super::key_file::{CHUNK_ROWS, Firsts, KeyReader, KeyWriter, Nexts, Width};
use super::key_index::{Kept, KeyIndex, Place};
use super::lake::Lake;
use super::write::Target;
use crate::warehouse::WarehouseError;
use crate::warehouse::keys::{key_hashes, row_hashes};

/// A file of fewer rows is read itself: a key file would be one more, and save nothing. A debug build makes them of smaller files
/// too, so that all tests go by them.
pub const MANY_ROWS: u64 = if cfg!(debug_assertions) { 1 << 10 } else { 64 << 10 };

/// About so many rows are decompressed to read one.
const ROWS_OF_A_PAGE: u64 = 20_000;

/// The folder of a table's key files. A name that starts so is passed over by whoever cleans a Delta table.
const FOLDER: &str = "_keys";
const SUFFIX: &str = ".keys";
const DATA_SUFFIX: &str = ".parquet";

/// Which hashes of a row are meant.
#[derive(Debug, Clone)]
pub enum Hashed {
    /// Of the columns of a key.
    Keys(SchemaRef),
    /// Of values, by which rows are compared.
    Rows(SchemaRef),
}

impl Hashed {
    /// Of columns of a table.
    pub fn keys(schema: &Schema, columns: &[usize]) -> Result<Self, WarehouseError> {
        Ok(Hashed::Keys(Arc::new(schema.project(columns)?)))
    }

    pub fn rows(schema: &Schema, columns: &[usize]) -> Result<Self, WarehouseError> {
        Ok(Hashed::Rows(Arc::new(schema.project(columns)?)))
    }

    /// Of the columns.
    pub fn schema(&self) -> &SchemaRef {
        let (Hashed::Keys(schema) | Hashed::Rows(schema)) = self;
        schema
    }

    /// What tells it from others.
    fn id(&self) -> u64 {
        let mut text = String::from(if matches!(self, Hashed::Keys(_)) { "keys" } else { "rows" });
        for field in self.schema().fields() {
            text.push_str(&format!("\n{} {:?}", field.data_type(), field.name()));
        }
        xxh3_64(text.as_bytes())
    }

    pub fn of(&self, batch: &RecordBatch) -> Result<Vec<u128>, WarehouseError> {
        let all: Vec<usize> = (0..batch.num_columns()).collect();
        match self {
            Hashed::Keys(_) => key_hashes(batch, &all),
            Hashed::Rows(_) => row_hashes(batch, &all),
        }
    }
}

/// The data files of a table, and their key files.
#[derive(Debug, Clone)]
pub struct KeySearch {
    pub lake: Lake,
    /// The table's folder.
    pub dir: String,
    /// Whether key files are made that are missing. Who only reads a lake leaves it as it is.
    pub makes: bool,
}

impl KeySearch {
    /// For who writes to the table.
    pub fn of(target: &Target) -> Self {
        KeySearch { lake: target.lake.clone(), dir: target.dir.clone(), makes: true }
    }

    /// The rows with one of these keys, in order, also those that are gone, and where each key is.
    pub async fn find(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<(u64, Place)>, WarehouseError> {
        if let Some(reader) = self.open(file, hashed, Width::Kept).await
            && let Some(found) = found_in(&reader, keys).await
        {
            return Ok(found);
        }
        let mut found = Vec::new();
        self.hash(file, hashed, Width::Kept, |first, hashes| {
            let places = hashes.iter().enumerate();
            found.extend(places.filter_map(|(row, key)| Some((first + row as u64, keys.find(Kept::of(*key))?))));
        })
        .await?;
        Ok(found)
    }

    /// The rows with one of these keys, and hardly any other. `None`: reading the columns is the way to find them.
    pub async fn find_most(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Option<RoaringTreemap>, WarehouseError> {
        if let Some(reader) = self.open(file, hashed, Width::First).await
            && let Some(found) = most_in(&reader, keys).await
        {
            return Ok(Some(found));
        }
        if !self.would_make(file) || self.comes_again(file, hashed).await? {
            return Ok(None);
        }
        let mut found = RoaringTreemap::new();
        self.hash(file, hashed, Width::First, |first, hashes| {
            let rows = hashes.iter().enumerate().filter(|(_, key)| keys.find(Kept::of(**key)).is_some());
            found.extend(rows.map(|(row, _)| first + row as u64));
        })
        .await?;
        Ok(Some(found))
    }

    /// The hashes of some rows, in order.
    pub async fn at(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        rows: &RoaringTreemap,
    ) -> Result<Vec<Kept>, WarehouseError> {
        if let Some(reader) = self.open(file, hashed, Width::Kept).await
            && let Some(found) = hashes_at(&reader, rows).await
        {
            return Ok(found);
        }
        let mut found = Vec::new();
        // Of fewer rows only the pages are read that they are in.
        if self.would_make(file) && rows.len() >= file.rows / ROWS_OF_A_PAGE {
            let mut wanted = rows.iter().peekable();
            self.hash(file, hashed, Width::Kept, |first, hashes| {
                let end = first + hashes.len() as u64;
                while let Some(row) = wanted.next_if(|row| *row < end) {
                    found.push(Kept::of(hashes[(row - first) as usize]));
                }
            })
            .await?;
            return Ok(found);
        }
        let batches = read_file(&self.lake, &self.dir, file, Arc::clone(hashed.schema()), Some(rows)).await?;
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.try_next().await? {
            found.extend(hashed.of(&batch)?.into_iter().map(Kept::of));
        }
        Ok(found)
    }

    /// Takes away what was kept of a file that is gone.
    pub async fn forget(&self, file: &DataFile, hashed: &Hashed) -> Result<(), WarehouseError> {
        self.lake.delete(&self.path(&file.path, hashed)).await
    }

    fn would_make(&self, file: &DataFile) -> bool {
        self.makes && file.rows >= MANY_ROWS && is_data_file(&file.path)
    }

    /// Of the data file of this name.
    pub fn path(&self, name: &str, hashed: &Hashed) -> Path {
        let name = name.strip_suffix(DATA_SUFFIX).unwrap_or(name);
        let name = format!("{name}-{:016x}{SUFFIX}", hashed.id());
        self.lake.table_path(&self.dir).join(FOLDER).join(name)
    }

    async fn open(&self, file: &DataFile, hashed: &Hashed, at_least: Width) -> Option<KeyReader<'_>> {
        if file.rows < MANY_ROWS || !is_data_file(&file.path) {
            return None;
        }
        KeyReader::open(&self.lake, self.path(&file.path, hashed), file.rows, at_least).await
    }

    /// Reads the columns, and calls back with the hashes of rows that follow each other and the number of the first. They are
    /// kept where they are worth it.
    async fn hash(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        width: Width,
        mut each: impl FnMut(u64, &[u128]),
    ) -> Result<(), WarehouseError> {
        let mut writer = match self.would_make(file) {
            true => Some(KeyWriter::create(&self.lake, self.path(&file.path, hashed), width)),
            false => None,
        };
        let batches = read_file(&self.lake, &self.dir, file, Arc::clone(hashed.schema()), None).await?;
        let mut batches = std::pin::pin!(batches);
        let mut first = 0;
        while let Some(batch) = batches.try_next().await? {
            let hashes = hashed.of(&batch)?;
            each(first, &hashes);
            first += hashes.len() as u64;
            if let Some(writer) = &mut writer {
                writer.add(&hashes).await;
            }
        }
        if let Some(writer) = writer {
            writer.close(file.rows).await;
        }
        Ok(())
    }

    /// Whether the values of a column stand so often that they are written as numbers of a dictionary: then most rows are met, and
    /// the column is soon read.
    async fn comes_again(&self, file: &DataFile, hashed: &Hashed) -> Result<bool, WarehouseError> {
        let footer = footer(&self.lake, &self.dir, file).await?;
        let Some(group) = footer.row_groups().first() else { return Ok(true) };
        let mut columns = group.columns().iter().filter(|column| {
            let [root] = column.column_path().parts() else { return false };
            hashed.schema().index_of(root).is_ok()
        });
        // A column that the file does not have is null in all of it.
        let known = hashed.schema().fields().len();
        Ok(columns.clone().count() < known || columns.any(|column| column.dictionary_page_offset().is_some()))
    }
}

/// The data file whose keys are in a file of this path.
pub fn data_file_of(path: &Path) -> Option<Path> {
    let name = path.filename()?.strip_suffix(SUFFIX)?;
    let (name, id) = name.rsplit_once('-')?;
    let mut folders: Vec<_> = path.parts().collect();
    folders.pop()?;
    let folder = folders.pop()?;
    let data = format!("{name}{DATA_SUFFIX}");
    let is_ours = folder.as_ref() == FOLDER && id.len() == 16 && is_data_file(&data);
    is_ours.then(|| folders.into_iter().collect::<Path>().join(data))
}

/// `None`: the file is damaged.
async fn found_in(reader: &KeyReader<'_>, keys: &KeyIndex) -> Option<Vec<(u64, Place)>> {
    let mut found = Vec::new();
    for chunk in 0..reader.chunks() {
        let firsts = reader.firsts(chunk).await?;
        let maybe: Vec<usize> = rows_that_may_be(&firsts, keys).collect();
        if maybe.is_empty() {
            continue;
        }
        let nexts: Nexts = reader.nexts(chunk).await?;
        let start = (chunk * CHUNK_ROWS) as u64;
        let rows = maybe.into_iter().filter_map(|row| Some((start + row as u64, firsts.with(&nexts, row)?)));
        found.extend(rows.filter_map(|(row, kept)| Some((row, keys.find(kept)?))));
    }
    Some(found)
}

async fn most_in(reader: &KeyReader<'_>, keys: &KeyIndex) -> Option<RoaringTreemap> {
    let mut found = RoaringTreemap::new();
    for chunk in 0..reader.chunks() {
        let firsts = reader.firsts(chunk).await?;
        let start = (chunk * CHUNK_ROWS) as u64;
        found.extend(rows_that_may_be(&firsts, keys).map(|row| start + row as u64));
    }
    Some(found)
}

fn rows_that_may_be<'f>(firsts: &'f Firsts, keys: &'f KeyIndex) -> impl Iterator<Item = usize> + 'f {
    let sieve = keys.sieve();
    let maybe = firsts.iter().enumerate().filter(|(_, first)| sieve.lets_through(*first));
    maybe.filter(|(_, first)| keys.has_first(*first)).map(|(row, _)| row)
}

async fn hashes_at(reader: &KeyReader<'_>, rows: &RoaringTreemap) -> Option<Vec<Kept>> {
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

#[cfg(test)]
mod tests;
