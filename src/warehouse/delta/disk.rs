//! A lake on a disk of this machine survives a power cut: what a publication names is on the disk before it is.
//!
//! An object store answers when a write is safe; a file system answers long before. So a small file is on the disk before
//! it has a name, data files and folders are brought there before the catalog's next version gets its name, and a
//! publication counts when that name is there too.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use url::Url;

use super::files::is_data_file;
use crate::warehouse::WarehouseError;

/// How many files are brought to the disk at once: file systems write them together.
const AT_ONCE: usize = 32;

/// The folder of a lake.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// For the files' names, which are not those of the store.
    files: Arc<LocalFileSystem>,
}

impl Disk {
    /// The folder behind a URL; `None` where it names an object store.
    pub fn of(url: &Url) -> Option<Self> {
        let root = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()?;
        Some(Disk { root, files: Arc::new(LocalFileSystem::new()) })
    }

    pub fn file(&self, path: &Path) -> Result<PathBuf, WarehouseError> {
        self.files.path_to_filesystem(path).map_err(WarehouseError::store(format!("cannot name {path}")))
    }

    /// Writes a new file: nobody sees it before all of it is on the disk. False when there is one of this name already.
    pub async fn put_if_absent(&self, path: &Path, bytes: Bytes) -> Result<bool, WarehouseError> {
        let (target, draft) = (self.file(path)?, self.draft());
        blocking(format!("cannot write {}", target.display()), move || {
            create_parent(&draft)?;
            let mut file = File::create_new(&draft)?;
            let written = file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| link(&draft, &target));
            // It has its final name, or is of no use.
            let removed = std::fs::remove_file(&draft);
            written.and_then(|put| removed.map(|()| put))
        })
        .await
    }

    /// Gives a file a second name. False when there is one of this name already, or none of the first.
    pub async fn link_if_absent(&self, from: &Path, to: &Path) -> Result<bool, WarehouseError> {
        let (from, to) = (self.file(from)?, self.file(to)?);
        blocking(format!("cannot write {}", to.display()), move || match link(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            other => other,
        })
        .await
    }

    /// Returns once the content of `contents`, and the names of those and of `names`, are on the disk.
    pub async fn settle(&self, contents: &[Path], names: &[Path]) -> Result<(), WarehouseError> {
        let files = contents.iter().map(|path| self.file(path)).collect::<Result<Vec<_>, _>>()?;
        let mut folders = BTreeSet::new();
        for path in contents.iter().chain(names) {
            let file = self.file(path)?;
            folders
                .extend(file.ancestors().skip(1).take_while(|f| f.starts_with(&self.root)).map(FilePath::to_path_buf));
        }
        each(files, sync_file).await?;
        each(folders.into_iter().collect(), sync_folder).await
    }

    /// Returns once the name of the lake's own folder is on the disk: it may be as new as the folders above it.
    pub async fn settle_root(&self) -> Result<(), WarehouseError> {
        let above: Vec<PathBuf> = self.root.ancestors().skip(1).map(FilePath::to_path_buf).collect();
        each(above, |folder| match sync_folder(folder) {
            // A folder that we may not read is not one that we made.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            other => other,
        })
        .await
    }

    /// Finds files whose writer died, and removes them if asked to: those older than `before`.
    pub async fn unfinished(&self, before: DateTime<Utc>, remove: bool) -> Result<Unfinished, WarehouseError> {
        let root = self.root.clone();
        blocking(format!("cannot look through {}", root.display()), move || {
            let mut found = Unfinished::default();
            look_through(&root, before.into(), remove, &mut found)?;
            Ok(found)
        })
        .await
    }

    /// Where a file is written before it has its name.
    fn draft(&self) -> PathBuf {
        self.root.join(OWN_FOLDER).join(DRAFTS).join(uuid::Uuid::now_v7().simple().to_string())
    }
}

/// Files that somebody was writing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfinished {
    pub files: usize,
    pub bytes: u64,
}

const OWN_FOLDER: &str = "_medallion";
const DRAFTS: &str = "unfinished";

fn look_through(folder: &FilePath, before: SystemTime, remove: bool, found: &mut Unfinished) -> io::Result<()> {
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in listed {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            look_through(&path, before, remove, found)?;
        }
        let metadata = entry.metadata()?;
        if !kind.is_file() || !is_unfinished(&path) || metadata.modified()? >= before {
            continue;
        }
        if remove {
            std::fs::remove_file(&path)?;
        }
        found.files += 1;
        found.bytes += metadata.len();
    }
    Ok(())
}

/// A draft of ours, or a data file under the name that the store gives it until it is whole: `part-….parquet#1`.
fn is_unfinished(path: &FilePath) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let in_parts =
        name.rsplit_once('#').filter(|(_, part)| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let folder = path.parent().is_some_and(|folder| folder.ends_with(FilePath::new(OWN_FOLDER).join(DRAFTS)));
    folder || in_parts.is_some_and(|(file, _)| is_data_file(file))
}

fn link(from: &FilePath, to: &FilePath) -> io::Result<bool> {
    create_parent(to)?;
    match std::fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn create_parent(path: &FilePath) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn sync_file(path: &FilePath) -> io::Result<()> {
    // Windows brings only files to the disk that are open for writing.
    File::options().read(true).write(cfg!(windows)).open(path)?.sync_all()
}

fn sync_folder(path: &FilePath) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and needs no such care.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

async fn each(
    paths: Vec<PathBuf>,
    sync: impl Fn(&FilePath) -> io::Result<()> + Copy + Send + 'static,
) -> Result<(), WarehouseError> {
    let tasks = paths
        .into_iter()
        .map(|path| blocking(format!("cannot bring {} to the disk", path.display()), move || sync(&path)));
    stream::iter(tasks).buffer_unordered(AT_ONCE).try_collect().await
}

async fn blocking<T: Send + 'static>(
    action: String,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, WarehouseError> {
    let done = tokio::task::spawn_blocking(work).await?;
    done.map_err(|error| WarehouseError::Store {
        action,
        source: object_store::Error::Generic { store: "the file system", source: Box::new(error) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_is_given_once_and_leaves_nothing_unfinished() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::from_directory_path(folder.path().join("a/lake")).unwrap();
        let disk = Disk::of(&url).unwrap();
        let path = Path::from_absolute_path(folder.path().join("a/lake/t/x.json")).unwrap();
        assert!(disk.put_if_absent(&path, Bytes::from_static(b"first")).await.unwrap());
        assert!(!disk.put_if_absent(&path, Bytes::from_static(b"second")).await.unwrap());
        assert_eq!(std::fs::read(folder.path().join("a/lake/t/x.json")).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path().join("a/lake/_medallion/unfinished")).unwrap().count(), 0);
        let other = Path::from_absolute_path(folder.path().join("a/lake/t/_log/y.json")).unwrap();
        assert!(disk.link_if_absent(&path, &other).await.unwrap());
        assert!(!disk.link_if_absent(&path, &other).await.unwrap());
        disk.settle(std::slice::from_ref(&path), &[other]).await.unwrap();
        disk.settle_root().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_cannot_be_settled() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(&Url::from_directory_path(folder.path()).unwrap()).unwrap();
        let missing = Path::from_absolute_path(folder.path().join("missing.parquet")).unwrap();
        let error = disk.settle(&[missing], &[]).await.unwrap_err();
        assert!(error.to_string().contains("missing.parquet"), "{error}");
        assert!(Disk::of(&Url::parse("s3://bucket/lake/").unwrap()).is_none());
    }
}
