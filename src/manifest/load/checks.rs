//! Checks that need all nodes at once.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::sql_node::tree_of;
use super::{Findings, Unresolved};
use crate::dag::Dag;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, NodeId, NodeKind};
use crate::project::Project;

/// No two nodes of one id, and no two that the same `ref()` of their package would mean. The first stays.
pub(super) fn names(findings: &mut Findings) {
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut errors = Vec::new();
    let mut is_first = |found: &Unresolved| {
        let node = &found.node;
        let key = if node.kind.is_refable() { format!("{}.{}", node.package, node.name) } else { node.id.to_string() };
        let here = format!("{}:{}", node.path.display(), node.spot.line());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, here);
            return true;
        };
        let what = match &node.source {
            Some(source) => format!("source tables called '{}.{}'", source.source_name, node.name),
            None => format!("{}s called '{}'", node.kind, node.name),
        };
        let error = Diagnostic::new(format!("two {what}")).at(node.place());
        errors.push(error.hint(format!("the other one is {first}; rename one of them")));
        false
    };
    findings.enabled.retain(&mut is_first);
    findings.errors.extend(errors);
}

/// No two nodes that write the same relation.
pub(super) fn relations(nodes: &IndexMap<NodeId, Node>) -> Vec<Diagnostic> {
    let mut seen: HashMap<_, &Node> = HashMap::new();
    let mut errors = Vec::new();
    for node in nodes.values().filter(|node| node.kind != NodeKind::Source) {
        let Some(relation) = &node.relation else { continue };
        if let Some(first) = seen.insert(relation, node) {
            let message = format!("'{}' and '{}' would both be written to {relation}", first.name, node.name);
            let error = Diagnostic::new(message).at(node.place());
            let hint =
                format!("the other one is {}; give one of them another `alias` or `schema`", first.path.display());
            errors.push(error.hint(hint));
        }
    }
    errors
}

/// No node that comes after itself.
pub(super) fn cycle(dag: &Dag<NodeId>, nodes: &IndexMap<NodeId, Node>) -> Option<Diagnostic> {
    let cycle = dag.cycle()?;
    // The graph's edges lead from what is read to who reads it; people follow the refs.
    let path: Vec<&Node> = cycle.iter().rev().filter_map(|id| nodes.get(id)).collect();
    let names: Vec<&str> = path.iter().map(|node| node.name.as_str()).collect();
    let files: Vec<String> =
        path.iter().skip(1).map(|node| format!("{} ({})", node.name, node.path.display())).collect();
    let error = Diagnostic::new(format!("these nodes read one another in a circle: {}", names.join(" → ")));
    let error = match path.first() {
        Some(first) => error.at(first.place()),
        None => error,
    };
    Some(error.hint(format!("remove a ref from one of: {}", files.join(", "))))
}

/// A warning for each node whose configuration asks for what is not done.
pub(super) fn unsupported(nodes: &IndexMap<NodeId, Node>) -> Vec<Diagnostic> {
    let enforced = |node: &&Node| node.config.contract.get("enforced").is_some_and(|value| value == true);
    let warning = |node: &Node| {
        let message = format!("the contract of '{}' is not enforced: contracts are not supported yet", node.name);
        Diagnostic::new(message).at(node.place())
    };
    nodes.values().filter(enforced).map(warning).collect()
}

/// A warning for each configured folder of `dbt_project.yml` that no node lies in.
pub(super) fn unused_folders(
    project: &Project,
    nodes: &IndexMap<NodeId, Node>,
    disabled: &IndexMap<NodeId, Node>,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let kinds = [NodeKind::Model, NodeKind::Seed, NodeKind::Snapshot, NodeKind::Test, NodeKind::Source];
    for kind in kinds {
        let all = nodes.values().chain(disabled.values()).filter(|node| node.kind == kind);
        let prefixes: HashSet<&[String]> =
            all.flat_map(|node| (1..=node.fqn.len()).map(|length| &node.fqn[..length])).collect();
        for (path, spot) in tree_of(&project.root.project, kind).configured_folders() {
            let path: Vec<String> = path.into_iter().map(ToString::to_string).collect();
            if !prefixes.contains(path.as_slice()) {
                let message = format!("no {kind} lies in '{}': its configuration has no effect", path.join("."));
                let hint = "folders stand below the project's name; configuration keys take a `+`";
                warnings.push(Diagnostic::new(message).at(spot.place()).hint(hint));
            }
        }
    }
    warnings
}
