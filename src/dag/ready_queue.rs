//! The keys of a graph, handed out in the order they may be worked on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;

use super::Dag;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Taken,
    Done,
    Failed,
    Skipped,
}

/// Hands out the keys of a graph as soon as all of their parents are done.
///
/// The caller takes keys, works on any number of them at once, and reports each as done or failed.
#[derive(Debug, Clone)]
pub struct ReadyQueue<K> {
    graph: Dag<K>,
    missing: Vec<usize>,
    states: Vec<State>,
    ready: BinaryHeap<Reverse<usize>>,
    /// Keys neither done, failed nor skipped.
    open: usize,
}

impl<K: Clone + Eq + Hash> ReadyQueue<K> {
    /// A queue over `graph`, or the cycle that would never become ready.
    pub fn new(graph: Dag<K>) -> Result<Self, Vec<K>> {
        if let Some(cycle) = graph.cycle() {
            return Err(cycle);
        }
        let missing: Vec<usize> = graph.parents.iter().map(Vec::len).collect();
        let ready = (0..graph.len()).filter(|&index| missing[index] == 0).map(Reverse).collect();
        Ok(ReadyQueue { states: vec![State::Waiting; graph.len()], open: graph.len(), graph, missing, ready })
    }

    /// Takes the ready key inserted first. None: nothing is ready until a taken key is reported.
    pub fn take(&mut self) -> Option<K> {
        let Reverse(index) = self.ready.pop()?;
        self.states[index] = State::Taken;
        Some(self.graph.keys[index].clone())
    }

    /// Reports a taken key as done. Anything but a taken key is left alone.
    pub fn done(&mut self, key: &K) {
        let Some(index) = self.close(key, State::Done) else { return };
        for &child in &self.graph.children[index] {
            self.missing[child] -= 1;
            if self.missing[child] == 0 && self.states[child] == State::Waiting {
                self.ready.push(Reverse(child));
            }
        }
    }

    /// Reports a taken key as failed: all its descendants will never be handed out. Returns those that this call put
    /// out of reach, nearest first.
    pub fn failed(&mut self, key: &K) -> Vec<K> {
        if self.close(key, State::Failed).is_none() {
            return Vec::new();
        }
        let reached: Vec<K> = self.graph.descendants(key, None).into_iter().map(|(key, _)| key.clone()).collect();
        let states = &mut self.states;
        let keys = &self.graph.keys;
        let mut newly_skipped = |key: &K| {
            let index = keys.get_index_of(key).filter(|&index| states[index] == State::Waiting)?;
            states[index] = State::Skipped;
            Some(())
        };
        let skipped: Vec<K> = reached.into_iter().filter(|key| newly_skipped(key).is_some()).collect();
        self.open -= skipped.len();
        skipped
    }

    fn close(&mut self, key: &K, state: State) -> Option<usize> {
        let index = self.graph.keys.get_index_of(key).filter(|&index| self.states[index] == State::Taken)?;
        self.states[index] = state;
        self.open -= 1;
        Some(index)
    }

    /// Whether every key is done, failed or skipped.
    pub fn is_finished(&self) -> bool {
        self.open == 0
    }
}
