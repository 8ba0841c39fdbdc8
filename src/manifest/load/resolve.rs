//! What `ref()` and `source()` mean.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;

use super::Unresolved;
use crate::diagnostic::{Diagnostic, Place};
use crate::jinja::Parsed;
use crate::manifest::{Node, NodeId, NodeKind, RefName, SourceName};
use crate::project::Spot;

/// A call of `ref()` or `source()` and where it stands.
#[derive(Debug, Clone)]
pub(in crate::manifest) enum Call {
    Ref(RefName, Site),
    Source(SourceName, Site),
}

/// Where a call stands.
#[derive(Debug, Clone)]
pub(in crate::manifest) enum Site {
    /// In a template: the node's own, or a macro of another file.
    Template(Place),
    /// In a value of a property file, which stands there.
    Value(Spot),
}

impl Site {
    fn place(&self) -> Place {
        match self {
            Site::Template(place) => place.clone(),
            Site::Value(spot) => spot.place(),
        }
    }
}

/// The calls of a node's template, in order.
pub(super) fn calls_of(parsed: &Parsed) -> Vec<Call> {
    calls(parsed, |place| Site::Template(place.clone()))
}

/// The calls of a value that stands at `spot`.
pub(super) fn calls_at(parsed: &Parsed, spot: &Spot) -> Vec<Call> {
    calls(parsed, |_| Site::Value(spot.clone()))
}

fn calls(parsed: &Parsed, site: impl Fn(&Place) -> Site) -> Vec<Call> {
    let refs = parsed.refs.iter().map(|call| {
        let name = RefName { package: call.package.clone(), name: call.name.clone(), version: call.version.clone() };
        Call::Ref(name, site(&call.place))
    });
    let sources = parsed.sources.iter().map(|call| {
        let name = SourceName { source: call.source.clone(), table: call.table.clone() };
        Call::Source(name, site(&call.place))
    });
    refs.chain(sources).collect()
}

/// Every name a call can mean.
pub(in crate::manifest) struct Index {
    root: String,
    refable: HashMap<String, Vec<(String, NodeId)>>,
    sources: HashMap<(String, String), Vec<(String, NodeId)>>,
    disabled: HashSet<String>,
    disabled_sources: HashSet<(String, String)>,
    broken: HashSet<String>,
}

/// What became of a node's calls.
pub(super) enum Outcome {
    Resolved(Box<Node>),
    /// A test that reads a disabled node.
    Disabled(Box<Node>, Diagnostic),
    Wrong(Vec<Diagnostic>),
}

/// Why a call means nothing.
enum Miss {
    Unknown(Diagnostic),
    Disabled(Diagnostic),
    /// It means a node with errors of its own, which are told already.
    Broken,
}

impl Index {
    pub fn new(root: &str, enabled: &[Unresolved], disabled: &[Unresolved], broken: &HashSet<String>) -> Self {
        let mut index = Index::of_nodes(root, enabled.iter().map(|found| &found.node));
        index.broken = broken.clone();
        for node in disabled.iter().map(|found| &found.node) {
            match &node.source {
                Some(source) => {
                    index.disabled_sources.insert((source.source_name.clone(), node.name.clone()));
                }
                None if node.kind.is_refable() => {
                    index.disabled.insert(node.name.clone());
                }
                None => {}
            }
        }
        index
    }

    pub fn of_nodes<'n>(root: &str, nodes: impl Iterator<Item = &'n Node>) -> Self {
        let mut index = Index {
            root: root.to_string(),
            refable: HashMap::new(),
            sources: HashMap::new(),
            disabled: HashSet::new(),
            disabled_sources: HashSet::new(),
            broken: HashSet::new(),
        };
        for node in nodes {
            let entry = (node.package.clone(), node.id.clone());
            if let Some(source) = &node.source {
                index.sources.entry((source.source_name.clone(), node.name.clone())).or_default().push(entry);
            } else if node.kind.is_refable() {
                index.refable.entry(node.name.clone()).or_default().push(entry);
            }
        }
        index
    }

    /// The model, seed or snapshot that `ref()` means in `from`, a package: the root project's own first, then that
    /// package's, then any other's.
    pub fn find_ref(&self, package: Option<&str>, name: &str, from: &str) -> Option<&NodeId> {
        pick(self.refable.get(name)?, package, &self.root, from)
    }

    pub fn find_source(&self, source: &str, table: &str, from: &str) -> Option<&NodeId> {
        pick(self.sources.get(&(source.to_string(), table.to_string()))?, None, &self.root, from)
    }

    /// The error of a ref that means nothing.
    pub fn unknown_ref(&self, package: Option<&str>, name: &str) -> Diagnostic {
        let within = package.map(|package| format!(" in the package '{package}'")).unwrap_or_default();
        let error = Diagnostic::new(format!("no model, seed or snapshot '{name}'{within}"));
        error.known_names(name, "models", self.refable.keys().map(String::as_str))
    }

    pub fn unknown_source(&self, source: &str, table: &str) -> Diagnostic {
        let tables: Vec<&str> =
            self.sources.keys().filter(|(known, _)| known == source).map(|(_, table)| table.as_str()).collect();
        if tables.is_empty() {
            let sources = self.sources.keys().map(|(known, _)| known.as_str());
            return Diagnostic::new(format!("no source '{source}'")).known_names(source, "sources", sources);
        }
        Diagnostic::new(format!("the source '{source}' has no table '{table}'")).known_names(table, "tables", tables)
    }

    pub(super) fn resolve(&self, found: Unresolved) -> Outcome {
        let Unresolved { mut node, calls } = found;
        // What a test is attached to stands there already.
        let mut parents: IndexSet<NodeId> = node.depends_on.drain(..).collect();
        let mut errors = Vec::new();
        let mut disabled = None;
        for call in calls {
            match self.find(&call, &node) {
                Ok(parent) => {
                    parents.insert(parent);
                }
                Err(Miss::Unknown(error)) => errors.push(error),
                Err(Miss::Disabled(error)) => disabled = Some(error),
                Err(Miss::Broken) => {}
            }
            match call {
                Call::Ref(name, _) if !node.refs.contains(&name) => node.refs.push(name),
                Call::Source(name, _) if !node.sources.contains(&name) => node.sources.push(name),
                Call::Ref(..) | Call::Source(..) => {}
            }
        }
        node.depends_on = parents.into_iter().collect();
        match disabled {
            _ if !errors.is_empty() => Outcome::Wrong(errors),
            None => Outcome::Resolved(Box::new(node)),
            Some(reason) if node.kind == NodeKind::Test => {
                let message = format!("the test '{}' is left out: {}", node.name, reason.message);
                node.config.enabled = false;
                Outcome::Disabled(Box::new(node), Diagnostic { message, ..reason })
            }
            Some(error) => Outcome::Wrong(vec![error]),
        }
    }

    fn find(&self, call: &Call, node: &Node) -> Result<NodeId, Miss> {
        match call {
            Call::Ref(name, site) => {
                let package = name.package.as_deref();
                if let Some(id) = self.find_ref(package, &name.name, &node.package) {
                    return Ok(id.clone());
                }
                if self.broken.contains(&name.name) {
                    return Err(Miss::Broken);
                }
                if self.disabled.contains(&name.name) {
                    return Err(Miss::Disabled(disabled(&format!("'{}'", name.name), site)));
                }
                Err(Miss::Unknown(self.unknown_ref(package, &name.name).at(site.place())))
            }
            Call::Source(name, site) => {
                if let Some(id) = self.find_source(&name.source, &name.table, &node.package) {
                    return Ok(id.clone());
                }
                let key = (name.source.clone(), name.table.clone());
                if self.broken.contains(&format!("{}.{}", key.0, key.1)) {
                    return Err(Miss::Broken);
                }
                if self.disabled_sources.contains(&key) {
                    return Err(Miss::Disabled(disabled(&format!("source '{}.{}'", key.0, key.1), site)));
                }
                Err(Miss::Unknown(self.unknown_source(&name.source, &name.table).at(site.place())))
            }
        }
    }
}

fn disabled(what: &str, site: &Site) -> Diagnostic {
    let error = Diagnostic::new(format!("{what} is disabled")).at(site.place());
    error.hint("set its `enabled: true`, or do not read it here")
}

fn pick<'a>(found: &'a [(String, NodeId)], package: Option<&str>, root: &str, from: &str) -> Option<&'a NodeId> {
    let of = |wanted: &str| found.iter().find(|(package, _)| package == wanted).map(|(_, id)| id);
    match package {
        Some(package) => of(package),
        None => of(root).or_else(|| of(from)).or_else(|| found.first().map(|(_, id)| id)),
    }
}
