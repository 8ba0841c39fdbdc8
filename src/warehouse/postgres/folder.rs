//! Where the rows of one run that are too many for memory go.
//!
//! A process that is killed cannot remove its folder: the next one does. It knows the folders of the dead by a file that
//! their owner keeps locked; the system takes the lock away together with the process.

use std::fs::{File, Metadata};
use std::path::Path;

use tempfile::TempDir;

use crate::warehouse::WarehouseError;
use crate::warehouse::delta::lake::Lake;

const PREFIX: &str = "medallion-";
const LOCK: &str = "lock";

/// Removed when nobody reads its rows any more.
pub struct SpoolFolder {
    pub lake: Lake,
    folder: TempDir,
    _lock: File,
}

impl SpoolFolder {
    pub fn create() -> Result<Self, WarehouseError> {
        let among = std::env::temp_dir();
        let cannot = |error: std::io::Error| {
            WarehouseError::Task(format!(
                "cannot make a temporary folder in {}: {error}; the environment's TMPDIR can name another place",
                among.display()
            ))
        };
        let folder = tempfile::Builder::new().prefix(&of_process()).tempdir_in(&among).map_err(cannot)?;
        let lock = lock(folder.path()).map_err(cannot)?;
        let lake = Lake::open(&folder.path().to_string_lossy(), &std::collections::HashMap::new())?;
        let created = SpoolFolder { lake, folder, _lock: lock };
        created.sweep(&among);
        Ok(created)
    }

    /// Removes what dead processes of the same user left. What cannot be looked at or removed stays: it harms nobody.
    fn sweep(&self, among: &Path) {
        let Ok(own) = self.folder.path().symlink_metadata() else { return };
        for entry in among.read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name();
            // Where locks belong to processes (NFS), those of this one would not stop it.
            if name.to_str().is_none_or(|name| !name.starts_with(PREFIX) || name.starts_with(&of_process())) {
                continue;
            }
            // A link's own metadata, so that none leads to somewhere else.
            let is_ours = entry.metadata().is_ok_and(|found| found.is_dir() && has_same_owner(&found, &own));
            if is_ours {
                remove_if_abandoned(&entry.path());
            }
        }
    }
}

fn of_process() -> String {
    format!("{PREFIX}{}-", std::process::id())
}

/// The file has its name only once it is locked: whoever finds it unlocked knows that its owner is gone.
fn lock(folder: &Path) -> std::io::Result<File> {
    let unlocked = folder.join("unlocked");
    let file = File::create_new(&unlocked)?;
    file.lock()?;
    std::fs::rename(unlocked, folder.join(LOCK))?;
    Ok(file)
}

fn remove_if_abandoned(folder: &Path) {
    let Ok(file) = File::options().write(true).open(folder.join(LOCK)) else { return };
    if file.try_lock().is_ok() {
        // Another process may be removing it at the same time, and what one of them leaves the next run takes.
        let _ = std::fs::remove_dir_all(folder);
    }
}

#[cfg(unix)]
fn has_same_owner(left: &Metadata, right: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    left.uid() == right.uid()
}

/// Elsewhere each user has a temporary folder of their own.
#[cfg(not(unix))]
fn has_same_owner(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a lock file, as a process of this name would have it.
    fn made_by(process: &str, among: &Path) -> std::path::PathBuf {
        let folder = among.join(format!("{PREFIX}{process}-abc"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("rows"), "1").unwrap();
        folder
    }

    #[test]
    fn only_folders_whose_owner_is_gone_are_swept() {
        let among = tempfile::tempdir().unwrap();
        let own = SpoolFolder::create().unwrap();
        let (dead, living) = (made_by("x1", among.path()), made_by("x2", among.path()));
        let (unlocked, own_process) =
            (made_by("x3", among.path()), made_by(&std::process::id().to_string(), among.path()));
        drop(lock(&dead).unwrap());
        drop(lock(&own_process).unwrap());
        let _held = lock(&living).unwrap();
        let elsewhere = among.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        drop(lock(&elsewhere).unwrap());
        #[cfg(unix)]
        std::os::unix::fs::symlink(&elsewhere, among.path().join(format!("{PREFIX}x4-link"))).unwrap();
        own.sweep(among.path());
        assert!(!dead.exists());
        for folder in [living, unlocked, own_process, elsewhere.join(LOCK)] {
            assert!(folder.exists(), "{}", folder.display());
        }
    }

    #[test]
    #[cfg(unix)]
    fn folders_of_others_are_left_alone() {
        let among = tempfile::tempdir().unwrap();
        let own = SpoolFolder::create().unwrap();
        let theirs = made_by("x1", among.path());
        drop(lock(&theirs).unwrap());
        // Only root can give a folder away.
        if std::os::unix::fs::chown(&theirs, Some(4321), None).is_ok() {
            own.sweep(among.path());
            assert!(theirs.exists());
        }
    }
}
