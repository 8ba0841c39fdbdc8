//! What nodes are called and what kinds of them there are.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// dbt's `unique_id`: `model.<package>.<name>`, `source.<package>.<source>.<table>`,
/// `test.<package>.<name>.<ten hex digits>`, and so on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

impl NodeId {
    pub fn new(id: impl AsRef<str>) -> Self {
        NodeId(Arc::from(id.as_ref()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What a node is; dbt's `resource_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    Source,
    Seed,
    Model,
    Snapshot,
    Test,
    /// SQL of `analysis-paths`: compiled, never run.
    Analysis,
    /// One `on-run-start` or `on-run-end` statement.
    Operation,
}

impl NodeKind {
    pub const ALL: [NodeKind; 7] = [
        NodeKind::Source,
        NodeKind::Seed,
        NodeKind::Model,
        NodeKind::Snapshot,
        NodeKind::Test,
        NodeKind::Analysis,
        NodeKind::Operation,
    ];

    /// The `resource_type` as dbt writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Source => "source",
            NodeKind::Seed => "seed",
            NodeKind::Model => "model",
            NodeKind::Snapshot => "snapshot",
            NodeKind::Test => "test",
            NodeKind::Analysis => "analysis",
            NodeKind::Operation => "operation",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        NodeKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether `ref()` can name such a node.
    pub fn is_refable(self) -> bool {
        matches!(self, NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot)
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for NodeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
