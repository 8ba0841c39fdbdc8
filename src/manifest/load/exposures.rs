//! Exposures: what outside of the project uses its tables.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::drafts::fqn;
use super::resolve::{Call, Index, calls_at};
use super::{Docs, Loader};
use crate::diagnostic::Diagnostic;
use crate::manifest::NodeId;
use crate::project::{ExposureProperties, Package};

/// A use of the project's tables: a dashboard, a notebook, an application.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// `exposure.<package>.<name>`.
    pub id: NodeId,
    pub name: String,
    pub package: String,
    pub path: PathBuf,
    pub fqn: Vec<String>,
    pub description: String,
    pub depends_on: Vec<NodeId>,
    /// Every key as written.
    pub raw: Map<String, Value>,
}

pub(super) fn collect(loader: &Loader<'_>, index: &Index, errors: &mut Vec<Diagnostic>) -> Vec<Exposure> {
    let mut exposures = Vec::new();
    for package in loader.project.packages() {
        for file in &package.properties {
            for exposure in &file.exposures {
                match depends_on(loader, index, package, exposure) {
                    Ok(parents) => exposures.push(build(loader.docs, package, &file.file.path, exposure, parents)),
                    Err(error) => errors.push(error),
                }
            }
        }
    }
    exposures
}

fn build(
    docs: &Docs,
    package: &Package,
    path: &Path,
    exposure: &ExposureProperties,
    depends_on: Vec<NodeId>,
) -> Exposure {
    let name = &exposure.name.value;
    Exposure {
        id: NodeId::new(format!("exposure.{}.{name}", package.name())),
        name: name.clone(),
        package: package.name().to_string(),
        path: path.to_path_buf(),
        fqn: fqn(package, &package.below_search_path(path), name),
        description: docs.fill(&exposure.description, package.name()),
        depends_on,
        raw: exposure.raw.clone(),
    }
}

fn depends_on(
    loader: &Loader<'_>,
    index: &Index,
    package: &Package,
    exposure: &ExposureProperties,
) -> Result<Vec<NodeId>, Diagnostic> {
    let mut parents = Vec::new();
    for call in &exposure.depends_on {
        let parsed = loader.renderer(package).calls_of(&call.value, &call.spot)?;
        for found in calls_at(&parsed, &call.spot) {
            let (id, unknown) = match &found {
                Call::Ref(name, _) => {
                    let wanted = name.package.as_deref();
                    let id = index.find_ref(wanted, &name.name, package.name());
                    (id, index.unknown_ref(wanted, &name.name))
                }
                Call::Source(name, _) => {
                    let id = index.find_source(&name.source, &name.table, package.name());
                    (id, index.unknown_source(&name.source, &name.table))
                }
            };
            parents.push(id.ok_or_else(|| unknown.at(call.spot.place()))?.clone());
        }
    }
    Ok(parents)
}
