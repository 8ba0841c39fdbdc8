//! Rows that this process has loaded and still has: whoever reads them next need not ask the server for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::catalog::TableProvider;

use super::commit::Work;
use super::draft::{Effect, Layer, Place, Step};
use super::merged;
use super::spool::Spool;
use super::wire::PgColumn;
use crate::relation::RelationName;
use crate::warehouse::{WarehouseError, state_key};

/// Of a database.
#[derive(Default)]
pub struct AtHand {
    tables: Mutex<HashMap<RelationName, Rows>>,
}

#[derive(Clone)]
struct Rows {
    /// What they are the content of.
    content: String,
    columns: Vec<PgColumn>,
    spool: Spool,
}

impl AtHand {
    /// Keeps the rows of new tables that were loaded: models come to read those. Into a table that was there, triggers may
    /// have put others.
    pub fn keep(&self, content: &str, work: &Work) {
        for (name, draft) in &work.drafts {
            let prefix = state_key::load(name);
            let is_loaded = work.state.keys().any(|key| key.starts_with(&prefix));
            let rows = match draft.steps.as_slice() {
                [Step::Rows(Layer { effect: Effect::Replace, place: Place::New(_), columns, spool, .. })]
                    if is_loaded =>
                {
                    Some(Rows { content: content.to_string(), columns: columns.columns.clone(), spool: spool.clone() })
                }
                _ => None,
            };
            let mut tables = self.tables();
            match rows {
                Some(rows) => tables.insert(name.clone(), rows),
                None => tables.remove(name),
            };
        }
    }

    /// The table of these columns, if its rows are at hand.
    pub fn table(
        &self,
        name: &RelationName,
        content: &str,
        columns: &[PgColumn],
    ) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
        let kept = self.tables().get(name).cloned();
        let Some(rows) = kept.filter(|rows| rows.content == content && rows.columns == columns) else {
            return Ok(None);
        };
        let mut parts = rows.spool.providers()?;
        if parts.len() == 1 {
            return Ok(parts.pop());
        }
        merged::table_of(&rows.spool).map(Some)
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<RelationName, Rows>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
