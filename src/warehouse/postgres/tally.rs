//! How many values of each column are null, kept from one publication to the next.
//!
//! A test of nulls would else read the table whole, however little of it has changed. Of a table made anew the numbers are
//! known; of one that rows come to and go from they follow from those rows, as long as these are few. Where many rows
//! change, all are counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::apply::{Into, matching};
use super::draft::{Draft, Effect, Layer};
use super::snapshot::PgSnapshot;
use super::wire::PgColumn;
use super::{failed, quote};
use crate::warehouse::{NullCounts, RelationName, Snapshot, WarehouseError, state_key};

/// By column.
pub type Nulls = BTreeMap<String, u64>;

/// What rows do.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Come,
    Go,
}

/// Of a table while it is changed.
pub struct Tally<'a> {
    into: &'a Into<'a>,
    /// `None` where they are not known.
    nulls: Option<Nulls>,
    /// The rows that the table had, as far as they are known.
    rows: Option<u64>,
    /// The rows that were staged.
    staged: u64,
    /// Whether rows are stored as they come.
    as_they_come: bool,
}

impl<'a> Tally<'a> {
    /// Of the table as it is.
    pub async fn begin(into: &'a Into<'a>, base: &PgSnapshot, draft: &Draft) -> Result<Self, WarehouseError> {
        let mut tally = Tally { into, nulls: None, rows: None, staged: 0, as_they_come: true };
        if draft.new_table().is_some() {
            return Ok(tally);
        }
        tally.as_they_come = into.generated.is_empty() && !tally.has_triggers_or_rules().await?;
        if let Some(recorded) = base.entry(into.name).and_then(|entry| entry.recorded.as_ref()) {
            tally.rows = recorded.rows;
            tally.nulls = noted(base, into.name, &recorded.content).filter(|_| tally.as_they_come);
        }
        Ok(tally)
    }

    async fn has_triggers_or_rules(&self) -> Result<bool, WarehouseError> {
        const ASKED: &str = "select relhastriggers or relhasrules or relhassubclass from pg_catalog.pg_class \
                             where oid = $1::text::regclass";
        let Into { connection, name, table, .. } = self.into;
        let row = connection.query_one(ASKED, &[table]).await;
        Ok(row.map_err(failed(connection, format!("cannot read what {name} has")))?.get(0))
    }

    /// The rows of a layer come. To be told before those go whose key they have.
    pub async fn come(&mut self, layer: &Layer, staged: &str, has: &[PgColumn]) -> Result<(), WarehouseError> {
        if layer.columns.columns.len() != has.len() {
            // What the others are set to is the server's to say.
            self.nulls = None;
        }
        match &layer.effect {
            Effect::Replace => {
                self.nulls = self.as_they_come.then(|| layer.spool.nulls());
                self.staged += layer.spool.rows;
            }
            Effect::Append => self.change(Way::Come, &format!("{staged} t"), layer.spool.rows).await?,
            Effect::Merge { unique_key } => {
                self.go(staged, unique_key, layer.spool.rows).await?;
                self.change(Way::Come, &format!("{staged} t"), 0).await?;
            }
        }
        Ok(())
    }

    /// The rows go whose key is among the `keys`, a table of so many rows. To be told before they do.
    pub async fn go(&mut self, keys: &str, key: &[String], rows: u64) -> Result<(), WarehouseError> {
        let matches = matching("t", "k", key);
        let from = format!("{} t where exists (select 1 from {keys} k where {matches})", self.into.table);
        self.change(Way::Go, &from, rows).await
    }

    /// Rows come or go: those of `from`, where their alias is `t`.
    async fn change(&mut self, way: Way, from: &str, rows: u64) -> Result<(), WarehouseError> {
        self.staged += rows;
        if self.are_many() {
            self.nulls = None;
        }
        let Some(nulls) = self.nulls.take() else { return Ok(()) };
        // Where none is null, none can go.
        let asked = nulls.iter().filter(|(_, nulls)| way == Way::Come || **nulls > 0).map(|(name, _)| name);
        let of_these = self.count(asked, from).await?;
        let changed = nulls.into_iter().map(|(name, nulls)| {
            let of_these = of_these.get(&name).copied().unwrap_or_default();
            let changed = match way {
                Way::Come => nulls.checked_add(of_these),
                Way::Go => nulls.checked_sub(of_these),
            };
            Some((name, changed?))
        });
        self.nulls = changed.collect();
        Ok(())
    }

    /// Whether so many rows change that it takes no longer to count all.
    fn are_many(&self) -> bool {
        const PART: u64 = 10;
        self.rows.is_some_and(|rows| self.staged * PART >= rows)
    }

    async fn count(&self, columns: impl Iterator<Item = &String>, from: &str) -> Result<Nulls, WarehouseError> {
        let columns: Vec<&String> = columns.collect();
        if columns.is_empty() {
            return Ok(Nulls::new());
        }
        let counts = columns.iter().map(|column| format!("count(*) - count(t.{})", quote::identifier(column)));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let Into { connection, name, .. } = self.into;
        let row = connection.query_one(&format!("select {counts} from {from}"), &[]).await;
        let row = row.map_err(failed(connection, format!("cannot count the nulls of {name}")))?;
        let count = |place: usize| u64::try_from(row.get::<_, i64>(place)).unwrap_or_default();
        Ok(columns.into_iter().enumerate().map(|(place, column)| (column.clone(), count(place))).collect())
    }

    /// The nulls of the table, which has these columns now.
    pub async fn end(self, columns: &[PgColumn]) -> Result<Option<Nulls>, WarehouseError> {
        if self.nulls.is_some() || columns.is_empty() || !self.are_many() {
            return Ok(self.nulls);
        }
        let names: Nulls = columns.iter().map(|column| (column.name.clone(), 0)).collect();
        self.count(names.keys(), &format!("{} t", self.into.table)).await.map(Some)
    }
}

#[derive(Serialize, Deserialize)]
struct Note {
    /// The content of the table that the numbers are of.
    content: String,
    nulls: Nulls,
}

/// The document about a table, whose content is now `content`: its key and value.
pub fn document(name: &RelationName, content: &str, nulls: Option<Nulls>) -> (String, Option<Value>) {
    let noted = nulls.map(|nulls| json!(Note { content: content.to_string(), nulls }));
    (state_key::nulls(name), noted)
}

fn noted(base: &PgSnapshot, name: &RelationName, content: &str) -> Option<Nulls> {
    let note: Note = serde_json::from_value(base.state(&state_key::nulls(name))?).ok()?;
    (note.content == content).then_some(note.nulls)
}

/// The nulls in columns of a table, where they are known of all of them.
pub fn known(base: &PgSnapshot, name: &RelationName, columns: &[&str]) -> Option<NullCounts> {
    let recorded = base.entry(name)?.recorded.as_ref()?;
    let noted = noted(base, name, &recorded.content)?;
    let nulls = columns.iter().map(|column| noted.get(*column).copied()).collect::<Option<_>>()?;
    Some(NullCounts { rows: recorded.rows?, nulls })
}
