//! The foreign servers through which views read other databases of the project, and the mappings of our role.

use super::connect::{Connection, Settings, SslMode};
use super::link::Link;
use super::writer::Writer;
use super::{failed, quote};
use crate::warehouse::WarehouseError;

/// Where the server finds the other database: itself, where both are its own.
async fn address(own: &Settings, other: &Settings, remote: &Connection) -> Result<(String, String), WarehouseError> {
    if other.host.starts_with('/') || (&other.host, other.port) != (&own.host, own.port) {
        return Ok((other.host.clone(), other.port.to_string()));
    }
    let row = remote
        .query_one("select host(inet_server_addr()), inet_server_port()::text", &[])
        .await
        .map_err(failed(remote, "cannot ask the server for its address"))?;
    let (host, port): (Option<String>, Option<String>) = (row.get(0), row.get(1));
    Ok((host.unwrap_or_else(|| other.host.clone()), port.unwrap_or_else(|| other.port.to_string())))
}

/// The certificates of the profile are files of this machine, which the server has not: what it can keep is that nothing goes
/// in the clear where the profile does not allow it.
fn encryption(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow | SslMode::Prefer => "prefer",
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => "require",
    }
}

type Options = Vec<(&'static str, String)>;

/// Makes the foreign server and the mapping of the role, or brings them up to date.
pub async fn ensure(
    connection: &Connection,
    writer: &Writer,
    link: &Link,
    remote: &Connection,
) -> Result<(), WarehouseError> {
    let (host, port) = address(writer.settings(), &link.settings, remote).await?;
    let database = link.settings.database.clone();
    let sslmode = encryption(link.settings.sslmode).to_string();
    let options = vec![("host", host), ("port", port), ("dbname", database), ("sslmode", sslmode)];
    let server = quote::identifier(&link.server());
    let cannot = format!("cannot let views of this database read the database '{}'", link.database);
    let known = "select coalesce(srvoptions, '{}') from pg_catalog.pg_foreign_server where srvname = $1";
    let known = connection.query_opt(known, &[&link.server()]).await.map_err(failed(connection, cannot.as_str()))?;
    let statement = match known.map(|row| row.get::<_, Vec<String>>(0)) {
        None => format!(
            "create extension if not exists postgres_fdw; create server {server} foreign data wrapper postgres_fdw \
             options ({}, fetch_size '10000')",
            created(&options)
        ),
        Some(known) => {
            changed(&known, &options).map_or(String::new(), |all| format!("alter server {server} options ({all})"))
        }
    };
    connection.batch_execute(&statement).await.map_err(failed(connection, cannot.as_str()))?;
    map(connection, link).await?;
    if link.settings.password.is_none() {
        say_unreadable(connection, link).await;
    }
    Ok(())
}

fn mapping(link: &Link) -> Options {
    let password = link.settings.password.as_ref().map(|password| ("password", password.reveal().to_string()));
    [("user", link.settings.user.clone())].into_iter().chain(password).collect()
}

async fn map(connection: &Connection, link: &Link) -> Result<(), WarehouseError> {
    let server = quote::identifier(&link.server());
    let mapping = mapping(link);
    let cannot = format!("cannot let views of this database read the database '{}'", link.database);
    let create = format!("create user mapping for current_user server {server} options ({})", created(&mapping));
    let statement = match mapped(connection, link).await.map_err(failed(connection, cannot.as_str()))? {
        None => create,
        Some(known) if changed(&known, &mapping).is_none() => return Ok(()),
        Some(_) => format!("drop user mapping for current_user server {server}; {create}"),
    };
    connection.batch_execute(&statement).await.map_err(failed(connection, cannot.as_str()))
}

/// The options of our role's mapping, if it has one.
async fn mapped(connection: &Connection, link: &Link) -> Result<Option<Vec<String>>, tokio_postgres::Error> {
    let known = "select coalesce(umoptions, '{}') from pg_catalog.pg_user_mappings where srvname = $1 and usename = current_user";
    Ok(connection.query_opt(known, &[&link.server()]).await?.map(|row| row.get(0)))
}

/// Brings mappings up to date whose password or user is another by now: the views that use them would fail. `reading` may
/// be in a transaction that only reads.
pub async fn refresh(reading: &Connection, writer: &Writer) -> Result<(), WarehouseError> {
    for link in writer.links() {
        let known = mapped(reading, link).await.map_err(failed(reading, "cannot read the user mappings"))?;
        if known.is_some_and(|known| changed(&known, &mapping(link)).is_some()) {
            map(&super::connect::connect(writer.settings()).await?, link).await?;
        }
    }
    Ok(())
}

/// The server lets only a superuser's view go through without a password.
async fn say_unreadable(connection: &Connection, link: &Link) {
    let is_superuser = "select rolsuper from pg_catalog.pg_roles where rolname = current_user";
    let is_superuser = connection.query_one(is_superuser, &[]).await;
    if is_superuser.is_ok_and(|row| !row.get::<_, bool>(0)) {
        connection.tell(&format!(
            "views over the database '{}' cannot be read on the server: postgres_fdw wants a password of a role that is no \
             superuser; set `password` in profiles.yml",
            link.database
        ));
    }
}

fn created(options: &Options) -> String {
    options.iter().map(|(key, value)| format!("{key} {}", quote::literal(value))).collect::<Vec<_>>().join(", ")
}

/// What `alter … options` has to say; `None`: nothing.
fn changed(known: &[String], wanted: &Options) -> Option<String> {
    let changes = wanted.iter().filter_map(|(key, value)| {
        let verb = match known.iter().find_map(|option| option.strip_prefix(&format!("{key}="))) {
            Some(there) if there == value => return None,
            Some(_) => "set",
            None => "add",
        };
        Some(format!("{verb} {key} {}", quote::literal(value)))
    });
    let changes: Vec<String> = changes.collect();
    (!changes.is_empty()).then(|| changes.join(", "))
}
