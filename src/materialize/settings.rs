//! What a model's configuration asks for beside its rows: indexes, grants, comments, hooks.

use serde_json::Value;

use super::incremental::strategy;
use super::{Compiler, Workspace, orphans};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Materialization, Node, Strategy};
use crate::warehouse::{Index, RelationSettings};

/// The column by which incremental models and watermarks look into a table.
const LOAD_TIMESTAMP: &str = "load_timestamp";

pub fn of(workspace: &Workspace, node: &Node) -> Result<RelationSettings, Diagnostic> {
    let mut settings = RelationSettings {
        indexes: indexes(node)?,
        looked_up: looked_up(workspace, node),
        ..RelationSettings::default()
    };
    grants(node, &mut settings)?;
    let persists = |what: &str| node.config.persist_docs.get(what).and_then(Value::as_bool).unwrap_or(false);
    if persists("relation") {
        settings.comment = Some(node.description.clone());
    }
    if persists("columns") {
        let described = node.columns.values().filter(|column| !column.description.is_empty());
        settings.column_comments = described.map(|column| (column.name.clone(), column.description.clone())).collect();
    }
    if !workspace.capabilities.hooks {
        return Ok(settings);
    }
    let compiler = Compiler::new(workspace);
    let render = |hooks: &[String]| hooks.iter().map(|hook| compiler.hook(node, hook)).collect::<Result<Vec<_>, _>>();
    settings.pre_hooks = render(&node.config.pre_hook)?;
    settings.post_hooks = render(&node.config.post_hook)?;
    Ok(settings)
}

/// The columns by which models that read this one delete orphans.
fn looked_up(workspace: &Workspace, node: &Node) -> Vec<String> {
    let manifest = &workspace.manifest;
    let children = manifest.dag.children(&node.id).filter_map(|id| manifest.nodes.get(id));
    let mut columns: Vec<String> = children.filter_map(|child| orphans::looked_up(workspace, child, node)).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Hands the project's on-run-start and on-run-end statements to the publication.
pub fn run_hooks(workspace: &Workspace) -> Result<(), Diagnostic> {
    if !workspace.capabilities.hooks {
        return Ok(());
    }
    let compiler = Compiler::new(workspace);
    let render =
        |nodes: &[Node]| nodes.iter().map(|node| compiler.hook(node, &node.raw_code)).collect::<Result<Vec<_>, _>>();
    let manifest = &workspace.manifest;
    workspace.publication.run_hooks(render(&manifest.on_run_start)?, render(&manifest.on_run_end)?);
    Ok(())
}

/// As dbt-postgres has them: `indexes: [{columns: [a, b], unique: true, type: hash}]`. A model that says nothing and
/// merges by a key gets a unique index on that and one on `load_timestamp`.
fn indexes(node: &Node) -> Result<Vec<Index>, Diagnostic> {
    let wrong = |message: &str| {
        Diagnostic::new(format!("{}: indexes: {message}", node.name))
            .at(node.place())
            .hint("write indexes: [{columns: [id], unique: true, type: btree}]")
    };
    let given = match &node.config.indexes {
        Value::Null => return Ok(default_indexes(node)),
        Value::Array(given) => given,
        _ => return Err(wrong("is no list")),
    };
    let index = |given: &Value| {
        let columns = given.get("columns").and_then(Value::as_array).ok_or_else(|| wrong("an index has no columns"))?;
        let columns: Option<Vec<String>> = columns.iter().map(|name| name.as_str().map(str::to_string)).collect();
        Ok(Index {
            columns: columns.filter(|c| !c.is_empty()).ok_or_else(|| wrong("columns are no list of names"))?,
            unique: given.get("unique").and_then(Value::as_bool).unwrap_or(false),
            method: given.get("type").and_then(Value::as_str).map(str::to_string),
            optional: false,
        })
    };
    given.iter().map(index).collect()
}

fn default_indexes(node: &Node) -> Vec<Index> {
    if node.config.materialized != Materialization::Incremental || node.config.unique_key.is_empty() {
        return Vec::new();
    }
    // What is deleted and inserted by a key may have many rows of one.
    let unique = matches!(strategy(node), Ok(Strategy::Merge));
    let key = Index { columns: node.config.unique_key.clone(), unique, ..Index::default() };
    let loaded = Index { columns: vec![LOAD_TIMESTAMP.to_string()], optional: true, ..Index::default() };
    vec![key, loaded]
}

/// `grants: {select: [reporter, analyst]}`, or one name.
fn grants(node: &Node, settings: &mut RelationSettings) -> Result<(), Diagnostic> {
    let wrong = || {
        Diagnostic::new(format!("{}: grants are no names by privilege", node.name))
            .at(node.place())
            .hint("write grants: {select: [reporter]}")
    };
    let given = match &node.config.grants {
        Value::Null => return Ok(()),
        Value::Object(given) => given,
        _ => return Err(wrong()),
    };
    for (privilege, grantees) in given {
        let is_word = privilege.chars().all(|letter| letter.is_ascii_alphabetic() || letter == ' ');
        let grantees: Option<Vec<String>> = match grantees {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(many) => many.iter().map(|name| name.as_str().map(str::to_string)).collect(),
            Value::Null => Some(Vec::new()),
            _ => None,
        };
        // It becomes part of a statement as it is.
        let grantees = grantees.filter(|_| is_word).ok_or_else(wrong)?;
        settings.grants.insert(privilege.trim_start_matches('+').to_string(), grantees);
    }
    Ok(())
}
