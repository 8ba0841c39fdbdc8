//! The ledger: which files are in a table already, and the table's last load timestamp. It is part of the publication, so
//! it says a file was taken exactly when its rows are visible.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use super::files::Candidate;
use super::input::Tally;
use super::lineage::{Lineage, LoadedState};
use super::{Failure, LoadRequest};
use crate::diagnostic::Diagnostic;
use crate::warehouse::{Publication, RelationName, state_key};

/// A file that was taken.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    size: u64,
    modified: u64,
    /// Of the content, in hex.
    hash: String,
    /// Of what the load was asked to make of it.
    spec: String,
    load_timestamp: DateTime<Utc>,
}

pub struct Ledger<'a> {
    publication: &'a dyn Publication,
    /// The beginnings of its documents' names: of all, and of those about files.
    load: String,
    files: String,
    spec: String,
    /// False: the table starts anew, and no file counts as taken.
    valid: bool,
}

impl<'a> Ledger<'a> {
    pub fn new(publication: &'a dyn Publication, request: &LoadRequest<'_>, valid: bool) -> Self {
        let spec = format!("{:?} {:?} {:?}", request.spec.unique_key, request.spec.csv, columns_of(request));
        Ledger {
            publication,
            load: state_key::load(request.relation),
            files: state_key::files(request.relation),
            spec: format!("{:032x}", xxh3_128(spec.as_bytes())),
            valid,
        }
    }

    /// Whether this very content was taken. A file whose size and time are as they were is not read again.
    pub async fn has(&self, file: &Candidate) -> Result<bool, Failure> {
        let stored = self.valid.then(|| self.publication.base().state(&self.file_key(file))).flatten();
        let Some(entry) = stored.and_then(|value| serde_json::from_value::<Entry>(value).ok()) else {
            return Ok(false);
        };
        if entry.spec != self.spec || entry.size != file.size {
            return Ok(false);
        }
        if file.modified != 0 && entry.modified == file.modified {
            return Ok(true);
        }
        let path = file.path.clone();
        let hashed = tokio::task::spawn_blocking(move || content_hash(&path)).await;
        let hash = hashed
            .map_err(|error| Diagnostic::new(format!("the reader stopped: {error}")))?
            .map_err(|error| Diagnostic::new(format!("cannot read {}: {error}", file.path.display())))?;
        Ok(format!("{hash:032x}") == entry.hash)
    }

    /// No file counts as taken any more: the table holds nothing of them.
    pub fn forget(&self) {
        for key in self.publication.base().state_keys(&self.files) {
            self.publication.put_state(&key, None);
        }
    }

    pub fn take(&self, file: &Candidate, hash: u128, load_timestamp: DateTime<Utc>) {
        let entry = Entry {
            size: file.size,
            modified: file.modified,
            hash: format!("{hash:032x}"),
            spec: self.spec.clone(),
            load_timestamp,
        };
        self.publication.put_state(&self.file_key(file), Some(json!(entry)));
    }

    /// Now, or a microsecond after the last load where the clock is behind it.
    pub fn next_timestamp(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let micros = now.timestamp_micros();
        let now = DateTime::from_timestamp_micros(micros).unwrap_or(now);
        let last = self.publication.base().state(&self.timestamp_key());
        let last = last.and_then(|value| serde_json::from_value::<DateTime<Utc>>(value).ok());
        last.map_or(now, |last| now.max(last + TimeDelta::microseconds(1)))
    }

    pub fn keep_timestamp(&self, stamp: DateTime<Utc>) {
        self.publication.put_state(&self.timestamp_key(), Some(json!(stamp)));
    }

    /// Writes down which state comes of this load. `base`: the state it began with, unless it takes nothing of that.
    pub fn keep_lineage(
        &self,
        relation: &RelationName,
        unique_key: &[String],
        base: Option<String>,
        load_timestamp: DateTime<Utc>,
    ) {
        let key = state_key::lineage(relation);
        let Some(now) = self.publication.describe(relation) else { return };
        if base.as_ref() == Some(&now.version) {
            return;
        }
        let known = self.publication.base().state(&key);
        let known = known.and_then(|value| serde_json::from_value::<Lineage>(value).ok());
        if base.is_some() && known.as_ref().is_some_and(|known| known.unique_key != unique_key) {
            // Of the new key the table may have several rows. The note of the old one stays, and ends there.
            return;
        }
        let goes_on =
            |known: &Lineage| known.unique_key == unique_key && base.is_some_and(|base| known.ends_with(&base));
        let mut lineage = known.filter(goes_on).unwrap_or_else(|| Lineage::new(unique_key.to_vec()));
        lineage.add(LoadedState { version: now.version, load_timestamp });
        self.publication.put_state(&key, Some(json!(lineage)));
    }

    fn file_key(&self, file: &Candidate) -> String {
        format!("{}{}", self.files, file.name)
    }

    fn timestamp_key(&self) -> String {
        format!("{}/last", self.load)
    }
}

/// The hash of a file's bytes, as the reader computes it.
fn content_hash(path: &Path) -> io::Result<u128> {
    let mut file = File::open(path)?;
    let mut tally = Tally::default();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(tally.fingerprint().hash),
            read => tally.update(&block[..read]),
        }
    }
}

fn columns_of<'a>(request: &LoadRequest<'a>) -> Option<Vec<[Option<&'a str>; 4]>> {
    let columns = request.spec.columns.as_ref()?;
    let parts = columns.iter().map(|column| {
        [Some(column.name.as_str()), column.from.as_deref(), Some(column.data_type.as_str()), column.clean.as_deref()]
    });
    Some(parts.collect())
}
