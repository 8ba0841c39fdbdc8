//! Generic tests and what they are attached to.

use std::path::Path;

use serde_json::{Map, Value};

use super::Unresolved;
use super::drafts::Patches;
use super::test_name::names;
use crate::manifest::{Node, NodeId};
use crate::project::{ColumnProperties, DataTestProperties, Package, Project};

/// A generic test and what it is attached to.
pub(super) struct Attached<'a> {
    pub package: &'a Package,
    /// The property file.
    pub path: &'a Path,
    pub target: Target,
    pub column: Option<&'a ColumnProperties>,
    pub test: &'a DataTestProperties,
}

pub(super) struct Target {
    pub id: NodeId,
    /// `customers`, or `forex_customer_transactions` for a source.
    label: String,
    /// `ref('customers')`
    call: String,
    is_source: bool,
}

/// The tests on enabled nodes: those on disabled ones vanish with them.
pub(super) fn collect<'a>(
    project: &'a Project,
    patches: &'a Patches<'a>,
    enabled: &'a [Unresolved],
) -> Vec<Attached<'a>> {
    let mut found = Vec::new();
    for node in enabled.iter().map(|found| &found.node) {
        let Some(package) = project.packages().find(|package| package.name() == node.package) else { continue };
        match &node.source {
            Some(source) => {
                let tables = package.properties.iter().flat_map(|file| {
                    let own = file.sources.iter().filter(|found| found.name.value == source.source_name);
                    own.flat_map(move |found| found.tables.iter().map(move |table| (file, table)))
                });
                for (file, table) in tables.filter(|(_, table)| table.name.value == node.name) {
                    let target = || Target::source(node, &source.source_name);
                    let place = Place { package, path: &file.file.path };
                    place.tests(&mut found, target, &table.data_tests, &table.columns);
                }
            }
            None => {
                if let Some(patch) = patches.get(&node.package, node.kind, &node.name) {
                    let place = Place { package, path: &patch.file.file.path };
                    let properties = patch.properties;
                    place.tests(&mut found, || Target::node(node), &properties.data_tests, &properties.columns);
                }
            }
        }
    }
    found
}

/// Where the tests of one node stand.
struct Place<'a> {
    package: &'a Package,
    path: &'a Path,
}

impl<'a> Place<'a> {
    fn tests(
        &self,
        found: &mut Vec<Attached<'a>>,
        target: impl Fn() -> Target,
        own: &'a [DataTestProperties],
        columns: &'a [ColumnProperties],
    ) {
        let attach = |test, column| Attached { package: self.package, path: self.path, target: target(), column, test };
        found.extend(own.iter().map(|test| attach(test, None)));
        for column in columns {
            found.extend(column.data_tests.iter().map(|test| attach(test, Some(column))));
        }
    }
}

impl Target {
    fn node(node: &Node) -> Self {
        let call = format!("ref('{}')", node.name);
        Target { id: node.id.clone(), label: node.name.clone(), call, is_source: false }
    }

    fn source(node: &Node, source: &str) -> Self {
        let call = format!("source('{source}', '{}')", node.name);
        Target { id: node.id.clone(), label: format!("{source}_{}", node.name), call, is_source: true }
    }
}

impl Attached<'_> {
    /// The test's name, and one short enough for a relation.
    pub fn names(&self, kwargs: &Map<String, Value>) -> (String, String) {
        if let Some(name) = &self.test.custom_name {
            return (name.clone(), name.clone());
        }
        let source = if self.target.is_source { "source_" } else { "" };
        let test = match &self.test.package {
            Some(package) => format!("{package}_{source}{}", self.test.name),
            None => format!("{source}{}", self.test.name),
        };
        names(&test, &self.target.label, kwargs)
    }

    /// The macro's arguments as dbt keeps them, `model` and `column_name` among them.
    pub fn kwargs(&self) -> Map<String, Value> {
        let mut kwargs = self.test.kwargs.clone();
        if let Some(column) = self.column {
            let name = &column.name.value;
            let name = if column.quote == Some(true) { format!("\"{name}\"") } else { name.clone() };
            kwargs.insert("column_name".to_string(), name.into());
        }
        kwargs.insert("model".to_string(), format!("{{{{ get_where_subquery({}) }}}}", self.target.call).into());
        kwargs
    }
}
