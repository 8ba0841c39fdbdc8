//! Black-box tests: projects on disk, the real binary, its output and tables.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod both;
mod bundled;
mod changed_rows;
mod clean;
mod compose;
mod contract;
mod deletion_vectors;
mod extremes;
mod foreign;
mod grouped_views;
mod incremental;
mod joined_views;
mod key_files;
mod kill;
mod lake;
mod load;
mod long_statements;
mod maintained;
mod merge_columns;
mod models;
mod postgres;
mod rollback;
mod schema_change;
#[path = "../support/postgres/mod.rs"]
mod server;
mod standard_tests;
mod store_failures;
mod support;
mod traps;
