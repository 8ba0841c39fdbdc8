//! The columns of a model, seed, snapshot or source table.

use serde_json::{Map, Value};

use super::{DataTestProperties, each};
use crate::project::yaml::{Fields, Spotted};

#[derive(Debug, Clone)]
pub struct ColumnProperties {
    pub name: Spotted<String>,
    pub description: String,
    pub data_type: Option<String>,
    pub meta: Map<String, Value>,
    pub tags: Vec<String>,
    pub quote: Option<bool>,
    pub data_tests: Vec<DataTestProperties>,
}

impl ColumnProperties {
    pub(super) fn read_all(fields: &Fields<'_, '_>) -> Vec<Self> {
        each(fields, "columns", "a column", Self::read)
    }

    fn read(fields: &Fields<'_, '_>) -> Self {
        let mut meta = fields.json_map("meta");
        let mut tags = texts(fields, "tags");
        if let Some(config) = fields.fields("config") {
            meta.extend(config.json_map("meta"));
            tags.extend(texts(&config, "tags"));
            config.check_unknown();
        }
        let column = ColumnProperties {
            description: fields.text("description").unwrap_or_default(),
            data_type: fields.text("data_type"),
            meta,
            tags,
            quote: fields.flag("quote"),
            data_tests: DataTestProperties::read_all(fields),
            name: fields.required_text("name"),
        };
        fields.ignore(&["policy_tags", "granularity", "dimension", "entity"]);
        fields.unsupported(&["constraints"]);
        fields.check_unknown();
        column
    }
}

fn texts(fields: &Fields<'_, '_>, key: &'static str) -> Vec<String> {
    fields.texts(key).unwrap_or_default().into_iter().map(|text| text.value).collect()
}
