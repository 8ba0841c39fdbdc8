//! `on-run-start` and `on-run-end` statements.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::resolve::{Index, Outcome, calls_at};
use super::{Findings, Loader, Unresolved};
use crate::diagnostic::Diagnostic;
use crate::jinja::Template;
use crate::manifest::render::move_to;
use crate::manifest::{Config, Node, NodeId, NodeKind};
use crate::project::Package;
use crate::project::yaml::Spotted;

/// The statements of all packages, the root project's last at the start and first at the end, as in dbt.
#[derive(Default)]
pub(super) struct Hooks {
    start: Vec<Unresolved>,
    end: Vec<Unresolved>,
}

impl Hooks {
    pub fn resolve(self, index: &Index, errors: &mut Vec<Diagnostic>) -> (Vec<Node>, Vec<Node>) {
        let mut resolve = |hooks: Vec<Unresolved>| {
            let mut nodes = Vec::new();
            for hook in hooks {
                match index.resolve(hook) {
                    Outcome::Resolved(node) | Outcome::Disabled(node, _) => nodes.push(*node),
                    Outcome::Wrong(more) => errors.extend(more),
                }
            }
            nodes
        };
        (resolve(self.start), resolve(self.end))
    }
}

impl Loader<'_> {
    pub(super) fn hooks(&self, findings: &mut Findings) -> Hooks {
        let mut hooks = Hooks::default();
        let project = self.project;
        for package in project.installed.iter().chain([&project.root]) {
            let statements = &package.project.on_run_start;
            hooks.start.extend(self.operations(package, "on-run-start", statements, findings));
        }
        for package in project.packages() {
            let statements = &package.project.on_run_end;
            hooks.end.extend(self.operations(package, "on-run-end", statements, findings));
        }
        hooks
    }

    fn operations(
        &self,
        package: &Package,
        when: &str,
        statements: &[Spotted<String>],
        findings: &mut Findings,
    ) -> Vec<Unresolved> {
        let read = |(at, statement): (usize, &Spotted<String>)| {
            let found = self.operation(package, format!("{}-{when}-{at}", package.name()), statement);
            found.map_err(|error| findings.errors.push(error)).ok()
        };
        statements.iter().enumerate().filter_map(read).collect()
    }

    fn operation(
        &self,
        package: &Package,
        name: String,
        statement: &Spotted<String>,
    ) -> Result<Unresolved, Diagnostic> {
        let spot = &statement.spot;
        let path = PathBuf::from(spot.path());
        let template = Template { package: package.name(), name: &name, path: &path, text: &statement.value };
        let renderer = self.renderer(package);
        let parsed = renderer
            .with_scope(None, None, |scope| self.jinja.parse(&template, &scope))
            .map_err(|error| move_to(error, spot))?;
        let calls = calls_at(&parsed, spot);
        let node = Node {
            id: NodeId::new(format!("operation.{}.{name}", package.name())),
            kind: NodeKind::Operation,
            package: package.name().to_string(),
            path,
            fqn: vec![package.name().to_string(), "hooks".to_string(), name.clone()],
            description: String::new(),
            columns: Default::default(),
            tags: BTreeSet::new(),
            config: Config::default(),
            relation: None,
            raw_code: statement.value.clone(),
            depends_on: Vec::new(),
            refs: Vec::new(),
            sources: Vec::new(),
            macros: parsed.macros_called,
            test: None,
            source: None,
            load: None,
            patch_path: None,
            spot: spot.clone(),
            name,
        };
        Ok(Unresolved { node, calls })
    }
}
