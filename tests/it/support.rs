//! A project in a folder of its own, and the real binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::server;

/// A project on disk. Dropping it removes everything, the lake too.
pub struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// Where a project's tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Lake,
    Postgres,
}

impl Place {
    /// An empty project named `shop`; nothing where there is no server. Its schema is `main`.
    pub fn project(self) -> Project {
        match self {
            Place::Lake => Project::new(),
            Place::Postgres => Project::on_a_database_of_its_own(),
        }
    }
}

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// An empty project named `shop` with one target, `dev`.
    pub fn new() -> Self {
        let project = Project { folder: TempDir::new().unwrap(), environment: Vec::new() };
        project
            .file(
                "dbt_project.yml",
                "name: shop\nversion: '1.0'\nprofile: shop\nmodels:\n  +materialized: table\n",
            )
            .file(
                "profiles.yml",
                "shop:\n  target: dev\n  outputs:\n    dev: {type: delta, path: lake, database: dev, schema: main, threads: 4}\n",
            )
    }

    /// The same, with a new database on the server that all tests share.
    fn on_a_database_of_its_own() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let server = server::shared().unwrap();
        let database = format!("shop_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.create_database(&database).unwrap();
        let port = server.port();
        Project::new().env("SHOP_PASSWORD", server::PASSWORD).file(
            "profiles.yml",
            format!(
                "shop:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      host: 127.0.0.1\n      \
                 port: {port}\n      user: {}\n      password: \"{{{{ env_var('SHOP_PASSWORD') }}}}\"\n      \
                 dbname: {database}\n      schema: main\n      threads: 4\n",
                server::USER
            ),
        )
    }

    /// The project of this repository, copied, with the given rows as its source file.
    pub fn bundled() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = Project { folder: TempDir::new().unwrap(), environment: Vec::new() };
        for name in ["dbt_project.yml", "profiles.yml"] {
            std::fs::copy(root.join(name), project.path().join(name)).unwrap();
        }
        for folder in ["models", "data", "udfs/macros"] {
            copy_folder(&root.join(folder), &project.path().join(folder));
        }
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(name, text);
        self
    }

    /// Writes a file of the project, later.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_string(), value.to_string()));
        self
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_medallion"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["MEDALLION_LAKE", "DBT_TARGET", "DBT_PROFILE", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR"] {
            command.env_remove(name);
        }
        command.env("USER", "tester").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The database on the server that the project's target is.
    pub fn database(&self) -> String {
        let profile = self.read("profiles.yml");
        let line = profile.lines().find_map(|line| line.trim().strip_prefix("dbname: ")).unwrap();
        line.to_string()
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(&self.command(args).output().unwrap())
    }

    /// The rows of a query as CSV lines, without the header.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let outcome = self.run(&["sql", "--format", "csv", sql]).succeeds();
        outcome.stdout.lines().skip(1).map(str::to_string).collect()
    }

    /// The one value of a query.
    pub fn value(&self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert_eq!(rows.len(), 1, "{sql} gave {rows:?}");
        rows.into_iter().next().unwrap()
    }
}

impl Outcome {
    pub fn of(output: &Output) -> Self {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Both streams, as a terminal would show them.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    pub fn says(self, part: &str) -> Self {
        assert!(self.text().contains(part), "'{part}' is not in\n{}", self.text());
        self
    }

    pub fn says_not(self, part: &str) -> Self {
        assert!(!self.text().contains(part), "'{part}' is in\n{}", self.text());
        self
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
