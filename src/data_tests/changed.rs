//! A standard test whose outcome on the published tables is known: only what this publication changes is looked at.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use datafusion::error::Result;
use datafusion::prelude::DataFrame;
use futures::TryStreamExt;

use super::beneath::is_plain;
use super::found::known;
use super::groups::Groups;
use super::joined::is_key;
use super::keyed;
use super::nulls::recorded_nulls;
use super::shape::{Asked, ColumnOf};
use super::sweep::{Count, Views, is_standard, standard};
use crate::manifest::Node;
use crate::materialize::{Compiled, GroupKeys, Prior, Workspace, without_row};
use crate::warehouse::{ColumnName, RelationKind, RelationName};

/// What the test counts now, from the number before. `None` where it has to be counted anew: that is the rule where the
/// test failed before, or seems to fail now.
pub async fn failures(
    workspace: &Workspace,
    views: &Views,
    node: &Node,
    compiled: &Compiled,
    prior: &Prior,
) -> Option<Count> {
    let plans = &views.plans;
    let before = prior.failures?;
    let asked = if is_standard(node) { standard(node, compiled)? } else { return None };
    let seen = |of: &ColumnOf| prior.seen.iter().find(|table| table.quoted() == of.source);
    let failures = match &asked {
        Asked::NotNull(of) if seen(of).is_some_and(|seen| is_view(workspace, seen)) => {
            let view = seen(of)?;
            match Groups::of(workspace, plans, view).await {
                Some(groups) => return in_groups(workspace, &groups, &of.column, prior).await,
                None if before == 0 => views.joined.nulls(workspace, plans, view, &of.column).await,
                None => None,
            }
        }
        Asked::Unique(of) if seen(of).is_some_and(|seen| is_view(workspace, seen)) => {
            is_key(workspace, plans, seen(of)?, &of.column).await?.then_some(0)
        }
        Asked::NotNull(of) => match recorded_nulls(workspace, plans, seen(of)?, &[&of.column]).await.remove(&of.column)
        {
            Some(nulls) => Some(nulls),
            None => Changed::of(workspace, of, seen(of)?).await?.nulls(before).await,
        },
        Asked::Unique(of) if before == 0 => Changed::of(workspace, of, seen(of)?).await?.repeated().await,
        Asked::Relationship { child, parent } if before == 0 => {
            let children = Changed::of(workspace, child, seen(child)?).await?;
            children.orphans(&Changed::of(workspace, parent, seen(parent)?).await?).await
        }
        _ => None,
    };
    Some(Count { failures: failures?, rows: None })
}

/// Nulls of a view that groups a table, and its rows where their number before is known.
async fn in_groups(workspace: &Workspace, groups: &Groups, column: &str, prior: &Prior) -> Option<Count> {
    workspace.publication.scan_changes(groups.table()).await.ok()??;
    let before = prior.failures?;
    if before == 0 && groups.have_as_key(column) {
        // A group without a key is made of rows without one.
        return groups.all_have_keys(workspace).await?.then_some(Count { failures: 0, rows: None });
    }
    let (now, then) = groups.counts(workspace, column).await?;
    let failures = (before + now.nulls).checked_sub(then.nulls)?;
    let rows = prior.tested_rows.and_then(|before| (before + now.rows).checked_sub(then.rows));
    Some(Count { failures, rows })
}

pub fn is_view(workspace: &Workspace, name: &RelationName) -> bool {
    workspace.relations.describe(name).is_some_and(|described| described.kind != RelationKind::Table)
}

/// How many rows the table will have, where it is known how many it had.
pub async fn rows(workspace: &Workspace, relation: &RelationName) -> Option<u64> {
    let before = workspace.publication.base().describe(relation)?.rows?;
    workspace.publication.scan_changes(relation).await.ok()??;
    before.checked_add_signed(number(workspace, &growth(&relation.changes(), "true")).await?)
}

/// How many rows more come than go, of rows that change.
pub const MORE: &str = "sum(case when _change_type = 'insert' then 1 else -1 end)";

/// How many rows more there are of those for which the condition holds.
fn growth(changes: &RelationName, condition: &str) -> String {
    format!("select coalesce({MORE}, 0) from {} where {condition}", changes.quoted())
}

/// A column of a table of which it is known what changes.
struct Changed<'a> {
    workspace: &'a Workspace,
    of: &'a ColumnOf,
    table: &'a RelationName,
}

impl<'a> Changed<'a> {
    async fn of(workspace: &'a Workspace, of: &'a ColumnOf, table: &'a RelationName) -> Option<Self> {
        known(table, workspace.publication.scan_changes(table).await)?;
        Some(Changed { workspace, of, table })
    }

    /// As it is stored.
    fn stored(&self) -> Option<ColumnName> {
        let column = &self.of.column;
        is_plain(column).then(|| ColumnName { table: self.table.clone(), column: column.clone() })
    }

    /// Nulls that go no longer count.
    async fn nulls(&self, before: u64) -> Option<u64> {
        let mut more = None;
        if let Some(stored) = self.stored() {
            more = keyed::more_nulls(self.workspace, &stored).await;
        }
        if more.is_none() {
            let is_null = format!("{} is null", self.of.column);
            more = number(self.workspace, &growth(&self.table.changes(), &is_null)).await;
        }
        before.checked_add_signed(more?)
    }

    /// No value stood twice, so that only one can that comes. Those that go are not asked for: their rows are scattered over
    /// the table.
    async fn repeated(&self) -> Option<u64> {
        let stored = self.stored();
        if stored.as_ref().is_some_and(|stored| self.workspace.publication.stays_unique(stored)) {
            return Some(0);
        }
        if let Some(stored) = stored
            && let Some(repeated) = keyed::repeated(self.workspace, &stored).await
        {
            return Some(repeated);
        }
        let ColumnOf { source, column } = self.of;
        let sql = format!(
            "select count(*) from (select {column} from {source} where {column} in \
             (select {column} from {changes} where _change_type = 'insert') \
             group by {column} having count(*) > 1) as repeated",
            changes = self.table.changes().quoted(),
        );
        number(self.workspace, &sql).await?.try_into().ok()
    }

    /// No child was without a parent, so that only a child that comes can be, or one whose parent goes. `None` where there is
    /// one, so that all have to be counted.
    async fn orphans(&self, parent: &Changed<'_>) -> Option<u64> {
        if let (Some(child), Some(parent)) = (self.stored(), parent.stored())
            && let Some(all) = keyed::all_have_parents(self.workspace, &child, &parent).await
        {
            return all.then_some(0);
        }
        let (column, field) = (&self.of.column, &parent.of.column);
        let (children, parents) = (self.table.changes().quoted(), parent.table.changes().quoted());
        let come = format!("select distinct {column} as key from {children} where _change_type = 'insert'");
        let gone = without_row(field, &parents);
        let without_parent = format!(
            "select changed.key as key, bool_or(comes) as comes from \
             (select key, true as comes from ({come}) as come union all select key, false from ({gone}) as gone) as changed \
             where changed.key is not null and not exists \
             (select 1 from {source} as present where present.{field} = changed.key) group by changed.key",
            source = parent.of.source,
        );
        let left = left(self.workspace, &without_parent, self.of).await;
        known(without_parent, left)
    }
}

/// How many children have one of the keys that have no parent; `None` where one of these comes, or a child has one.
async fn left(workspace: &Workspace, without_parent: &str, child: &ColumnOf) -> Result<Option<u64>> {
    let rows = workspace.session.stream(without_parent).await?;
    let rows: Vec<RecordBatch> = rows.try_collect().await?;
    let Some(first) = rows.iter().find(|rows| rows.num_rows() > 0) else { return Ok(Some(0)) };
    if rows.iter().any(|rows| rows.column(1).as_boolean().true_count() > 0) {
        return Ok(None);
    }
    let schema = Arc::new(first.schema().project(&[0])?);
    let keys = rows.iter().map(|rows| rows.project(&[0])).collect::<std::result::Result<Vec<_>, _>>()?;
    let keys = GroupKeys::of_rows(schema, keys)?;
    let children = workspace.session.plan(&format!("select {} as key from {}", child.column, child.source)).await?;
    let left = DataFrame::new(workspace.session.context().state(), keys.among(children, "key")?);
    Ok((left.count().await? == 0).then_some(0))
}

/// The one number of a query.
pub async fn number(workspace: &Workspace, sql: &str) -> Option<i64> {
    let numbers = workspace.session.numbers(sql).await;
    numbers.inspect_err(|error| tracing::debug!("{sql}: {error}")).ok()?.first().copied().flatten()
}
