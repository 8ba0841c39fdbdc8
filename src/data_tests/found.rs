//! What one test finds out, and others ask for too: they wait for it, and it is looked for once.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// `None` stands for what cannot be found out.
pub struct Found<K, V>(Mutex<HashMap<K, Arc<OnceCell<Option<V>>>>>);

impl<K, V> Default for Found<K, V> {
    fn default() -> Self {
        Found(Mutex::default())
    }
}

/// What is known of a relation; an error is as good as nothing, since SQL asks then.
pub fn known<T>(of: impl Display, found: Result<Option<T>, impl Display>) -> Option<T> {
    found.inspect_err(|error| tracing::debug!("{of}: {error}")).ok()?
}

impl<K: Hash + Eq + Clone, V> Found<K, V> {
    pub fn cell(&self, of: &K) -> Arc<OnceCell<Option<V>>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(of.clone()).or_default())
    }
}
