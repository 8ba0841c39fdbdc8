//! Whole projects, written to a temporary directory.

mod configuration;
mod errors;
mod graph;
mod manifest_json;

pub(super) use graph::shop;

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::project::Env;

const PROFILES: &str = "\
shop:
  target: dev
  outputs:
    dev: {type: delta, path: lake, schema: anna}
    pro: {type: postgres, host: db, user: medallion, password: \"{{ env_var('PG_PASSWORD') }}\", dbname: pro, schema: public, threads: 8}
";

const PROJECT: &str = "name: shop\nprofile: shop\n";

/// A project in a temporary directory.
pub(in crate::manifest) struct TestProject {
    directory: TempDir,
    pub options: ProjectOptions,
}

impl TestProject {
    pub fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let options = ProjectOptions { env: Env::of([("USER", "anna")]), ..ProjectOptions::new(directory.path()) };
        let project = TestProject { directory, options };
        project.file("dbt_project.yml", PROJECT).file("profiles.yml", PROFILES)
    }

    pub fn file(self, path: &str, text: &str) -> Self {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut ProjectOptions)) -> Self {
        change(&mut self.options);
        self
    }

    pub fn load(&self) -> Manifest {
        Manifest::load(&self.options).map_err(|errors| shown(&errors)).unwrap()
    }

    /// All errors, as the user sees them.
    pub fn errors(&self) -> String {
        match Manifest::load(&self.options) {
            Ok(_) => panic!("the project has no error"),
            Err(errors) => shown(&errors),
        }
    }

    pub fn warnings(&self) -> String {
        shown(&self.load().warnings)
    }
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

impl Manifest {
    pub(super) fn get(&self, id: &str) -> &Node {
        self.node(&NodeId::new(id)).unwrap_or_else(|| panic!("no {id} among {:#?}", self.nodes.keys()))
    }
}
