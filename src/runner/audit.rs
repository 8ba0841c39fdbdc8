//! `store_failures`: the tables of failing rows become visible also where nothing else of the run does, since they are
//! what one looks at then.

use std::sync::Arc;

use super::events::{NodeResult, Status};
use super::models::Phase;
use crate::manifest::NodeId;
use crate::plan::Plan;
use crate::warehouse::{RelationName, StageMode, WarehouseError};

/// How often the tables are published again: after another run published the same ones first, or the connection broke.
const ATTEMPTS: u32 = 5;

/// Publishes the tables of failing rows that the phase's publication holds and will not publish itself. The last run
/// to test wins.
pub async fn publish(phase: &Phase, plan: &Plan, results: &[Arc<NodeResult>]) -> Result<(), WarehouseError> {
    let tables = stored(phase, results);
    let mut attempt = 1;
    while !tables.is_empty() {
        match publish_once(phase, plan, &tables).await {
            Err(error) if error.may_pass() && attempt < ATTEMPTS => attempt += 1,
            other => return other,
        }
    }
    Ok(())
}

async fn publish_once(phase: &Phase, plan: &Plan, tables: &[RelationName]) -> Result<(), WarehouseError> {
    let publication = phase.runner.places.target().begin(phase.runner.label(plan), tables).await?;
    let session = &phase.workspace.session;
    for table in tables {
        let frame = session.query(&format!("select * from {}", table.quoted())).await?;
        let streams = session.partitions(frame).await?;
        publication.stage(table, streams, StageMode::Replace { unique_key: Vec::new() }).await?;
    }
    publication.commit().await.map(|_| ())
}

/// The tables that the tests of this run stored.
fn stored(phase: &Phase, results: &[Arc<NodeResult>]) -> Vec<RelationName> {
    let ran = results.iter().filter(|r| matches!(r.status, Status::Pass | Status::Warn | Status::Fail));
    let nodes = ran.filter_map(|result| phase.workspace.manifest.nodes.get(&NodeId::new(&result.node.unique_id)));
    nodes.filter(|node| node.test.is_some()).filter_map(|node| node.relation.clone()).collect()
}
