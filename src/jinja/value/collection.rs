//! The mutable collections. They are only borrowed for the length of one method here, so a borrow never meets another.

use std::cell::{Cell, RefCell};

use indexmap::{IndexMap, IndexSet};

use super::{Key, Value};

#[derive(Default)]
pub(crate) struct List(RefCell<Vec<Value>>);

impl List {
    pub fn new(items: Vec<Value>) -> Self {
        List(RefCell::new(items))
    }

    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.borrow().get(index).cloned()
    }

    /// The items as they are now; later changes of the list do not show.
    pub fn items(&self) -> Vec<Value> {
        self.0.borrow().clone()
    }

    pub fn push(&self, item: Value) {
        self.0.borrow_mut().push(item);
    }

    pub fn extend(&self, items: Vec<Value>) {
        self.0.borrow_mut().extend(items);
    }

    pub fn insert(&self, index: usize, item: Value) {
        let mut items = self.0.borrow_mut();
        let index = index.min(items.len());
        items.insert(index, item);
    }

    pub fn remove(&self, index: usize) -> Option<Value> {
        let mut items = self.0.borrow_mut();
        if index < items.len() { Some(items.remove(index)) } else { None }
    }

    /// Puts other items into the list and gives back those it had.
    pub fn replace(&self, items: Vec<Value>) -> Vec<Value> {
        self.0.replace(items)
    }
}

/// A fixed sequence. Objects that hold values hold them in one: it is dropped without recursion.
#[derive(Default)]
pub(crate) struct Tuple(Vec<Value>);

impl Tuple {
    pub fn new(items: Vec<Value>) -> Self {
        Tuple(items)
    }
}

impl std::ops::Deref for Tuple {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

#[derive(Default)]
pub(crate) struct Dict(RefCell<IndexMap<Key, Value>>);

impl Dict {
    pub fn new(entries: IndexMap<Key, Value>) -> Self {
        Dict(RefCell::new(entries))
    }

    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn get(&self, key: &Key) -> Option<Value> {
        self.0.borrow().get(key).cloned()
    }

    pub fn get_text(&self, key: &str) -> Option<Value> {
        self.get(&Key::text(key))
    }

    pub fn insert(&self, key: Key, value: Value) -> Option<Value> {
        self.0.borrow_mut().insert(key, value)
    }

    pub fn remove(&self, key: &Key) -> Option<Value> {
        self.0.borrow_mut().shift_remove(key)
    }

    pub fn pop_last(&self) -> Option<(Key, Value)> {
        self.0.borrow_mut().pop()
    }

    /// The entries as they are now.
    pub fn entries(&self) -> Vec<(Key, Value)> {
        self.0.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub fn keys(&self) -> Vec<Value> {
        self.0.borrow().keys().map(|key| key.value().clone()).collect()
    }

    pub fn values(&self) -> Vec<Value> {
        self.0.borrow().values().cloned().collect()
    }

    pub fn update(&self, entries: Vec<(Key, Value)>) {
        self.0.borrow_mut().extend(entries);
    }

    pub fn take(&self) -> IndexMap<Key, Value> {
        self.0.take()
    }
}

#[derive(Default)]
pub(crate) struct Set(RefCell<IndexSet<Key>>);

impl Set {
    pub fn new(items: IndexSet<Key>) -> Self {
        Set(RefCell::new(items))
    }

    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.0.borrow().contains(key)
    }

    pub fn insert(&self, key: Key) {
        self.0.borrow_mut().insert(key);
    }

    pub fn remove(&self, key: &Key) -> bool {
        self.0.borrow_mut().shift_remove(key)
    }

    pub fn keys(&self) -> IndexSet<Key> {
        self.0.borrow().clone()
    }

    pub fn items(&self) -> Vec<Value> {
        self.0.borrow().iter().map(|key| key.value().clone()).collect()
    }
}

thread_local! {
    static DRAINING: Cell<bool> = const { Cell::new(false) };
    static DROPPED: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Drops values one after the other and not one inside the other: a template can nest lists deeper than a thread's
/// stack allows a recursive drop to go.
pub(crate) fn drop_flat(values: impl IntoIterator<Item = Value>) {
    let nested = values
        .into_iter()
        .filter(|value| matches!(value, Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Object(_)));
    let nested: Vec<Value> = nested.collect();
    if nested.is_empty() {
        return;
    }
    DROPPED.with_borrow_mut(|queue| queue.extend(nested));
    if DRAINING.replace(true) {
        return;
    }
    while let Some(value) = DROPPED.with_borrow_mut(Vec::pop) {
        drop(value);
    }
    DRAINING.set(false);
}

impl Drop for List {
    fn drop(&mut self) {
        drop_flat(self.0.take());
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut self.0));
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        drop_flat(self.0.take().into_values());
    }
}
