//! The object store that holds a lake, and the names of things in it.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use deltalake::logstore::logstore_factories;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use url::Url;

use super::disk::{Disk, Unfinished};
use crate::warehouse::{RelationName, WarehouseError};

/// Where a lake is: a folder of this machine, or a URL of an object store.
#[derive(Debug, Clone)]
pub struct Lake {
    /// The whole store; the lake is what lies under `prefix`.
    pub store: Arc<dyn ObjectStore>,
    pub prefix: Path,
    /// Of the lake's folder, with a slash at the end.
    pub url: Url,
    /// Where the lake is a folder: object stores need no care to be durable.
    disk: Option<Disk>,
}

impl Lake {
    /// Opens the lake at a path or URL. A local folder that is not there yet is made by the first publication.
    pub fn open(location: &str, options: &HashMap<String, String>) -> Result<Self, WarehouseError> {
        let url = location_url(location)?;
        let (store, prefix) = object_store::parse_url_opts(&url, store_options(options))
            .map_err(WarehouseError::store(format!("cannot open the lake {location}")))?;
        teach_scheme(&url);
        let disk = Disk::of(&url);
        Ok(Lake { store: Arc::from(store), prefix, url, disk })
    }

    pub fn path(&self, parts: &[&str]) -> Path {
        parts.iter().fold(self.prefix.clone(), |path, part| path.join(*part))
    }

    /// The folder of a table, below the lake: plain characters only, so that it reads the same in paths and URLs.
    pub fn table_dir(name: &RelationName) -> String {
        [&name.database, &name.schema, &name.identifier].map(|part| folder_name(part)).join("/")
    }

    pub fn table_path(&self, dir: &str) -> Path {
        dir.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// The URL of a table's folder, with a slash at the end.
    pub fn table_url(&self, dir: &str) -> Result<Url, WarehouseError> {
        self.url.join(&format!("{dir}/")).map_err(|error| WarehouseError::Corrupt {
            path: dir.to_string(),
            message: format!("is no path of a table: {error}"),
        })
    }

    pub async fn read(&self, path: &Path) -> Result<Option<Bytes>, WarehouseError> {
        match self.store.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(WarehouseError::store(format!("cannot read {path}")))?)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) => Err(WarehouseError::store(format!("cannot read {path}"))(source)),
        }
    }

    /// A part of an object, up to its end.
    pub async fn read_range(&self, path: &Path, range: Range<u64>) -> Result<Option<Bytes>, WarehouseError> {
        match self.store.get_range(path, range).await {
            Ok(part) => Ok(Some(part)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) => Err(WarehouseError::store(format!("cannot read {path}"))(source)),
        }
    }

    /// The file of an object; `None` where the lake is not on a disk of this machine.
    pub fn disk_file(&self, path: &Path) -> Option<Result<PathBuf, WarehouseError>> {
        self.disk.as_ref().map(|disk| disk.file(path))
    }

    /// The beginning of an object.
    pub async fn read_start(&self, path: &Path, bytes: u64) -> Result<Option<Bytes>, WarehouseError> {
        self.read_range(path, 0..bytes).await
    }

    /// Writes an object of a name that nobody else gives. It is safe once it is settled.
    pub async fn put(&self, path: &Path, bytes: impl Into<Bytes>) -> Result<(), WarehouseError> {
        let put = self.store.put(path, PutPayload::from_bytes(bytes.into())).await;
        put.map(|_| ()).map_err(WarehouseError::store(format!("cannot write {path}")))
    }

    /// Writes a new object, which is whole when it is there. False when there is one of this name already, which stays
    /// as it is.
    pub async fn put_if_absent(&self, path: &Path, bytes: impl Into<Bytes>) -> Result<bool, WarehouseError> {
        if let Some(disk) = &self.disk {
            return disk.put_if_absent(path, bytes.into()).await;
        }
        let options = PutOptions { mode: PutMode::Create, ..Default::default() };
        match self.store.put_opts(path, PutPayload::from_bytes(bytes.into()), options).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. }) => Ok(false),
            Err(source) => Err(WarehouseError::store(format!("cannot write {path}"))(source)),
        }
    }

    /// Copies an object to a new name. False when there is one of that name already, or none to be copied.
    pub async fn copy_if_absent(&self, from: &Path, to: &Path) -> Result<bool, WarehouseError> {
        if let Some(disk) = &self.disk {
            return disk.link_if_absent(from, to).await;
        }
        match self.read(from).await? {
            Some(bytes) => self.put_if_absent(to, bytes).await,
            None => Ok(false),
        }
    }

    /// Returns once nothing that happens to the machine can undo the writing of these objects: of data files, and of
    /// others that were put if absent.
    pub async fn settle(&self, data: &[Path], others: &[Path]) -> Result<(), WarehouseError> {
        match &self.disk {
            Some(disk) => disk.settle(data, others).await,
            None => Ok(()),
        }
    }

    /// The same for the lake itself, which a first publication makes.
    pub async fn settle_root(&self) -> Result<(), WarehouseError> {
        match &self.disk {
            Some(disk) => disk.settle_root().await,
            None => Ok(()),
        }
    }

    pub async fn exists(&self, path: &Path) -> Result<bool, WarehouseError> {
        match self.store.head(path).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(source) => Err(WarehouseError::store(format!("cannot look for {path}"))(source)),
        }
    }

    /// Everything below a path.
    pub async fn list(&self, folder: &Path) -> Result<Vec<ObjectMeta>, WarehouseError> {
        match self.store.list(Some(folder)).try_collect().await {
            Ok(found) => Ok(found),
            Err(StoreError::NotFound { .. }) => Ok(Vec::new()),
            Err(source) => Err(WarehouseError::store(format!("cannot list {folder}"))(source)),
        }
    }

    /// Files that a process which died was writing, and that are older than `before`: they have no names of their own yet,
    /// so that [`Lake::list`] does not show them. Removes them if asked to.
    pub async fn unfinished(&self, before: DateTime<Utc>, remove: bool) -> Result<Unfinished, WarehouseError> {
        match &self.disk {
            Some(disk) => disk.unfinished(before, remove).await,
            None => Ok(Unfinished::default()),
        }
    }

    /// Deletes an object; one that is gone already is fine.
    pub async fn delete(&self, path: &Path) -> Result<(), WarehouseError> {
        match self.store.delete(path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(source) => Err(WarehouseError::store(format!("cannot delete {path}"))(source)),
        }
    }
}

/// The variables by which the clouds' own programs are told who asks.
const CLOUD_VARIABLES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// What the store is opened with: the profile's options, and where it says nothing the environment's.
fn store_options(given: &HashMap<String, String>) -> Vec<(String, String)> {
    let variables = std::env::vars().filter(|(name, _)| CLOUD_VARIABLES.iter().any(|prefix| name.starts_with(prefix)));
    let variables = variables.map(|(name, value)| (name.to_lowercase(), value));
    variables.chain(given.iter().map(|(name, value)| (name.to_lowercase(), value.clone()))).collect()
}

/// Lets the deltalake crate open tables under URLs of this kind. By itself it knows files; the store is given to it in any
/// case, and what it then does is the same for all.
fn teach_scheme(url: &Url) {
    let known = logstore_factories();
    let of = |scheme: &str| Url::parse(&format!("{scheme}://"));
    let (Ok(files), Ok(scheme)) = (of("file"), of(url.scheme())) else { return };
    let factory = known.get(&files).map(|entry| Arc::clone(entry.value()));
    if let Some(factory) = factory
        && !known.contains_key(&scheme)
    {
        known.insert(scheme, factory);
    }
}

/// Letters, digits, `_`, `-` and single dots stay; every other byte is `=` and its two hex digits.
fn folder_name(part: &str) -> String {
    let only_dots = part.bytes().all(|byte| byte == b'.');
    let mut name = String::with_capacity(part.len());
    for byte in part.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || byte == b'.' && !only_dots;
        if plain { name.push(char::from(byte)) } else { name.push_str(&format!("={byte:02x}")) }
    }
    name
}

fn location_url(location: &str) -> Result<Url, WarehouseError> {
    let unusable = |message: String| WarehouseError::Corrupt { path: location.to_string(), message };
    if location.contains("://") {
        let mut url = Url::parse(location).map_err(|error| unusable(format!("is no URL: {error}")))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        return Ok(url);
    }
    let absolute = std::path::absolute(location).map_err(|error| unusable(format!("is no path: {error}")))?;
    Url::from_directory_path(&absolute).map_err(|()| unusable("is no path".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stays_below_the_lake_whatever_its_name() {
        let name = RelationName::new("pro", "a/../b", "..");
        assert_eq!(Lake::table_dir(&name), "pro/a=2f..=2fb/=2e=2e");
        assert_eq!(
            Lake::table_dir(&RelationName::new("dev", "main", "gr\u{f6}\u{df}e x")),
            "dev/main/gr=c3=b6=c3=9fe=20x"
        );
    }

    #[test]
    fn tables_in_an_object_store_can_be_opened() {
        let options = HashMap::from([("aws_region".to_string(), "eu-central-1".to_string())]);
        let lake = Lake::open("s3://bucket/folder/lake", &options).unwrap();
        assert_eq!(lake.prefix.as_ref(), "folder/lake");
        let table = lake.table_url("pro/gold/customer_dim").unwrap();
        let builder = deltalake::DeltaTableBuilder::from_url(table.clone()).unwrap();
        let log = builder.with_storage_backend(Arc::clone(&lake.store), table).build_storage().unwrap();
        assert_eq!(log.root_url().path(), "/folder/lake/pro/gold/customer_dim/");
    }

    #[test]
    fn a_path_and_a_url_name_the_same_lake() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lake");
        let by_path = Lake::open(path.to_str().unwrap(), &HashMap::new()).unwrap();
        let by_url = Lake::open(by_path.url.as_str(), &HashMap::new()).unwrap();
        assert_eq!(by_path.url, by_url.url);
        assert_eq!(by_path.prefix, by_url.prefix);
        assert!(by_path.url.path().ends_with("/lake/"));
    }
}
