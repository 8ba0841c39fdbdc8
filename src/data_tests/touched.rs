//! The groups of a view over a join that have a row which comes or goes: looked for once, for all tests of the view.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::{Field, Schema};
use arrow::row::{RowConverter, SortField};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Column, JoinType};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use datafusion::prelude::DataFrame;
use futures::StreamExt;

use super::beneath::ViewPlans;
use super::changed::MORE;
use super::found::{Found, known};
use super::joined::{Joined, Joint, Shown};
use crate::materialize::{Workspace, quoted};
use crate::warehouse::{RelationName, WarehouseError};

/// How many changed rows of a table, or touched groups, are kept in memory; beyond that there is little to be saved.
const MOST: usize = 1 << 18;

/// So many groups are looked for by their keys.
const SOME_GROUPS: usize = 256;

/// So many of their rows are read before all are.
const SOME_ROWS: usize = 1 << 14;

/// What the tests of a run find out about views.
#[derive(Default)]
pub struct JoinedViews {
    views: Found<RelationName, Touched>,
}

impl JoinedViews {
    /// How many rows of the view have a null in the column, where before none had. `None`: they have to be counted anew.
    pub async fn nulls(
        &self,
        workspace: &Workspace,
        plans: &ViewPlans,
        view: &RelationName,
        column: &str,
    ) -> Option<u64> {
        let cell = self.views.cell(view);
        let touched = async || known(view, Touched::of(workspace, plans, view).await);
        let touched = cell.get_or_init(touched).await.as_ref()?;
        known(view, touched.nulls(workspace, column).await)
    }
}

/// The view over rows that come, of one table after the other, and over those that go. A group can be among them more
/// than once.
struct Touched {
    view: RelationName,
    joined: Joined,
    /// The tables as they will be, where they change.
    there: Vec<Option<Arc<dyn TableProvider>>>,
    come: Vec<RecordBatch>,
    go: Vec<RecordBatch>,
}

impl Touched {
    async fn of(workspace: &Workspace, plans: &ViewPlans, view: &RelationName) -> Result<Option<Self>, WarehouseError> {
        let Some(joined) = Joined::of(workspace, plans, view).await? else { return Ok(None) };
        if !are_few(workspace, &joined.tables).await? {
            return Ok(None);
        }
        let (mut differences, mut there) = (Vec::new(), Vec::new());
        for table in &joined.tables {
            let Some(difference) = Difference::of(workspace, table).await? else { return Ok(None) };
            // What stays is read as it is published: nothing has to be left out of that.
            let changes = difference.come.is_some() || difference.go.is_some();
            there.push(if changes { Some(workspace.relations.scan(&table.name).await?) } else { None });
            differences.push(difference);
        }
        let published = vec![None; there.len()];
        let mut touched = Touched { view: view.clone(), joined, there, come: Vec::new(), go: Vec::new() };
        for (changed, Difference { come, go }) in differences.into_iter().enumerate() {
            let sides = [(come, &touched.there, &mut touched.come), (go, &published, &mut touched.go)];
            for (rows, others, found) in sides.into_iter().filter(|(rows, ..)| rows.is_some()) {
                let mut read = others.clone();
                read[changed] = rows;
                let plan = touched.joined.over(&read)?;
                let groups = DataFrame::new(workspace.session.context().state(), plan).execute_stream().await?;
                let Some(groups) = collect(groups).await? else { return Ok(None) };
                found.extend(groups);
            }
        }
        Ok(Some(touched))
    }

    async fn nulls(&self, workspace: &Workspace, column: &str) -> Result<Option<u64>, WarehouseError> {
        let Some(column) = self.joined.position(column) else { return Ok(None) };
        match self.joined.columns[column] {
            Shown::Key(_) => {
                let mut groups = self.come.iter().chain(&self.go);
                Ok(groups.all(|groups| groups.column(column).logical_null_count() == 0).then_some(0))
            }
            Shown::Kept => match &self.joined.keys {
                Some(keys) => self.left(workspace, keys, column).await,
                None => Ok(None),
            },
            Shown::Other => Ok(None),
        }
    }

    /// Nulls of the groups in which the rows that come say nothing of the column.
    async fn left(&self, workspace: &Workspace, keys: &[usize], column: usize) -> Result<Option<u64>, WarehouseError> {
        let mut left = self.open(&[], keys, column)?;
        let count = |groups: &[ArrayRef]| groups.first().map_or(0, |key| key.len());
        // A group cannot be found by a null.
        if left.iter().any(|key| key.logical_null_count() > 0) {
            return Ok(None);
        }
        if (1..=SOME_GROUPS).contains(&count(&left)) {
            // Most that are left have other rows with a value. A few of them say so.
            let some = self.joined.over_some(&self.there, &left, SOME_ROWS)?;
            let some = DataFrame::new(workspace.session.context().state(), some).collect().await?;
            left = self.open(&some, keys, column)?;
        }
        if count(&left) == 0 {
            return Ok(Some(0));
        }
        let name = |key: usize| format!("key {key} of a group left");
        let fields =
            left.iter().enumerate().map(|(key, values)| Field::new(name(key), values.data_type().clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let left = RecordBatch::try_new(Arc::clone(&schema), left)?;
        let context = workspace.session.context();
        let left = context.read_table(Arc::new(MemTable::try_new(schema, vec![vec![left]])?))?;
        let rows = workspace.session.query(&format!("select * from {}", self.view.quoted())).await?;
        let columns = rows.schema().columns();
        let shown = |at: usize| Expr::Column(columns[at].clone());
        let met =
            keys.iter().enumerate().map(|(key, at)| shown(*at).eq(Expr::Column(Column::new_unqualified(name(key)))));
        let rows = rows.filter(shown(column).is_null())?;
        Ok(Some(rows.join_on(left, JoinType::Inner, met)?.count().await? as u64))
    }

    /// The keys of the groups in which the rows that come do not make the column a value, nor do others in `known`.
    fn open(&self, known: &[RecordBatch], keys: &[usize], column: usize) -> Result<Vec<ArrayRef>, WarehouseError> {
        let Some(first) = self.come.iter().chain(&self.go).next() else { return Ok(Vec::new()) };
        let types = keys.iter().map(|at| SortField::new(first.column(*at).data_type().clone()));
        let converter = RowConverter::new(types.collect())?;
        let (mut closed, mut touched) = (HashSet::new(), HashSet::new());
        let come = self.come.iter().chain(known).map(|groups| (groups, true));
        for (groups, comes) in come.chain(self.go.iter().map(|groups| (groups, false))) {
            let values = keys.iter().map(|at| Arc::clone(groups.column(*at))).collect::<Vec<_>>();
            let nulls = groups.column(column).logical_nulls();
            for (at, key) in converter.convert_columns(&values)?.iter().enumerate() {
                let is_closed = comes && nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at));
                if is_closed {
                    closed.insert(key.owned())
                } else {
                    touched.insert(key.owned())
                };
            }
        }
        Ok(converter.convert_rows(touched.difference(&closed).map(|key| key.row()))?)
    }
}

/// The rows of a table that come and go, each once, without the columns that the view does not read: one that differs in
/// others stays.
struct Difference {
    come: Option<Arc<dyn TableProvider>>,
    go: Option<Arc<dyn TableProvider>>,
}

impl Difference {
    async fn of(workspace: &Workspace, table: &Joint) -> Result<Option<Self>, WarehouseError> {
        let columns = table.columns.iter().map(quoted).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "select {columns}, {MORE} > 0 as _comes from {} group by {columns} having {MORE} <> 0",
            table.name.changes().quoted()
        );
        let Some(rows) = collect(workspace.session.stream(&sql).await?).await? else { return Ok(None) };
        let (mut come, mut go) = (Vec::new(), Vec::new());
        for rows in rows {
            let last = table.columns.len();
            let comes = rows.column(last).as_boolean();
            let values = rows.project(&(0..last).collect::<Vec<_>>())?;
            come.push(filter_record_batch(&values, comes)?);
            go.push(filter_record_batch(&values, &not(comes)?)?);
        }
        Ok(Some(Difference { come: table_of(come)?, go: table_of(go)? }))
    }
}

/// `None` where there is no row.
fn table_of(mut rows: Vec<RecordBatch>) -> Result<Option<Arc<dyn TableProvider>>, WarehouseError> {
    rows.retain(|rows| rows.num_rows() > 0);
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Arc::new(MemTable::try_new(first.schema(), vec![rows])?)))
}

/// Whether it is known what changes, and a quarter of the rows at most comes: more takes longer than counting anew. Those
/// that go are not counted, since a server would have to look for them.
async fn are_few(workspace: &Workspace, tables: &[Joint]) -> Result<bool, WarehouseError> {
    let rows = |table: &Joint| workspace.publication.base().describe(&table.name).and_then(|described| described.rows);
    let all = tables.iter().map(rows).sum::<Option<u64>>();
    let mut most = all.map_or(MOST as u64, |rows| rows / 4);
    for table in tables {
        let Some(changes) = workspace.publication.scan_changes(&table.name).await? else { return Ok(false) };
        let changed = match changes.added.statistics().map(|statistics| statistics.num_rows) {
            Some(Precision::Exact(rows)) => rows as u64,
            _ => count(workspace, &table.name, most + 1).await?,
        };
        let Some(left) = most.checked_sub(changed) else { return Ok(false) };
        most = left;
    }
    Ok(true)
}

/// How many rows come, as far as they are counted.
async fn count(workspace: &Workspace, table: &RelationName, limit: u64) -> Result<u64, WarehouseError> {
    let changes = table.changes().quoted();
    let come = format!("select 1 as one from {changes} where _change_type = 'insert' limit {limit}");
    let counted = workspace.session.numbers(&format!("select count(*) from ({come}) as come")).await?;
    Ok(counted.into_iter().next().flatten().unwrap_or_default().unsigned_abs())
}

/// `None`: there are too many.
async fn collect(mut stream: SendableRecordBatchStream) -> Result<Option<Vec<RecordBatch>>, WarehouseError> {
    let (mut found, mut rows) = (Vec::new(), 0);
    while let Some(batch) = stream.next().await.transpose()? {
        rows += batch.num_rows();
        if rows > MOST {
            return Ok(None);
        }
        found.push(batch);
    }
    Ok(Some(found))
}
