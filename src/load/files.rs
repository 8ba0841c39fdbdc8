//! Which files a load's `path` means.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::LoadRequest;
use crate::diagnostic::Diagnostic;

/// A file that may have to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As the project names it: the key in the ledger.
    pub name: String,
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch, zero where the system does not say.
    pub modified: u64,
}

/// The files behind the request, by name. None at all is an error.
pub fn find(request: &LoadRequest<'_>) -> Result<Vec<Candidate>, Diagnostic> {
    let pattern = request.spec.path.as_str();
    let names = if pattern.contains(['*', '?', '[']) { matching(request, pattern)? } else { vec![pattern.to_string()] };
    names.into_iter().map(|name| candidate(request, name)).collect()
}

fn matching(request: &LoadRequest<'_>, pattern: &str) -> Result<Vec<String>, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(message).at(request.spec.spot.place());
    let full = request.project_dir.join(pattern);
    let paths = glob::glob(&full.to_string_lossy()).map_err(|error| wrong(format!("'{pattern}': {error}")))?;
    let mut names: Vec<String> = paths
        .filter_map(Result::ok)
        .filter(|path| path.is_file())
        .map(|path| path.strip_prefix(request.project_dir).unwrap_or(&path).to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(wrong(format!("no file matches '{pattern}'")).hint("the path is relative to the project directory"));
    }
    Ok(names)
}

fn candidate(request: &LoadRequest<'_>, name: String) -> Result<Candidate, Diagnostic> {
    let path = request.project_dir.join(Path::new(&name));
    let metadata = std::fs::metadata(&path).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
            _ => format!("cannot open {}: {error}", path.display()),
        };
        Diagnostic::new(message)
            .at(request.spec.spot.place())
            .hint("the path is relative to the project directory; put the file there, or change `load: path:`")
    })?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0);
    Ok(Candidate { name, path, size: metadata.len(), modified })
}
