//! A state of a database: its catalog, and the rows that a transaction sees.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use serde_json::Value;
use tokio::sync::Mutex;

use super::at_hand::AtHand;
use super::catalog::{self, Catalog, Entry};
use super::connect::{Settings, connect};
use super::reader::Reader;
use super::scan::{PgScan, Shape, shape};
use super::{failed, quote, tally};
use crate::relation::RelationName;
use crate::warehouse::{Description, NullCounts, Snapshot, WarehouseError};

pub struct PgSnapshot {
    pub reader: Arc<Reader>,
    pub catalog: Catalog,
    /// Of relations that were read.
    shapes: Mutex<HashMap<RelationName, Shape>>,
    pub at_hand: Arc<AtHand>,
}

impl PgSnapshot {
    pub async fn read(settings: &Settings, at_hand: &Arc<AtHand>) -> Result<Self, WarehouseError> {
        let first = connect(settings).await?;
        let counters = catalog::counters(&first).await?;
        let reader = Reader::begin(settings, first).await?;
        let catalog = Catalog::read(reader.client(), &settings.database, &counters).await?;
        Ok(PgSnapshot { reader: Arc::new(reader), catalog, shapes: Mutex::default(), at_hand: Arc::clone(at_hand) })
    }

    pub fn entry(&self, name: &RelationName) -> Option<&Entry> {
        self.catalog.relations.get(name)
    }

    pub async fn shape(&self, name: &RelationName) -> Result<Shape, WarehouseError> {
        let entry = self.entry(name).ok_or_else(|| WarehouseError::NoSuchRelation(name.clone()))?;
        let mut shapes = self.shapes.lock().await;
        if let Some(known) = shapes.get(name) {
            return Ok(known.clone());
        }
        let shape = shape(&self.reader, name, entry).await?;
        shapes.insert(name.clone(), shape.clone());
        Ok(shape)
    }
}

#[async_trait]
impl Snapshot for PgSnapshot {
    fn publication(&self) -> Option<&str> {
        self.catalog.publication.as_deref()
    }

    fn relations(&self) -> Vec<RelationName> {
        self.catalog.relations.keys().cloned().collect()
    }

    fn describe(&self, name: &RelationName) -> Option<Description> {
        self.catalog.describe(name)
    }

    async fn scan(&self, name: &RelationName) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        let recorded = self.entry(name).and_then(|entry| entry.recorded.as_ref());
        let shape = self.shape(name).await?;
        if let Some(recorded) = recorded
            && let Some(rows) = self.at_hand.table(name, &recorded.content, &shape.columns)?
        {
            return Ok(rows);
        }
        Ok(Arc::new(PgScan::new(Arc::clone(&self.reader), shape)))
    }

    async fn count_nulls(&self, name: &RelationName, columns: &[&str]) -> Result<Option<NullCounts>, WarehouseError> {
        if let Some(known) = tally::known(self, name, columns) {
            return Ok(Some(known));
        }
        let count = |column: &&str| format!(", count(*) - count({})", quote::identifier(column));
        let counts: String = columns.iter().map(count).collect();
        let mut lease = self.reader.lease().await?;
        let sql = format!("select count(*){counts} from {}", quote::relation(name));
        let row = lease.query_one(&sql, &[]).await.map_err(failed(&lease, format!("cannot read {name}")))?;
        lease.finish();
        let number = |place: usize| u64::try_from(row.get::<_, i64>(place)).unwrap_or_default();
        Ok(Some(NullCounts { rows: number(0), nulls: (1..=columns.len()).map(number).collect() }))
    }

    fn state(&self, key: &str) -> Option<Value> {
        self.catalog.documents.get(key).cloned()
    }

    fn state_keys(&self, prefix: &str) -> Vec<String> {
        let from = self.catalog.documents.range(prefix.to_string()..);
        from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect()
    }
}
