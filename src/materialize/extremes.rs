//! Groups of which a model keeps minima and maxima only. Where a row comes that is at least as extreme as what the model
//! has of the group, nothing else in the group matters: not its other rows, nor which of them are gone.

use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::DataFrame;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, Select, SelectItem, SetExpr, Statement,
    TableFactor,
};

use super::{Compiled, Compiler, GroupKeys, Prior, Workspace, invalid, maintain, orphans, over, quoted};
use crate::diagnostic::Diagnostic;
use crate::engine::{parse, relations_of};
use crate::manifest::Node;
use crate::warehouse::{ColumnName, RelationName};

/// Where groups have fewer rows, looking for what the model has of them takes as long as looking for the rows.
const ROWS_OF_A_GROUP: u64 = 8;

/// The rows that a merge of the model takes, where they are known with the help of those that the model has. `None` where
/// the model's SQL says all there is to say.
pub async fn rows(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
    prior: &Prior,
) -> Result<Option<DataFrame>, Diagnostic> {
    let Some(model) = Model::of(workspace, node, &compiled.sql) else { return Ok(None) };
    if !prior.seen.contains(&model.table) || workspace.publication.scan_changes(&model.table).await?.is_none() {
        return Ok(None);
    }
    if !model.can_add(workspace, node, relation, prior).await? {
        return model.of_changed_keys(workspace, relation, compiled).await;
    }
    let added = workspace.session.plan(&model.added()).await.map_err(invalid(compiled))?;
    if !maintain::fits(workspace, relation, &added).await {
        return Ok(None);
    }
    let open = GroupKeys::of(workspace, &model.open(relation)).await.map_err(invalid(compiled))?;
    let plan = if open.is_empty() {
        added
    } else {
        let all = workspace.session.plan(&model.of_all()).await.map_err(invalid(compiled))?;
        model.together(added, all, &open).map_err(invalid(compiled))?
    };
    Ok(Some(DataFrame::new(workspace.session.context().state(), plan)))
}

/// `select key, column, max(column), … from table where key in (select distinct key from table's changes) group by key,
/// column, …`, and nothing else.
#[derive(Debug, PartialEq, Eq)]
struct Model {
    table: RelationName,
    /// As SQL: the columns, and what the rows are grouped by.
    columns: String,
    groups: String,
    /// The table's column, and the model's.
    key: (String, String),
    /// The model's columns that the rows are grouped by.
    grouped: Vec<String>,
    /// The model's columns that are a minimum or a maximum, and how a value compares that makes the others not matter.
    extremes: Vec<(String, &'static str)>,
}

impl Model {
    fn of(workspace: &Workspace, node: &Node, sql: &str) -> Option<Self> {
        let [key] = node.config.unique_key.as_slice() else { return None };
        let target = &workspace.manifest.target;
        Model::read(sql, key, (&target.database, &target.schema))
    }

    fn read(sql: &str, key: &str, (database, schema): (&str, &str)) -> Option<Self> {
        let statement = parse(sql).ok()?;
        let named = relations_of(&statement, database, schema).ok()?;
        let table = named.iter().find_map(RelationName::changes_of)?;
        let Statement::Query(query) = &statement else { return None };
        let SetExpr::Select(select) = &*query.body else { return None };
        let by = groups(select)?;
        let shown = select.projection.iter().map(|item| Shown::of(item, &by)).collect::<Option<Vec<_>>>()?;
        let stored = shown.iter().find(|column| column.name == key && column.compares.is_none())?.stored.clone();
        let model = Model {
            table,
            columns: listed(&select.projection),
            groups: listed(&by),
            key: (stored, key.to_string()),
            grouped: shown
                .iter()
                .filter(|column| column.compares.is_none())
                .map(|column| column.name.clone())
                .collect(),
            extremes: shown.iter().filter_map(|column| Some((column.name.clone(), column.compares?))).collect(),
        };
        // Two groups of one key are told apart by the columns that are shown.
        let all = by.iter().all(|group| shown.iter().any(|c| c.compares.is_none() && c.stored == normalized(group)));
        (all && model.says(&statement, select)).then_some(model)
    }

    /// Whether the statement is what was read from it, and nothing else.
    fn says(&self, statement: &Statement, select: &Select) -> bool {
        let Some(TableFactor::Table { name, .. }) = select.from.first().map(|from| &from.relation) else {
            return false;
        };
        let Some(Expr::InSubquery { expr, .. }) = &select.selection else { return false };
        let Expr::Identifier(key) = &**expr else { return false };
        if normalized(key) != self.key.0 || name.to_string() != self.table.quoted() {
            return false;
        }
        let is = |distinct: &str| {
            let changed = format!("SELECT {distinct}{key} FROM {}", self.table.changes().quoted());
            let text =
                format!("SELECT {} FROM {name} WHERE {key} IN ({changed}) GROUP BY {}", self.columns, self.groups);
            statement.to_string() == text
        };
        is("DISTINCT ") || is("")
    }

    /// Whether what the model has tells what does not matter, and it does not take too long to look for it.
    async fn can_add(
        &self,
        workspace: &Workspace,
        node: &Node,
        relation: &RelationName,
        prior: &Prior,
    ) -> Result<bool, Diagnostic> {
        let (field, key) = (&self.key.0, &self.key.1);
        if !prior.seen.contains(relation)
            || !self.is_made_of_all(workspace, node)
            || !orphans::are_those_of(workspace, node, &self.table, (field, key))?
        {
            return Ok(false);
        }
        let groups = maintain::rows_of(workspace, relation).await;
        let rows = maintain::rows_of(workspace, &self.table).await;
        Ok(groups.zip(rows).is_some_and(|(groups, rows)| groups <= rows / ROWS_OF_A_GROUP))
    }

    /// What the statement says, from the rows of changed groups alone. `None`: the warehouse does not find them by their keys.
    async fn of_changed_keys(
        &self,
        workspace: &Workspace,
        relation: &RelationName,
        compiled: &Compiled,
    ) -> Result<Option<DataFrame>, Diagnostic> {
        let Some(by_keys) = workspace.publication.by_keys() else { return Ok(None) };
        let of = ColumnName { table: self.table.clone(), column: self.key.0.clone() };
        let Some(keys) = by_keys.that_change(&of).await? else { return Ok(None) };
        let Some(rows) = by_keys.rows(&of, &keys).await? else { return Ok(None) };
        let all = workspace.session.plan(&self.of_all()).await.map_err(invalid(compiled))?;
        if !maintain::fits(workspace, relation, &all).await {
            return Ok(None);
        }
        let groups = over(all, &rows).map_err(invalid(compiled))?;
        Ok(Some(DataFrame::new(workspace.session.context().state(), groups)))
    }

    /// Whether what the model has was made of all rows: its first build has no condition.
    fn is_made_of_all(&self, workspace: &Workspace, node: &Node) -> bool {
        let first = Compiler::new(workspace).compile(node, false).ok().and_then(|first| parse(&first.sql).ok());
        let all = format!("SELECT {} FROM {} GROUP BY {}", self.columns, self.table.quoted(), self.groups);
        first.is_some_and(|first| first.to_string() == all)
    }

    /// The groups of the rows that come, made of these alone.
    fn added(&self) -> String {
        let come = format!("(select * from {} where _change_type = 'insert') as added", self.table.changes().quoted());
        self.select(&come)
    }

    fn of_all(&self) -> String {
        self.select(&self.table.quoted())
    }

    fn select(&self, from: &str) -> String {
        let (columns, key, groups) = (&self.columns, quoted(&self.key.0), &self.groups);
        format!("select {columns} from {from} where {key} is not null group by {groups}")
    }

    /// Keys of changed groups of which that is not enough: no row comes, or it is less extreme than what the model has; or
    /// the key has several groups, now or then.
    fn open(&self, relation: &RelationName) -> String {
        let (stored, shown) = (quoted(&self.key.0), quoted(&self.key.1));
        let same = self.grouped.iter().map(|name| {
            let name = quoted(name);
            format!("built.{name} is not distinct from added.{name}")
        });
        let extreme = self.extremes.iter().map(|(name, compares)| {
            let name = quoted(name);
            format!("added.{name} {compares} built.{name}")
        });
        let enough = same.chain(extreme).collect::<Vec<_>>().join(" and ");
        format!(
            "select changed.key from (select distinct {stored} as key from {changes} where {stored} is not null) as changed \
             where not exists (select 1 from (\
             select added.{shown} as key from ({added}) as added left join {built} as built on built.{shown} = added.{shown} \
             group by added.{shown} having count(*) = 1 and bool_and(built.{shown} is null or ({enough}))\
             ) as settled where settled.key = changed.key)",
            changes = self.table.changes().quoted(),
            added = self.added(),
            built = relation.quoted(),
        )
    }

    /// The groups of the rows that come, but those with an open key made of all rows.
    fn together(&self, added: LogicalPlan, all: LogicalPlan, open: &GroupKeys) -> QueryResult<LogicalPlan> {
        let anew = open.only(all, &[&self.key.0])?;
        LogicalPlanBuilder::from(open.others(added, &[&self.key.1])?).union(anew)?.build()
    }
}

/// A column of the model.
struct Shown {
    name: String,
    /// The table's column that it is, or is the minimum or maximum of.
    stored: String,
    /// `<=` of a minimum, `>=` of a maximum.
    compares: Option<&'static str>,
}

impl Shown {
    fn of(item: &SelectItem, groups: &[Ident]) -> Option<Self> {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(normalized(alias))),
            _ => return None,
        };
        match expr {
            Expr::Identifier(column) if groups.iter().any(|group| normalized(group) == normalized(column)) => {
                let stored = normalized(column);
                Some(Shown { name: alias.unwrap_or_else(|| stored.clone()), stored, compares: None })
            }
            Expr::Function(function) => {
                let called = function.name.to_string().to_lowercase();
                let compares = match called.as_str() {
                    "min" => "<=",
                    "max" => ">=",
                    _ => return None,
                };
                let FunctionArguments::List(list) = &function.args else { return None };
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))] = list.args.as_slice()
                else {
                    return None;
                };
                // Nothing beside: no filter, no distinct, no window.
                let plain = function.to_string().to_lowercase() == format!("{called}({column})").to_lowercase();
                plain.then(|| Shown {
                    name: alias.unwrap_or(called),
                    stored: normalized(column),
                    compares: Some(compares),
                })
            }
            _ => None,
        }
    }
}

fn groups(select: &Select) -> Option<Vec<Ident>> {
    let GroupByExpr::Expressions(by, _) = &select.group_by else { return None };
    let column = |expr: &Expr| match expr {
        Expr::Identifier(column) => Some(column.clone()),
        _ => None,
    };
    by.iter().map(column).collect()
}

fn listed<T: ToString>(parts: &[T]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The name as it is stored.
fn normalized(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Option<Model> {
        Model::read(sql, "id", ("pro", "main"))
    }

    const MODEL: &str = "select a as id, b, max(c) as newest, min(c) as oldest from \"pro\".\"s\".\"t\" \
                         where a in (select distinct a from \"pro\".\"s\".\"t$changes\") group by a, b";

    #[test]
    fn groups_with_minima_and_maxima_are_known() {
        let model = read(MODEL).unwrap();
        assert_eq!(model.table, RelationName::new("pro", "s", "t"));
        assert_eq!(model.key, ("a".to_string(), "id".to_string()));
        assert_eq!(model.grouped, ["id", "b"]);
        assert_eq!(model.extremes, [("newest".to_string(), ">="), ("oldest".to_string(), "<=")]);
    }

    #[test]
    fn any_other_text_is_not() {
        for (part, other) in [
            ("max(c)", "sum(c)"),
            ("max(c)", "max(c + 1)"),
            ("max(c)", "max(distinct c)"),
            ("max(c)", "max(c) filter (where b > 1)"),
            ("max(c)", "max(c) over ()"),
            (", b, max", ", upper(b) as b, max"),
            (", b, max", ", max"),
            ("a as id", "a as key"),
            ("select distinct a from", "select distinct b from"),
            ("where a in", "where a not in"),
            ("where a in", "where b > 1 and a in"),
            ("where a in", "where b in"),
            ("$changes\")", "$changes\" where b = 1)"),
            ("\"t\" where", "\"t\" as x where"),
            ("\"t\" where", "\"u\" where"),
            ("group by a, b", "group by a, b having max(c) > 1"),
            ("group by a, b", "group by a, b order by 1"),
            ("group by a, b", "group by a, b limit 5"),
            ("group by a, b", "group by a, b, d"),
            ("select a", "select distinct a"),
            ("select a as", "with w as (select 1) select a as"),
            ("where a in", "join u on true where a in"),
        ] {
            let sql = MODEL.replacen(part, other, 1);
            assert_ne!(sql, MODEL, "{part}");
            assert_eq!(read(&sql), None, "{sql}");
        }
    }
}
