//! `packages.yml` and `dependencies.yml`: what should be installed.

use std::path::Path;

use super::read_text;
use super::yaml::{self, Reader};
use crate::diagnostic::Diagnostic;

const FILES: [&str; 2] = ["packages.yml", "dependencies.yml"];

/// An error when the project asks for packages and not so many are installed: their macros would be missing one by one.
pub(super) fn check_installed(project_dir: &Path, install_path: &str, installed: usize) -> Result<(), Vec<Diagnostic>> {
    for name in FILES {
        let path = project_dir.join(name);
        if !path.is_file() {
            continue;
        }
        let file = read_text(&path, name.into()).map_err(|error| vec![error])?;
        let reader = Reader::new(&file);
        let root = yaml::parse(&file)?;
        let wanted = root.as_ref().and_then(|root| reader.fields(root, name)).map_or(0, |fields| {
            let wanted = fields.list("packages");
            if wanted.len() > installed {
                let message = format!("{name} asks for {} packages, and {install_path} has {installed}", wanted.len());
                let error = reader.at(fields.key_span("packages").unwrap_or(fields.span()), message);
                reader.error(error.hint(format!("run `dbt deps`, or copy the packages into {install_path}")));
            }
            wanted.len()
        });
        reader.finish(wanted)?;
    }
    Ok(())
}
