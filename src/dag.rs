//! A directed acyclic graph over keys of any kind, and the queue that walks one in parallel.
//!
//! Every answer is deterministic: where the edges leave a choice, the key inserted first comes first. Nothing recurses,
//! so the length of a chain is bounded by memory alone.

mod ready_queue;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::Hash;

use indexmap::IndexSet;

pub use ready_queue::ReadyQueue;

/// Keys and the edges between them. Nothing keeps a cycle out; [`Dag::topological`] and [`Dag::cycle`] find one.
#[derive(Debug, Clone)]
pub struct Dag<K> {
    keys: IndexSet<K>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl<K> Default for Dag<K> {
    fn default() -> Self {
        Dag { keys: IndexSet::new(), parents: Vec::new(), children: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash> Dag<K> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key without edges. A key that is there already stays as it is.
    pub fn insert(&mut self, key: K) {
        self.index_of_or_insert(key);
    }

    /// Says that `child` comes after `parent`; both are added when new. A repeated edge counts once.
    pub fn add_edge(&mut self, parent: K, child: K) {
        let parent = self.index_of_or_insert(parent);
        let child = self.index_of_or_insert(child);
        if !self.parents[child].contains(&parent) {
            self.parents[child].push(parent);
            self.children[parent].push(child);
        }
    }

    fn index_of_or_insert(&mut self, key: K) -> usize {
        let (index, new) = self.keys.insert_full(key);
        if new {
            self.parents.push(Vec::new());
            self.children.push(Vec::new());
        }
        index
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn contains(&self, key: &K) -> bool {
        self.keys.contains(key)
    }

    /// Every key, in the order of insertion.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.keys.iter()
    }

    /// What `key` comes directly after. Nothing for an unknown key.
    pub fn parents(&self, key: &K) -> impl Iterator<Item = &K> {
        self.neighbours(&self.parents, key)
    }

    /// What comes directly after `key`. Nothing for an unknown key.
    pub fn children(&self, key: &K) -> impl Iterator<Item = &K> {
        self.neighbours(&self.children, key)
    }

    fn neighbours<'a>(&'a self, edges: &'a [Vec<usize>], key: &K) -> impl Iterator<Item = &'a K> {
        let found = self.keys.get_index_of(key).map_or(&[][..], |index| &edges[index][..]);
        found.iter().map(|&index| &self.keys[index])
    }

    /// Every key after all of its parents, or a cycle as [`Dag::cycle`] gives it.
    pub fn topological(&self) -> Result<Vec<&K>, Vec<K>> {
        let mut missing: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            (0..self.len()).filter(|&index| missing[index] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(index)) = ready.pop() {
            order.push(&self.keys[index]);
            for &child in &self.children[index] {
                missing[child] -= 1;
                if missing[child] == 0 {
                    ready.push(Reverse(child));
                }
            }
        }
        if order.len() == self.len() { Ok(order) } else { Err(self.cycle().unwrap_or_default()) }
    }

    /// A cycle along the edges, its first key repeated at the end; None when there is none.
    pub fn cycle(&self) -> Option<Vec<K>> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            OnPath,
            Left,
        }
        let mut marks = vec![Mark::New; self.len()];
        for start in 0..self.len() {
            if marks[start] != Mark::New {
                continue;
            }
            marks[start] = Mark::OnPath;
            // Each step: a key on the path and which of its children comes next.
            let mut path = vec![(start, 0)];
            while let Some(step) = path.last_mut() {
                let (index, next) = *step;
                step.1 += 1;
                match self.children[index].get(next).map(|&child| (child, marks[child])) {
                    Some((child, Mark::New)) => {
                        marks[child] = Mark::OnPath;
                        path.push((child, 0));
                    }
                    Some((child, Mark::OnPath)) => {
                        let on_cycle = path.iter().map(|&(index, _)| index).skip_while(|&index| index != child);
                        return Some(on_cycle.chain([child]).map(|index| self.keys[index].clone()).collect());
                    }
                    Some((_, Mark::Left)) => {}
                    None => {
                        marks[index] = Mark::Left;
                        path.pop();
                    }
                }
            }
        }
        None
    }

    /// What `key` comes after, with its distance (at least 1), nearest first, up to `depth` edges away.
    pub fn ancestors(&self, key: &K, depth: Option<usize>) -> Vec<(&K, usize)> {
        self.reach(&self.parents, [key], depth)
    }

    /// What comes after `key`, with its distance (at least 1), nearest first, up to `depth` edges away.
    pub fn descendants(&self, key: &K, depth: Option<usize>) -> Vec<(&K, usize)> {
        self.reach(&self.children, [key], depth)
    }

    /// What any of `keys` comes after, those keys left out, with the distance to the nearest of them.
    pub fn ancestors_of_all<'k>(&self, keys: impl IntoIterator<Item = &'k K>, depth: Option<usize>) -> Vec<(&K, usize)>
    where
        K: 'k,
    {
        self.reach(&self.parents, keys, depth)
    }

    /// What comes after any of `keys`, those keys left out, with the distance to the nearest of them.
    pub fn descendants_of_all<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k K>,
        depth: Option<usize>,
    ) -> Vec<(&K, usize)>
    where
        K: 'k,
    {
        self.reach(&self.children, keys, depth)
    }

    fn reach<'k>(
        &self,
        edges: &[Vec<usize>],
        keys: impl IntoIterator<Item = &'k K>,
        depth: Option<usize>,
    ) -> Vec<(&K, usize)>
    where
        K: 'k,
    {
        let mut seen = vec![false; self.len()];
        let mut queue = VecDeque::new();
        for start in keys.into_iter().filter_map(|key| self.keys.get_index_of(key)) {
            if !std::mem::replace(&mut seen[start], true) {
                queue.push_back((start, 0));
            }
        }
        let mut found = Vec::new();
        while let Some((index, distance)) = queue.pop_front() {
            if depth.is_some_and(|depth| distance >= depth) {
                continue;
            }
            for &next in &edges[index] {
                if !std::mem::replace(&mut seen[next], true) {
                    found.push((&self.keys[next], distance + 1));
                    queue.push_back((next, distance + 1));
                }
            }
        }
        found
    }

    /// The graph of the keys that `keep` accepts. A way through keys left out becomes an edge, so the order stays.
    pub fn induced(&self, keep: impl Fn(&K) -> bool) -> Dag<K> {
        let kept: Vec<bool> = self.keys.iter().map(keep).collect();
        let mut graph = Dag::new();
        self.keys.iter().zip(&kept).filter(|(_, kept)| **kept).for_each(|(key, _)| graph.insert(key.clone()));
        let mut seen_from = vec![usize::MAX; self.len()];
        for child in (0..self.len()).filter(|&index| kept[index]) {
            let mut stack = self.parents[child].clone();
            let mut nearest = Vec::new();
            while let Some(index) = stack.pop() {
                if std::mem::replace(&mut seen_from[index], child) == child {
                    continue;
                }
                if kept[index] {
                    nearest.push(index);
                } else {
                    stack.extend(&self.parents[index]);
                }
            }
            nearest.sort_unstable();
            nearest.into_iter().for_each(|index| graph.add_edge(self.keys[index].clone(), self.keys[child].clone()));
        }
        graph
    }
}
