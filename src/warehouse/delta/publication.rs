//! One run's tables on their way into the lake.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use chrono::Utc;
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::SendableRecordBatchStream;
use object_store::path::Path;
use serde_json::Value;

use super::catalog::{Catalog, Change, Entry, LogCommit, PublicationRecord, own_path};
use super::difference::Difference;
use super::few_rows::FewRows;
use super::files::DataFile;
use super::keeper::{Indexed, indexed};
use super::lake::Lake;
use super::log::{entry, roll_forward, settle_entries};
use super::scan::LakeScan;
use super::small_tables::SmallTables;
use super::snapshot::{LakeSnapshot, describe};
use super::stage::{Draft, Stager};
use super::table::LakeTable;
use crate::warehouse::types::storable_schema;
use crate::warehouse::{
    ByKeys, Changes as RowChanges, ColumnName, Description, Publication, Receipt, RelationName, RelationSettings,
    RunLabel, Snapshot, StageMode, Staged, WarehouseError,
};

pub struct LakePublication {
    /// Unique; names the files and tells the content of the tables it changes.
    id: String,
    label: RunLabel,
    base: Arc<LakeSnapshot>,
    pub stager: Stager,
    changes: Mutex<Changes>,
    compared: Mutex<BTreeMap<RelationName, Arc<Compared>>>,
    small: SmallTables,
}

/// What a draft of these files changes of its table.
pub struct Compared {
    files: Arc<Vec<DataFile>>,
    changes: RowChanges,
    /// `None` where they are too many to be kept.
    pub removed: Option<Arc<FewRows>>,
    pub added: Option<Arc<FewRows>>,
}

impl Compared {
    fn new(lake: &Lake, base: &LakeTable, draft: Draft) -> Self {
        let Draft { dir, schema, files, .. } = draft;
        let Difference { removed, added } = Difference::between(&base.files, &files);
        let side = |files: Vec<DataFile>| {
            let few = FewRows::of_files(lake.clone(), dir.clone(), Arc::clone(&schema), files.clone()).map(Arc::new);
            let rows: Arc<dyn TableProvider> = match &few {
                Some(few) => Arc::<FewRows>::clone(few),
                None => Arc::new(LakeScan::new(lake.clone(), dir.clone(), Arc::clone(&schema), Arc::new(files))),
            };
            (few, rows)
        };
        let ((few_removed, removed), (few_added, added)) = (side(removed), side(added));
        let changes = RowChanges { removed, added };
        Compared { files, changes, removed: few_removed, added: few_added }
    }
}

#[derive(Default)]
struct Changes {
    drafts: BTreeMap<RelationName, Draft>,
    /// Their SQL.
    views: BTreeMap<RelationName, String>,
    state: BTreeMap<String, Option<Value>>,
    /// Columns by which rows of a table will be looked for.
    indexed: BTreeMap<RelationName, Vec<Indexed>>,
}

impl LakePublication {
    pub fn new(base: LakeSnapshot, label: RunLabel) -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let parallelism = std::thread::available_parallelism().map_or(2, usize::from);
        let stager = Stager { lake: base.lake.clone(), label: id.clone(), parallelism };
        LakePublication {
            id,
            label,
            base: Arc::new(base.making_keys()),
            stager,
            changes: Mutex::default(),
            compared: Mutex::default(),
            small: SmallTables::default(),
        }
    }

    fn compared(&self) -> MutexGuard<'_, BTreeMap<RelationName, Arc<Compared>>> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        // A panic while staging one table leaves the others as they are.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A table as it is published; `None`, here and below: there is none.
    pub async fn published(&self, name: &RelationName) -> Result<Option<Draft>, WarehouseError> {
        let table = self.base.table(name).await?;
        Ok(table.map(|table| Draft::new(Lake::table_dir(name), Some(table))))
    }

    /// A table as it will be.
    pub async fn present(&self, name: &RelationName) -> Result<Option<Draft>, WarehouseError> {
        let staged = self.changes().drafts.get(name).cloned();
        match staged {
            Some(draft) => Ok(Some(draft)),
            None => self.published(name).await,
        }
    }

    /// `None`: there is no such table in `base`.
    pub async fn compared_with_base(&self, name: &RelationName) -> Result<Option<Arc<Compared>>, WarehouseError> {
        let (Some(base), Some(draft)) = (self.base.table(name).await?, self.present(name).await?) else {
            return Ok(None);
        };
        let known = self.compared().get(name).filter(|compared| Arc::ptr_eq(&compared.files, &draft.files)).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let compared = Arc::new(Compared::new(&self.stager.lake, &base, draft));
        self.compared().insert(name.clone(), Arc::clone(&compared));
        Ok(Some(compared))
    }

    /// What rows are staged into.
    pub async fn draft(&self, name: &RelationName) -> Result<Draft, WarehouseError> {
        if let Some(draft) = self.present(name).await? {
            return Ok(draft);
        }
        // A view stands here now, or nothing: a log from an earlier table of that name goes on.
        let dir = Lake::table_dir(name);
        let abandoned = self.abandoned(&dir).await?;
        let draft = Draft::new(dir, abandoned);
        // Even without a row it is a table that was not there before.
        Ok(Draft { files: Arc::default(), schema: Arc::new(Schema::empty()), changed: true, ..draft })
    }

    async fn abandoned(&self, dir: &str) -> Result<Option<Arc<LakeTable>>, WarehouseError> {
        if !self.stager.lake.exists(&super::log::log_path(&self.stager.lake, dir, 0)).await? {
            return Ok(None);
        }
        let version = super::log::newest_version(&self.stager.lake, dir, 0).await?;
        Ok(Some(self.base.cache.open(&self.stager.lake, dir, version).await?))
    }

    pub fn keep(&self, name: &RelationName, draft: Draft) {
        let mut changes = self.changes();
        changes.views.remove(name);
        changes.drafts.insert(name.clone(), draft);
    }

    /// The next version of the catalog on top of `latest`, with the log entries it promises.
    fn next(&self, latest: &Catalog, commits: &[LogCommit]) -> Catalog {
        let changes = self.changes();
        let mut next = latest.clone();
        next.version += 1;
        next.commits = commits.to_vec();
        let mut changed = Vec::new();
        for (name, draft) in changes.drafts.iter().filter(|(_, draft)| draft.changed) {
            next.relations.insert(name.clone(), self.table_entry(draft));
            changed.push(Change { name: name.clone(), rows: draft.rows_written });
        }
        for (name, sql) in &changes.views {
            let entry = Entry::View { sql: sql.clone() };
            if next.relations.insert(name.clone(), entry.clone()).as_ref() != Some(&entry) {
                changed.push(Change { name: name.clone(), rows: 0 });
            }
        }
        for (key, value) in &changes.state {
            match value {
                Some(value) => next.state.insert(key.clone(), value.clone()),
                None => next.state.remove(key),
            };
        }
        next.publication = Some(PublicationRecord {
            id: self.id.clone(),
            published_at: Utc::now(),
            label: self.label.clone(),
            changed,
        });
        next
    }

    fn table_entry(&self, draft: &Draft) -> Entry {
        Entry::Table {
            dir: draft.dir.clone(),
            version: draft.base.as_ref().map_or(0, |base| base.version + 1),
            content: self.id.clone(),
            rows: Some(draft.rows()),
        }
    }

    /// Whether publishing would change anything at all.
    fn is_empty(&self) -> bool {
        let changes = self.changes();
        let base = &self.base.catalog;
        !changes.drafts.values().any(|draft| draft.changed)
            && changes
                .views
                .iter()
                .all(|(name, sql)| base.relations.get(name) == Some(&Entry::View { sql: sql.clone() }))
            && changes.state.iter().all(|(key, value)| base.state.get(key) == value.as_ref())
    }

    /// Writes the log entries beside the catalog, where nobody reads them before a catalog version names them. They and
    /// the data files they name are safe then.
    async fn write_entries(&self) -> Result<Vec<LogCommit>, WarehouseError> {
        let drafts: Vec<Draft> = self.changes().drafts.values().filter(|draft| draft.changed).cloned().collect();
        let lake = &self.stager.lake;
        let writes = drafts.iter().enumerate().map(|(index, draft)| async move {
            let bytes = entry(draft.base.as_deref(), &draft.schema, &draft.files, &self.id)?;
            let staged = format!("commits/{}/{index}.json", self.id);
            lake.put_if_absent(&own_path(lake, &staged), bytes).await?;
            let version = draft.base.as_ref().map_or(0, |base| base.version + 1);
            Ok::<_, WarehouseError>(LogCommit { dir: draft.dir.clone(), version, staged })
        });
        let commits = futures::future::try_join_all(writes).await?;
        let data: Vec<Path> = drafts.iter().flat_map(|draft| draft.new_files(lake)).collect();
        let staged: Vec<Path> = commits.iter().map(|commit| own_path(lake, &commit.staged)).collect();
        lake.settle(&data, &staged).await?;
        Ok(commits)
    }

    /// What a later publication changed of that which this one changes.
    fn conflict(&self, latest: &Catalog) -> Option<String> {
        let changes = self.changes();
        // Outcomes of nodes may be overwritten. What a load knows of its table may not, even where it changes no row.
        let loads = changes.state.keys().filter(|key| key.starts_with("load/"));
        if let Some(key) = loads.into_iter().find(|key| latest.state.get(*key) != self.base.catalog.state.get(*key)) {
            return Some(key.clone());
        }
        let drafts = changes.drafts.iter().filter(|(_, draft)| draft.changed).map(|(name, _)| name);
        let base = &self.base.catalog.relations;
        let mut names = drafts.chain(changes.views.keys());
        names.find(|name| latest.relations.get(*name) != base.get(*name)).map(ToString::to_string)
    }
}

#[async_trait]
impl Publication for LakePublication {
    fn base(&self) -> Arc<dyn Snapshot> {
        Arc::clone(&self.base) as Arc<dyn Snapshot>
    }

    fn storable(&self, name: &RelationName, schema: &Schema) -> Result<SchemaRef, WarehouseError> {
        storable_schema(name, schema)
    }

    async fn stage(
        &self,
        name: &RelationName,
        streams: Vec<SendableRecordBatchStream>,
        mode: StageMode,
    ) -> Result<Staged, WarehouseError> {
        let draft = self.draft(name).await?;
        let indexed = self.changes().indexed.get(name).cloned().unwrap_or_default();
        let (draft, staged) = self.stager.stage(name, draft, streams, mode, &indexed).await?;
        self.keep(name, draft);
        Ok(staged)
    }

    async fn stage_delete(
        &self,
        name: &RelationName,
        unique_key: &[String],
        keys: Vec<SendableRecordBatchStream>,
    ) -> Result<Staged, WarehouseError> {
        let draft = self.draft(name).await?;
        let (draft, staged) = self.stager.delete(draft, unique_key, keys).await?;
        self.keep(name, draft);
        Ok(staged)
    }

    fn stage_view(&self, name: &RelationName, sql: &str) -> Result<Staged, WarehouseError> {
        let entry = Entry::View { sql: sql.to_string() };
        let changed = self.base.catalog.relations.get(name) != Some(&entry);
        let mut changes = self.changes();
        changes.drafts.remove(name);
        changes.views.insert(name.clone(), sql.to_string());
        Ok(Staged { changed, ..Staged::default() })
    }

    fn configure(&self, name: &RelationName, settings: RelationSettings) {
        self.changes().indexed.insert(name.clone(), indexed(settings));
    }

    fn unstage(&self, name: &RelationName) {
        let mut changes = self.changes();
        changes.drafts.remove(name);
        changes.views.remove(name);
    }

    fn relations(&self) -> Vec<RelationName> {
        let changes = self.changes();
        let mut names = self.base.relations();
        names.extend(changes.drafts.keys().chain(changes.views.keys()).cloned());
        names.sort();
        names.dedup();
        names
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        let changes = self.changes();
        if let Some(sql) = changes.views.get(name) {
            return Some(describe(&Entry::View { sql: sql.clone() }));
        }
        match changes.drafts.get(name) {
            Some(draft) if draft.changed => Some(describe(&self.table_entry(draft))),
            _ => self.base.describe(name),
        }
    }

    async fn scan_staged(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        let present = self.present(name).await?.ok_or_else(|| WarehouseError::NoSuchRelation(name.clone()))?;
        let Draft { dir, schema, files, .. } = present;
        let lake = &self.stager.lake;
        if let Some(small) = self.small.table(lake, &dir, &schema, &files) {
            return Ok(small);
        }
        Ok(Arc::new(LakeScan::new(lake.clone(), dir, schema, files).making_keys(true)))
    }

    async fn scan_changes(&self, name: &RelationName) -> Result<Option<RowChanges>, WarehouseError> {
        Ok(self.compared_with_base(name).await?.map(|compared| compared.changes.clone()))
    }

    fn stays_unique(&self, of: &ColumnName) -> bool {
        self.changes().drafts.get(&of.table).is_none_or(|draft| draft.stays_unique.holds_of(&of.column))
    }

    fn by_keys(&self) -> Option<&dyn ByKeys> {
        Some(self)
    }

    fn put_state(&self, key: &str, value: Option<Value>) {
        self.changes().state.insert(key.to_string(), value);
    }

    async fn commit(&self) -> Result<Option<Receipt>, WarehouseError> {
        if self.is_empty() {
            return Ok(None);
        }
        let commits = self.write_entries().await?;
        let lake = &self.stager.lake;
        loop {
            let latest = LakeSnapshot::read(lake, &self.base.cache, &crate::warehouse::AsOf::Now).await?.catalog;
            if let Some(relation) = self.conflict(&latest) {
                return Err(WarehouseError::Conflict { relation });
            }
            settle_entries(lake, &latest).await?;
            let next = self.next(&latest, &commits);
            if next.put(lake).await? {
                if let Some(taken) = roll_forward(lake, &next).await?.into_iter().next() {
                    return Err(WarehouseError::Overtaken { dir: taken.dir, version: taken.version });
                }
                let changes = self.changes();
                return Ok(Some(Receipt {
                    publication: next.version.to_string(),
                    tables: commits.len(),
                    views: changes.views.len(),
                }));
            }
        }
    }
}
