//! How much one template may do. The limits are far beyond honest use, and end a runaway template with an error.

use super::fault::{Fault, Outcome};

/// Steps of evaluation: expressions, statements, copied items.
pub(crate) const MAX_STEPS: usize = 10_000_000;
/// Steps that a round of a loop counts as, beside those of its body.
pub(crate) const STEPS_OF_A_ROUND: usize = 5;
/// Bytes of all texts a template makes on its way.
pub(crate) const MAX_TOTAL_TEXT: usize = 512 << 20;
/// Bytes of one text.
pub(crate) const MAX_TEXT: usize = 16 << 20;
/// Items of one list, tuple, dict or set.
pub(crate) const MAX_ITEMS: usize = 1_000_000;
/// Numbers of one `range()`; dbt has the same limit.
pub(crate) const MAX_RANGE: usize = 100_000;
/// Macros that may be running inside one another.
pub(crate) const MAX_CALLS: usize = 100;
/// Bytes of the thread's stack that evaluation may use, of the two million that a thread has at least.
pub(crate) const MAX_STACK: usize = 1 << 20;

pub(crate) fn check_text(bytes: usize) -> Outcome<()> {
    if bytes > MAX_TEXT {
        return Err(Fault::new(format!("this makes a text of more than {} MiB", MAX_TEXT >> 20)));
    }
    Ok(())
}

pub(crate) fn check_items(count: usize) -> Outcome<()> {
    if count > MAX_ITEMS {
        return Err(Fault::new(format!("this makes more than {MAX_ITEMS} items")));
    }
    Ok(())
}
