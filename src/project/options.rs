//! What the user asked for, as far as reading a project is concerned.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

/// Environment variables as a function, so that tests need not touch the process environment.
#[derive(Clone)]
pub struct Env(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Env {
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Env(Arc::new(lookup))
    }

    /// The environment of this process.
    pub fn process() -> Self {
        Env::new(|name| std::env::var(name).ok())
    }

    /// Exactly these variables.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
        Env::new(move |name| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
    }

    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

/// No variables.
impl Default for Env {
    fn default() -> Self {
        Env::of([])
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

/// Where the project is and how it is to be read.
#[derive(Debug, Clone)]
pub struct ProjectOptions {
    /// The directory of `dbt_project.yml`.
    pub project_dir: PathBuf,
    /// `--profiles-dir`; without it `DBT_PROFILES_DIR`, the project directory and `~/.dbt` are searched.
    pub profiles_dir: Option<PathBuf>,
    /// `--profile`, in place of the project's own.
    pub profile: Option<String>,
    /// `--target`, in place of the profile's own.
    pub target: Option<String>,
    /// `--vars`, which win over every `vars:` of the project. See [`parse_vars`](super::parse_vars).
    pub vars: Map<String, Value>,
    /// `--full-refresh`: incremental models and seeds are built anew.
    pub full_refresh: bool,
    /// `--threads`, in place of the target's own.
    pub threads: Option<usize>,
    pub env: Env,
}

impl ProjectOptions {
    /// The project in `project_dir` with nothing else asked for, under the environment of this process.
    pub fn new(project_dir: impl AsRef<Path>) -> Self {
        ProjectOptions {
            project_dir: project_dir.as_ref().to_path_buf(),
            profiles_dir: None,
            profile: None,
            target: None,
            vars: Map::new(),
            full_refresh: false,
            threads: None,
            env: Env::process(),
        }
    }
}
