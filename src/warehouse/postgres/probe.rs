//! What `debug` asks a server: who is it, and what may we do there?

use super::connect::{ServerError, Settings, connect};
use super::quote::literal;

/// What a connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// As the server says it: `15.18 (Debian 15.18-0+deb12u1)`.
    pub server_version: String,
    /// Such as `TLSv1.3, TLS_AES_256_GCM_SHA384`; none where the connection is not encrypted.
    pub tls: Option<String>,
    /// The role whose rights count.
    pub role: String,
    pub can_create_schemas: bool,
    pub can_create_databases: bool,
    /// A standby, or a server or database that only reads.
    pub read_only: bool,
    /// It replays what another server does.
    pub is_standby: bool,
    /// Whether the target's schema is there.
    pub schema_exists: bool,
}

/// Connects and asks.
///
/// # Errors
/// As [`connect`], and when the server does not answer.
pub async fn probe(settings: &Settings) -> Result<Probe, ServerError> {
    let connection = connect(settings).await?;
    let sql = format!(
        "select coalesce((select version || ', ' || cipher from pg_catalog.pg_stat_ssl where ssl and pid = \
         pg_catalog.pg_backend_pid()), ''), current_user, pg_catalog.has_database_privilege(pg_catalog.current_database(), \
         'create'), (select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user), \
         pg_catalog.current_setting('transaction_read_only') = 'on', exists (select from pg_catalog.pg_namespace where nspname \
         = {}), pg_catalog.pg_is_in_recovery()",
        literal(&settings.schema)
    );
    let row = connection.query_one(&sql, &[]).await;
    let row = row.map_err(|error| connection.explain(&error, "cannot ask the server about this role"))?;
    let read = || -> Result<Probe, tokio_postgres::Error> {
        let tls: String = row.try_get(0)?;
        Ok(Probe {
            server_version: connection.server_version().to_string(),
            tls: Some(tls).filter(|tls| !tls.is_empty()),
            role: row.try_get(1)?,
            can_create_schemas: row.try_get(2)?,
            can_create_databases: row.try_get(3)?,
            read_only: row.try_get(4)?,
            schema_exists: row.try_get(5)?,
            is_standby: row.try_get(6)?,
        })
    };
    let probe =
        read().map_err(|error| connection.explain(&error, "cannot read what the server says about this role"))?;
    connection.close().await;
    Ok(probe)
}
