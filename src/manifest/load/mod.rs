//! [`Manifest::load`]: files → drafts → nodes → graph.
//!
//! 1. `drafts`: every file that is a node, with the properties that belong to it.
//! 2. `sql_node`, `source_node`, `generic_test`: configuration merged and rendered, refs and sources found, names given.
//! 3. `resolve`: what each call means.
//! 4. Checks that need the whole: two nodes of one name or relation, cycles, properties and folders that fit nothing.
//!
//! An error in one node does not hide those of the others.

mod attached;
mod checks;
mod docs;
mod drafts;
mod exposures;
mod generic_test;
mod hooks;
mod load_spec;
mod macros;
mod orphans;
mod python;
mod resolve;
mod source_node;
mod sql_node;
mod test_name;

pub use exposures::Exposure;
pub(super) use resolve::Index;

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::profile::{outputs_elsewhere, target_of};
use super::render::{Context, Renderer};
use super::{Manifest, Node, NodeId};
use crate::dag::Dag;
use crate::diagnostic::Diagnostic;
use crate::jinja::{Jinja, Vars};
use crate::project::{Package, Project, ProjectOptions, TargetProfile};
use docs::Docs;
use drafts::{Draft, Patches};
use resolve::Call;

/// A node whose calls are not resolved yet.
pub(super) struct Unresolved {
    pub node: Node,
    pub calls: Vec<Call>,
}

/// What every step of the loading reads.
pub(super) struct Loader<'a> {
    pub project: &'a Project,
    pub jinja: &'a Jinja,
    pub context: &'a Context,
    docs: &'a Docs,
}

impl<'a> Loader<'a> {
    pub fn renderer(&self, package: &'a Package) -> Renderer<'a> {
        Renderer { jinja: self.jinja, context: self.context, package: package.name() }
    }

    fn root_name(&self) -> &'a str {
        self.project.root.name()
    }
}

/// What the steps find: nodes, and what is wrong.
#[derive(Default)]
struct Findings {
    enabled: Vec<Unresolved>,
    disabled: Vec<Unresolved>,
    /// Names of nodes with errors of their own: nothing more is to be said of a ref to one.
    broken: HashSet<String>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Findings {
    fn take(&mut self, name: &str, node: Result<Unresolved, Vec<Diagnostic>>) {
        match node {
            Ok(found) if found.node.config.enabled => self.enabled.push(found),
            Ok(found) => self.disabled.push(found),
            Err(errors) => {
                self.broken.insert(name.to_string());
                self.errors.extend(errors);
            }
        }
    }
}

impl Manifest {
    /// Reads and resolves the project. Errors come all at once, ordered by file kind and path.
    pub fn load(options: &ProjectOptions) -> Result<Manifest, Vec<Diagnostic>> {
        let project = Project::read(&options.project_dir)?;
        let target = target_of(options, &project.root.project)?;
        let jinja = Jinja::new(project.root.name(), macros::macro_files(&project))?;
        let docs = Docs::collect(&project)?;
        let vars = vars_of(&project, options);
        let given = vars.iter().map(|(package, vars)| (package.clone(), Vars(vars.clone()))).collect();
        let context = Context::new(options, &project.root.project, &target, given);
        let loader = Loader { project: &project, jinja: &jinja, context: &context, docs: &docs };
        let patches = Patches::collect(&project);
        let mut findings = Findings::default();
        findings.errors.extend(patches.duplicates());
        loader.find_nodes(&patches, &mut findings);
        checks::names(&mut findings);
        loader.find_generic_tests(&patches, &mut findings);
        let hooks = loader.hooks(&mut findings);
        let index = Index::new(loader.root_name(), &findings.enabled, &findings.disabled, &findings.broken);
        let nodes = resolve_all(&index, std::mem::take(&mut findings.enabled), &mut findings);
        let disabled: IndexMap<NodeId, Node> =
            findings.disabled.into_iter().map(|found| (found.node.id.clone(), found.node)).collect();
        let (on_run_start, on_run_end) = hooks.resolve(&index, &mut findings.errors);
        let exposures = exposures::collect(&loader, &index, &mut findings.errors);
        findings.warnings.extend(patches.unmatched(nodes.values().chain(disabled.values())));
        findings.warnings.extend(checks::unsupported(&nodes));
        findings.warnings.extend(checks::unused_folders(&project, &nodes, &disabled));
        findings.errors.extend(checks::relations(&nodes));
        let dag = graph(&nodes);
        findings.errors.extend(checks::cycle(&dag, &nodes));
        if !findings.errors.is_empty() {
            return Err(findings.errors);
        }
        let macro_properties = macros::macro_properties(&project, &docs);
        let root = &project.root;
        let elsewhere = outputs_elsewhere(options, &root.project, &target, &other_databases(&nodes, &target))?;
        let mut warnings = project.warnings.clone();
        warnings.append(&mut findings.warnings);
        Ok(Manifest {
            project_name: root.name().to_string(),
            packages: project.packages().map(|package| package.name().to_string()).collect(),
            options: options.clone(),
            target_path: root.project.target_path.clone().into(),
            clean_targets: root.project.clean_targets.iter().map(Into::into).collect(),
            target,
            elsewhere,
            vars,
            nodes,
            disabled,
            on_run_start,
            on_run_end,
            exposures,
            macro_properties,
            docs: docs.into_entries(),
            dag,
            index,
            context,
            jinja,
            warnings,
        })
    }
}

/// The databases that nodes stand in beside the target's.
fn other_databases<'n>(nodes: &'n IndexMap<NodeId, Node>, target: &TargetProfile) -> BTreeSet<&'n str> {
    let databases = nodes.values().filter_map(|node| node.relation.as_ref()).map(|name| name.database.as_str());
    databases.filter(|database| *database != target.database).collect()
}

/// What `var()` answers in each package: its own vars, then the root project's, then `--vars`.
fn vars_of(project: &Project, options: &ProjectOptions) -> IndexMap<String, Map<String, Value>> {
    let vars = |package: &Package| {
        let mut vars = Map::new();
        for source in [package, &project.root] {
            let all = &source.project.vars;
            vars.extend(all.clone());
            if let Some(Value::Object(own)) = all.get(package.name()) {
                vars.extend(own.clone());
            }
        }
        vars.extend(options.vars.clone());
        (package.name().to_string(), vars)
    };
    project.packages().map(vars).collect()
}

impl Loader<'_> {
    /// Sources, seeds, models, snapshots, analyses and singular tests.
    fn find_nodes(&self, patches: &Patches<'_>, findings: &mut Findings) {
        for package in self.project.packages() {
            for (name, source) in self.sources(package) {
                findings.take(&name, source);
            }
        }
        let mut drafts = Vec::new();
        for package in self.project.packages() {
            match drafts::of_package(package, patches) {
                Ok(found) => drafts.extend(found),
                Err(errors) => findings.errors.extend(errors),
            }
        }
        let read = |draft: Draft<'_>| (draft.name.clone(), self.sql_node(draft));
        let found: Vec<_> = drafts.into_par_iter().map(read).collect();
        for (name, node) in found {
            findings.take(&name, node);
        }
    }

    fn find_generic_tests(&self, patches: &Patches<'_>, findings: &mut Findings) {
        let attached = attached::collect(self.project, patches, &findings.enabled);
        let read: Vec<_> = attached.into_par_iter().map(|test| self.generic_test(&test)).collect();
        let mut seen = HashSet::new();
        for test in read {
            if let Ok(found) = &test
                && !seen.insert(found.node.id.clone())
            {
                let error = Diagnostic::new(format!("the test '{}' stands here twice", found.node.name));
                findings.errors.push(error.at(found.node.place()).hint("remove one of them, or give one a `name:`"));
                continue;
            }
            findings.take("", test);
        }
    }
}

/// Resolves every call. A test that reads a disabled node goes to the disabled ones, with a warning.
fn resolve_all(index: &Index, found: Vec<Unresolved>, findings: &mut Findings) -> IndexMap<NodeId, Node> {
    let resolved: Vec<_> = found.into_par_iter().map(|found| index.resolve(found)).collect();
    let mut nodes = IndexMap::with_capacity(resolved.len());
    for outcome in resolved {
        match outcome {
            resolve::Outcome::Resolved(node) => {
                nodes.insert(node.id.clone(), *node);
            }
            resolve::Outcome::Disabled(node, warning) => {
                findings.warnings.push(warning);
                findings.disabled.push(Unresolved { node: *node, calls: Vec::new() });
            }
            resolve::Outcome::Wrong(errors) => findings.errors.extend(errors),
        }
    }
    nodes
}

fn graph(nodes: &IndexMap<NodeId, Node>) -> Dag<NodeId> {
    let mut dag = Dag::new();
    nodes.keys().for_each(|id| dag.insert(id.clone()));
    for (id, node) in nodes {
        for parent in node.depends_on.iter().filter(|parent| nodes.contains_key(*parent)) {
            dag.add_edge(parent.clone(), id.clone());
        }
    }
    dag
}
