//! What every session of ours sets, so that values read and written mean the same on every server.

use super::super::quote::{identifier, literal};
use super::{Connection, ServerError, Settings};

/// Texts of values in one form, and no time limits: while a run computes outside, its transaction waits. The order of day
/// and month is the server's default and the engine's: a date that a view spells out is read when the view is made.
const SETTINGS: [(&str, &str); 8] = [
    ("timezone", "UTC"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
];

/// Since PostgreSQL 17.
const TRANSACTION_TIMEOUT: (&str, u32) = ("transaction_timeout", 17);

pub async fn begin(connection: &Connection, settings: &Settings) -> Result<(), ServerError> {
    let at = connection.site().address.clone();
    let done = connection.batch_execute(&statements(settings, connection.server_major())).await;
    done.map_err(|error| connection.explain(&error, &format!("cannot start a session on PostgreSQL at {at}")))
}

fn statements(settings: &Settings, server_major: u32) -> String {
    let mut sql = String::new();
    let mut set = |name: &str, value: &str| sql.push_str(&format!("set {name} = {};", literal(value)));
    for (name, value) in SETTINGS {
        set(name, value);
    }
    if server_major >= TRANSACTION_TIMEOUT.1 {
        set(TRANSACTION_TIMEOUT.0, "0");
    }
    if let Some(role) = &settings.role {
        sql.push_str(&format!("set role {};", identifier(role)));
    }
    if let Some(path) = &settings.search_path {
        // Its value is a list with a syntax of its own, which `set` would take for one name.
        sql.push_str(&format!("select pg_catalog.set_config('search_path', {}, false);", literal(path)));
    }
    sql
}
