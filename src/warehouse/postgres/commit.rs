//! The step in which everything staged becomes visible: one transaction.
//!
//! Rows first, since that takes long and blocks no reader; then what takes a lock that readers wait for (tables and views
//! that change their columns); then medallion's notes; then the commit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::apply::{Applied, apply, table_of};
use super::connect::{Connection, ErrorKind};
use super::draft::Draft;
use super::exchange::{Exchanged, exchange};
use super::guards::Guards;
use super::patience::Patience;
use super::publication::{PgPublication, view_content};
use super::record::{Written, record};
use super::tally::Nulls;
use super::{catalog, extras, failed, foreign_server, quote, settle, views, waiting};
use crate::warehouse::{Receipt, RelationKind, RelationName, RelationSettings, WarehouseError};

/// What differs from what is there.
pub struct Work {
    pub drafts: BTreeMap<RelationName, Draft>,
    pub views: BTreeMap<RelationName, String>,
    pub settings: BTreeMap<RelationName, RelationSettings>,
    pub state: BTreeMap<String, Option<Value>>,
    first: Vec<String>,
    last: Vec<String>,
}

impl Work {
    fn of(publication: &PgPublication) -> Self {
        let changes = publication.changes();
        let base = &publication.base;
        let drafts = changes.drafts.iter().filter(|(_, draft)| draft.changed);
        let is_new = |name: &RelationName, sql: &String| {
            let known = base.catalog.describe(name).map(|described| described.kind);
            known != Some(RelationKind::View { sql: sql.clone() })
        };
        let views = changes.views.iter().filter(|(name, sql)| is_new(name, sql));
        let state = changes.state.iter().filter(|(key, value)| base.catalog.documents.get(*key) != value.as_ref());
        Work {
            drafts: drafts.map(|(name, draft)| (name.clone(), draft.clone())).collect(),
            views: views.map(|(name, sql)| (name.clone(), sql.clone())).collect(),
            settings: changes.settings.clone(),
            state: state.map(|(key, value)| (key.clone(), value.clone())).collect(),
            first: changes.first.clone(),
            last: changes.last.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.views.is_empty() && self.state.is_empty()
    }

    fn settings(&self, name: &RelationName) -> RelationSettings {
        self.settings.get(name).cloned().unwrap_or_default()
    }
}

pub async fn commit(publication: &PgPublication) -> Result<Option<Receipt>, WarehouseError> {
    foreign_server::refresh(publication.base.reader.client(), &publication.writer).await?;
    let work = Work::of(publication);
    if work.is_empty() {
        return Ok(None);
    }
    finish_copies(&work).await?;
    let mut has = BTreeMap::new();
    for (name, draft) in &work.drafts {
        if draft.new_table().is_none() {
            has.insert(name.clone(), publication.base.shape(name).await?.columns);
        }
    }
    let schemas: BTreeSet<&str> = work.views.keys().map(|name| name.schema.as_str()).collect();
    for schema in schemas {
        publication.writer.ensure_schema(schema).await?;
    }
    if !publication.base.catalog.kept {
        publication.writer.ensure_schema(catalog::SCHEMA).await?;
        publication.writer.make(catalog::CREATE, "cannot make medallion's own tables").await?;
    }
    // Whoever reads holds a lock on what it read, and a table cannot change its columns under it.
    publication.base.reader.close().await;
    let connection = publication.writer.connection().await?;
    let publishing = Publishing { connection: &connection, publication, work: &work };
    let settings = publication.writer.settings();
    let (number, written) = waiting::telling(&connection, settings, publishing.run(&has)).await?;
    finish(publication, &connection).await?;
    publication.base.at_hand.keep(&publication.key.to_string(), &work);
    settle::settle(&connection, &written).await;
    settle::analyze(settings, &written).await;
    Ok(Some(Receipt { publication: number, tables: work.drafts.len(), views: work.views.len() }))
}

/// Waits for all rows to be on the server. Of several errors, the one that was first: it spoiled the transaction for the
/// others.
async fn finish_copies(work: &Work) -> Result<(), WarehouseError> {
    let mut failed: Option<WarehouseError> = None;
    for draft in work.drafts.values() {
        for copied in draft.copies() {
            if let Err(error) = copied.finish().await
                && failed.as_ref().is_none_or(is_consequence)
            {
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

/// `current transaction is aborted`: something else failed before.
fn is_consequence(error: &WarehouseError) -> bool {
    matches!(error, WarehouseError::Server(told) if told.code.as_deref() == Some("25P02"))
}

/// Ends the transaction. When the connection breaks at that very moment, the server is asked what became of it.
async fn finish(publication: &PgPublication, connection: &Connection) -> Result<(), WarehouseError> {
    let transaction = settle::transaction(connection).await?;
    let Err(error) = connection.batch_execute("commit").await else { return Ok(()) };
    let told = connection.explain(&error, "cannot commit");
    if told.kind != ErrorKind::Lost {
        return Err(told.into());
    }
    match settle::was_published(publication.writer.settings(), transaction, publication.key).await {
        Some(true) => Ok(()),
        Some(false) => Err(told.into()),
        None => Err(told.at_commit().into()),
    }
}

struct Publishing<'a> {
    connection: &'a Connection,
    publication: &'a PgPublication,
    work: &'a Work,
}

impl Publishing<'_> {
    async fn run(
        &self,
        has: &BTreeMap<RelationName, Vec<super::wire::PgColumn>>,
    ) -> Result<(String, Vec<Written>), WarehouseError> {
        self.hooks(&self.work.first, "on-run-start").await?;
        let mut written = Vec::new();
        for (name, draft) in &self.work.drafts {
            self.hooks(&self.work.settings(name).pre_hooks, &format!("the pre_hook of {name}")).await?;
            let had = has.get(name).map_or(&[][..], Vec::as_slice);
            let (applied, nulls) = apply(self.connection, &self.publication.base, (name, draft), had).await?;
            let columns = draft.columns(had);
            extras::index(self.connection, name, draft, &columns, &self.work.settings(name).indexes).await?;
            written.push(self.written(name, draft, applied, nulls));
        }
        self.drop_unused().await?;
        let exchanged = self.exchange_all().await?;
        let changed: Vec<&RelationName> = self.work.drafts.keys().chain(self.work.views.keys()).collect();
        for name in changed {
            let settings = self.work.settings(name);
            extras::describe(self.connection, name, self.work.views.contains_key(name), &settings).await?;
            self.hooks(&settings.post_hooks, &format!("the post_hook of {name}")).await?;
        }
        for (name, sql) in &self.work.views {
            written.push(Written::View { name: name.clone(), content: view_content(sql), sql: sql.clone() });
        }
        let number = record(self.connection, self.publication, self.work, &mut written, &exchanged.recreated).await?;
        self.hooks(&self.work.last, "on-run-end").await?;
        Ok((number, written))
    }

    fn written(&self, name: &RelationName, draft: &Draft, applied: Applied, nulls: Option<Nulls>) -> Written {
        let base = self.publication.base.entry(name).filter(|_| draft.new_table().is_none());
        let before = match base {
            Some(entry) => entry.recorded.as_ref().and_then(|known| known.rows),
            None => Some(0),
        };
        let rows = before.and_then(|rows| (rows + applied.inserted).checked_sub(applied.deleted));
        // What a hook does to the rows, the counters may not tell: they know of no truncation.
        let is_known = !self.has_hooks(name);
        let (rows, nulls) = (rows.filter(|_| is_known), nulls.filter(|_| is_known));
        let mut counters = base.map(|entry| entry.counters).unwrap_or_default();
        counters.inserted += i64::try_from(applied.inserted).unwrap_or(i64::MAX);
        counters.updated += i64::try_from(applied.updated).unwrap_or(i64::MAX);
        counters.deleted += i64::try_from(applied.deleted).unwrap_or(i64::MAX);
        let changed = applied.inserted + applied.updated + applied.deleted;
        Written::Table { name: name.clone(), rows, nulls, counters, changed, place: None }
    }

    fn has_hooks(&self, name: &RelationName) -> bool {
        let settings = self.work.settings(name);
        let all = [&self.work.first, &self.work.last, &settings.pre_hooks, &settings.post_hooks];
        all.iter().any(|hooks| !hooks.is_empty())
    }

    /// What readers wait for: as short as it can be, and all of it or nothing of it at a time.
    async fn exchange_all(&self) -> Result<Exchanged, WarehouseError> {
        for (name, draft) in &self.work.drafts {
            if let (Some(_), Some(entry)) = (draft.new_table(), self.publication.base.entry(name)) {
                extras::copy_indexes(self.connection, entry.oid, name, draft).await?;
                let guards = Guards::of(self.connection, entry.oid, &table_of(name, draft)).await?;
                guards.prepare(self.connection, name).await?;
            }
        }
        let views = views::translate(self.connection, self.publication).await?;
        let mut patience = Patience::new(self.connection, "cannot put tables and views in their place");
        loop {
            patience.begin().await?;
            match self.exchange_once(&views).await {
                Ok(exchanged) => {
                    patience.end().await?;
                    return Ok(exchanged);
                }
                Err(error) => patience.wait_after(error).await?,
            }
        }
    }

    async fn exchange_once(&self, views: &BTreeMap<RelationName, String>) -> Result<Exchanged, WarehouseError> {
        let mut exchanged = self.exchange_tables().await?;
        views::create(self.connection, &self.work.views, views, &mut exchanged).await?;
        Ok(exchanged)
    }

    /// New tables take their name, from another relation where one has it.
    async fn exchange_tables(&self) -> Result<Exchanged, WarehouseError> {
        let mut exchanged = Exchanged::default();
        let views = self.publication.changes().views.clone();
        for (name, draft) in &self.work.drafts {
            let Some(new) = draft.new_table() else { continue };
            let put_in_place = async || {
                let schema = quote::identifier(&name.schema);
                let rename = format!("alter table {schema}.{new} rename to {}", quote::identifier(&name.identifier));
                self.execute(&rename, &format!("cannot put the new {name} in its place")).await
            };
            match self.publication.base.entry(name) {
                Some(entry) => {
                    let former = entry.former();
                    exchanged.extend(exchange(self.connection, name, former, &views, put_in_place).await?);
                }
                None => put_in_place().await?,
            }
            extras::rename_indexes(self.connection, name).await?;
        }
        Ok(exchanged)
    }

    /// New tables of relations that were staged and then left out.
    async fn drop_unused(&self) -> Result<(), WarehouseError> {
        let used: BTreeSet<(String, String)> = self
            .work
            .drafts
            .iter()
            .filter_map(|(name, draft)| Some((name.schema.clone(), draft.new_table()?.to_string())))
            .collect();
        for (schema, table) in self.publication.writer.created() {
            if !used.contains(&(schema.clone(), table.clone())) {
                let table = format!("{}.{table}", quote::identifier(&schema));
                self.execute(&format!("drop table if exists {table}"), "cannot drop a table that is not used").await?;
            }
        }
        Ok(())
    }

    async fn hooks(&self, hooks: &[String], what: &str) -> Result<(), WarehouseError> {
        for sql in hooks.iter().filter(|sql| !sql.trim().is_empty()) {
            let action = format!("{what} failed");
            // Policies hold for hooks as they do elsewhere.
            self.execute("set local row_security = on", &action).await?;
            self.execute(sql, &action).await?;
            self.execute("set local row_security = off", &action).await?;
        }
        Ok(())
    }

    async fn execute(&self, sql: &str, action: &str) -> Result<(), WarehouseError> {
        self.connection.batch_execute(sql).await.map_err(failed(self.connection, action))
    }
}
