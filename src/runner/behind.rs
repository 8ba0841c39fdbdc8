//! A table that fell behind its source by loads alone.

use super::models::Phase;
use super::reuse::Fingerprint;
use crate::load::{LOAD_TIMESTAMP, Lineage};
use crate::manifest::{Materialization, Node};
use crate::materialize::{Compiled, LoadedSince};
use crate::warehouse::{Description, RelationName, state_key};

/// What was loaded since the node's table was made, where the table would be up to date without that.
pub fn since(
    phase: &Phase,
    node: &Node,
    variants: &[&Compiled],
    (then, now): (&Fingerprint, &Fingerprint),
) -> Option<LoadedSince> {
    let manifest = &phase.workspace.manifest;
    let config = &node.config;
    // What a hook does to the table is done once, and not to the rows that stay.
    let is_hooked = !config.pre_hook.is_empty() || !config.post_hook.is_empty() || !manifest.on_run_start.is_empty();
    if config.materialized != Materialization::Table || is_hooked || then.made_by != now.made_by {
        return None;
    }
    let sources = manifest.nodes.values().filter(|source| source.load.is_some());
    sources.filter_map(|source| source.relation.as_ref()).find_map(|table| loaded(phase, node, variants, then, table))
}

fn loaded(
    phase: &Phase,
    node: &Node,
    variants: &[&Compiled],
    then: &Fingerprint,
    table: &RelationName,
) -> Option<LoadedSince> {
    let relations = &phase.workspace.relations;
    let lineage = relations.state(table, &state_key::lineage(table))?;
    let lineage: Lineage = serde_json::from_value(lineage).ok()?;
    if !lineage.ends_with(&relations.describe(table)?.version) || lineage.unique_key.is_empty() {
        return None;
    }
    let state = lineage.earlier().find(|state| {
        let describe = |name: &RelationName| {
            let there = relations.describe(name)?;
            let version = if name == table { state.version.clone() } else { there.version };
            Some(Description { version, ..there })
        };
        let inputs = phase.fingerprints.inputs(&phase.workspace, node, variants, &describe);
        inputs.is_some_and(|inputs| inputs == then.inputs)
    })?;
    Some(LoadedSince {
        table: table.clone(),
        unique_key: lineage.unique_key.clone(),
        column: LOAD_TIMESTAMP,
        after: state.load_timestamp,
    })
}
