//! The rows that a publication changes of a table: what the server has of the staged keys, and what is staged.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::apply::analyze;
use super::copy::read_all;
use super::draft::{Draft, Keys, Step};
use super::publication::PgPublication;
use super::rows::Columns;
use super::spool::Spool;
use super::wire::placeholder_field;
use super::{merged, quote};
use crate::warehouse::{Changes, RelationName, WarehouseError};

impl PgPublication {
    /// `None` where the table as it was plays no part, or has other columns.
    pub async fn changed(&self, name: &RelationName) -> Result<Option<Changes>, WarehouseError> {
        let columns = self.base.shape(name).await?.columns;
        let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(placeholder_field).collect::<Vec<_>>()));
        let nothing = || Ok::<_, WarehouseError>(Arc::new(MemTable::try_new(Arc::clone(&schema), vec![Vec::new()])?));
        let Some(mut draft) = self.changes().drafts.get(name).filter(|draft| draft.changed).cloned() else {
            return Ok(Some(Changes { removed: nothing()?, added: nothing()? }));
        };
        let steps = draft.steps.len();
        let _reading = self.reading_changes.lock().await;
        let known = self.changes().changed.get(name).filter(|(known, _)| *known == steps).cloned();
        if let Some((_, changes)) = known {
            return Ok(Some(changes));
        }
        if draft.replaces() || draft.columns(&columns) != columns {
            return Ok(None);
        }
        self.read_trimmed(&mut draft, name).await?;
        let columns = Columns { columns, schema: Arc::clone(&schema) };
        let Some(removed) = self.removed(name, &draft, &columns).await? else { return Ok(None) };
        let changes = Changes { removed, added: merged::provider(&draft, Some(nothing()?))? };
        self.changes().changed.insert(name.clone(), (steps, changes.clone()));
        Ok(Some(changes))
    }

    /// The rows of the published table whose key is staged; `None` where not all steps have one key.
    async fn removed(
        &self,
        name: &RelationName,
        draft: &Draft,
        columns: &Columns,
    ) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
        for copy in draft.copies() {
            copy.finish().await?;
        }
        let keys: Vec<Keys<'_>> = draft.steps.iter().filter_map(Step::keys).collect();
        let key = keys.first().map_or(&[][..], |first| first.key);
        if keys.iter().any(|other| other.key != key) {
            return Ok(None);
        }
        let connection = self.writer.connection().await?;
        for keys in &keys {
            analyze(&connection, keys.table, keys.rows).await?;
        }
        let staged =
            keys.iter().map(|keys| format!("select {} from {}", quote::identifiers(names_of(key)), keys.table));
        let staged = staged.collect::<Vec<_>>().join(" union all ");
        let condition = match key {
            [] => "false".to_string(),
            key => format!("({}) in ({staged})", quote::identifiers(names_of(key))),
        };
        let names = quote::identifiers(columns.names());
        let source = format!("(select {names} from {} where {condition})", quote::relation(name));
        let rows = read_all(&connection, name, &source, columns).await?;
        drop(connection);
        let dir = format!("{}", self.next_number());
        let spool =
            Spool::fill(self.folder().await?, dir, Arc::clone(&columns.schema), vec![rows], &[], None).await?.spool;
        Ok(Some(merged::table_of(&spool)?))
    }
}

fn names_of(key: &[String]) -> impl Iterator<Item = &str> {
    key.iter().map(String::as_str)
}
