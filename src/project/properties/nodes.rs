//! Models, seeds, snapshots, analyses, macros and exposures.

use serde_json::{Map, Value};

use super::{ColumnProperties, DataTestProperties, config_of};
use crate::project::yaml::{Fields, Layer, Spotted};

/// What a property file says of a model, seed, snapshot, analysis or singular test.
#[derive(Debug, Clone)]
pub struct NodeProperties {
    pub name: Spotted<String>,
    pub description: String,
    pub config: Layer,
    pub columns: Vec<ColumnProperties>,
    pub data_tests: Vec<DataTestProperties>,
    /// `relation:` of a snapshot that is defined in YAML alone: `ref('…')` or `source('…', '…')`.
    pub relation: Option<Spotted<String>>,
}

/// Keys of dbt that change nothing here.
const WITHOUT_EFFECT: [&str; 8] =
    ["docs", "access", "group", "latest_version", "deprecation_date", "primary_key", "time_spine", "patch_path"];

impl NodeProperties {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Self {
        let node = NodeProperties {
            description: fields.text("description").unwrap_or_default(),
            config: config_of(fields),
            columns: ColumnProperties::read_all(fields),
            data_tests: DataTestProperties::read_all(fields),
            relation: fields.spotted_text("relation"),
            name: fields.required_text("name"),
        };
        fields.ignore(&WITHOUT_EFFECT);
        fields.unsupported(&["versions", "constraints"]);
        fields.check_unknown();
        node
    }
}

/// What a property file says of a macro.
#[derive(Debug, Clone)]
pub struct MacroProperties {
    pub name: Spotted<String>,
    pub description: String,
    pub arguments: Value,
    pub meta: Map<String, Value>,
}

impl MacroProperties {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Self {
        let found = MacroProperties {
            description: fields.text("description").unwrap_or_default(),
            arguments: fields.json("arguments"),
            meta: fields.json_map("meta"),
            name: fields.required_text("name"),
        };
        fields.ignore(&["docs", "config"]);
        fields.check_unknown();
        found
    }
}

/// A use of the project's tables outside of it: kept for `manifest.json` and the selector `exposure:`.
#[derive(Debug, Clone)]
pub struct ExposureProperties {
    pub name: Spotted<String>,
    pub description: String,
    /// `ref('…')` and `source('…', '…')` calls.
    pub depends_on: Vec<Spotted<String>>,
    /// Every key as written.
    pub raw: Map<String, Value>,
}

impl ExposureProperties {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Self {
        let raw = fields.all().iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect();
        let found = ExposureProperties {
            description: fields.text("description").unwrap_or_default(),
            depends_on: fields.texts("depends_on").unwrap_or_default(),
            raw,
            name: fields.required_text("name"),
        };
        fields.ignore(&["type", "owner", "label", "url", "maturity", "meta", "tags", "config", "enabled"]);
        fields.check_unknown();
        found
    }
}
