//! Property files: the YAML beside models, seeds, snapshots, tests and macros that describes them.

mod columns;
mod data_test;
mod nodes;
mod sources;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use columns::ColumnProperties;
pub use data_test::DataTestProperties;
pub use nodes::{ExposureProperties, MacroProperties, NodeProperties};
pub use sources::{CsvProperties, LoadColumnProperties, LoadProperties, SourceProperties, TableProperties};

use super::TextFile;
use super::yaml::{self, Fields, Layer, Reader, Yaml};
use crate::diagnostic::Diagnostic;

/// What one property file says. Values may hold Jinja.
#[derive(Debug, Clone)]
pub struct PropertyFile {
    pub file: Arc<TextFile>,
    pub models: Vec<NodeProperties>,
    pub seeds: Vec<NodeProperties>,
    pub snapshots: Vec<NodeProperties>,
    pub analyses: Vec<NodeProperties>,
    /// Descriptions and configuration of singular tests.
    pub data_tests: Vec<NodeProperties>,
    pub sources: Vec<SourceProperties>,
    pub macros: Vec<MacroProperties>,
    pub exposures: Vec<ExposureProperties>,
}

/// Sections that change nothing here.
const WITHOUT_EFFECT: [&str; 3] = ["version", "anchors", "groups"];

/// Sections for kinds of nodes that are not supported.
const UNSUPPORTED: [&str; 5] = ["metrics", "semantic_models", "saved_queries", "unit_tests", "functions"];

impl PropertyFile {
    /// Reads the text of a property file; warnings come with it.
    pub fn parse(file: &Arc<TextFile>) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let reader = Reader::new(file);
        let mut found = PropertyFile {
            file: Arc::clone(file),
            models: Vec::new(),
            seeds: Vec::new(),
            snapshots: Vec::new(),
            analyses: Vec::new(),
            data_tests: Vec::new(),
            sources: Vec::new(),
            macros: Vec::new(),
            exposures: Vec::new(),
        };
        if let Some(root) = yaml::parse(file)?
            && let Some(fields) = reader.fields(&root, "a property file")
        {
            found.models = each(&fields, "models", "a model", NodeProperties::read);
            found.seeds = each(&fields, "seeds", "a seed", NodeProperties::read);
            found.snapshots = each(&fields, "snapshots", "a snapshot", NodeProperties::read);
            found.analyses = each(&fields, "analyses", "an analysis", NodeProperties::read);
            found.data_tests = each(&fields, "data_tests", "a data test", NodeProperties::read);
            found.sources = each(&fields, "sources", "a source", SourceProperties::read);
            found.macros = each(&fields, "macros", "a macro", MacroProperties::read);
            found.exposures = each(&fields, "exposures", "an exposure", ExposureProperties::read);
            fields.ignore(&WITHOUT_EFFECT);
            fields.unsupported(&UNSUPPORTED);
            fields.check_unknown();
        }
        reader.finish(found)
    }
}

/// Reads every mapping of the list under `key`.
fn each<'r, 'y, T>(
    fields: &Fields<'r, 'y>,
    key: &'static str,
    what: &str,
    read: impl Fn(&Fields<'r, 'y>) -> T,
) -> Vec<T> {
    let one = |item: &'y Yaml| Some(read(&fields.reader().fields(item, what)?));
    fields.list(key).iter().filter_map(one).collect()
}

/// `config:`, with `meta:` and `tags:` that stand beside it.
fn config_of(fields: &Fields<'_, '_>) -> Layer {
    let mut config = Layer::under(fields, "config");
    for key in ["meta", "tags", "enabled"] {
        config.take_inline(fields, key);
    }
    config
}
