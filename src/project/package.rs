//! The files of the project and of each installed package.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::dbt_project::PROJECT_FILE;
use super::ignore::{IGNORE_FILE, Ignore};
use super::walk::{self, Found};
use super::{ProjectFile, PropertyFile, TextFile, read_text};
use crate::diagnostic::Diagnostic;

/// A SQL file and where it lies below one of the project's search paths.
#[derive(Debug, Clone)]
pub struct SqlFile {
    pub file: Arc<TextFile>,
    /// Below the search path: `gold/customer_dim.sql` of `models/gold/customer_dim.sql`.
    pub relative: PathBuf,
}

/// A seed's CSV file, not read.
#[derive(Debug, Clone)]
pub struct SeedFile {
    /// Relative to the project directory.
    pub path: PathBuf,
    pub relative: PathBuf,
}

/// A project: the user's own or an installed one.
#[derive(Debug, Clone)]
pub struct Package {
    pub project: ProjectFile,
    /// Relative to the project directory; empty for the user's own.
    pub folder: PathBuf,
    pub models: Vec<SqlFile>,
    pub snapshots: Vec<SqlFile>,
    pub singular_tests: Vec<SqlFile>,
    pub analyses: Vec<SqlFile>,
    /// Files of macros, generic tests among them.
    pub macros: Vec<SqlFile>,
    pub seeds: Vec<SeedFile>,
    /// Markdown files, which may hold `{% docs %}` blocks.
    pub docs: Vec<Arc<TextFile>>,
    pub properties: Vec<PropertyFile>,
}

/// What a found file is to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Model,
    PythonModel,
    Snapshot,
    SingularTest,
    Analysis,
    Macro,
    Seed,
    Docs,
    Properties,
}

enum Content {
    Sql(Role, SqlFile),
    Seed(SeedFile),
    Docs(Arc<TextFile>),
    Properties(Box<PropertyFile>, Vec<Diagnostic>),
    LeftOut(Diagnostic),
}

impl Package {
    pub fn name(&self) -> &str {
        &self.project.name.value
    }

    /// Reads the package in `folder` of `project_dir`; all errors of all of its files come at once.
    pub(super) fn read(project_dir: &Path, folder: &Path) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let top = project_dir.join(folder);
        let text = read_text(&top.join(PROJECT_FILE), folder.join(PROJECT_FILE)).map_err(|error| vec![error])?;
        let (project, mut warnings) = ProjectFile::parse(&text)?;
        let ignore = match std::fs::read_to_string(top.join(IGNORE_FILE)) {
            Ok(text) => Ignore::parse(&text),
            Err(_) => Ignore::default(),
        };
        let mut package = Package {
            project,
            folder: folder.to_path_buf(),
            models: Vec::new(),
            snapshots: Vec::new(),
            singular_tests: Vec::new(),
            analyses: Vec::new(),
            macros: Vec::new(),
            seeds: Vec::new(),
            docs: Vec::new(),
            properties: Vec::new(),
        };
        let found = package.find(&top, &ignore).map_err(|error| vec![error])?;
        let read: Vec<_> = found.into_par_iter().map(|(role, found)| content(role, &top, folder, found)).collect();
        let mut errors = Vec::new();
        for content in read {
            match content {
                Ok(content) => warnings.extend(package.add(content)),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok((package, warnings)) } else { Err(errors) }
    }

    /// A file of the package, given relative to the project directory, as a path below its search path.
    pub fn below_search_path(&self, path: &Path) -> PathBuf {
        let path = path.strip_prefix(&self.folder).unwrap_or(path);
        let paths = &self.project.paths;
        let groups = [&paths.models, &paths.snapshots, &paths.tests, &paths.analyses, &paths.macros, &paths.seeds];
        let mut folders = groups.into_iter().flatten();
        folders.find_map(|folder| path.strip_prefix(folder).ok()).unwrap_or(path).to_path_buf()
    }

    fn find(&self, top: &Path, ignore: &Ignore) -> Result<Vec<(Role, Found)>, Diagnostic> {
        let paths = &self.project.paths;
        let groups = [
            (Role::Model, &paths.models),
            (Role::Snapshot, &paths.snapshots),
            (Role::SingularTest, &paths.tests),
            (Role::Analysis, &paths.analyses),
            (Role::Macro, &paths.macros),
            (Role::Seed, &paths.seeds),
        ];
        let mut files = Vec::new();
        // Search paths may overlap: data/tests below data.
        let mut seen = HashSet::new();
        for (group, folders) in groups {
            for folder in folders {
                for found in walk::files(top, folder, ignore)? {
                    if let Some(role) = role_of(group, &found)
                        && seen.insert((role as u8, found.path.clone()))
                    {
                        files.push((role, found));
                    }
                }
            }
        }
        for folder in paths.docs.iter().flatten() {
            for found in walk::files(top, folder, ignore)? {
                if found.extension() == "md" && seen.insert((Role::Docs as u8, found.path.clone())) {
                    files.push((Role::Docs, found));
                }
            }
        }
        Ok(files)
    }

    /// Files the content under its kind, and hands back the warnings that came with it.
    fn add(&mut self, content: Content) -> Vec<Diagnostic> {
        match content {
            Content::Sql(Role::Model, file) => self.models.push(file),
            Content::Sql(Role::Snapshot, file) => self.snapshots.push(file),
            Content::Sql(Role::SingularTest, file) => self.singular_tests.push(file),
            Content::Sql(Role::Analysis, file) => self.analyses.push(file),
            Content::Sql(_, file) => self.macros.push(file),
            Content::Seed(file) => self.seeds.push(file),
            Content::Docs(file) => self.docs.push(file),
            Content::LeftOut(warning) => return vec![warning],
            Content::Properties(file, warnings) => {
                self.properties.push(*file);
                return warnings;
            }
        }
        Vec::new()
    }
}

/// What a file found for `group` is; None: nothing of ours.
fn role_of(group: Role, found: &Found) -> Option<Role> {
    match (found.extension(), group) {
        ("yml" | "yaml", _) => Some(Role::Properties),
        ("md", _) => Some(Role::Docs),
        ("csv", Role::Seed) => Some(Role::Seed),
        ("py", Role::Model) => Some(Role::PythonModel),
        ("sql", Role::SingularTest) if found.relative.starts_with("generic") => Some(Role::Macro),
        ("sql", Role::Seed) => None,
        ("sql", _) => Some(group),
        _ => None,
    }
}

fn content(role: Role, top: &Path, folder: &Path, found: Found) -> Result<Content, Vec<Diagnostic>> {
    let path = folder.join(&found.path);
    if role == Role::Seed {
        return Ok(Content::Seed(SeedFile { path, relative: found.relative }));
    }
    if role == Role::PythonModel {
        let message = format!("{} is a Python model, which is not supported: it is left out", path.display());
        return Ok(Content::LeftOut(Diagnostic::new(message).hint("write the model in SQL")));
    }
    let file = read_text(&top.join(&found.path), path).map_err(|error| vec![error])?;
    match role {
        Role::Docs => Ok(Content::Docs(file)),
        Role::Properties => {
            let (properties, warnings) = PropertyFile::parse(&file)?;
            Ok(Content::Properties(Box::new(properties), warnings))
        }
        _ => Ok(Content::Sql(role, SqlFile { file, relative: found.relative })),
    }
}
