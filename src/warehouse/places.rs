//! The warehouses of one project: the target's, and those in which other databases of its nodes stand.

use std::sync::Arc;

use super::Warehouse;

/// Which database is where. Models are published to the target's warehouse; a source is loaded into that of its own
/// database.
#[derive(Clone)]
pub struct Places {
    target: Arc<dyn Warehouse>,
    /// By database.
    elsewhere: Vec<(String, Arc<dyn Warehouse>)>,
}

impl Places {
    pub fn new(target: Arc<dyn Warehouse>, elsewhere: Vec<(String, Arc<dyn Warehouse>)>) -> Self {
        Places { target, elsewhere }
    }

    /// Where models are published.
    pub fn target(&self) -> &Arc<dyn Warehouse> {
        &self.target
    }

    /// The other warehouses, by database.
    pub fn elsewhere(&self) -> &[(String, Arc<dyn Warehouse>)] {
        &self.elsewhere
    }

    /// How many keys are looked for in one of them at once.
    pub fn most_keys(&self) -> usize {
        let all = self.elsewhere.iter().map(|(_, warehouse)| warehouse).chain([&self.target]);
        all.map(|warehouse| warehouse.capabilities().most_keys).max().unwrap_or_default()
    }

    /// Where a database stands.
    pub fn of(&self, database: &str) -> &Arc<dyn Warehouse> {
        let other = self.elsewhere.iter().find(|(name, _)| name == database);
        other.map_or(&self.target, |(_, warehouse)| warehouse)
    }
}
