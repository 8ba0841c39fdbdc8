//! medallion runs a dbt project in one process: it loads the project's source files, runs the models as DataFusion SQL,
//! tests the result before anyone can see it, and publishes all tables of the run at once.
//!
//! # Layout
//! In the order of a row's way; `docs/ARCHITECTURE.md` has the picture, and who may use whom.
//!
//! - [`cli`]: what was typed → library calls → exit code
//! - [`project`]: files on disk, typed
//! - [`jinja`]: the template language
//! - [`manifest`]: the project with all names resolved; selection
//! - [`plan`]: the selected part of the graph, and what is done with each node
//! - [`runner`]: nodes in graph order → events
//! - [`load`]: CSV → Arrow → cleaned → merged
//! - [`engine`]: SQL, as Postgres means it
//! - [`materialize`]: what view, table, incremental and ephemeral mean
//! - [`data_tests`]: SQL that returns the bad rows
//! - [`verify`]: an incremental table against its full refresh
//! - [`warehouse`]: where tables live: staging, publication, history
//! - [`query`]: ad-hoc SQL
//! - [`report`]: the only module that prints
//! - [`dag`], [`diagnostic`], [`dialect`], [`exit_code`], [`relation`]: used by all, using none

pub mod cli;
pub mod dag;
pub mod data_tests;
pub mod diagnostic;
pub mod dialect;
pub mod engine;
pub mod exit_code;
pub mod jinja;
pub mod load;
pub mod manifest;
pub mod materialize;
pub mod plan;
pub mod project;
pub mod query;
pub mod relation;
pub mod report;
pub mod runner;
pub mod verify;
pub mod warehouse;
