//! What to do: the selected part of the graph, and for each node how.

use std::collections::HashSet;

use crate::dag::Dag;
use crate::manifest::{Manifest, Materialization, Node, NodeId, NodeKind};

/// Which kinds of nodes a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Loads, models, seeds, snapshots, tests.
    Build,
    Load,
    /// Models.
    Run,
    Seed,
    Snapshot,
    /// Data tests, of what is published.
    Test,
}

impl Command {
    pub fn as_str(self) -> &'static str {
        match self {
            Command::Build => "build",
            Command::Load => "load",
            Command::Run => "run",
            Command::Seed => "seed",
            Command::Snapshot => "snapshot",
            Command::Test => "test",
        }
    }

    fn takes(self, action: &Action) -> bool {
        match self {
            Command::Build => true,
            Command::Load => matches!(action, Action::Load),
            Command::Run => matches!(action, Action::Model { .. }),
            Command::Seed => matches!(action, Action::Seed),
            Command::Snapshot => matches!(action, Action::Snapshot),
            Command::Test => matches!(action, Action::Test),
        }
    }
}

/// What is done with a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Load,
    Model {
        materialized: Materialization,
        /// Whether an incremental model starts anew though its table is there.
        full_refresh: bool,
    },
    Seed,
    Snapshot,
    Test,
}

/// The nodes of a run and their order. Everything in it exists in the manifest.
pub struct Plan {
    pub command: Command,
    /// Source files to load, before anything else.
    pub loads: Vec<NodeId>,
    /// The other nodes. A test stands between the model it tests and what is built on that model.
    pub graph: Dag<NodeId>,
}

impl Plan {
    /// The plan for the selected nodes, as far as the command takes them.
    pub fn new(manifest: &Manifest, command: Command, selected: &[NodeId]) -> Self {
        let wanted = |id: &NodeId| {
            manifest.nodes.get(id).and_then(|node| action(manifest, node)).filter(|action| command.takes(action))
        };
        let is_load = |id: &NodeId| manifest.nodes.get(id).is_some_and(|node| node.load.is_some());
        let chosen = selected.iter().filter(|id| wanted(id).is_some()).cloned();
        let (loads, others): (Vec<NodeId>, Vec<NodeId>) = chosen.partition(is_load);
        let graph = match command {
            Command::Build => manifest.build_graph(&others),
            _ => {
                let others: HashSet<&NodeId> = others.iter().collect();
                manifest.dag.induced(|id| others.contains(id))
            }
        };
        Plan { command, loads, graph }
    }

    pub fn is_empty(&self) -> bool {
        self.loads.is_empty() && self.graph.is_empty()
    }
}

/// How a node is run; `None` for what is only read.
pub fn action(manifest: &Manifest, node: &Node) -> Option<Action> {
    match node.kind {
        NodeKind::Source => node.load.as_ref().map(|_| Action::Load),
        // An ephemeral model runs as a part of those that read it.
        NodeKind::Model if node.config.materialized == Materialization::Ephemeral => None,
        NodeKind::Model => Some(Action::Model {
            materialized: node.config.materialized.clone(),
            full_refresh: node.config.full_refresh.unwrap_or(manifest.options.full_refresh),
        }),
        NodeKind::Seed => Some(Action::Seed),
        NodeKind::Snapshot => Some(Action::Snapshot),
        NodeKind::Test => Some(Action::Test),
        _ => None,
    }
}
