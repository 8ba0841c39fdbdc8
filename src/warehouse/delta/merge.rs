//! The merge: which written rows stand, and which stored rows they take the place of.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use futures::{StreamExt, stream};
use roaring::RoaringTreemap;

use super::deletion_vector;
use super::files::DataFile;
use super::keeper::Indexed;
use super::key_index::{Kept, KeyIndex, Place};
use super::key_search::{Hashed, KeySearch};
use super::write::{Hashing, Target, Written, rewrite};
use crate::warehouse::keys::{Repeated, column_indices};
use crate::warehouse::{StageMode, WarehouseError};

/// What a mode means for the rows: by which columns they meet, and whether a key may stand twice.
pub struct MergePlan {
    pub hashing: Hashing,
    pub unique: bool,
}

impl MergePlan {
    /// `indexed` names columns by which rows will be looked for.
    pub fn new(schema: &Schema, mode: StageMode, indexed: &[Indexed]) -> Result<Self, WarehouseError> {
        let mut plan = MergePlan::of(schema, mode)?;
        let indexed = indexed.iter().filter_map(|index| Some((schema.index_of(&index.column).ok()?, index.width)));
        plan.hashing.indexed = indexed.filter(|(column, _)| plan.hashing.key != [*column]).collect();
        Ok(plan)
    }

    fn of(schema: &Schema, mode: StageMode) -> Result<Self, WarehouseError> {
        let key_of = |names: &[String]| column_indices(schema, names);
        let by = |key: Vec<usize>, values: Vec<usize>| Hashing { key, values, indexed: Vec::new() };
        Ok(match mode {
            StageMode::Append => MergePlan { hashing: Hashing::default(), unique: false },
            StageMode::Replace { unique_key } | StageMode::Merge { unique_key } => {
                MergePlan { hashing: by(key_of(&unique_key)?, Vec::new()), unique: true }
            }
            StageMode::DeleteInsert { unique_key } => {
                MergePlan { hashing: by(key_of(&unique_key)?, Vec::new()), unique: false }
            }
            StageMode::MergeChanged { unique_key, ignoring } => {
                let values = (0..schema.fields().len()).filter(|i| !ignoring.contains(schema.field(*i).name()));
                MergePlan { hashing: by(key_of(&unique_key)?, values.collect()), unique: true }
            }
        })
    }
}

/// Written rows that are to go again, by file.
#[derive(Debug, Default)]
pub struct Superseded {
    pub rows: HashMap<usize, RoaringTreemap>,
    pub count: u64,
}

impl Superseded {
    /// All rows of a key except the last.
    pub fn among(written: &Written) -> Self {
        let keys: Vec<&[u128]> = written.segments.iter().map(|segment| segment.keys.as_slice()).collect();
        let mut repeated = Repeated::among(&keys);
        let mut superseded = Superseded::default();
        if repeated.is_empty() {
            return superseded;
        }
        for (index, segment) in written.segments.iter().enumerate().rev() {
            for (row, key) in segment.keys.iter().enumerate().rev() {
                if repeated.meets_again(*key) {
                    superseded.drop_row(written, index, row);
                }
            }
        }
        superseded
    }

    /// Takes out a row of a segment.
    pub fn drop_row(&mut self, written: &Written, segment: usize, row: usize) {
        let segment = &written.segments[segment];
        self.rows.entry(segment.file).or_default().insert((segment.offset + row) as u64);
        self.count += 1;
    }
}

/// The keys of staged rows, and what their rows are equal to.
#[derive(Default)]
pub struct StagedKeys {
    index: KeyIndex,
    /// By segment and row; empty where rows are not compared.
    values: Vec<Vec<u128>>,
}

impl StagedKeys {
    /// Of all written rows. Of several rows of one key it is the last, the one that stands.
    pub fn of(written: &mut Written) -> Self {
        let values: Vec<Vec<u128>> =
            written.segments.iter_mut().map(|segment| std::mem::take(&mut segment.values)).collect();
        let keys: Vec<&[u128]> = written.segments.iter().map(|segment| segment.keys.as_slice()).collect();
        let are_compared = values.iter().any(|values| !values.is_empty());
        StagedKeys { index: KeyIndex::of(&keys, are_compared), values }
    }

    /// Of no rows.
    pub fn of_keys(keys: &[u128]) -> Self {
        StagedKeys { index: KeyIndex::of(&[keys], false), values: Vec::new() }
    }

    fn equals(&self, (segment, row): Place, hash: Kept) -> bool {
        let values = self.values.get(segment as usize);
        values.and_then(|values| values.get(row as usize)).is_some_and(|value| Kept::of(*value) == hash)
    }
}

/// What became of the stored rows.
#[derive(Debug, Default)]
pub struct Met {
    /// The files without the rows that went.
    pub files: Vec<DataFile>,
    pub removed: u64,
    /// Staged rows, by segment and row, that equal the stored one: those go instead.
    pub unchanged: Vec<(usize, usize)>,
}

/// A file is written again once more than one in so many of its rows are gone; until then they are only marked. So reading
/// passes over few rows in vain, and a file is rewritten for no less than this share of it.
const REWRITE_SHARE: u64 = 8;
/// A file of fewer rows is written again at once: a table that is small stays one that every Delta reader can read.
const MARKED_FILE_ROWS: u64 = 4096;

/// For each stored row whose key is staged: it goes, unless its values equal the staged row's, which then goes.
pub async fn meet(
    target: &Target,
    hashing: &Hashing,
    old: &[DataFile],
    staged: StagedKeys,
    parallelism: usize,
) -> Result<Met, WarehouseError> {
    if staged.index.is_empty() {
        return Ok(Met { files: old.to_vec(), ..Met::default() });
    }
    let probe = Arc::new(Probe::new(target, hashing, staged)?);
    let files = old.to_vec();
    let looks = stream::iter(files).map(|file| tokio::spawn(Arc::clone(&probe).look(file))).buffered(parallelism);
    let mut looks = std::pin::pin!(looks);
    let mut met = Met::default();
    let mut marked = Vec::new();
    while let Some(looked) = looks.next().await {
        let (fate, found) = looked??;
        match fate {
            Fate::Stays(file) => met.files.push(file),
            Fate::Marked(file, rows) => marked.push((file, rows)),
            Fate::Gone => {}
        }
        met.removed += found.removed;
        met.unchanged.extend(found.unchanged.into_iter().map(|(segment, row)| (segment as usize, row as usize)));
    }
    met.files.extend(deletion_vector::write(&target.lake, &target.dir, marked).await?);
    Ok(met)
}

/// What a stored file comes to.
enum Fate {
    /// As it is, or written again.
    Stays(DataFile),
    /// These rows of it are to be marked as gone.
    Marked(DataFile, RoaringTreemap),
    Gone,
}

/// What of a stored file meets staged rows.
struct Found {
    /// All rows that are gone by now.
    gone: RoaringTreemap,
    removed: u64,
    unchanged: Vec<Place>,
}

/// Looks for staged keys in stored files.
struct Probe {
    target: Target,
    search: KeySearch,
    keys: Hashed,
    /// `None` where rows are not compared.
    values: Option<Hashed>,
    staged: StagedKeys,
}

impl Probe {
    fn new(target: &Target, hashing: &Hashing, staged: StagedKeys) -> Result<Self, WarehouseError> {
        let values = (!hashing.values.is_empty()).then(|| Hashed::rows(&target.schema, &hashing.values));
        Ok(Probe {
            search: KeySearch::of(target),
            keys: Hashed::keys(&target.schema, &hashing.key)?,
            values: values.transpose()?,
            target: target.clone(),
            staged,
        })
    }

    async fn look(self: Arc<Self>, file: DataFile) -> Result<(Fate, Found), WarehouseError> {
        let mut found = self.find(&file).await?;
        if found.removed == 0 {
            return Ok((Fate::Stays(file), found));
        }
        let gone = std::mem::take(&mut found.gone);
        if file.rows >= MARKED_FILE_ROWS && gone.len() <= file.rows / REWRITE_SHARE {
            return Ok((Fate::Marked(file, gone), found));
        }
        let rewritten = rewrite(&self.target, &file, &gone).await?;
        Ok((rewritten.map_or(Fate::Gone, Fate::Stays), found))
    }

    async fn find(&self, file: &DataFile) -> Result<Found, WarehouseError> {
        let before = file.deleted.as_ref().map(|deleted| deleted.rows.clone()).unwrap_or_default();
        let mut meeting = self.search.find(file, &self.keys, &self.staged.index).await?;
        let mut unchanged = Vec::new();
        if let Some(values) = self.values.as_ref().filter(|_| !meeting.is_empty()) {
            (meeting, unchanged) = self.compare(file, values, meeting).await?;
        }
        let removed = meeting.len() as u64;
        let mut gone = before;
        gone.extend(meeting.into_iter().map(|(row, _)| row));
        Ok(Found { gone, removed, unchanged })
    }

    /// Tells the rows that differ from their staged row from the staged rows that are like theirs.
    async fn compare(
        &self,
        file: &DataFile,
        values: &Hashed,
        meeting: Vec<(u64, Place)>,
    ) -> Result<(Vec<(u64, Place)>, Vec<Place>), WarehouseError> {
        let rows: RoaringTreemap = meeting.iter().map(|(row, _)| *row).collect();
        let hashes = self.search.at(file, values, &rows).await?;
        let same = |(hash, (_, place)): &(Kept, (u64, Place))| self.staged.equals(*place, *hash);
        let (unchanged, changed): (Vec<_>, Vec<_>) = hashes.into_iter().zip(meeting).partition(same);
        Ok((
            changed.into_iter().map(|(_, met)| met).collect(),
            unchanged.into_iter().map(|(_, (_, place))| place).collect(),
        ))
    }
}
