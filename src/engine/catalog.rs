//! A session's relations as DataFusion's catalogs: database → schema → table or view.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::datasource::ViewTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use parking_lot::RwLock;

use super::Relations;
use super::error::IN_VIEW;
use super::postgres::plan;
use crate::relation::RelationName;
use crate::warehouse::RelationKind;

/// The session a catalog belongs to. Views are planned by it, when they are first named.
pub type StateCell = OnceLock<Weak<RwLock<SessionState>>>;

#[derive(Clone)]
struct Shared {
    relations: Arc<dyn Relations>,
    state: Arc<StateCell>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Relations")
    }
}

/// All databases a session sees.
#[derive(Debug)]
pub struct Databases {
    shared: Shared,
}

impl Databases {
    pub fn new(relations: Arc<dyn Relations>, state: Arc<StateCell>) -> Self {
        Databases { shared: Shared { relations, state } }
    }
}

impl CatalogProviderList for Databases {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.shared.relations.names().into_iter().map(|name| name.database).collect();
        names.dedup();
        names
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(Arc::new(Database { name: name.to_string(), shared: self.shared.clone() }))
    }
}

#[derive(Debug)]
struct Database {
    name: String,
    shared: Shared,
}

impl CatalogProvider for Database {
    fn schema_names(&self) -> Vec<String> {
        let names = self.shared.relations.names().into_iter().filter(|name| name.database == self.name);
        let mut schemas: Vec<String> = names.map(|name| name.schema).collect();
        schemas.dedup();
        schemas
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let (database, schema) = (self.name.clone(), name.to_string());
        Some(Arc::new(DatabaseSchema { database, schema, shared: self.shared.clone() }))
    }
}

#[derive(Debug)]
struct DatabaseSchema {
    database: String,
    schema: String,
    shared: Shared,
}

impl DatabaseSchema {
    fn name_of(&self, table: &str) -> RelationName {
        RelationName::new(&self.database, &self.schema, table)
    }
}

#[async_trait]
impl SchemaProvider for DatabaseSchema {
    fn table_names(&self) -> Vec<String> {
        let names = self.shared.relations.names().into_iter();
        names.filter(|n| n.database == self.database && n.schema == self.schema).map(|n| n.identifier).collect()
    }

    async fn table(&self, table: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let name = self.name_of(table);
        let Some(description) = self.shared.relations.describe(&name) else { return Ok(None) };
        match description.kind {
            RelationKind::Table => Ok(Some(self.shared.relations.scan(&name).await?)),
            RelationKind::View { sql } => {
                let state = self.shared.state.get().and_then(Weak::upgrade).map(|state| state.read().clone());
                let state = state.ok_or_else(|| DataFusionError::Internal("the session is gone".to_string()))?;
                // A view reads views: planning recurses, and the future must be boxed.
                let planned = Box::pin(plan(&state, &sql)).await;
                let planned = planned.map_err(|error| error.context(format!("{IN_VIEW} {name}")))?;
                Ok(Some(Arc::new(ViewTable::new(planned, Some(sql)))))
            }
        }
    }

    fn table_exist(&self, table: &str) -> bool {
        self.shared.relations.describe(&self.name_of(table)).is_some()
    }
}
