//! Source files → source tables: CSV to Arrow, cleaned, merged by key; rejects; the ledger of files already taken.
//!
//! A load is a publication of its own. Every row it inserts or changes carries one `load_timestamp`, later than that of
//! every load visible before it, so that "later than the largest one read" misses nothing; a row equal to the stored one
//! keeps its own.

pub mod columns;
pub mod csv;
mod feed;
mod files;
mod input;
mod ledger;
mod lineage;
mod reject;
mod repeat;
mod spec;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

use self::columns::UnknownFields;
use self::feed::{Feed, FeedSummary};
use self::files::Candidate;
use self::ledger::Ledger;
pub use self::lineage::Lineage;
use self::repeat::Repeats;
use self::spec::LoadPlan;
use crate::diagnostic::Diagnostic;
use crate::manifest::{LoadSpec, Node};
use crate::warehouse::{
    Index, Publication, RelationName, RelationSettings, RunLabel, StageMode, Staged, Warehouse, WarehouseError,
};

/// The column that every loaded table ends with.
pub const LOAD_TIMESTAMP: &str = "load_timestamp";

/// One source table to load.
pub struct LoadRequest<'a> {
    pub node: &'a Node,
    pub relation: &'a RelationName,
    pub spec: &'a LoadSpec,
    pub project_dir: &'a Path,
    /// Reject nothing: an input record that cannot be taken is an error, before anything is written.
    pub strict: bool,
    /// Take all files again, into an empty table.
    pub full_refresh: bool,
    pub label: RunLabel,
    pub progress: Arc<Progress>,
    /// Hears why the load is done again, where somebody should know.
    pub tell: &'a (dyn Fn(Diagnostic) + Send + Sync),
}

/// How far a load has read, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    pub bytes: AtomicU64,
    pub total_bytes: AtomicU64,
    pub rows: AtomicU64,
}

impl Progress {
    /// Nothing is read any more.
    fn restart(&self) {
        self.bytes.store(0, Ordering::Relaxed);
        self.rows.store(0, Ordering::Relaxed);
    }

    fn add(&self, bytes: u64, rows: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

/// What a load came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Files read, and files skipped since they were taken before.
    pub files: usize,
    pub skipped: usize,
    /// Records read that are rows.
    pub read: u64,
    /// Rows inserted or changed.
    pub rows: u64,
    pub unchanged: u64,
    /// Rows that a later row of the same key replaced.
    pub duplicates: u64,
    pub rejects: u64,
    /// Values that a cleaning could not read, by column: they are null.
    pub unreadable: Vec<(String, u64)>,
}

/// Loads what is new of the request's files.
pub async fn load(warehouse: &dyn Warehouse, request: &LoadRequest<'_>) -> Result<Loaded, Diagnostic> {
    let candidates = files::find(request)?;
    let mut repeats = Repeats::default();
    loop {
        match load_once(warehouse, request, &candidates).await {
            Ok(loaded) => return Ok(loaded),
            Err(failure) => match repeats.wait_after(&failure) {
                Some(wait) => {
                    if !failure.is_race() {
                        let told = failure.into_diagnostic(request);
                        (request.tell)(Diagnostic::new(format!("{}; loading again", told.message)));
                    }
                    request.progress.restart();
                    tokio::time::sleep(wait).await;
                }
                None => return Err(failure.into_diagnostic(request)),
            },
        }
    }
}

/// Why a load failed.
pub(crate) enum Failure {
    Warehouse(WarehouseError),
    /// Already in the user's words.
    Told(Diagnostic),
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Self {
        Failure::Warehouse(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure::Told(diagnostic)
    }
}

impl Failure {
    /// Whether another run wrote the same table first: that one is visible now, and this one's time must be later than its.
    fn is_race(&self) -> bool {
        matches!(self, Failure::Warehouse(WarehouseError::Conflict { .. } | WarehouseError::Overtaken { .. }))
    }

    fn may_pass(&self) -> bool {
        match self {
            Failure::Warehouse(error) => error.may_pass(),
            Failure::Told(diagnostic) => diagnostic.may_pass,
        }
    }

    fn into_diagnostic(self, request: &LoadRequest<'_>) -> Diagnostic {
        match self {
            Failure::Told(diagnostic) => diagnostic,
            Failure::Warehouse(error) => Diagnostic::from(error).within(&format!("cannot load {}", request.relation)),
        }
    }
}

async fn load_once(
    warehouse: &dyn Warehouse,
    request: &LoadRequest<'_>,
    candidates: &[Candidate],
) -> Result<Loaded, Failure> {
    let publication =
        warehouse.begin(request.label.clone(), &[request.relation.clone(), request.relation.rejects()]).await?;
    let exists = publication.describe(request.relation).is_some();
    let ledger = Ledger::new(&*publication, request, exists && !request.full_refresh);
    let mut new = Vec::new();
    for candidate in candidates {
        if !ledger.has(candidate).await? {
            new.push(candidate.clone());
        }
    }
    if request.spec.unique_key.is_empty() && !new.is_empty() {
        // Without a key the table is its files: all of them, as soon as one is new.
        new = candidates.to_vec();
    }
    let skipped = candidates.len() - new.len();
    if new.is_empty() {
        return Ok(Loaded { skipped, ..Loaded::default() });
    }
    request.progress.total_bytes.store(new.iter().map(|file| file.size).sum(), Ordering::Relaxed);
    let plan = LoadPlan::new(request, &new)?;
    let stamp = ledger.next_timestamp(Utc::now());
    let replace = request.full_refresh || !exists || request.spec.unique_key.is_empty();
    if !replace {
        plan.check_columns(&*publication, request).await?;
    }
    publication.configure(request.relation, settings(request));
    let (staged, summary) = stage(&*publication, request, plan, &new, stamp, replace).await?;
    if request.strict && summary.rejects > 0 {
        return Err(summary.strict_error(request).into());
    }
    if replace {
        ledger.forget();
    }
    for (file, hash) in new.iter().zip(&summary.hashes) {
        ledger.take(file, *hash, stamp);
    }
    ledger.keep_timestamp(stamp);
    let before = publication.base().describe(request.relation).filter(|_| !replace).map(|table| table.version);
    ledger.keep_lineage(request.relation, &request.spec.unique_key, before, stamp);
    publication.commit().await?;
    Ok(Loaded {
        files: new.len(),
        skipped,
        read: summary.rows,
        rows: staged.rows,
        unchanged: staged.unchanged,
        duplicates: staged.duplicates,
        rejects: summary.rejects,
        unreadable: summary.unreadable,
    })
}

/// A loaded table is looked into by key, and by what was loaded since.
fn settings(request: &LoadRequest<'_>) -> RelationSettings {
    let index = |columns: Vec<String>, unique| Index { columns, unique, ..Index::default() };
    let key = (!request.spec.unique_key.is_empty()).then(|| index(request.spec.unique_key.clone(), true));
    let indexes = key.into_iter().chain([index(vec![LOAD_TIMESTAMP.to_string()], false)]).collect();
    RelationSettings { indexes, ..RelationSettings::default() }
}

/// Reads the files and stages their rows and rejects, both at once.
async fn stage(
    publication: &dyn Publication,
    request: &LoadRequest<'_>,
    plan: LoadPlan,
    files: &[Candidate],
    stamp: DateTime<Utc>,
    replace: bool,
) -> Result<(Staged, FeedSummary), Failure> {
    let Feed { rows, mut rejects, finished } = Feed::start(plan, files.to_vec(), stamp, Arc::clone(&request.progress));
    let unique_key = request.spec.unique_key.clone();
    let mode = if replace {
        StageMode::Replace { unique_key }
    } else {
        StageMode::MergeChanged { unique_key, ignoring: vec![LOAD_TIMESTAMP.to_string()] }
    };
    let rejected = async {
        // A table of rejects exists only where there are some.
        match rejects.first().await {
            Some(stream) => {
                publication.stage(&request.relation.rejects(), vec![stream], StageMode::Append).await.map(|_| ())
            }
            None => Ok(()),
        }
    };
    let (staged, rejected) = tokio::join!(publication.stage(request.relation, vec![rows], mode), rejected);
    // A reading error stops the rows too; it says more than what the writer makes of it.
    let summary = finished.await.map_err(|error| Diagnostic::new(format!("the reader stopped: {error}")))??;
    rejected?;
    Ok((staged?, summary))
}

pub(crate) fn unknown_fields(spec: &LoadSpec) -> UnknownFields {
    if spec.csv.ignore_unknown { UnknownFields::Ignore } else { UnknownFields::Refuse }
}
