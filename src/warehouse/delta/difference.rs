//! In which rows two states of a table differ, as data files of which only those rows are read.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringTreemap;

use super::deletion_vector::DeletionVector;
use super::files::DataFile;
use super::scan::complement;

/// A file that was written again gives all its rows to both sides.
#[derive(Debug, Default)]
pub struct Difference {
    pub removed: Vec<DataFile>,
    pub added: Vec<DataFile>,
}

impl Difference {
    /// `after` is made from `before`: of a file that both have, rows have gone, and none has come back.
    pub fn between(before: &[DataFile], after: &[DataFile]) -> Self {
        let mut now: HashMap<&str, &DataFile> = after.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut difference = Difference::default();
        for old in before {
            match now.remove(old.path.as_str()) {
                None => difference.removed.push(old.clone()),
                Some(new) if new.id() == old.id() => {}
                Some(new) => difference.removed.extend(only(new, &(gone(new) - gone(old)))),
            }
        }
        difference.added.extend(after.iter().filter(|file| now.contains_key(file.path.as_str())).cloned());
        difference
    }
}

fn gone(file: &DataFile) -> RoaringTreemap {
    file.deleted.as_ref().map(|deleted| deleted.rows.clone()).unwrap_or_default()
}

/// The file with no row but these.
fn only(file: &DataFile, rows: &RoaringTreemap) -> Option<DataFile> {
    // Only a file of which rows are gone has lost some.
    let stored = file.deleted.as_ref()?.stored.clone();
    let deleted = Some(Arc::new(DeletionVector { rows: complement(file.rows, rows), stored }));
    // The statistics are those of rows that are not read.
    (!rows.is_empty()).then(|| DataFile { stats: None, deleted, ..file.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltalake::kernel::{DeletionVectorDescriptor, StorageType};

    fn file(path: &str, gone: &[u64]) -> DataFile {
        let stored = DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: format!("{gone:?}"),
            offset: Some(1),
            size_in_bytes: 1,
            cardinality: gone.len() as i64,
        };
        let deleted = DeletionVector { rows: gone.iter().copied().collect(), stored };
        let deleted = (!gone.is_empty()).then(|| Arc::new(deleted));
        DataFile { path: path.into(), size: 1, rows: 10, stats: None, modified_ms: 0, deleted }
    }

    /// The rows of each file that are read.
    fn read(files: &[DataFile]) -> Vec<(String, Vec<u64>)> {
        let rows = |file: &DataFile| (0..file.rows).filter(|row| !gone(file).contains(*row)).collect();
        files.iter().map(|file| (file.path.clone(), rows(file))).collect()
    }

    #[test]
    fn rows_that_went_and_files_that_came() {
        let before = [file("a", &[]), file("b", &[1, 2]), file("c", &[3]), file("d", &[4])];
        let after = [file("b", &[1, 2, 5, 7]), file("d", &[4]), file("a", &[9]), file("e", &[])];
        let difference = Difference::between(&before, &after);
        let all_but = |missing: u64| (0..10).filter(|row| *row != missing).collect::<Vec<u64>>();
        assert_eq!(
            read(&difference.removed),
            [("a".into(), vec![9]), ("b".into(), vec![5, 7]), ("c".into(), all_but(3))]
        );
        assert_eq!(read(&difference.added), [("e".into(), (0..10).collect())]);
    }

    #[test]
    fn a_table_that_stays_does_not_differ() {
        let files = [file("a", &[]), file("b", &[1])];
        let difference = Difference::between(&files, &files);
        assert!(difference.removed.is_empty() && difference.added.is_empty());
    }
}
