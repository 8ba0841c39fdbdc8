//! The table beneath a view, where the view's plan is simple enough to see it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::found::{Found, known};
use crate::engine::{parse, relations_of, resolve};
use crate::materialize::Workspace;
use crate::warehouse::{RelationKind, RelationName, WarehouseError};

/// The plans of views, which many tests of a run ask for: each is made once.
#[derive(Default)]
pub struct ViewPlans {
    staged: Found<RelationName, LogicalPlan>,
    published: Found<RelationName, PublishedView>,
}

/// A view of tables as they are published.
#[derive(Clone)]
pub struct PublishedView {
    pub sql: String,
    /// What the view itself names.
    pub tables: Vec<RelationName>,
    pub plan: LogicalPlan,
}

impl ViewPlans {
    /// All rows of a view, optimized. `None` where a subquery has a part in them: what it reads is none of their tables.
    pub async fn staged(&self, workspace: &Workspace, view: &RelationName) -> Option<LogicalPlan> {
        self.staged.cell(view).get_or_init(|| staged(workspace, view)).await.clone()
    }

    /// The same, of tables as they are published: there each is one scan, which one that changes need not be. `None` also
    /// where another view is between.
    pub async fn published(&self, workspace: &Workspace, view: &RelationName) -> Option<PublishedView> {
        let plan = async || known(view, published(workspace, view).await);
        self.published.cell(view).get_or_init(plan).await.clone()
    }
}

async fn staged(workspace: &Workspace, view: &RelationName) -> Option<LogicalPlan> {
    let session = &workspace.session;
    let plan = session.plan(&format!("select * from {}", view.quoted())).await.ok()?;
    let plan = session.context().state().optimize(&plan).ok()?;
    (!has_subquery(&plan)).then_some(plan)
}

async fn published(workspace: &Workspace, view: &RelationName) -> Result<Option<PublishedView>, WarehouseError> {
    let described = workspace.relations.describe(view).map(|described| described.kind);
    let Some(RelationKind::View { sql }) = described else { return Ok(None) };
    let target = &workspace.manifest.target;
    let mut tables = relations_of(&parse(&sql)?, &target.database, &target.schema)?;
    tables.sort();
    tables.dedup();
    let plan = published_plan(workspace, view, &tables).await?;
    Ok(plan.map(|plan| PublishedView { sql, tables, plan }))
}

async fn published_plan(
    workspace: &Workspace,
    view: &RelationName,
    tables: &[RelationName],
) -> Result<Option<LogicalPlan>, WarehouseError> {
    let target = &workspace.manifest.target;
    let mut published = HashMap::new();
    for table in tables {
        if workspace.relations.describe(table).is_none_or(|described| described.kind != RelationKind::Table) {
            return Ok(None);
        }
        published.insert(table.clone(), workspace.relations.scan(&table.published()).await?);
    }
    let plan = workspace.session.plan(&format!("select * from {}", view.quoted())).await?;
    if has_subquery(&plan) {
        return Ok(None);
    }
    let of = |reference: &TableReference| {
        let rows = published.get(&resolve(reference.clone(), &target.database, &target.schema))?;
        Some((reference.clone(), provider_as_source(Arc::clone(rows))))
    };
    let plan = plan.transform_down(|node| {
        let found = match &node {
            LogicalPlan::TableScan(scan) => of(&scan.table_name),
            // A name of one part may be one that the query gives.
            LogicalPlan::SubqueryAlias(alias) if matches!(alias.alias, TableReference::Full { .. }) => of(&alias.alias),
            _ => None,
        };
        let Some((name, rows)) = found else { return Ok(Transformed::no(node)) };
        let scan = LogicalPlanBuilder::scan(name, rows, None)?.build()?;
        Ok(Transformed::new(scan, true, TreeNodeRecursion::Jump))
    })?;
    let plan = plan.data.transform_up(|node| node.recompute_schema().map(Transformed::yes))?;
    Ok(Some(workspace.session.context().state().optimize(&plan.data)?))
}

fn has_subquery(plan: &LogicalPlan) -> bool {
    let is_subquery = |expr: &Expr| {
        Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)))
    };
    let mut found = false;
    let walked = plan.apply(|node| {
        node.apply_expressions(|expr| {
            found |= expr.exists(is_subquery)?;
            Ok(TreeNodeRecursion::Continue)
        })
    });
    found || walked.is_err()
}

/// The names of the plan's columns.
pub fn names(plan: &LogicalPlan) -> impl Iterator<Item = String> + '_ {
    plan.schema().fields().iter().map(|field| field.name().clone())
}

/// Whether SQL reads the name as it stands, without quotes.
pub fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
