//! The table beneath a view, where the view's plan is simple enough to see it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use crate::engine::resolve;
use crate::materialize::Workspace;
use crate::warehouse::{RelationKind, RelationName, WarehouseError};

/// All rows of a relation, optimized. `None` where a subquery has a part in them: what it reads is none of their tables.
pub async fn plan_of(workspace: &Workspace, relation: &RelationName) -> Option<LogicalPlan> {
    let session = &workspace.session;
    let plan = session.plan(&format!("select * from {}", relation.quoted())).await.ok()?;
    let plan = session.context().state().optimize(&plan).ok()?;
    (!has_subquery(&plan)).then_some(plan)
}

/// The same, of tables as they are published: there each is one scan, which one that changes need not be.
pub async fn published_plan_of(
    workspace: &Workspace,
    relation: &RelationName,
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
    let plan = workspace.session.plan(&format!("select * from {}", relation.quoted())).await?;
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
