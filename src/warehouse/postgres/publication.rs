//! One run's relations on their way to the server.
//!
//! Staged rows are kept on this side, where the run reads them, and copied to the server in the background, inside the
//! transaction that publishes: into the new table itself where there was none, else into a temporary one. Nobody sees any
//! of it before the commit, and nothing is left of it when the transaction does not get there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::SendableRecordBatchStream;
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::ahead::offer;
use super::apply::{Compared, leave_unchanged};
use super::commit::commit;
use super::copy::read_all;
use super::draft::{Deletion, Draft, Effect, Keys, Layer, Place, Step};
use super::folder::SpoolFolder;
use super::rows::{Columns, check_name};
use super::snapshot::PgSnapshot;
use super::spool::Spool;
use super::wire::PgColumn;
use super::writer::Writer;
use super::{merged, quote};
use crate::warehouse::{
    Changes as RowChanges, ColumnName, Description, NullCounts, Publication, Receipt, RelationKind, RelationName,
    RelationSettings, RunLabel, Snapshot, StageMode, Staged, WarehouseError,
};

pub struct PgPublication {
    /// Unique: the content of what it changes.
    pub key: Uuid,
    pub label: RunLabel,
    pub base: Arc<PgSnapshot>,
    pub writer: Writer,
    folder: OnceCell<Arc<SpoolFolder>>,
    numbers: AtomicUsize,
    changes: Mutex<Changes>,
    /// Held while changed rows are read: what one reads, others need not.
    pub(super) reading_changes: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub struct Changes {
    pub drafts: BTreeMap<RelationName, Draft>,
    /// Their SQL.
    pub views: BTreeMap<RelationName, String>,
    pub settings: BTreeMap<RelationName, RelationSettings>,
    pub state: BTreeMap<String, Option<Value>>,
    pub first: Vec<String>,
    pub last: Vec<String>,
    /// What is known of the changes of a table, after so many steps of its draft.
    pub changed: BTreeMap<RelationName, (usize, RowChanges)>,
}

impl PgPublication {
    pub fn new(base: PgSnapshot, writer: Writer, label: RunLabel) -> Self {
        PgPublication {
            key: Uuid::now_v7(),
            label,
            base: Arc::new(base),
            writer,
            folder: OnceCell::new(),
            numbers: AtomicUsize::new(0),
            changes: Mutex::default(),
            reading_changes: tokio::sync::Mutex::default(),
        }
    }

    pub fn changes(&self) -> MutexGuard<'_, Changes> {
        // A panic while staging one table leaves the others as they are.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn folder(&self) -> Result<&Arc<SpoolFolder>, WarehouseError> {
        self.folder.get_or_try_init(|| async { SpoolFolder::create().map(Arc::new) }).await
    }

    pub(super) fn next_number(&self) -> usize {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Spools the rows and starts to copy them. Gives also how many of them a later one of the same key replaced.
    async fn stage_rows(
        &self,
        name: &RelationName,
        columns: Columns,
        streams: Vec<SendableRecordBatchStream>,
        unique: &[String],
        effect: Effect,
    ) -> Result<(Layer, u64), WarehouseError> {
        let number = self.next_number();
        let key = columns.indices(unique)?;
        let schema = Arc::clone(&columns.schema);
        let place = self.place(name, number, &columns, &effect).await?;
        let (offer, coming) = offer();
        let copied = self.writer.copy(name, &place, &columns, coming);
        let dir = format!("{number}");
        let spooled = Spool::fill(self.folder().await?, dir, schema, streams, &key, Some(&offer)).await?;
        offer.finish(&spooled);
        let layer = Layer { columns, spool: spooled.spool, place, effect, copied, trimmed: false };
        Ok((layer, spooled.duplicates))
    }

    /// Where rows of these columns are copied to.
    async fn place(
        &self,
        name: &RelationName,
        number: usize,
        columns: &Columns,
        effect: &Effect,
    ) -> Result<Place, WarehouseError> {
        let fits = match effect {
            Effect::Replace => {
                let kind = self.base.entry(name).map(|entry| entry.kind);
                kind == Some('r') && self.base.shape(name).await?.columns == columns.columns
            }
            _ => true,
        };
        Ok(if fits {
            Place::Temporary(format!("pg_temp.medallion_{number}"))
        } else {
            Place::New(quote::identifier(&format!("medallion_{}_{number}", self.key.simple())))
        })
    }

    /// The draft of a relation, if there is one, and the columns of the table that it will be.
    async fn draft_of(&self, name: &RelationName) -> Result<(Option<Draft>, Vec<PgColumn>), WarehouseError> {
        let known = self.changes().drafts.get(name).cloned();
        let has = if self.has_table(name) { self.base.shape(name).await?.columns } else { Vec::new() };
        let columns = known.as_ref().map_or_else(|| has.clone(), |draft| draft.columns(&has));
        Ok((known, columns))
    }

    /// Gives layers whose rows the server took some out of the rows that stayed.
    pub(super) async fn read_trimmed(&self, draft: &mut Draft, name: &RelationName) -> Result<(), WarehouseError> {
        for step in &mut draft.steps {
            let Step::Rows(layer) = step else { continue };
            let Place::Temporary(table) = &layer.place else { continue };
            if !layer.trimmed {
                continue;
            }
            let connection = self.writer.connection().await?;
            let source = format!("{table} ({})", quote::identifiers(layer.columns.names()));
            let stayed = read_all(&connection, name, &source, &layer.columns).await?;
            let dir = format!("{}", self.next_number());
            let schema = Arc::clone(&layer.columns.schema);
            layer.spool = Spool::fill(self.folder().await?, dir, schema, vec![stayed], &[], None).await?.spool;
            layer.trimmed = false;
        }
        Ok(())
    }

    fn keep(&self, name: &RelationName, draft: Draft) {
        let mut changes = self.changes();
        changes.views.remove(name);
        changes.drafts.insert(name.clone(), draft);
    }

    /// Whether a table stands there whose rows staged rows can meet.
    pub(super) fn has_table(&self, name: &RelationName) -> bool {
        self.base.entry(name).is_some_and(|entry| matches!(entry.kind, 'r' | 'p'))
    }
}

fn schema_of(name: &RelationName, streams: &[SendableRecordBatchStream]) -> Result<SchemaRef, WarehouseError> {
    let first = streams.first().map(|stream| stream.schema());
    first.ok_or_else(|| WarehouseError::Task(format!("{name}: no stream to stage")))
}

/// A mode without what is only said to the stager: by which key rows are told apart, and what they do.
fn effect_of(mode: &StageMode) -> (Vec<String>, Effect) {
    match mode.clone() {
        StageMode::Replace { unique_key } => (unique_key, Effect::Replace),
        StageMode::Append => (Vec::new(), Effect::Append),
        StageMode::Merge { unique_key } | StageMode::MergeChanged { unique_key, .. } => {
            (unique_key.clone(), Effect::Merge { unique_key })
        }
        StageMode::DeleteInsert { unique_key } => (Vec::new(), Effect::Merge { unique_key }),
    }
}

#[async_trait]
impl Publication for PgPublication {
    fn base(&self) -> Arc<dyn Snapshot> {
        Arc::clone(&self.base) as Arc<dyn Snapshot>
    }

    fn storable(&self, name: &RelationName, schema: &Schema) -> Result<SchemaRef, WarehouseError> {
        Columns::of(name, schema, &[]).map(|columns| columns.schema)
    }

    async fn stage(
        &self,
        name: &RelationName,
        streams: Vec<SendableRecordBatchStream>,
        mode: StageMode,
    ) -> Result<Staged, WarehouseError> {
        check_name(name)?;
        let incoming = schema_of(name, &streams)?;
        let (unique, mut effect) = effect_of(&mode);
        let (earlier, known) = self.draft_of(name).await?;
        if earlier.is_none() && !self.has_table(name) {
            effect = Effect::Replace;
        }
        let replaces = effect == Effect::Replace;
        let earlier = earlier.filter(|_| !replaces);
        let columns = Columns::of(name, &incoming, if replaces { &[] } else { &known })?;
        let widens = columns.columns.iter().any(|column| !known.contains(column));
        let (mut layer, duplicates) = self.stage_rows(name, columns, streams, &unique, effect).await?;
        let mut staged = Staged { rows: layer.spool.rows, duplicates, ..Staged::default() };
        // Rows staged before are not stored: they are merged with, and not compared to.
        if let (StageMode::MergeChanged { unique_key, ignoring }, Place::Temporary(table), None) =
            (&mode, &layer.place, &earlier)
        {
            layer.copied.finish().await?;
            let connection = self.writer.connection().await?;
            let compared = Compared { has: &known, key: unique_key, ignoring };
            staged.unchanged = leave_unchanged(&connection, name, &layer, table, &compared).await?;
            staged.rows -= staged.unchanged;
            layer.trimmed = staged.unchanged > 0;
        }
        let was_empty = self.base.describe(name).is_some_and(|described| described.rows == Some(0));
        let same = matches!(layer.place, Place::Temporary(_)) && was_empty;
        staged.changed = staged.rows > 0 || widens || replaces && !same;
        let mut draft = earlier.unwrap_or_default();
        draft.steps.push(Step::Rows(layer));
        draft.changed |= staged.changed;
        draft.stays_unique = draft.stays_unique.after(&mode);
        self.keep(name, draft);
        Ok(staged)
    }

    async fn stage_delete(
        &self,
        name: &RelationName,
        unique_key: &[String],
        keys: Vec<SendableRecordBatchStream>,
    ) -> Result<Staged, WarehouseError> {
        let (draft, known) = self.draft_of(name).await?;
        if draft.is_none() && !self.has_table(name) {
            return Err(WarehouseError::NoSuchRelation(name.clone()));
        }
        let mut draft = draft.unwrap_or_default();
        let incoming = schema_of(name, &keys)?;
        let columns = Columns::of(name, &incoming, &known)?;
        let number = self.next_number();
        let schema = Arc::clone(&columns.schema);
        let dir = format!("{number}");
        let key = columns.indices(unique_key)?;
        let spooled = Spool::fill(self.folder().await?, dir, schema, keys, &key, None).await?;
        if spooled.spool.rows == 0 {
            return Ok(Staged::default());
        }
        let place = Place::Temporary(format!("pg_temp.medallion_{number}"));
        let (offer, coming) = offer();
        offer.finish(&spooled);
        let copied = self.writer.copy(name, &place, &columns, coming);
        let keys = spooled.spool;
        let Place::Temporary(table) = place else { return Ok(Staged::default()) };
        copied.finish().await?;
        let going = Keys { table: &table, key: unique_key, rows: keys.rows };
        let removed = self.count_removed(name, &draft, &going).await?;
        if removed == 0 {
            return Ok(Staged::default());
        }
        draft.steps.push(Step::Deletion(Deletion { key: unique_key.to_vec(), keys, table, copied }));
        draft.changed = true;
        self.keep(name, draft);
        Ok(Staged { removed, changed: true, ..Staged::default() })
    }

    fn stage_view(&self, name: &RelationName, sql: &str) -> Result<Staged, WarehouseError> {
        check_name(name)?;
        let known = self.base.describe(name).map(|described| described.kind);
        let changed = known != Some(RelationKind::View { sql: sql.to_string() });
        let mut changes = self.changes();
        changes.drafts.remove(name);
        changes.views.insert(name.clone(), sql.to_string());
        Ok(Staged { changed, ..Staged::default() })
    }

    fn configure(&self, name: &RelationName, settings: RelationSettings) {
        self.changes().settings.insert(name.clone(), settings);
    }

    fn stays_unique(&self, of: &ColumnName) -> bool {
        let changes = self.changes();
        let has_hooks = |settings: &RelationSettings| !settings.pre_hooks.is_empty() || !settings.post_hooks.is_empty();
        // What a hook does to a table nobody knows.
        let are_hooks =
            !changes.first.is_empty() || !changes.last.is_empty() || changes.settings.values().any(has_hooks);
        let draft = changes.drafts.get(&of.table);
        !are_hooks && draft.is_none_or(|draft| draft.stays_unique.holds_of(&of.column))
    }

    fn run_hooks(&self, first: Vec<String>, last: Vec<String>) {
        let mut changes = self.changes();
        (changes.first, changes.last) = (first, last);
    }

    fn view_can_read(&self, name: &RelationName) -> bool {
        self.writer.can_reach(&name.database)
    }

    fn unstage(&self, name: &RelationName) {
        let mut changes = self.changes();
        changes.drafts.remove(name);
        changes.views.remove(name);
        changes.changed.remove(name);
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
            let kind = RelationKind::View { sql: sql.clone() };
            return Some(Description { kind, version: view_content(sql), rows: None });
        }
        match changes.drafts.get(name) {
            Some(draft) if draft.changed => {
                Some(Description { kind: RelationKind::Table, version: self.key.to_string(), rows: draft.rows() })
            }
            _ => self.base.describe(name),
        }
    }

    async fn scan_staged(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        let staged = self.changes().drafts.get(name).cloned();
        let Some(mut draft) = staged else { return self.base.scan(name).await };
        self.read_trimmed(&mut draft, name).await?;
        let base = if draft.replaces() { None } else { Some(self.base.scan(name).await?) };
        merged::provider(&draft, base)
    }

    async fn count_nulls(&self, name: &RelationName, columns: &[&str]) -> Result<Option<NullCounts>, WarehouseError> {
        if self.changes().drafts.contains_key(name) {
            return Ok(None);
        }
        self.base.count_nulls(name, columns).await
    }

    async fn scan_changes(&self, name: &RelationName) -> Result<Option<RowChanges>, WarehouseError> {
        if self.has_table(name) { self.changed(name).await } else { Ok(None) }
    }

    fn put_state(&self, key: &str, value: Option<Value>) {
        self.changes().state.insert(key.to_string(), value);
    }

    async fn commit(&self) -> Result<Option<Receipt>, WarehouseError> {
        commit(self).await
    }
}

/// What stands for the content of a view: its SQL.
pub fn view_content(sql: &str) -> String {
    format!("{:032x}", xxh3_128(sql.as_bytes()))
}
