//! From what a criterion names to what it selects: graph operators, and the tests that come along.

use std::collections::HashSet;

use super::IndirectSelection;
use super::criterion::Criterion;
use super::method::Method;
use crate::manifest::{Manifest, NodeId, NodeKind};

/// What a criterion selects, and the tests that would come along if all they read were selected too.
#[derive(Debug, Clone, Default)]
pub(super) struct Bundle<'a> {
    pub direct: HashSet<&'a NodeId>,
    pub indirect: HashSet<&'a NodeId>,
}

impl<'a> Bundle<'a> {
    pub fn intersection(self, other: &Bundle<'a>) -> Self {
        let both = |one: &HashSet<&'a NodeId>, two: &HashSet<&'a NodeId>| one.intersection(two).copied().collect();
        Bundle { direct: both(&self.direct, &other.direct), indirect: both(&self.indirect, &other.indirect) }
    }

    pub fn extend(&mut self, other: Bundle<'a>) {
        self.direct.extend(other.direct);
        self.indirect.extend(other.indirect);
    }
}

impl Manifest {
    pub(super) fn bundle(&self, criterion: &Criterion, indirect: IndirectSelection) -> Bundle<'_> {
        let named = self.named(criterion);
        let mut direct = named.clone();
        if let Some(depth) = criterion.parents {
            direct.extend(ids(self.dag.ancestors_of_all(named.iter().copied(), depth)));
        }
        if let Some(depth) = criterion.children {
            direct.extend(ids(self.dag.descendants_of_all(named.iter().copied(), depth)));
        }
        if criterion.childrens_parents {
            direct.extend(ids(self.dag.descendants_of_all(named.iter().copied(), None)));
            let below: Vec<&NodeId> = direct.iter().copied().collect();
            direct.extend(ids(self.dag.ancestors_of_all(below, None)));
        }
        if criterion.method == Method::Exposure {
            direct.extend(self.before_exposures(criterion));
        }
        self.with_tests(direct, indirect)
    }

    /// The nodes that a criterion names, graph operators aside.
    fn named(&self, criterion: &Criterion) -> HashSet<&NodeId> {
        let fits = |id: &&NodeId| {
            self.nodes.get(*id).is_some_and(|node| criterion.method.fits(&criterion.value, node, &self.project_name))
        };
        self.nodes.keys().filter(fits).collect()
    }

    /// An exposure is no node of the graph: what can be selected is what comes before it.
    fn before_exposures(&self, criterion: &Criterion) -> HashSet<&NodeId> {
        let depth = match (criterion.parents, criterion.childrens_parents) {
            (Some(depth), _) => depth,
            (None, true) => None,
            (None, false) => return HashSet::new(),
        };
        let fits = self
            .exposures
            .iter()
            .filter(|exposure| criterion.method.fits_exposure(&criterion.value, &exposure.package, &exposure.name));
        let parents = fits.flat_map(|exposure| &exposure.depends_on).filter_map(|id| self.nodes.get_key_value(id));
        let parents: HashSet<&NodeId> = parents.map(|(id, _)| id).collect();
        match depth {
            Some(0) => HashSet::new(),
            depth => {
                let further = depth.map(|depth| depth - 1);
                let before = ids(self.dag.ancestors_of_all(parents.iter().copied(), further));
                parents.iter().copied().chain(before).collect()
            }
        }
    }

    /// Adds the tests of the selected nodes, or keeps them for [`Manifest::settle`].
    fn with_tests<'a>(&'a self, direct: HashSet<&'a NodeId>, indirect: IndirectSelection) -> Bundle<'a> {
        let mut bundle = Bundle { direct, indirect: HashSet::new() };
        if indirect == IndirectSelection::Empty {
            return bundle;
        }
        let buildable = self.buildable(&bundle.direct, indirect);
        for (test, _) in self.dag.descendants_of_all(bundle.direct.iter().copied(), Some(1)) {
            let Some(node) = self.nodes.get(test).filter(|node| node.kind == NodeKind::Test) else { continue };
            let mut reads = node.depends_on.iter();
            if indirect == IndirectSelection::Eager || reads.all(|id| buildable.contains(id)) {
                bundle.direct.insert(test);
            } else {
                bundle.indirect.insert(test);
            }
        }
        bundle
    }

    /// Selects the tests that were waiting for the rest of what they read.
    pub(super) fn settle<'a>(&'a self, bundle: &mut Bundle<'a>, indirect: IndirectSelection) {
        if bundle.indirect.is_empty() {
            return;
        }
        let buildable = self.buildable(&bundle.direct, indirect);
        let ready = |test: &&NodeId| {
            self.nodes.get(*test).is_some_and(|node| node.depends_on.iter().all(|id| buildable.contains(id)))
        };
        let ready: Vec<&NodeId> = bundle.indirect.iter().copied().filter(ready).collect();
        bundle.direct.extend(ready);
    }

    /// What a test may read and still come along.
    fn buildable<'a>(&'a self, selected: &HashSet<&'a NodeId>, indirect: IndirectSelection) -> HashSet<&'a NodeId> {
        let mut buildable = selected.clone();
        if indirect == IndirectSelection::Buildable {
            buildable.extend(ids(self.dag.ancestors_of_all(selected.iter().copied(), None)));
            buildable.extend(self.nodes.iter().filter(|(_, node)| node.kind == NodeKind::Source).map(|(id, _)| id));
        }
        buildable
    }
}

fn ids(reached: Vec<(&NodeId, usize)>) -> impl Iterator<Item = &NodeId> {
    reached.into_iter().map(|(id, _)| id)
}
