//! A PostgreSQL server of our own, with `psql` as its client.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};
use tempfile::TempDir;

use crate::visible;

const START_LIMIT: Duration = Duration::from_secs(60);
const FIELD_SEPARATOR: char = '\x1f';
const RECORD_SEPARATOR: char = '\x1e';

/// A server that lives in a folder of its own, is reached by a socket in there, and dies with this value.
pub struct Server {
    folder: TempDir,
    bin: PathBuf,
    process: Child,
}

#[derive(Debug)]
pub struct SqlError(pub String);

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SqlError {}

impl Server {
    /// An `Err` says why there can be none, say because PostgreSQL is not installed.
    pub fn start() -> Result<Server, String> {
        let bin = binaries().ok_or("no PostgreSQL server is installed (initdb, postgres and psql)")?;
        let folder = tempfile::Builder::new().prefix("slt").tempdir_in("/tmp").map_err(|error| error.to_string())?;
        // The server refuses to run as root.
        let user = running_as_root().then(unprivileged_user).transpose()?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let data = folder.path().join("data");
        let mut initdb = as_user(&bin.join("initdb"), user, folder.path());
        initdb
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--lc-ctype=C.UTF-8",
                "--no-sync",
                "-D",
            ])
            .arg(&data);
        let done = initdb.output().map_err(|error| format!("initdb: {error}"))?;
        if !done.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&done.stderr).trim()));
        }
        let mut postgres = as_user(&bin.join("postgres"), user, folder.path());
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in ["listen_addresses=", "fsync=off", "timezone=UTC", "datestyle=ISO, MDY"] {
            postgres.args(["-c", setting]);
        }
        let process = postgres
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        let mut server = Server { folder, bin, process };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let failure = match self.psql("postgres", "select 1") {
                Ok(_) => return Ok(()),
                Err(failure) => failure,
            };
            if started.elapsed() > START_LIMIT || matches!(self.process.try_wait(), Ok(Some(_))) {
                return Err(format!("postgres did not start: {}", failure.0));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes an empty database; gives its name.
    pub fn create_database(&self, name: &str) -> Result<String, SqlError> {
        self.psql("postgres", &format!("create database \"{name}\"")).map(|_| name.to_string())
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, SqlError> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.env_clear().arg("-h").arg(self.folder.path()).args(["-U", "postgres", "-d", database]);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-P", "null=NULL"]);
        psql.args(["-F", &FIELD_SEPARATOR.to_string(), "-R", &RECORD_SEPARATOR.to_string(), "-c", sql]);
        let output = psql.output().map_err(|error| SqlError(error.to_string()))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(SqlError(String::from_utf8_lossy(&output.stderr).trim().to_string())),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A postmaster that is killed leaves its children to find that out; none of their work is kept.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder of `initdb`, `postgres` and `psql`: of the newest version that is installed, else one on the path.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
    installed.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let installed = installed.into_iter().rev().map(|version| version.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_complete = |bin: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| bin.join(name).is_file());
    installed.chain(on_path).find(is_complete)
}

fn running_as_root() -> bool {
    status_ids("/proc/self/status").is_some_and(|(uid, _)| uid == 0)
}

/// User and group of the user `postgres`, else of `nobody`.
fn unprivileged_user() -> Result<(u32, u32), String> {
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| "root cannot run a server, and there is no other user".to_string())
}

/// The effective user and group in a process' status file.
fn status_ids(path: &str) -> Option<(u32, u32)> {
    let status = std::fs::read_to_string(path).ok()?;
    let id =
        |key: &str| status.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().nth(1)?.parse().ok());
    Some((id("Uid:")?, id("Gid:")?))
}

fn as_user(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// One file's database.
pub struct PostgresDb<'a> {
    server: &'a Server,
    database: String,
}

impl<'a> PostgresDb<'a> {
    pub fn new(server: &'a Server, database: &str) -> Self {
        PostgresDb { server, database: database.to_string() }
    }
}

#[async_trait]
impl AsyncDB for PostgresDb<'_> {
    type Error = SqlError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, SqlError> {
        let text = self.server.psql(&self.database, sql)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows: Vec<Vec<String>> = text
            .split(RECORD_SEPARATOR)
            .map(|record| record.split(FIELD_SEPARATOR).map(|value| visible(Some(value))).collect())
            .collect();
        let types = vec![DefaultColumnType::Any; rows.first().map_or(0, Vec::len)];
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "postgres"
    }
}
