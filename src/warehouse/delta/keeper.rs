//! Keeping the keys of a data file while it is written: then nobody has to read it for them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::files::{DataFile, FileWriter};
use super::key_file::{KeyWriter, Width};
use super::key_search::{Hashed, KeySearch, MANY_ROWS};
use super::write::{Hashing, Target};
use crate::warehouse::{Index, RelationSettings, WarehouseError};

/// A column by which rows of a table will be looked for.
#[derive(Debug, Clone)]
pub struct Indexed {
    pub column: String,
    /// How much of its hashes is kept.
    pub width: Width,
}

impl Indexed {
    /// An index of one column. By a unique one rows are merged too. `None`: there is nothing like it here.
    fn of(index: Index) -> Option<Self> {
        let [column] = <[String; 1]>::try_from(index.columns).ok()?;
        Some(Indexed { column, width: if index.unique { Width::Kept } else { Width::First } })
    }
}

/// An index of one column is a key file beside each data file.
pub fn indexed(settings: RelationSettings) -> Vec<Indexed> {
    let RelationSettings { indexes, looked_up, .. } = settings;
    let others = indexes.into_iter().filter_map(Indexed::of).filter(|index| !looked_up.contains(&index.column));
    let mut indexed: Vec<Indexed> = others.collect();
    indexed.extend(looked_up.into_iter().map(|column| Indexed { column, width: Width::Kept }));
    indexed
}

/// Of one data file.
pub struct Keeper {
    search: KeySearch,
    schema: SchemaRef,
    /// Of the key by which rows are merged.
    key: Option<KeyWriter>,
    /// By other columns. `None` before it is known which of them are worth it.
    others: Option<Vec<(usize, Hashed, KeyWriter)>>,
}

impl Keeper {
    pub fn new(target: &Target) -> Self {
        Keeper { search: KeySearch::of(target), schema: Arc::clone(&target.schema), key: None, others: None }
    }

    /// Takes rows that `writer` has just taken, and the hashes of their keys.
    pub async fn add(
        &mut self,
        writer: &mut FileWriter,
        hashing: &Hashing,
        rows: &RecordBatch,
        keys: &[u128],
    ) -> Result<(), WarehouseError> {
        if self.others.is_none() {
            self.open(writer, hashing)?;
        }
        if let Some(writer) = &mut self.key {
            writer.add(keys).await;
        }
        for (column, hashed, writer) in self.others.iter_mut().flatten() {
            writer.add(&hashed.of(&rows.project(&[*column])?)?).await;
        }
        Ok(())
    }

    fn open(&mut self, writer: &FileWriter, hashing: &Hashing) -> Result<(), WarehouseError> {
        let create =
            |of: &Hashed, width| KeyWriter::create(&self.search.lake, self.search.path(writer.name(), of), width);
        if !hashing.key.is_empty() {
            self.key = Some(create(&Hashed::keys(&self.schema, &hashing.key)?, Width::Kept));
        }
        let worth_it = hashing.indexed.iter().filter(|(column, _)| !writer.has_dictionary(*column));
        let others = worth_it.map(|(column, width)| {
            let hashed = Hashed::keys(&self.schema, &[*column])?;
            let writer = create(&hashed, *width);
            Ok((*column, hashed, writer))
        });
        self.others = Some(others.collect::<Result<_, WarehouseError>>()?);
        Ok(())
    }

    /// A file of few rows is read itself.
    pub async fn close(self, file: &DataFile) {
        let rows = if file.rows >= MANY_ROWS { file.rows } else { 0 };
        let others = self.others.into_iter().flatten().map(|(.., writer)| writer);
        for writer in self.key.into_iter().chain(others) {
            writer.close(rows).await;
        }
    }

    /// Takes away what was kept of a file that is gone again.
    pub async fn forget(target: &Target, hashing: &Hashing, file: &DataFile) -> Result<(), WarehouseError> {
        let indexed = hashing.indexed.iter().map(|(column, _)| std::slice::from_ref(column));
        for columns in [hashing.key.as_slice()].into_iter().filter(|key| !key.is_empty()).chain(indexed) {
            KeySearch::of(target).forget(file, &Hashed::keys(&target.schema, columns)?).await?;
        }
        Ok(())
    }
}
