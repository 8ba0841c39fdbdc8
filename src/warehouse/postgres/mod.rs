//! The warehouse of a PostgreSQL server: tables, views and a catalog that other programs read too.

pub mod connect;
pub mod probe;
pub mod setup;
