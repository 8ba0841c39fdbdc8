//! Deletion vectors: rows of a data file that are gone, while the file stays as it is.
//!
//! The format is the Delta protocol's ("Deletion Vector Format"): a file of a version byte and, for each vector, its
//! size (4 bytes, big endian), a magic number (4 bytes, little endian), the row numbers as a 64-bit Roaring bitmap, and
//! the CRC-32 of the latter two (4 bytes, big endian).

use std::sync::Arc;

use bytes::Bytes;
use deltalake::kernel::{DeletionVectorDescriptor, StorageType};
use flate2::Crc;
use object_store::path::Path;
use roaring::RoaringTreemap;

use super::files::{DataFile, file_path};
use super::lake::Lake;
use crate::warehouse::WarehouseError;

const VERSION: u8 = 1;
const MAGIC: u32 = 1_681_511_377;
/// A UUID in base 85.
const ENCODED_UUID: usize = 20;

/// Rows of a data file that are gone.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletionVector {
    /// Their numbers, from 0.
    pub rows: RoaringTreemap,
    /// Where the table's log says they are stored.
    pub stored: DeletionVectorDescriptor,
}

impl DeletionVector {
    /// What tells one vector of a data file from another.
    pub fn id(&self) -> (&str, Option<i32>) {
        (&self.stored.path_or_inline_dv, self.stored.offset)
    }

    /// The file that holds it, if it is not in the log itself.
    pub fn path(&self, lake: &Lake, dir: &str) -> Option<Path> {
        path(lake, dir, &self.stored).ok().flatten()
    }
}

/// Whether a file has a name that [`fn@write`] gives: `deletion_vector_<uuid>.bin`.
pub fn is_deletion_vector(name: &str) -> bool {
    let id = name.strip_prefix("deletion_vector_").and_then(|rest| rest.strip_suffix(".bin"));
    id.is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
}

fn file_name(id: &uuid::Uuid) -> String {
    format!("deletion_vector_{id}.bin")
}

/// Takes rows out of files: all vectors go into one new file of the table.
pub async fn write(
    lake: &Lake,
    dir: &str,
    files: Vec<(DataFile, RoaringTreemap)>,
) -> Result<Vec<DataFile>, WarehouseError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let id = uuid::Uuid::now_v7();
    let encoded = z85::encode(id.as_bytes());
    let mut bytes = vec![VERSION];
    let mut marked = Vec::with_capacity(files.len());
    for (mut file, rows) in files {
        let failed =
            |what: &str| WarehouseError::Task(format!("cannot store the deleted rows of {}: {what}", file.path));
        let mut data = MAGIC.to_le_bytes().to_vec();
        rows.serialize_into(&mut data).map_err(|error| failed(&error.to_string()))?;
        let too_large = |_| failed("they take more than 2 GiB");
        let stored = DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: encoded.clone(),
            offset: Some(i32::try_from(bytes.len()).map_err(too_large)?),
            size_in_bytes: i32::try_from(data.len()).map_err(too_large)?,
            cardinality: rows.len() as i64,
        };
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&data);
        bytes.extend(checksum(&data).to_be_bytes());
        file.deleted = Some(Arc::new(DeletionVector { rows, stored }));
        marked.push(file);
    }
    lake.put(&lake.table_path(dir).join(file_name(&id)), bytes).await?;
    Ok(marked)
}

/// The rows of `file` that are gone.
pub async fn read(
    lake: &Lake,
    dir: &str,
    file: &DataFile,
    stored: DeletionVectorDescriptor,
) -> Result<DeletionVector, WarehouseError> {
    let corrupt = |path: &Path, message: &str| WarehouseError::Corrupt {
        path: path.to_string(),
        message: format!("{message}, where the deleted rows of {} should be", file.path),
    };
    let data = match path(lake, dir, &stored)? {
        None => {
            let log = lake.table_path(dir).join("_delta_log");
            Bytes::from(z85::decode(&stored.path_or_inline_dv).map_err(|_| corrupt(&log, "has no base 85 text"))?)
        }
        Some(path) => {
            let (start, size) = (stored.offset.unwrap_or(1).unsigned_abs(), stored.size_in_bytes.unsigned_abs());
            let framed = lake.read_range(&path, u64::from(start)..u64::from(start) + u64::from(size) + 8).await?;
            let framed = framed.ok_or_else(|| corrupt(&path, "is missing"))?;
            let (head, tail) = (framed.get(..4), framed.get(framed.len().saturating_sub(4)..));
            if framed.len() != size as usize + 8 || head != Some(&size.to_be_bytes()) {
                return Err(corrupt(&path, "has another length than the log says"));
            }
            let data = framed.slice(4..framed.len() - 4);
            if tail != Some(&checksum(&data).to_be_bytes()) {
                return Err(corrupt(&path, "has a wrong checksum"));
            }
            data
        }
    };
    let at = file_path(lake, dir, file);
    let bitmap =
        data.strip_prefix(&MAGIC.to_le_bytes()).ok_or_else(|| corrupt(&at, "has an unknown kind of bitmap"))?;
    let rows = RoaringTreemap::deserialize_from(bitmap).map_err(|_| corrupt(&at, "has a broken bitmap"))?;
    if rows.len() as i64 != stored.cardinality {
        return Err(corrupt(&at, "has another number of rows than the log says"));
    }
    Ok(DeletionVector { rows, stored })
}

/// Where a vector is stored; `None`: in the log itself.
fn path(lake: &Lake, dir: &str, stored: &DeletionVectorDescriptor) -> Result<Option<Path>, WarehouseError> {
    let unsupported = |message: &str| WarehouseError::Unsupported {
        relation: dir.to_string(),
        message: format!("has a deletion vector {message}; purge its deletion vectors with the program that wrote it"),
    };
    match stored.storage_type {
        StorageType::Inline => Ok(None),
        StorageType::AbsolutePath => Err(unsupported("outside its folder, which medallion does not read")),
        StorageType::UuidRelativePath => {
            let text = stored.path_or_inline_dv.as_bytes();
            let at = text.len().checked_sub(ENCODED_UUID).ok_or_else(|| unsupported("of an unknown name"))?;
            let id = z85::decode(&text[at..]).ok().and_then(|id| uuid::Uuid::from_slice(&id).ok());
            let id = id.ok_or_else(|| unsupported("of an unknown name"))?;
            let folder = match stored.path_or_inline_dv.get(..at).filter(|prefix| !prefix.is_empty()) {
                Some(prefix) => lake.table_path(dir).join(prefix),
                None => lake.table_path(dir),
            };
            Ok(Some(folder.join(file_name(&id))))
        }
    }
}

fn checksum(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> DataFile {
        DataFile { path: path.into(), size: 1, rows: 1 << 33, stats: None, modified_ms: 0, deleted: None }
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let wanted: Vec<RoaringTreemap> =
            vec![[7, 1 << 32, 3].into_iter().collect(), (0..70_000).collect(), [(1 << 33) - 1].into_iter().collect()];
        let files = wanted.iter().enumerate().map(|(i, rows)| (file(&format!("{i}.parquet")), rows.clone())).collect();
        let marked = write(&lake, "dev/main/t", files).await.unwrap();
        for (marked, wanted) in marked.iter().zip(wanted) {
            let deleted = marked.deleted.as_ref().unwrap();
            assert_eq!(deleted.rows, wanted);
            let back = read(&lake, "dev/main/t", marked, deleted.stored.clone()).await.unwrap();
            assert_eq!(&back, deleted.as_ref());
            assert!(is_deletion_vector(deleted.path(&lake, "dev/main/t").unwrap().filename().unwrap()));
        }
    }

    /// As the protocol's own example has it.
    #[tokio::test]
    async fn a_vector_may_stand_in_the_log() {
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let stored = DeletionVectorDescriptor {
            storage_type: StorageType::Inline,
            path_or_inline_dv: "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L".into(),
            offset: None,
            size_in_bytes: 44,
            cardinality: 6,
        };
        let read = read(&lake, "dev/main/t", &file("a.parquet"), stored).await.unwrap();
        assert_eq!(read.rows.iter().collect::<Vec<_>>(), [3, 4, 7, 11, 18, 29]);
    }

    #[tokio::test]
    async fn damage_is_an_error() {
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let marked = write(&lake, "t", vec![(file("a.parquet"), [1, 2].into_iter().collect())]).await.unwrap();
        let deleted = marked[0].deleted.clone().unwrap();
        let path = deleted.path(&lake, "t").unwrap();
        let mut bytes = lake.read(&path).await.unwrap().unwrap().to_vec();
        let last = bytes.len() - 6;
        bytes[last] ^= 1;
        lake.put(&path, bytes).await.unwrap();
        let error = read(&lake, "t", &marked[0], deleted.stored.clone()).await.unwrap_err().to_string();
        assert!(error.contains("wrong checksum") && error.contains("a.parquet"), "{error}");
        lake.delete(&path).await.unwrap();
        let error = read(&lake, "t", &marked[0], deleted.stored.clone()).await.unwrap_err().to_string();
        assert!(error.contains("is missing"), "{error}");
    }
}
