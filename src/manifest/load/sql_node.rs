//! Drafts → nodes: configuration, calls, names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::drafts::Draft;
use super::resolve::calls_of;
use super::{Docs, Loader, Unresolved, orphans};
use crate::diagnostic::Diagnostic;
use crate::jinja::{NameKind, Parsed, Template};
use crate::manifest::layers::Merged;
use crate::manifest::render::Renderer;
use crate::manifest::{Column, Config, Materialization, Node, NodeId, NodeKind, RelationName, TestKind, TestSpec};
use crate::project::yaml::Layer;
use crate::project::{ColumnProperties, ConfigTree, ProjectFile, Spot};

/// The schema of stored test failures, unless a test says otherwise.
pub(super) const FAILURES_SCHEMA: &str = "dbt_test__audit";

impl Loader<'_> {
    pub(super) fn sql_node(&self, draft: Draft<'_>) -> Result<Unresolved, Vec<Diagnostic>> {
        let renderer = self.renderer(draft.package);
        let path = draft.spot.path().to_path_buf();
        let id = NodeId::new(format!("{}.{}.{}", draft.kind, draft.package.name(), draft.name));
        let identity = json!({
            "unique_id": id.as_str(), "resource_type": draft.kind.as_str(), "package_name": draft.package.name(),
            "name": draft.name, "fqn": draft.fqn, "path": path.to_string_lossy(),
            "original_file_path": path.to_string_lossy(),
        });
        let (before, mut errors) = self.merged(&draft, &renderer, None);
        let parsed = match draft.kind {
            NodeKind::Seed => Ok(Parsed::default()),
            _ => self.parse(&draft, &renderer, &path, &identity, &before.values),
        };
        let parsed = match parsed {
            Ok(parsed) => parsed,
            // What is switched off need not be right.
            Err(_) if before.values.get("enabled") == Some(&Value::Bool(false)) => Parsed::default(),
            Err(error) => return Err(errors.into_iter().chain([error]).collect()),
        };
        let mut merged = before;
        if !parsed.configs.is_empty() {
            let in_file = layer_of(&parsed, &draft.spot);
            (merged, errors) = self.merged(&draft, &renderer, Some(&in_file));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let config = Config::read(merged.clone(), draft.kind, &draft.spot)?;
        let relation = self.relation(&draft, &config, &renderer, identity).map_err(|error| {
            let spot = ["schema", "database", "alias"].iter().find_map(|key| merged.spot(key)).unwrap_or(&draft.spot);
            vec![error.at(spot.place())]
        })?;
        let mut calls = calls_of(&parsed);
        calls.extend(orphans::calls(&config, &merged, &renderer, &draft.spot).map_err(|error| vec![error])?);
        Ok(Unresolved { node: self.node(draft, id, path, config, relation, &parsed), calls })
    }

    fn node(
        &self,
        draft: Draft<'_>,
        id: NodeId,
        path: PathBuf,
        config: Config,
        relation: Option<RelationName>,
        parsed: &Parsed,
    ) -> Node {
        let package = draft.package.name();
        let properties = draft.patch.map(|patch| patch.properties);
        let test = TestSpec { kind: TestKind::Singular, attached_to: None, column: None };
        Node {
            id,
            kind: draft.kind,
            package: package.to_string(),
            path,
            fqn: draft.fqn,
            description: properties.map(|found| self.docs.fill(&found.description, package)).unwrap_or_default(),
            columns: properties.map(|found| columns_of(&found.columns, self.docs, package)).unwrap_or_default(),
            tags: config.tags.iter().cloned().collect::<BTreeSet<_>>(),
            config,
            relation,
            raw_code: draft.code,
            depends_on: Vec::new(),
            refs: Vec::new(),
            sources: Vec::new(),
            macros: parsed.macros_called.clone(),
            test: (draft.kind == NodeKind::Test).then_some(test),
            source: None,
            load: None,
            patch_path: draft.patch.map(|patch| patch.file.file.path.clone()),
            spot: draft.spot,
            name: draft.name,
        }
    }

    fn parse(
        &self,
        draft: &Draft<'_>,
        renderer: &Renderer<'_>,
        path: &Path,
        identity: &Value,
        config: &Map<String, Value>,
    ) -> Result<Parsed, Diagnostic> {
        let template = Template { package: draft.package.name(), name: &draft.name, path, text: &draft.code };
        renderer.with_scope(Some(identity), Some(config), |scope| self.jinja.parse(&template, &scope))
    }

    /// `dbt_project.yml`, then properties, then `{{ config() }}`; over a package's all, the root's `dbt_project.yml`.
    fn merged(&self, draft: &Draft<'_>, renderer: &Renderer<'_>, in_file: Option<&Layer>) -> (Merged, Vec<Diagnostic>) {
        let mut merged = Merged::default();
        let mut errors = Vec::new();
        let own = draft.package;
        for layer in tree_of(&own.project, draft.kind).on_the_way(&draft.fqn) {
            merged.add(layer, renderer, &mut errors);
        }
        let properties = draft.patch.map(|patch| &patch.properties.config);
        for layer in properties.into_iter().chain(in_file) {
            merged.add(layer, renderer, &mut errors);
        }
        let root = &self.project.root;
        if own.name() != root.name() {
            let renderer = self.renderer(root);
            for layer in tree_of(&root.project, draft.kind).on_the_way(&draft.fqn) {
                merged.add(layer, &renderer, &mut errors);
            }
        }
        (merged, errors)
    }

    fn relation(
        &self,
        draft: &Draft<'_>,
        config: &Config,
        renderer: &Renderer<'_>,
        identity: Value,
    ) -> Result<Option<RelationName>, Diagnostic> {
        match draft.kind {
            NodeKind::Seed => {}
            NodeKind::Model if config.materialized != Materialization::Ephemeral => {}
            NodeKind::Snapshot => {
                let legacy = |key: &str| config.raw.get(key).and_then(Value::as_str).map(ToString::to_string);
                let mut name = self.name_relation(config, renderer, identity, None)?;
                name.schema = legacy("target_schema").unwrap_or(name.schema);
                name.database = legacy("target_database").unwrap_or(name.database);
                return Ok(Some(name));
            }
            NodeKind::Test if config.store_failures == Some(true) => {
                return self.name_relation(config, renderer, identity, Some(FAILURES_SCHEMA)).map(Some);
            }
            _ => return Ok(None),
        }
        self.name_relation(config, renderer, identity, None).map(Some)
    }

    /// The relation that `generate_database_name`, `generate_schema_name` and `generate_alias_name` give a node.
    pub(super) fn name_relation(
        &self,
        config: &Config,
        renderer: &Renderer<'_>,
        mut identity: Value,
        default_schema: Option<&str>,
    ) -> Result<RelationName, Diagnostic> {
        if let Value::Object(fields) = &mut identity {
            fields.insert("config".to_string(), Value::Object(config.raw.clone()));
            fields.insert("tags".to_string(), config.tags.clone().into());
        }
        let schema = config.schema.as_deref().or(default_schema);
        renderer.with_scope(Some(&identity), Some(&config.raw), |scope| {
            let name = |kind, custom: Option<&str>| self.jinja.generate_name(kind, custom, &identity, &scope);
            Ok(RelationName {
                database: name(NameKind::Database, config.database.as_deref())?,
                schema: name(NameKind::Schema, schema)?,
                identifier: name(NameKind::Alias, config.alias.as_deref())?,
            })
        })
    }
}

/// The section of `dbt_project.yml` that configures nodes of a kind.
pub(super) fn tree_of(project: &ProjectFile, kind: NodeKind) -> Cow<'_, ConfigTree> {
    match kind {
        NodeKind::Model => Cow::Borrowed(&project.models),
        NodeKind::Seed => Cow::Borrowed(&project.seeds),
        NodeKind::Snapshot => Cow::Borrowed(&project.snapshots),
        NodeKind::Test => Cow::Borrowed(&project.data_tests),
        NodeKind::Source => Cow::Borrowed(&project.sources),
        NodeKind::Analysis | NodeKind::Operation => Cow::Owned(ConfigTree::default()),
    }
}

fn layer_of(parsed: &Parsed, spot: &Spot) -> Layer {
    let mut layer = Layer::default();
    for (key, value, place) in &parsed.configs {
        // A macro that calls config() stands in another file.
        let here = place.path == spot.path();
        let spot = if here { Spot::of_place(spot.file(), place) } else { spot.clone() };
        layer.insert(key.as_str(), value.clone(), spot);
    }
    layer
}

/// Columns as a node shows them.
pub(super) fn columns_of(columns: &[ColumnProperties], docs: &Docs, package: &str) -> IndexMap<String, Column> {
    let column = |column: &ColumnProperties| {
        let name = column.name.value.clone();
        let column = Column {
            name: name.clone(),
            description: docs.fill(&column.description, package),
            data_type: column.data_type.clone(),
            meta: column.meta.clone(),
            tags: column.tags.clone(),
            quote: column.quote,
        };
        (name, column)
    };
    columns.iter().map(column).collect()
}
