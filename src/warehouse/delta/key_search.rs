//! Looking for keys in data files.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::TryStreamExt;
use object_store::path::Path;
use roaring::RoaringTreemap;
use xxhash_rust::xxh3::xxh3_64;

use super::files::{DataFile, footer, is_data_file, read_file};
use super::key_file::{KeyReader, KeyWriter, Width};
use super::key_index::{Kept, KeyIndex, Place};
use super::key_lookup::{found_in, hashes_at, most_in};
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

    /// The rows with one of these keys, in order, and where each key is. Here and below, rows that are gone are none.
    pub async fn find(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<(u64, Place)>, WarehouseError> {
        match self.find_kept(file, hashed, keys).await? {
            Some(found) => Ok(found),
            None => self.find_by_reading(file, hashed, keys).await,
        }
    }

    /// What `of` makes of each row that has one of the keys, by reading the column.
    async fn by_reading<T>(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        (keys, width): (&KeyIndex, Width),
        of: impl Fn(Kept, Place) -> T,
    ) -> Result<Vec<(u64, T)>, WarehouseError> {
        let mut found = Vec::new();
        self.hash(file, hashed, width, |first, hashes| {
            let rows = (first..).zip(hashes.iter().map(|hash| Kept::of(*hash))).filter(|(row, _)| file.has(*row));
            found.extend(rows.filter_map(|(row, hash)| Some((row, of(hash, keys.find(hash)?)))));
        })
        .await?;
        Ok(found)
    }

    async fn find_by_reading(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<(u64, Place)>, WarehouseError> {
        self.by_reading(file, hashed, (keys, Width::Kept), |_, place| place).await
    }

    /// The same, where a key file leads to them. `None`: the column has to be read.
    async fn find_kept(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Option<Vec<(u64, Place)>>, WarehouseError> {
        if let Some(reader) = self.open(file, hashed, Width::Kept).await {
            // One that is damaged is made again.
            return Ok(found_in(&reader, file, keys).await);
        }
        let Some(maybe) = self.few_that_may_be(file, hashed, keys).await else { return Ok(None) };
        let hashes = self.at(file, hashed, &maybe).await?;
        let found = maybe.iter().zip(hashes).filter_map(|(row, hash)| Some((row, keys.find(hash)?)));
        Ok(Some(found.collect()))
    }

    /// Where those of the keys are that rows have.
    pub async fn find_each(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<Place>, WarehouseError> {
        let found = match self.find_kept(file, hashed, keys).await? {
            Some(found) => found,
            None if self.would_make(file) && !self.comes_again(file, hashed).await? => {
                self.find_by_reading(file, hashed, keys).await?
            }
            None => return self.read_until_met(file, hashed, keys).await,
        };
        Ok(found.into_iter().map(|(_, place)| place).collect())
    }

    /// Where values come again and again, all keys are soon met that are there at all.
    async fn read_until_met(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<Place>, WarehouseError> {
        let batches = read_file(&self.lake, &self.dir, file, Arc::clone(hashed.schema()), None).await?;
        let mut batches = std::pin::pin!(batches);
        let (mut met, mut first) = (HashSet::new(), 0);
        while met.len() < keys.len()
            && let Some(batch) = batches.try_next().await?
        {
            let hashes = hashed.of(&batch)?;
            let rows = (first..).zip(&hashes).filter(|(row, _)| file.has(*row));
            met.extend(rows.filter_map(|(_, key)| keys.find(Kept::of(*key))));
            first += hashes.len() as u64;
        }
        Ok(met.into_iter().collect())
    }

    /// The rows with one of these keys, and hardly any other. `None`: reading the columns is the way to find them.
    pub async fn find_most(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Option<RoaringTreemap>, WarehouseError> {
        if let Some(found) = self.firsts_in(file, hashed, keys).await {
            return Ok(Some(rows_of(&found)));
        }
        if !self.would_make(file) || self.comes_again(file, hashed).await? {
            return Ok(None);
        }
        Ok(Some(rows_of(&self.firsts_of(file, hashed, keys).await?)))
    }

    /// The same rows, each with the first bytes of its hash, however they are found.
    pub async fn find_firsts(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<(u64, u32)>, WarehouseError> {
        match self.firsts_in(file, hashed, keys).await {
            Some(found) => Ok(found),
            None => self.firsts_of(file, hashed, keys).await,
        }
    }

    async fn firsts_in(&self, file: &DataFile, hashed: &Hashed, keys: &KeyIndex) -> Option<Vec<(u64, u32)>> {
        most_in(&self.open(file, hashed, Width::First).await?, file, keys).await
    }

    async fn firsts_of(
        &self,
        file: &DataFile,
        hashed: &Hashed,
        keys: &KeyIndex,
    ) -> Result<Vec<(u64, u32)>, WarehouseError> {
        self.by_reading(file, hashed, (keys, Width::First), |hash, _| hash.first).await
    }

    /// The rows that may have one of the keys, where a key file says that and they are in a few pages.
    async fn few_that_may_be(&self, file: &DataFile, hashed: &Hashed, keys: &KeyIndex) -> Option<RoaringTreemap> {
        let maybe = self.firsts_in(file, hashed, keys).await?;
        (maybe.len() as u64 <= file.rows / ROWS_OF_A_PAGE).then(|| rows_of(&maybe))
    }

    /// Whether hashes of the column are kept, or would be.
    pub async fn keeps(&self, file: &DataFile, hashed: &Hashed) -> Result<bool, WarehouseError> {
        let is_there = self.open(file, hashed, Width::Kept).await.is_some();
        Ok(is_there || self.would_make(file) && !self.comes_again(file, hashed).await?)
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

fn rows_of(found: &[(u64, u32)]) -> RoaringTreemap {
    found.iter().map(|(row, _)| *row).collect()
}

#[cfg(test)]
mod tests;
