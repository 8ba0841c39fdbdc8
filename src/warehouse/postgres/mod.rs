//! The warehouse of a PostgreSQL server: tables, views and a catalog that other programs read too.

#[expect(dead_code, unused_imports, reason = "the codec is whole before the connection that uses it")]
mod wire;
