//! What others ask of a manifest.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Manifest, Node, NodeId, NodeKind};
use crate::dag::Dag;
use crate::diagnostic::Diagnostic;
use crate::jinja::{LogFn, Scope, Target};

impl Manifest {
    /// An enabled node.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The tests that read a node: those attached to it, and those that name it in an argument or in their SQL.
    pub fn tests_of(&self, id: &NodeId) -> impl Iterator<Item = &Node> {
        self.dag.children(id).filter_map(|child| self.nodes.get(child)).filter(|node| node.kind == NodeKind::Test)
    }

    /// What `ref(package, name)` means in a template of the package `from`. The error has no place: the call's is added
    /// by whoever makes it.
    pub fn resolve_ref(&self, package: Option<&str>, name: &str, from: &str) -> Result<&Node, Diagnostic> {
        let found = self.index.find_ref(package, name, from).and_then(|id| self.nodes.get(id));
        found.ok_or_else(|| self.index.unknown_ref(package, name))
    }

    /// What `source(source, table)` means in a template of the package `from`; see [`Manifest::resolve_ref`].
    pub fn resolve_source(&self, source: &str, table: &str, from: &str) -> Result<&Node, Diagnostic> {
        let found = self.index.find_source(source, table, from).and_then(|id| self.nodes.get(id));
        found.ok_or_else(|| self.index.unknown_source(source, table))
    }

    /// What `var()` answers in a package.
    pub fn vars_of(&self, package: &str) -> Option<&Map<String, Value>> {
        self.vars.get(package)
    }

    /// The target as templates see it: without secrets.
    pub fn jinja_target(&self) -> &Target {
        self.context.target()
    }

    /// Hands `run` what every template of a package sees: target, vars, environment, flags, dispatch. The node, its
    /// config and the run's own values are for the caller to fill in.
    pub fn with_scope<T>(&self, package: &str, run: impl FnOnce(Scope<'_>) -> T) -> T {
        let env = |name: &str| self.options.env.get(name);
        run(self.context.scope(package, &env))
    }

    /// Hands `run` what a node's template sees, its own values and those of its test included. The run's own values are
    /// for the caller to fill in.
    pub fn with_node_scope<T>(
        &self,
        node: &Node,
        test_kwargs: Option<&Map<String, Value>>,
        on_log: LogFn<'_>,
        run: impl FnOnce(Scope<'_>) -> T,
    ) -> T {
        let model = node.to_json();
        let config = Some(&node.config.raw);
        self.with_scope(&node.package, |scope| {
            run(Scope { node: Some(&model), config, test_kwargs, on_log: Some(on_log), ..scope })
        })
    }

    /// The graph in which `build` runs these nodes: an edge for every way from one to another, and from each test to
    /// what comes after all the nodes it reads, so that nothing is computed from a table whose tests fail.
    pub fn build_graph(&self, selected: &[NodeId]) -> Dag<NodeId> {
        let chosen: HashSet<&NodeId> = selected.iter().collect();
        let mut graph = self.dag.clone();
        for test in selected.iter().filter(|id| self.is_test(id)) {
            for after in self.first_after_all(self.dag.parents(test)) {
                graph.add_edge(test.clone(), after.clone());
            }
        }
        graph.induced(|id| chosen.contains(id))
    }

    fn is_test(&self, id: &NodeId) -> bool {
        self.nodes.get(id).is_some_and(|node| node.kind == NodeKind::Test)
    }

    /// What comes after all of `parents`, tests aside, and after nothing else that does.
    fn first_after_all<'a>(&'a self, parents: impl Iterator<Item = &'a NodeId>) -> Vec<&'a NodeId> {
        let parents: Vec<&NodeId> = parents.collect();
        if let [only] = parents.as_slice() {
            return self.dag.children(only).filter(|id| !self.is_test(id)).collect();
        }
        let below = |parent: &&'a NodeId| -> HashSet<&'a NodeId> {
            let all = self.dag.descendants(parent, None).into_iter().map(|(id, _)| id);
            all.filter(|id| !self.is_test(id)).collect()
        };
        let common = parents.iter().map(below).reduce(|common, below| common.intersection(&below).copied().collect());
        let common = common.unwrap_or_default();
        let is_first = |id: &&&'a NodeId| !self.dag.parents(id).any(|parent| common.contains(parent));
        let mut first: Vec<&NodeId> = common.iter().filter(is_first).copied().collect();
        first.sort();
        first
    }
}
