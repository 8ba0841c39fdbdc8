//! What the lake knows of keys: it reads the columns of changed rows, and looks for keys in data files, without a query.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use futures::{StreamExt, TryStreamExt, stream};
use roaring::RoaringTreemap;

use super::few_rows::{FewRows, Part};
use super::files::DataFile;
use super::key_index::{Kept, KeyIndex};
use super::key_search::{Hashed, KeySearch, MANY_ROWS};
use super::publication::LakePublication;
use super::stage::Draft;
use crate::warehouse::{ByKeys, ColumnName, Keys, Staged, WarehouseError, When};

/// A column in which keys are looked for.
struct Column {
    search: KeySearch,
    hashed: Hashed,
    schema: SchemaRef,
    index: usize,
    files: Arc<Vec<DataFile>>,
    parallelism: usize,
}

impl Column {
    /// `None`: there is no such column, or the keys are none of its.
    async fn of(
        publication: &LakePublication,
        name: &ColumnName,
        keys: &Keys,
        when: When,
    ) -> Result<Option<Arc<Self>>, WarehouseError> {
        let draft = match when {
            When::Published => publication.published(&name.table).await?,
            When::Staged => publication.present(&name.table).await?,
        };
        let Some(Draft { dir, schema, files, .. }) = draft else { return Ok(None) };
        let Ok(index) = schema.index_of(&name.column) else { return Ok(None) };
        if !keys.are_of(schema.field(index).data_type()) {
            return Ok(None);
        }
        let hashed = Hashed::keys(&schema, &[index])?;
        let stager = &publication.stager;
        let search = KeySearch { lake: stager.lake.clone(), dir, makes: true };
        let parallelism = stager.parallelism;
        Ok(Some(Arc::new(Column { search, hashed, schema, index, files, parallelism })))
    }

    /// Whether keys are found without reading the column in large files.
    async fn is_kept(&self) -> Result<bool, WarehouseError> {
        for file in self.files.iter().filter(|file| file.rows >= MANY_ROWS) {
            if !self.search.keeps(file, &self.hashed).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn few(&self, parts: Vec<Part>) -> Option<FewRows> {
        let KeySearch { lake, dir, .. } = &self.search;
        FewRows::of(lake.clone(), dir.clone(), Arc::clone(&self.schema), parts)
    }

    /// The keys that rows have, by their number, at least once in each file.
    async fn meet_each(self: &Arc<Self>, keys: KeyIndex) -> Result<Vec<usize>, WarehouseError> {
        let look = |column: Arc<Self>, file: DataFile, keys: Arc<KeyIndex>| async move {
            let found = column.search.find_each(&file, &column.hashed, &keys).await?;
            Ok(found.into_iter().map(|(_, key)| key as usize).collect())
        };
        self.in_files(keys, look).await
    }

    /// The first bytes of the keys that rows may have, once for each row.
    async fn meet_firsts(self: &Arc<Self>, keys: KeyIndex) -> Result<Vec<u32>, WarehouseError> {
        let look = |column: Arc<Self>, file: DataFile, keys: Arc<KeyIndex>| async move {
            let found = column.search.find_firsts(&file, &column.hashed, &keys).await?;
            Ok(found.into_iter().map(|(_, first)| first).collect())
        };
        self.in_files(keys, look).await
    }

    /// The rows that have one of the keys, and the number of each one's key.
    async fn rows(self: &Arc<Self>, keys: KeyIndex) -> Result<Vec<(Part, Vec<u32>)>, WarehouseError> {
        let look = |column: Arc<Self>, file: DataFile, keys: Arc<KeyIndex>| async move {
            let found = column.search.find(&file, &column.hashed, &keys).await?;
            let (rows, keys): (RoaringTreemap, Vec<u32>) = found.into_iter().map(|(row, (_, key))| (row, key)).unzip();
            Ok(if rows.is_empty() { Vec::new() } else { vec![(Part::of_rows(file, rows), keys)] })
        };
        self.in_files(keys, look).await
    }

    async fn in_files<T, F>(
        self: &Arc<Self>,
        keys: KeyIndex,
        look: impl Fn(Arc<Self>, DataFile, Arc<KeyIndex>) -> F,
    ) -> Result<Vec<T>, WarehouseError>
    where
        T: Send + 'static,
        F: Future<Output = Result<Vec<T>, WarehouseError>> + Send + 'static,
    {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = Arc::new(keys);
        let files = stream::iter(self.files.to_vec());
        let looks = files.map(|file| tokio::spawn(look(Arc::clone(self), file, Arc::clone(&keys))));
        let found: Vec<Vec<T>> = looks.buffered(self.parallelism).map(|found| found?).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// Each key has its number for its place.
fn index(keys: &Keys) -> KeyIndex {
    KeyIndex::of(&[keys.hashes()], true)
}

/// Rows that come or go, and where the column is in them.
type Side = (Arc<FewRows>, usize);

impl LakePublication {
    /// `None`, here and below: they are not known, or too many.
    async fn coming(&self, of: &ColumnName) -> Result<Option<Side>, WarehouseError> {
        let compared = self.compared_with_base(&of.table).await?;
        Ok(compared.and_then(|compared| in_rows(compared.added.as_ref()?, of)))
    }

    async fn going(&self, of: &ColumnName) -> Result<Option<Side>, WarehouseError> {
        let compared = self.compared_with_base(&of.table).await?;
        Ok(compared.and_then(|compared| in_rows(compared.removed.as_ref()?, of)))
    }
}

fn in_rows(rows: &Arc<FewRows>, of: &ColumnName) -> Option<Side> {
    Some((Arc::clone(rows), rows.index_of(&of.column)?))
}

#[async_trait]
impl ByKeys for LakePublication {
    async fn that_come(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError> {
        let Some((rows, index)) = self.coming(of).await? else { return Ok(None) };
        rows.keys(index).await.map(Some)
    }

    async fn that_go(&self, of: &ColumnName) -> Result<Option<Keys>, WarehouseError> {
        let Some((rows, index)) = self.going(of).await? else { return Ok(None) };
        rows.keys(index).await.map(Some)
    }

    async fn has_nulls(&self, of: &ColumnName) -> Result<Option<bool>, WarehouseError> {
        let (Some((come, at)), Some((go, _))) = (self.coming(of).await?, self.going(of).await?) else {
            return Ok(None);
        };
        Ok(Some(come.has_null_key(at).await? || go.has_null_key(at).await?))
    }

    async fn more_nulls(&self, of: &ColumnName) -> Result<Option<i64>, WarehouseError> {
        let (Some((come, at)), Some((go, _))) = (self.coming(of).await?, self.going(of).await?) else {
            return Ok(None);
        };
        let (come, go) = tokio::try_join!(come.nulls(at), go.nulls(at))?;
        Ok(Some(come as i64 - go as i64))
    }

    async fn missing(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Keys>, WarehouseError> {
        let Some(column) = Column::of(self, of, keys, When::Staged).await? else { return Ok(None) };
        let mut is_there = vec![false; keys.len()];
        column.meet_each(index(keys)).await?.into_iter().for_each(|key| is_there[key] = true);
        Ok(Some(keys.filter(|key| !is_there[key])))
    }

    async fn repeated(&self, of: &ColumnName, keys: &Keys) -> Result<Option<u64>, WarehouseError> {
        let Some(column) = Column::of(self, of, keys, When::Staged).await? else { return Ok(None) };
        // For nearly all keys it is enough that hardly more than one row can have them.
        let mut rows: HashMap<u32, u32> = HashMap::with_capacity(keys.len());
        for first in column.meet_firsts(index(keys)).await? {
            *rows.entry(first).or_default() += 1;
        }
        let some = keys.filter(|key| rows.get(&Kept::of(keys.hashes()[key]).first).is_some_and(|rows| *rows > 1));
        let mut rows = vec![0u64; some.len()];
        let found = column.rows(index(&some)).await?.into_iter().flat_map(|(_, keys)| keys);
        found.for_each(|key| rows[key as usize] += 1);
        Ok(Some(rows.into_iter().filter(|rows| *rows > 1).count() as u64))
    }

    async fn rows(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
        let Some(column) = Column::of(self, of, keys, When::Staged).await? else { return Ok(None) };
        if !column.is_kept().await? {
            return Ok(None);
        }
        let parts = column.rows(index(keys)).await?.into_iter().map(|(part, _)| part);
        Ok(column.few(parts.collect()).map(|rows| Arc::new(rows) as Arc<dyn TableProvider>))
    }

    async fn grouped_rows(
        &self,
        of: &ColumnName,
        keys: &Keys,
        when: When,
    ) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
        let Some(column) = Column::of(self, of, keys, when).await? else { return Ok(None) };
        if *column.schema.field(column.index).data_type() != DataType::Utf8View || !column.is_kept().await? {
            return Ok(None);
        }
        let (parts, numbers): (Vec<Part>, Vec<Vec<u32>>) = column.rows(index(keys)).await?.into_iter().unzip();
        let text = |numbers: Vec<u32>| -> ArrayRef {
            Arc::new(StringViewArray::from_iter_values(numbers.iter().map(ToString::to_string)))
        };
        let texts = numbers.into_iter().map(text).collect();
        let rows = column.few(parts).map(|rows| rows.with(column.index, texts));
        Ok(rows.map(|rows| Arc::new(rows) as Arc<dyn TableProvider>))
    }

    async fn stage_delete(&self, of: &ColumnName, keys: &Keys) -> Result<Option<Staged>, WarehouseError> {
        let Some(column) = Column::of(self, of, keys, When::Staged).await? else { return Ok(None) };
        let draft = self.draft(&of.table).await?;
        let (draft, staged) = self.stager.delete_keys(draft, vec![column.index], keys.hashes()).await?;
        self.keep(&of.table, draft);
        Ok(Some(staged))
    }
}
