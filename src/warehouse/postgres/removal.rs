//! How many rows a deletion takes out of a table as it is staged so far.

use super::apply::{analyze, matching};
use super::draft::{Draft, Keys, Step};
use super::publication::PgPublication;
use super::{failed, quote};
use crate::warehouse::{RelationName, WarehouseError};

impl PgPublication {
    /// Counts the rows with one of the keys: those that are there and that no step of the draft replaces or takes out, and
    /// those of each step that no later one does.
    pub async fn count_removed(
        &self,
        name: &RelationName,
        draft: &Draft,
        keys: &Keys<'_>,
    ) -> Result<u64, WarehouseError> {
        for copy in draft.copies() {
            copy.finish().await?;
        }
        let mut counts = Vec::new();
        if !draft.replaces() && self.has_table(name) {
            let has = self.base.shape(name).await?.columns;
            let rows = Rows { table: quote::relation(name), columns: has.iter().map(|column| &*column.name).collect() };
            counts.extend(rows.count(keys, &draft.steps));
        }
        for (number, step) in draft.steps.iter().enumerate() {
            let Step::Rows(layer) = step else { continue };
            let rows = Rows { table: layer.place.table(name), columns: layer.columns.names().collect() };
            counts.extend(rows.count(keys, &draft.steps[number + 1..]));
        }
        if counts.is_empty() {
            return Ok(0);
        }
        let connection = self.writer.connection().await?;
        analyze(&connection, keys.table, keys.rows).await?;
        for step in &draft.steps {
            if let Some(other) = step.keys() {
                analyze(&connection, other.table, other.rows).await?;
            }
        }
        let sql = format!("select {}", counts.join(" + "));
        let row = connection.query_one(&sql, &[]).await.map_err(failed(&connection, format!("cannot read {name}")))?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default())
    }
}

/// Rows on the server that may go.
struct Rows<'a> {
    /// Quoted.
    table: String,
    columns: Vec<&'a str>,
}

impl Rows<'_> {
    /// The SQL that counts those which `keys` takes out and none of `later` did. `None`: a column that the rows have not is
    /// null in all of them, and equals no key.
    fn count(&self, keys: &Keys<'_>, later: &[Step]) -> Option<String> {
        if !self.have(keys.key) {
            return None;
        }
        let mut sql = format!(
            "(select count(*) from {} t where exists (select 1 from {} k where {})",
            self.table,
            keys.table,
            matching("t", "k", keys.key)
        );
        for other in later.iter().filter_map(Step::keys).filter(|other| self.have(other.key)) {
            let equal = matching("t", "o", other.key);
            sql.push_str(&format!(" and not exists (select 1 from {} o where {equal})", other.table));
        }
        Some(sql + ")")
    }

    fn have(&self, key: &[String]) -> bool {
        key.iter().all(|column| self.columns.contains(&column.as_str()))
    }
}
