//! Tests that property files attach to models, seeds, snapshots and sources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::attached::Attached;
use super::drafts::fqn;
use super::macros::{has_test, test_names};
use super::python::str_of;
use super::resolve::calls_at;
use super::sql_node::{FAILURES_SCHEMA, tree_of};
use super::test_name::id_hash;
use super::{Loader, Unresolved};
use crate::diagnostic::Diagnostic;
use crate::jinja::{Scope, Template};
use crate::manifest::layers::Merged;
use crate::manifest::render::{Renderer, move_to};
use crate::manifest::{Config, Node, NodeId, NodeKind, TestKind, TestSpec};
use crate::project::DataTestProperties;

impl Loader<'_> {
    pub(super) fn generic_test(&self, attached: &Attached<'_>) -> Result<Unresolved, Vec<Diagnostic>> {
        let test = attached.test;
        self.check_macro(attached).map_err(|error| vec![error])?;
        let renderer = self.renderer(attached.package);
        let package = attached.package.name();
        let kwargs = attached.kwargs();
        let (name, short_name) = attached.names(&kwargs);
        let hash = id_hash(&name, test.package.as_deref(), &test.name, &kwargs);
        let id = NodeId::new(format!("test.{package}.{name}.{hash}"));
        let fqn = fqn(attached.package, &attached.package.below_search_path(attached.path), &name);
        let config = self.test_config(attached, &renderer, &fqn, (&name, &short_name))?;
        let raw_code = raw_code(test, &config);
        let identity = json!({
            "unique_id": id, "resource_type": "test", "package_name": package, "name": name, "fqn": fqn,
            "path": format!("{short_name}.sql"), "original_file_path": attached.path.to_string_lossy(),
        });
        let template = Template { package, name: &name, path: attached.path, text: &raw_code };
        let here = |error| vec![move_to(error, &test.spot)];
        let parsed = renderer.with_scope(Some(&identity), Some(&config.raw), |scope| {
            self.jinja.parse(&template, &Scope { test_kwargs: Some(&kwargs), ..scope })
        });
        let parsed = parsed.map_err(here)?;
        let relation = match config.store_failures {
            Some(true) => Some(self.name_relation(&config, &renderer, identity, Some(FAILURES_SCHEMA)).map_err(here)?),
            _ => None,
        };
        // Where its template calls is nothing the user has written.
        let calls = calls_at(&parsed, &test.spot);
        let kind = TestKind::Generic { name: test.name.clone(), package: test.package.clone(), kwargs };
        let column = attached.column.map(|column| column.name.value.clone());
        let node = Node {
            id,
            kind: NodeKind::Test,
            package: package.to_string(),
            path: attached.path.to_path_buf(),
            fqn,
            description: self.docs.fill(&test.description, package),
            columns: Default::default(),
            tags: config.tags.iter().cloned().collect::<BTreeSet<_>>(),
            relation,
            raw_code,
            depends_on: vec![attached.target.id.clone()],
            refs: Vec::new(),
            sources: Vec::new(),
            macros: parsed.macros_called,
            test: Some(TestSpec { kind, attached_to: Some(attached.target.id.clone()), column }),
            source: None,
            load: None,
            patch_path: None,
            spot: test.spot.clone(),
            name,
            config,
        };
        Ok(Unresolved { node, calls })
    }

    fn check_macro(&self, attached: &Attached<'_>) -> Result<(), Diagnostic> {
        let test = attached.test;
        let package = test.package.as_deref();
        if has_test(self.jinja, package, &test.name, attached.package.name()) {
            return Ok(());
        }
        let shown = package.map_or_else(|| test.name.clone(), |package| format!("{package}.{}", test.name));
        let error = Diagnostic::new(format!("no generic test '{shown}'")).at(test.spot.place());
        let installed = |package: &str| self.project.packages().any(|known| known.name() == package);
        if let Some(package) = package.filter(|package| !installed(package)) {
            return Err(error.hint(format!("the package '{package}' is not installed in dbt_packages")));
        }
        let names = test_names(self.jinja, package);
        Err(error.known_names(&test.name, "tests", names.iter().map(String::as_str)))
    }

    fn test_config(
        &self,
        attached: &Attached<'_>,
        renderer: &Renderer<'_>,
        fqn: &[String],
        (name, short_name): (&str, &str),
    ) -> Result<Config, Vec<Diagnostic>> {
        let mut merged = Merged::default();
        let mut errors = Vec::new();
        let test = attached.test;
        for layer in tree_of(&attached.package.project, NodeKind::Test).on_the_way(fqn) {
            merged.add(layer, renderer, &mut errors);
        }
        if let Some(column) = attached.column.filter(|column| !column.tags.is_empty()) {
            merged.put("tags", column.tags.clone().into(), &column.name.spot);
        }
        merged.add(&test.config, renderer, &mut errors);
        let root = &self.project.root;
        if attached.package.name() != root.name() {
            for layer in tree_of(&root.project, NodeKind::Test).on_the_way(fqn) {
                merged.add(layer, &self.renderer(root), &mut errors);
            }
        }
        if name != short_name && !merged.values.contains_key("alias") {
            merged.put("alias", short_name.into(), &test.spot);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Config::read(merged, NodeKind::Test, &test.spot)
    }
}

/// The template dbt makes of a generic test.
fn raw_code(test: &DataTestProperties, config: &Config) -> String {
    let package = test.package.as_ref().map(|package| format!("{package}.")).unwrap_or_default();
    let given: Vec<String> = test
        .config
        .0
        .keys()
        .filter_map(|key| {
            let value = config.raw.get(key)?;
            let shown = match value {
                Value::String(text) => format!("\"{}\"", text.replace('"', "\\\"")),
                other => str_of(other),
            };
            Some(format!("{key}={shown}"))
        })
        .collect();
    let config = if given.is_empty() { String::new() } else { format!("{{{{ config({}) }}}}", given.join(",")) };
    format!("{{{{ {package}test_{}(**_dbt_generic_test_kwargs) }}}}{config}", test.name)
}
