//! Staging: how new rows meet the rows of a table. Nothing here is visible to anyone before the commit.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use object_store::path::Path;

use super::files::{DataFile, file_path};
use super::keeper::{Indexed, Keeper};
use super::lake::Lake;
use super::merge::{MergePlan, StagedKeys, Superseded, meet};
use super::table::LakeTable;
use super::write::{Hashing, Target, compact, rewrite, write_streams};
use crate::warehouse::keys::{column_indices, key_hashes};
use crate::warehouse::types::{conform, storable_schema};
use crate::warehouse::{RelationName, StageMode, Staged, StaysUnique, WarehouseError};

/// A table as it will be: the files it will consist of.
#[derive(Debug, Clone)]
pub struct Draft {
    pub dir: String,
    /// What is there now; the commit is the difference.
    pub base: Option<Arc<LakeTable>>,
    pub schema: SchemaRef,
    pub files: Arc<Vec<DataFile>>,
    /// Rows written by this publication.
    pub rows_written: u64,
    pub changed: bool,
    pub stays_unique: StaysUnique,
}

impl Draft {
    /// Before anything is staged: the table as it is, or an empty one of no columns.
    pub fn new(dir: String, base: Option<Arc<LakeTable>>) -> Self {
        let (schema, files) = match &base {
            Some(table) => (Arc::clone(&table.schema), Arc::clone(&table.files)),
            None => (Arc::new(Schema::empty()), Arc::new(Vec::new())),
        };
        Draft { dir, base, schema, files, rows_written: 0, changed: false, stays_unique: StaysUnique::All }
    }

    pub fn rows(&self) -> u64 {
        self.files.iter().map(DataFile::live_rows).sum()
    }

    /// The files that are not there yet for anyone else.
    pub fn new_files(&self, lake: &Lake) -> Vec<Path> {
        let old: &[DataFile] = self.base.as_ref().map_or(&[], |base| &base.files);
        let known: HashSet<Path> = old.iter().flat_map(|file| paths(lake, &self.dir, file)).collect();
        let all: HashSet<Path> = self.files.iter().flat_map(|file| paths(lake, &self.dir, file)).collect();
        all.difference(&known).cloned().collect()
    }
}

/// Writes files for one publication.
#[derive(Clone)]
pub struct Stager {
    pub lake: Lake,
    /// The publication's id: part of the names of the files it writes.
    pub label: String,
    /// How many files are read at once.
    pub parallelism: usize,
}

impl Stager {
    /// The draft with the rows of `streams` in it.
    pub async fn stage(
        &self,
        name: &RelationName,
        draft: Draft,
        streams: Vec<SendableRecordBatchStream>,
        mode: StageMode,
        indexed: &[Indexed],
    ) -> Result<(Draft, Staged), WarehouseError> {
        let Some(first) = streams.first() else {
            return Err(WarehouseError::Task(format!("{name}: no stream to stage")));
        };
        let incoming = storable_schema(name, &first.schema())?;
        let replaces = matches!(mode, StageMode::Replace { .. });
        let schema = if replaces { incoming } else { widened(&draft.schema, &incoming) };
        let stays_unique = draft.stays_unique.clone().after(&mode);
        let plan = MergePlan::new(&schema, mode, indexed)?;
        let target = Target { lake: self.lake.clone(), dir: draft.dir.clone(), label: self.label.clone(), schema };
        let mut written = write_streams(&target, streams, &plan.hashing).await?;
        let mut staged = Staged::default();
        let mut drop_written = if plan.unique { Superseded::among(&written) } else { Superseded::default() };
        staged.duplicates = drop_written.count;
        let old = if replaces { Arc::default() } else { Arc::clone(&draft.files) };
        let mut files: Vec<DataFile> = Vec::with_capacity(old.len() + written.files.len());
        if plan.hashing.key.is_empty() {
            files.extend(old.iter().cloned());
        } else {
            let staged_keys = if old.is_empty() { StagedKeys::default() } else { StagedKeys::of(&mut written) };
            let met = meet(&target, &plan.hashing, &old, staged_keys, self.parallelism).await?;
            files.extend(met.files);
            staged.removed = met.removed;
            staged.unchanged = met.unchanged.len() as u64;
            met.unchanged.into_iter().for_each(|(segment, row)| drop_written.drop_row(&written, segment, row));
        }
        written.files = self.without(&target, &plan.hashing, written.files, drop_written).await?;
        staged.rows = written.files.iter().map(|file| file.rows).sum();
        files.append(&mut written.files);
        let files = compact(&target, files).await?;
        staged.changed = staged.rows > 0
            || staged.removed > 0
            || draft.base.as_ref().is_none_or(|base| base.schema != target.schema)
            || replaces && draft.rows() > 0;
        let draft = Draft {
            schema: target.schema,
            files: Arc::new(files),
            rows_written: draft.rows_written + staged.rows,
            changed: draft.changed || staged.changed,
            stays_unique,
            ..draft
        };
        Ok((draft, staged))
    }

    /// The draft without the rows whose key is among `keys`.
    pub async fn delete(
        &self,
        draft: Draft,
        unique_key: &[String],
        keys: Vec<SendableRecordBatchStream>,
    ) -> Result<(Draft, Staged), WarehouseError> {
        let key = column_indices(&draft.schema, unique_key)?;
        let key_schema: SchemaRef = Arc::new(draft.schema.project(&key)?);
        let mut wanted = Vec::new();
        // All at once: a partition of a join may wait for the others to start.
        let mut batches = futures::stream::select_all(keys);
        while let Some(batch) = batches.next().await {
            let batch = conform(&batch?, &key_schema)?;
            let all: Vec<usize> = (0..batch.num_columns()).collect();
            wanted.extend(key_hashes(&batch, &all)?);
        }
        self.delete_keys(draft, key, &wanted).await
    }

    /// The same, of keys that are hashes already.
    pub async fn delete_keys(
        &self,
        draft: Draft,
        key: Vec<usize>,
        wanted: &[u128],
    ) -> Result<(Draft, Staged), WarehouseError> {
        let target = Target {
            lake: self.lake.clone(),
            dir: draft.dir.clone(),
            label: self.label.clone(),
            schema: Arc::clone(&draft.schema),
        };
        let wanted = StagedKeys::of_keys(wanted);
        let met = meet(&target, &Hashing { key, ..Hashing::default() }, &draft.files, wanted, self.parallelism).await?;
        let staged = Staged { removed: met.removed, changed: met.removed > 0, ..Staged::default() };
        let changed = draft.changed || staged.changed;
        Ok((Draft { files: Arc::new(met.files), changed, ..draft }, staged))
    }

    /// The files without the rows that `superseded` names.
    async fn without(
        &self,
        target: &Target,
        hashing: &Hashing,
        files: Vec<DataFile>,
        superseded: Superseded,
    ) -> Result<Vec<DataFile>, WarehouseError> {
        let mut kept = Vec::with_capacity(files.len());
        for (index, file) in files.into_iter().enumerate() {
            let Some(rows) = superseded.rows.get(&index) else {
                kept.push(file);
                continue;
            };
            kept.extend(rewrite(target, &file, rows).await?);
            self.lake.delete(&file_path(&self.lake, &target.dir, &file)).await?;
            Keeper::forget(target, hashing, &file).await?;
        }
        Ok(kept)
    }
}

/// Where the file is, and where it says which of its rows are gone.
fn paths(lake: &Lake, dir: &str, file: &DataFile) -> impl Iterator<Item = Path> {
    let deleted = file.deleted.as_ref().and_then(|deleted| deleted.path(lake, dir));
    std::iter::once(file_path(lake, dir, file)).chain(deleted)
}

/// The columns of `has`, then those that only `comes` has.
fn widened(has: &SchemaRef, comes: &SchemaRef) -> SchemaRef {
    let new = comes.fields().iter().filter(|field| has.index_of(field.name()).is_err());
    let fields: Vec<Arc<Field>> = has.fields().iter().chain(new).cloned().collect();
    Arc::new(Schema::new(fields))
}
