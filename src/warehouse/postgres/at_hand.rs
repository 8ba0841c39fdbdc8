//! Rows that this process has published and still has: whoever reads them next need not ask the server for them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::catalog::TableProvider;

use super::draft::{Draft, Effect, Place, Step};
use super::merged;
use super::spool::Spool;
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Of a database.
#[derive(Default)]
pub struct AtHand {
    /// What they are the content of, and the rows.
    tables: Mutex<HashMap<RelationName, (String, Spool)>>,
}

impl AtHand {
    /// Keeps the rows of new tables. Into one that was there, triggers may have put others.
    pub fn keep(&self, content: &str, published: &BTreeMap<RelationName, Draft>) {
        for (name, draft) in published {
            let rows = match draft.steps.as_slice() {
                [Step::Rows(layer)] if layer.effect == Effect::Replace && matches!(layer.place, Place::New(_)) => {
                    Some((content.to_string(), layer.spool.clone()))
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

    /// The table, if its rows are at hand.
    pub fn table(&self, name: &RelationName, content: &str) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
        let kept = self.tables().get(name).filter(|(known, _)| known == content).map(|(_, rows)| rows.clone());
        let Some(rows) = kept else { return Ok(None) };
        let mut parts = rows.providers()?;
        if parts.len() == 1 {
            return Ok(parts.pop());
        }
        merged::table_of(&rows).map(Some)
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<RelationName, (String, Spool)>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
