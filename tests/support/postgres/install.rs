//! The PostgreSQL that is installed here, and the user that may run it.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Clone)]
pub struct Installation {
    bin: PathBuf,
    /// User and group of the server, where this process is root's: a server refuses to run as root.
    user: Option<(u32, u32)>,
}

impl Installation {
    /// The newest version that is installed, else one on the path.
    pub fn find() -> Option<Installation> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut installed: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
        installed.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
        let installed = installed.into_iter().rev().map(|version| version.join("bin"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let is_complete =
            |bin: &PathBuf| ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|name| bin.join(name).is_file());
        let bin = installed.chain(on_path).find(is_complete)?;
        let user = if running_as_root() { Some(unprivileged_user()?) } else { None };
        Some(Installation { bin, user })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A program of PostgreSQL, or any other by its path, run by the server's user in `folder`.
    pub fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir(folder).env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// An empty folder of the server's user.
    pub fn new_folder(&self) -> Result<PathBuf, String> {
        let folder =
            tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").map_err(|error| error.to_string())?.keep();
        // The socket is in there: whoever runs the tests must reach it.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
        self.give(&folder)?;
        Ok(folder)
    }

    /// Writes a file that only the server's user can read.
    pub fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(|error| error.to_string())?;
        self.give(path)
    }

    fn give(&self, path: &Path) -> Result<(), String> {
        match self.user {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}

fn running_as_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}

/// User and group of the user `postgres`, else of `nobody`.
fn unprivileged_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    };
    find("postgres").or_else(|| find("nobody"))
}

/// The processes that `parent` started.
pub fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
