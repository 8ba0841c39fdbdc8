//! dbt's node selection: `--select`, `--exclude`, `--resource-type`, `--indirect-selection`.
//!
//! A criterion is `method:value` between graph operators: `+x` with all before it, `x+2` with what comes up to two steps
//! after it, `@x` with all after it and all before those. Criteria joined by a comma all have to fit; arguments, and
//! words within one, add up.

mod criterion;
mod expand;
mod method;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::{Manifest, NodeId, NodeKind};
use crate::diagnostic::Diagnostic;
use criterion::Criterion;
use expand::Bundle;

/// Which tests come along with the nodes selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IndirectSelection {
    /// A test comes along when any node it reads is selected.
    #[default]
    Eager,
    /// When every node it reads is selected.
    Cautious,
    /// When every node it reads is selected or comes before a selected one.
    Buildable,
    /// Never.
    Empty,
}

impl IndirectSelection {
    pub const NAMES: [(&'static str, IndirectSelection); 4] = [
        ("eager", IndirectSelection::Eager),
        ("cautious", IndirectSelection::Cautious),
        ("buildable", IndirectSelection::Buildable),
        ("empty", IndirectSelection::Empty),
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, mode)| mode)
    }
}

/// What the user asked to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Arguments of `--select`; empty: every node.
    pub select: Vec<String>,
    /// Arguments of `--exclude`.
    pub exclude: Vec<String>,
    /// Arguments of `--resource-type`; empty: every kind.
    pub resource_types: Vec<NodeKind>,
    /// Arguments of `--exclude-resource-type`.
    pub exclude_resource_types: Vec<NodeKind>,
    pub indirect: IndirectSelection,
}

/// What a [`Selection`] comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selected {
    /// Each node after all it depends on.
    pub nodes: Vec<NodeId>,
    /// Criteria that match nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Manifest {
    /// The enabled nodes that are asked for, in topological order. A criterion that cannot be read is an error.
    pub fn select(&self, selection: &Selection) -> Result<Selected, Diagnostic> {
        let mut warnings = Vec::new();
        let mut chosen: HashSet<&NodeId> = match selection.select.as_slice() {
            [] => self.nodes.keys().collect(),
            arguments => self.union("--select", arguments, selection.indirect, &mut warnings)?,
        };
        // A test is left out as soon as one node it reads is, whatever the mode.
        for id in self.union("--exclude", &selection.exclude, IndirectSelection::Eager, &mut warnings)? {
            chosen.remove(id);
        }
        let is_wanted = |id: &NodeId| {
            self.nodes.get(id).is_some_and(|node| {
                (selection.resource_types.is_empty() || selection.resource_types.contains(&node.kind))
                    && !selection.exclude_resource_types.contains(&node.kind)
            })
        };
        // A manifest is acyclic.
        let order = self.dag.topological().unwrap_or_default();
        let nodes = order.into_iter().filter(|id| chosen.contains(*id) && is_wanted(id)).cloned().collect();
        Ok(Selected { nodes, warnings })
    }

    /// What any word of any argument selects.
    fn union(
        &self,
        option: &str,
        arguments: &[String],
        indirect: IndirectSelection,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<HashSet<&NodeId>, Diagnostic> {
        let mut all = Bundle::default();
        for argument in arguments {
            for word in argument.split_whitespace() {
                let mut both: Option<Bundle<'_>> = None;
                for text in word.split(',') {
                    let one = self.bundle(&Criterion::parse(option, text)?, indirect);
                    both = Some(match both {
                        None => one,
                        Some(others) => others.intersection(&one),
                    });
                }
                let mut found = both.unwrap_or_default();
                self.settle(&mut found, indirect);
                if found.direct.is_empty() {
                    let message = format!("The selection criterion '{word}' does not match any enabled nodes");
                    warnings.push(Diagnostic::new(message));
                }
                all.extend(found);
            }
        }
        self.settle(&mut all, indirect);
        Ok(all.direct)
    }
}
