//! What the user sees of a run, and what other programs read of it. The only module that prints.
//!
//! [`build`] gives the reporter the runner talks to. It writes dbt's lines to stdout, draws a progress bar below them on
//! a terminal, appends to `logs/medallion.log` and leaves `target/run_results.json`. Every text passes a [`Redactor`] as
//! the last step before it is written.
//!
//! The way of an event: `narrator` (what to say; `node_lines` and `summary` have the words) → `entry` (a line with its
//! facts) → `line` (as text or JSON) → `console` and `log_file`.

mod console;
mod entry;
mod line;
mod log_file;
mod narrator;
mod node_lines;
mod options;
mod output;
mod progress;
mod redact;
mod run_results;
mod summary;
mod text;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use console::build;
pub use options::{LogFormat, LogLevel, ReportOptions};
pub use output::{Output, error, table};
pub use redact::Redactor;
