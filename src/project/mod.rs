//! Files on disk, typed; names are not yet resolved. One kind of dbt file a module.
//!
//! `dbt_project.yml`, property files and SQL files become a [`Project`], `profiles.yml` a [`ProfilesFile`]. Values that
//! hold Jinja are kept as text: rendering them is the manifest's part, since it takes the target and the vars.

mod config_tree;
mod dbt_project;
mod ignore;
mod options;
mod package;
mod packages;
mod profiles;
mod properties;
#[cfg(test)]
mod random;
mod secret;
mod spot;
mod target;
#[cfg(test)]
mod tests;
mod vars;
mod walk;
pub mod wildcard;
pub mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;

pub use config_tree::ConfigTree;
pub use dbt_project::{Dispatch, PROJECT_FILE, Paths, ProjectFile};
pub use options::{Env, ProjectOptions};
pub use package::{Package, SeedFile, SqlFile};
pub use profiles::{Output, PROFILES_FILE, Profile, ProfilesFile};
pub use properties::{
    ColumnProperties, CsvProperties, DataTestProperties, ExposureProperties, LoadColumnProperties, LoadProperties,
    MacroProperties, NodeProperties, PropertyFile, SourceProperties, TableProperties,
};
pub use secret::Secret;
pub use spot::{Spot, TextFile};
pub use target::{ProfileValue, TargetProfile, without_secrets};
pub use vars::parse_vars;

/// A project as it lies on disk, with the packages installed in it.
#[derive(Debug, Clone)]
pub struct Project {
    pub root: Package,
    /// By folder name.
    pub installed: Vec<Package>,
    pub warnings: Vec<Diagnostic>,
}

impl Project {
    /// Reads every file of the project in `project_dir`. All errors of all files come at once.
    pub fn read(project_dir: &Path) -> Result<Self, Vec<Diagnostic>> {
        if !project_dir.join(PROJECT_FILE).is_file() {
            let message = format!("no {PROJECT_FILE} in {}", project_dir.display());
            return Err(vec![
                Diagnostic::new(message).hint("run in the project's directory, or name it with --project-dir"),
            ]);
        }
        let (root, mut warnings) = Package::read(project_dir, Path::new(""))?;
        let mut installed = Vec::new();
        let mut errors = Vec::new();
        for folder in package_folders(project_dir, &root.project.packages_install_path) {
            match Package::read(project_dir, &folder) {
                Ok((package, more)) => {
                    installed.push(package);
                    warnings.extend(more);
                }
                Err(more) => errors.extend(more),
            }
        }
        let install_path = &root.project.packages_install_path;
        if let Err(more) = packages::check_installed(project_dir, install_path, installed.len() + errors.len()) {
            errors.extend(more);
        }
        if errors.is_empty() { Ok(Project { root, installed, warnings }) } else { Err(errors) }
    }

    /// The user's own project first.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        std::iter::once(&self.root).chain(&self.installed)
    }
}

/// The folders of installed packages, relative to the project directory.
fn package_folders(project_dir: &Path, install_path: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(project_dir.join(install_path)) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| Path::new(install_path).join(entry.file_name()))
        .filter(|folder| project_dir.join(folder).join(PROJECT_FILE).is_file())
        .collect();
    folders.sort();
    folders
}

/// Reads a UTF-8 text file that messages call `shown`.
fn read_text(path: &Path, shown: PathBuf) -> Result<Arc<TextFile>, Diagnostic> {
    let bytes =
        std::fs::read(path).map_err(|error| Diagnostic::new(format!("cannot read {}: {error}", shown.display())))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(TextFile::new(shown, text.strip_prefix('\u{feff}').unwrap_or(&text))),
        Err(error) => {
            let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            let line = good.matches('\n').count() + 1;
            let message = format!("{} is not UTF-8 text: line {line} has bytes that are no character", shown.display());
            Err(Diagnostic::new(message).hint("save the file as UTF-8"))
        }
    }
}
