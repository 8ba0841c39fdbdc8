//! The macros of the project and its packages.

use std::collections::HashMap;

use super::Docs;
use crate::jinja::{Jinja, MacroFile};
use crate::project::{MacroProperties, Package, Project, SqlFile};

/// What the macro of a generic test is called before the test's own name.
const TEST_PREFIX: &str = "test_";

pub(super) fn macro_files(project: &Project) -> Vec<MacroFile> {
    let of_package = |package: &Package| {
        let file = |file: &SqlFile| MacroFile {
            package: package.name().to_string(),
            path: file.file.path.clone(),
            text: file.file.text.clone(),
        };
        package.macros.iter().map(file).collect::<Vec<_>>()
    };
    project.packages().flat_map(of_package).collect()
}

/// The macro of a generic test: of the package it names, or else of its own, of the root project, of dbt.
pub(super) fn has_test(jinja: &Jinja, package: Option<&str>, name: &str, from: &str) -> bool {
    let name = format!("{TEST_PREFIX}{name}");
    match package {
        Some(package) => jinja.has_macro(Some(package), &name),
        None => jinja.has_macro(Some(from), &name) || jinja.has_macro(None, &name),
    }
}

/// The names of the generic tests of a package, or of those that a test without a package can mean.
pub(super) fn test_names(jinja: &Jinja, package: Option<&str>) -> Vec<String> {
    let names: Vec<String> = match package {
        Some(package) => {
            let of_package = jinja.macros().into_iter().filter(|found| found.package == package);
            of_package.map(|found| found.name).collect()
        }
        None => jinja.macro_names(),
    };
    names.iter().filter_map(|name| name.strip_prefix(TEST_PREFIX)).map(ToString::to_string).collect()
}

/// What property files say of macros, by unique id.
pub(super) fn macro_properties(project: &Project, docs: &Docs) -> HashMap<String, MacroProperties> {
    let mut said = HashMap::new();
    for package in project.packages() {
        for properties in package.properties.iter().flat_map(|file| &file.macros) {
            let description = docs.fill(&properties.description, package.name());
            let id = format!("macro.{}.{}", package.name(), properties.name.value);
            said.insert(id, MacroProperties { description, ..properties.clone() });
        }
    }
    said
}
