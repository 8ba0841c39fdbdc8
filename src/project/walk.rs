//! Which files lie below a search path.

use std::path::{Path, PathBuf};

use super::ignore::Ignore;
use crate::diagnostic::Diagnostic;

/// Deeper folders than this are an error: a link that leads back to its own folder has no end.
const MAX_DEPTH: usize = 64;

/// A file below a search path.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Below the project.
    pub path: PathBuf,
    /// Below the search path.
    pub relative: PathBuf,
}

impl Found {
    pub fn extension(&self) -> &str {
        self.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }
}

/// Every file below `folder` of `top`, by path; none when there is no such folder.
pub fn files(top: &Path, folder: &str, ignore: &Ignore) -> Result<Vec<Found>, Diagnostic> {
    let mut found = Vec::new();
    let mut open = vec![(PathBuf::new(), 0)];
    while let Some((below, depth)) = open.pop() {
        let directory = Path::new(folder).join(&below);
        if depth > MAX_DEPTH {
            let message = format!("folders more than {MAX_DEPTH} levels deep at {}", directory.display());
            return Err(Diagnostic::new(message).hint("is one of them a link to a folder above it?"));
        }
        let entries = match std::fs::read_dir(top.join(&directory)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && depth == 0 => continue,
            Err(error) => return Err(cannot_read(&directory, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| cannot_read(&directory, &error))?;
            let name = entry.file_name();
            // What editors leave behind, as dbt has it.
            if name.to_string_lossy().starts_with(['.', '#', '~']) {
                continue;
            }
            let path = directory.join(&name);
            if ignore.leaves_out(&path.to_string_lossy().replace('\\', "/")) {
                continue;
            }
            let relative = below.join(&name);
            let kind = entry.file_type().map_err(|error| cannot_read(&path, &error))?;
            if kind.is_dir() || kind.is_symlink() && entry.path().is_dir() {
                open.push((relative, depth + 1));
            } else {
                found.push(Found { path, relative });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot read {}: {error}", path.display()))
}
