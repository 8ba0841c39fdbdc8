//! Nothing new, nothing done: a node whose SQL, configuration, functions and inputs are those of the last publication
//! keeps its result.
//!
//! What a node was made from is summed up in a fingerprint, stored with the publication. Tables are told apart by their
//! version, which changes when anyone writes them; a view counts as its SQL and what that reads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::events::Status;
use crate::engine::{is_volatile, parse, relations_of};
use crate::manifest::Node;
use crate::materialize::{Compiled, Prior, Workspace};
use crate::warehouse::{Description, RelationKind, RelationName};

/// What a node is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SQL, configuration and functions.
    pub made_by: String,
    /// The content of the relations that are read, and of the node's own, by quoted name.
    pub inputs: BTreeMap<String, String>,
}

/// What a node came to, as the publication keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub fingerprint: Fingerprint,
    pub status: Status,
    pub verb: Option<String>,
    pub failures: Option<u64>,
    #[serde(default)]
    pub tested_rows: Option<u64>,
    pub message: Option<String>,
}

impl Outcome {
    /// What the outcome says of the published tables to a node that is now made from `now`.
    pub fn prior(&self, prints: &Fingerprints, workspace: &Workspace, node: &Node, now: &Fingerprint) -> Prior {
        let base = workspace.publication.base();
        let published = |name: &RelationName| {
            let Some(made_from) = self.fingerprint.inputs.get(&name.quoted()) else { return false };
            let Some(there) = base.describe(name) else { return false };
            match there.kind {
                RelationKind::Table => *made_from == there.version,
                // A view that becomes another one has not been seen.
                RelationKind::View { .. } => {
                    let stays = workspace.relations.describe(name).is_some_and(|comes| comes.kind == there.kind);
                    let describe = |name: &RelationName| base.describe(name);
                    stays && prints.token(workspace, &describe, name, &mut HashSet::new()).as_ref() == Some(made_from)
                }
            }
        };
        if self.fingerprint.made_by != now.made_by || !node.relation.as_ref().is_none_or(published) {
            return Prior::default();
        }
        let seen = base.relations().into_iter().filter(published).collect();
        Prior { seen, failures: self.failures, tested_rows: self.tested_rows, since: None }
    }
}

/// The key of a node's outcome among the publication's documents.
pub fn state_key(workspace: &Workspace, node: &Node) -> String {
    let target = &workspace.manifest.target;
    crate::warehouse::state_key::node(&target.database, &target.schema, node.id.as_str())
}

/// Computes fingerprints of one run.
#[derive(Default)]
pub struct Fingerprints {
    /// What the SQL of a view reads, by that SQL; `None`: its rows change without its inputs changing.
    views: Mutex<HashMap<String, Option<Vec<RelationName>>>>,
}

impl Fingerprints {
    /// Sums up what the node is made from; `None` when that cannot be known, so that it must run.
    ///
    /// The node's own relation is part of it: a table that somebody else changed is made again.
    pub fn of(&self, workspace: &Workspace, node: &Node, variants: &[&Compiled]) -> Option<Fingerprint> {
        let mut hash = Xxh3Default::new();
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(env!("CARGO_PKG_VERSION"));
        add(&serde_json::to_string(&node.config.raw).ok()?);
        variants.iter().for_each(|compiled| add(&compiled.sql));
        let describe = |name: &RelationName| workspace.relations.describe(name);
        let inputs = self.inputs(workspace, node, variants, &describe)?;
        Some(Fingerprint { made_by: format!("{:032x}", hash.digest128()), inputs })
    }

    /// What stands for the content of the relations that are read, and of the node's own, if they were as `describe` has
    /// them.
    pub fn inputs(
        &self,
        workspace: &Workspace,
        node: &Node,
        variants: &[&Compiled],
        describe: &dyn Fn(&RelationName) -> Option<Description>,
    ) -> Option<BTreeMap<String, String>> {
        let mut read: BTreeSet<RelationName> = node.relation.iter().cloned().collect();
        for compiled in variants {
            let names = self.reads(workspace, &compiled.sql)?.into_iter();
            read.extend(names.map(|name| name.changes_of().unwrap_or(name)));
        }
        let token =
            |name: RelationName| Some((name.quoted(), self.token(workspace, describe, &name, &mut HashSet::new())?));
        read.into_iter().map(token).collect()
    }

    /// What stands for a relation's content.
    fn token(
        &self,
        workspace: &Workspace,
        describe: &dyn Fn(&RelationName) -> Option<Description>,
        name: &RelationName,
        above: &mut HashSet<RelationName>,
    ) -> Option<String> {
        let Some(description) = describe(name) else { return Some("absent".to_string()) };
        let RelationKind::View { sql } = description.kind else { return Some(description.version) };
        if !above.insert(name.clone()) {
            return None;
        }
        let mut token = description.version;
        for input in self.reads(workspace, &sql)? {
            token.push(' ');
            token.push_str(&self.token(workspace, describe, &input, above)?);
        }
        above.remove(name);
        Some(token)
    }

    fn reads(&self, workspace: &Workspace, sql: &str) -> Option<Vec<RelationName>> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = views.get(sql) {
            return known.clone();
        }
        let target = &workspace.manifest.target;
        let statement = parse(sql).ok().filter(|statement| !is_volatile(statement));
        let reads = statement.and_then(|statement| relations_of(&statement, &target.database, &target.schema).ok());
        views.insert(sql.to_string(), reads.clone());
        reads
    }
}
