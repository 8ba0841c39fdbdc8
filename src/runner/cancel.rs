//! Stopping a run from outside: Ctrl-C, or the first failure under `--fail-fast`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Shared by everything that belongs to one run.
#[derive(Clone)]
pub struct Cancel {
    sender: Arc<watch::Sender<bool>>,
    interrupted: Arc<AtomicBool>,
}

impl Default for Cancel {
    fn default() -> Self {
        Cancel { sender: Arc::new(watch::Sender::new(false)), interrupted: Arc::default() }
    }
}

impl Cancel {
    /// Asks everything to stop. Work that is under way is dropped; nothing of it becomes visible.
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }

    /// The same, asked for by the user.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.cancel();
    }

    pub fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    pub fn is_cancelled(&self) -> bool {
        *self.sender.borrow()
    }

    /// Returns once somebody asked to stop.
    pub async fn cancelled(&self) {
        let mut receiver = self.sender.subscribe();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            // The sender lives as long as this: it cannot be gone.
            std::future::pending::<()>().await;
        }
    }
}
