//! `manifest.json` in the shape of dbt's schema v12.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Column, Exposure, Manifest, Node, NodeId, NodeKind, RelationName, TestKind};
use crate::jinja::MacroInfo;

const SCHEMA: &str = "https://schemas.getdbt.com/dbt/manifest/v12.json";

/// The dbt release whose manifest has this shape.
const DBT_VERSION: &str = "1.10.0";

impl Manifest {
    /// The content of `target/manifest.json`. `generated_at` is the one value that differs from run to run.
    pub fn to_json(&self) -> Value {
        let is_source = |node: &&Node| node.kind == NodeKind::Source;
        let entries = |nodes: Vec<&Node>| -> Map<String, Value> {
            nodes.into_iter().map(|node| (node.id.to_string(), node.to_json())).collect()
        };
        let hooks = self.on_run_start.iter().chain(&self.on_run_end);
        let nodes = self.nodes.values().filter(|node| !is_source(node)).chain(hooks).collect();
        let sources = self.nodes.values().filter(is_source).collect();
        let disabled: Map<String, Value> =
            self.disabled.values().map(|node| (node.id.to_string(), json!([node.to_json()]))).collect();
        let exposures: Map<String, Value> =
            self.exposures.iter().map(|exposure| (exposure.id.to_string(), exposure.to_json())).collect();
        let docs: Map<String, Value> = self.docs.iter().cloned().collect();
        json!({
            "metadata": self.metadata(),
            "nodes": entries(nodes),
            "sources": entries(sources),
            "macros": self.macros_json(),
            "docs": docs,
            "exposures": exposures,
            "metrics": {}, "groups": {}, "selectors": {}, "saved_queries": {}, "semantic_models": {}, "unit_tests": {},
            "group_map": {},
            "disabled": disabled,
            "parent_map": self.neighbours(|id| self.dag.parents(id).collect()),
            "child_map": self.neighbours(|id| self.dag.children(id).collect()),
        })
    }

    fn macros_json(&self) -> Map<String, Value> {
        let entry = |found: MacroInfo| {
            let said = self.macro_properties.get(&found.unique_id);
            let arguments = said.map(|said| said.arguments.clone()).filter(|arguments| !arguments.is_null());
            let named = || found.arguments.iter().map(|name| json!({ "name": name, "type": null, "description": "" }));
            let value = json!({
                "name": found.name, "resource_type": "macro", "package_name": found.package,
                "path": found.path.to_string_lossy(), "original_file_path": found.path.to_string_lossy(),
                "unique_id": found.unique_id, "macro_sql": found.sql, "depends_on": { "macros": found.calls },
                "description": said.map_or("", |said| &said.description),
                "meta": said.map(|said| &said.meta), "docs": { "show": true, "node_color": null },
                "patch_path": null, "arguments": arguments.unwrap_or_else(|| named().collect()),
                "supported_languages": null,
            });
            (found.unique_id, value)
        };
        self.jinja.macros().into_iter().map(entry).collect()
    }

    fn metadata(&self) -> Value {
        json!({
            "dbt_schema_version": SCHEMA,
            "dbt_version": DBT_VERSION,
            "generated_at": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
            "invocation_id": null,
            "env": {},
            "project_name": self.project_name,
            "project_id": null, "user_id": null, "send_anonymous_usage_stats": false,
            "adapter_type": self.target.kind,
        })
    }

    fn neighbours<'a>(&'a self, of: impl Fn(&'a NodeId) -> Vec<&'a NodeId>) -> Value {
        let mut map: Map<String, Value> = self.nodes.keys().map(|id| (id.to_string(), json!(of(id)))).collect();
        for exposure in &self.exposures {
            map.insert(exposure.id.to_string(), json!([]));
        }
        Value::Object(map)
    }
}

impl Node {
    /// The node as `manifest.json` shows it, and as templates see it as `model`.
    pub fn to_json(&self) -> Value {
        let mut shown = self.common_json();
        let more = match self.kind {
            NodeKind::Source => self.source_json(),
            _ => self.sql_json(),
        };
        shown.extend(more);
        Value::Object(shown)
    }

    fn common_json(&self) -> Map<String, Value> {
        let columns: IndexMap<&String, Value> =
            self.columns.iter().map(|(name, column)| (name, column.to_json())).collect();
        object(json!({
            "database": self.relation.as_ref().map(|relation| &relation.database),
            "schema": self.relation.as_ref().map(|relation| &relation.schema),
            "name": self.name,
            "resource_type": self.kind,
            "package_name": self.package,
            "path": self.path_below_search_path(),
            "original_file_path": self.path.to_string_lossy(),
            "unique_id": self.id,
            "fqn": self.fqn,
            "config": self.config.raw,
            "tags": self.tags,
            "description": self.description,
            "columns": columns,
            "meta": self.config.meta,
            "relation_name": self.relation.as_ref().map(RelationName::quoted),
            "patch_path": self.patch_path.as_ref().map(|path| format!("{}://{}", self.package, path.display())),
            "unrendered_config": {},
        }))
    }

    fn sql_json(&self) -> Map<String, Value> {
        let alias = self.relation.as_ref().map(|relation| relation.identifier.clone());
        let refs: Vec<Value> = self
            .refs
            .iter()
            .map(|call| json!({ "name": call.name, "package": call.package, "version": call.version }))
            .collect();
        let sources: Vec<[&str; 2]> =
            self.sources.iter().map(|call| [call.source.as_str(), call.table.as_str()]).collect();
        let mut shown = object(json!({
            "alias": alias.or_else(|| self.config.alias.clone()).unwrap_or_else(|| self.name.clone()),
            "checksum": { "name": "sha256", "checksum": sha256(self.raw_code.trim()) },
            "raw_code": self.raw_code,
            "language": "sql",
            "refs": refs,
            "sources": sources,
            "metrics": [],
            "depends_on": { "macros": self.macros, "nodes": self.depends_on },
            "docs": { "show": true, "node_color": null },
            "group": null, "build_path": null, "compiled_path": null,
            "contract": { "enforced": false, "alias_types": true, "checksum": null },
        }));
        if self.kind == NodeKind::Model {
            shown.extend(object(json!({
                "access": "protected", "constraints": [], "version": null, "latest_version": null,
                "deprecation_date": null, "primary_key": [],
            })));
        }
        if let Some(test) = &self.test {
            shown.insert("column_name".to_string(), json!(test.column));
            shown.insert("attached_node".to_string(), json!(test.attached_to));
            if let TestKind::Generic { name, package, kwargs } = &test.kind {
                let metadata = json!({ "name": name, "kwargs": kwargs, "namespace": package });
                shown.insert("test_metadata".to_string(), metadata);
            }
        }
        shown
    }

    fn source_json(&self) -> Map<String, Value> {
        let Some(source) = &self.source else { return Map::new() };
        object(json!({
            "source_name": source.source_name,
            "source_description": source.source_description,
            "source_meta": {},
            "loader": source.loader,
            "identifier": self.relation.as_ref().map(|relation| &relation.identifier),
            "quoting": {},
            "loaded_at_field": source.loaded_at_field,
            "freshness": source.freshness,
            "external": source.external,
        }))
    }

    /// The file's path without the search path, as dbt's `path` has it; for a generic test, the file dbt would write.
    fn path_below_search_path(&self) -> String {
        if matches!(&self.test, Some(test) if test.attached_to.is_some()) {
            return format!("{}.sql", self.config.alias.as_ref().unwrap_or(&self.name));
        }
        if self.kind == NodeKind::Source {
            return self.path.to_string_lossy().into_owned();
        }
        let folders = self.fqn.iter().skip(1).take(self.fqn.len().saturating_sub(2)).cloned();
        let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        folders.chain([file]).collect::<Vec<_>>().join("/")
    }
}

impl Column {
    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "description": self.description, "meta": self.meta, "data_type": self.data_type,
            "constraints": [], "quote": self.quote, "tags": self.tags,
        })
    }
}

impl Exposure {
    fn to_json(&self) -> Value {
        let mut shown = self.raw.clone();
        shown.extend(object(json!({
            "name": self.name,
            "resource_type": "exposure",
            "package_name": self.package,
            "path": self.path.to_string_lossy(),
            "original_file_path": self.path.to_string_lossy(),
            "unique_id": self.id,
            "fqn": self.fqn,
            "description": self.description,
            "depends_on": { "macros": [], "nodes": self.depends_on },
        })));
        Value::Object(shown)
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
