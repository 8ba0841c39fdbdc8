//! Source tables → nodes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::drafts::fqn;
use super::load_spec::load_spec;
use super::sql_node::columns_of;
use super::{Loader, Unresolved};
use crate::diagnostic::Diagnostic;
use crate::manifest::layers::Merged;
use crate::manifest::render::Renderer;
use crate::manifest::{Config, Node, NodeId, NodeKind, RelationName, SourceSpec};
use crate::project::yaml::Spotted;
use crate::project::{Package, PropertyFile, SourceProperties, TableProperties};

type Found = (String, Result<Unresolved, Vec<Diagnostic>>);

impl Loader<'_> {
    /// Every source table of a package, called `source.table`.
    pub(super) fn sources(&self, package: &Package) -> Vec<Found> {
        let mut found = Vec::new();
        for file in &package.properties {
            for source in &file.sources {
                for table in &source.tables {
                    let node = SourceTable { loader: self, package, file, source, table }.node();
                    let calls = Vec::new();
                    let name = format!("{}.{}", source.name.value, table.name.value);
                    found.push((name, node.map(|node| Unresolved { node, calls })));
                }
            }
        }
        found
    }
}

struct SourceTable<'a> {
    loader: &'a Loader<'a>,
    package: &'a Package,
    file: &'a PropertyFile,
    source: &'a SourceProperties,
    table: &'a TableProperties,
}

impl SourceTable<'_> {
    fn node(&self) -> Result<Node, Vec<Diagnostic>> {
        let (package, source, table) = (self.package.name(), self.source, self.table);
        let renderer = self.loader.renderer(self.package);
        let relative = self.package.below_search_path(&self.file.file.path);
        let mut fqn = fqn(self.package, &relative, &source.name.value);
        fqn.push(table.name.value.clone());
        let config = self.config(&renderer, &fqn)?;
        let mut errors = Vec::new();
        let relation = self.relation(&renderer).map_err(|error| errors.push(error)).ok();
        // A disabled table's file need not exist, nor the vars that lead to it.
        let load = match &table.load {
            Some(load) if config.enabled => load_spec(load, &renderer).map_err(|more| errors.extend(more)).ok(),
            _ => None,
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let loader = table.loader.clone().unwrap_or_else(|| source.loader.clone());
        let first = |own: &Value, inherited: &Value| if own.is_null() { inherited.clone() } else { own.clone() };
        let docs = self.loader.docs;
        Ok(Node {
            id: NodeId::new(format!("source.{package}.{}.{}", source.name.value, table.name.value)),
            name: table.name.value.clone(),
            kind: NodeKind::Source,
            package: package.to_string(),
            path: self.file.file.path.clone(),
            fqn,
            description: docs.fill(&table.description, package),
            columns: columns_of(&table.columns, docs, package),
            tags: config.tags.iter().cloned().collect::<BTreeSet<_>>(),
            config,
            relation,
            raw_code: String::new(),
            depends_on: Vec::new(),
            refs: Vec::new(),
            sources: Vec::new(),
            macros: Vec::new(),
            test: None,
            source: Some(SourceSpec {
                source_name: source.name.value.clone(),
                source_description: docs.fill(&source.description, package),
                loader,
                loaded_at_field: table.loaded_at_field.clone().or_else(|| source.loaded_at_field.clone()),
                freshness: first(&table.freshness, &source.freshness),
                external: table.external.clone(),
            }),
            load,
            patch_path: None,
            spot: table.name.spot.clone(),
        })
    }

    fn config(&self, renderer: &Renderer<'_>, fqn: &[String]) -> Result<Config, Vec<Diagnostic>> {
        let mut merged = Merged::default();
        let mut errors = Vec::new();
        for layer in self.package.project.sources.on_the_way(fqn) {
            merged.add(layer, renderer, &mut errors);
        }
        for layer in [&self.source.config, &self.table.config] {
            merged.add(layer, renderer, &mut errors);
        }
        let root = &self.loader.project.root;
        if self.package.name() != root.name() {
            for layer in root.project.sources.on_the_way(fqn) {
                merged.add(layer, &self.loader.renderer(root), &mut errors);
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Config::read(merged, NodeKind::Source, &self.table.name.spot)
    }

    /// The target's database and a schema of the source's name, unless said otherwise.
    fn relation(&self, renderer: &Renderer<'_>) -> Result<RelationName, Diagnostic> {
        let text = |given: &Option<Spotted<String>>| match given {
            Some(given) => renderer.text(&given.value, &given.spot).map(Some),
            None => Ok(None),
        };
        let database = text(&self.source.database)?;
        let default = || {
            let database = self.loader.context.target().values.get("database").and_then(Value::as_str);
            database.unwrap_or_default().to_string()
        };
        Ok(RelationName {
            database: database.unwrap_or_else(default),
            schema: text(&self.source.schema)?.unwrap_or_else(|| self.source.name.value.clone()),
            identifier: text(&self.table.identifier)?.unwrap_or_else(|| self.table.name.value.clone()),
        })
    }
}
