//! One attempt to connect: the ways that `sslmode` allows, one after the other.

use std::time::Duration;

use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket, config};

use super::{Connection, ErrorKind, ServerError, Settings, SslMode, session};

/// One way to reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    /// TLS where the server has it.
    PreferTls,
    Tls,
}

/// The ways of a mode, in order.
fn ways(settings: &Settings) -> &'static [Way] {
    match settings.sslmode {
        // There is no TLS over a Unix socket, whatever the mode.
        _ if settings.is_socket() => &[Way::Plain],
        SslMode::Disable => &[Way::Plain],
        SslMode::Allow => &[Way::Plain, Way::Tls],
        SslMode::Prefer => &[Way::PreferTls, Way::Plain],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Way::Tls],
    }
}

/// Connects by the first way that the server takes.
pub async fn attempt(settings: &Settings) -> Result<Connection, ServerError> {
    let mut first: Option<ServerError> = None;
    for way in ways(settings) {
        match within(settings.connect_timeout, settings, by(settings, *way)).await {
            Ok(connection) => return Ok(connection),
            Err(error) => {
                let other_way_may_do = matches!(error.kind, ErrorKind::Tls | ErrorKind::NotAdmitted);
                let error = first.take().map_or_else(|| error.clone(), |earlier| both(&earlier, error.clone()));
                if !other_way_may_do {
                    return Err(error);
                }
                first = Some(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| ServerError::new(ErrorKind::Other, "there is no way to connect")))
}

/// The error of the later way, with what the earlier one came to.
fn both(earlier: &ServerError, later: ServerError) -> ServerError {
    // A server without TLS that refuses the plain way too: the second is the whole story.
    if earlier.message == later.message {
        return later;
    }
    let message = format!("{}; tried before: {}", later.message, earlier.message);
    ServerError { message, ..later }
}

async fn within(
    limit: Option<Duration>,
    settings: &Settings,
    connecting: impl Future<Output = Result<Connection, ServerError>>,
) -> Result<Connection, ServerError> {
    let Some(limit) = limit else { return connecting.await };
    tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| {
        let message =
            format!("cannot connect to PostgreSQL at {}: no answer within {} s", settings.address(), limit.as_secs());
        Err(ServerError::new(ErrorKind::Unreachable, message)
            .hint("check host, port and firewall; `connect_timeout` in profiles.yml is how long to wait, in seconds"))
    })
}

async fn by(settings: &Settings, way: Way) -> Result<Connection, ServerError> {
    let mut config = config(settings);
    match (way, &settings.tls) {
        (Way::Plain, _) | (_, None) => {
            config.ssl_mode(config::SslMode::Disable);
            open(settings, &config, NoTls).await
        }
        (Way::PreferTls, Some(tls)) => {
            config.ssl_mode(config::SslMode::Prefer);
            open(settings, &config, tls.clone()).await
        }
        (Way::Tls, Some(tls)) => {
            config.ssl_mode(config::SslMode::Require);
            open(settings, &config, tls.clone()).await
        }
    }
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::new();
    config
        .host(&settings.host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name(&settings.application_name);
    if let Some(password) = &settings.password {
        config.password(password.reveal());
    }
    if let Some(idle) = settings.keepalives_idle {
        config.keepalives_idle(idle);
    }
    config
}

async fn open<T>(settings: &Settings, config: &Config, tls: T) -> Result<Connection, ServerError>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let site = settings.site();
    let action = format!("cannot connect to PostgreSQL at {}", site.address);
    let opened = config.connect(tls).await;
    let (client, stream) = opened.map_err(|error| refused(site.explain(&error, &action)))?;
    let version = stream.parameter("server_version").unwrap_or_default().to_string();
    let connection = Connection::drive(client, stream, settings, version);
    session::begin(&connection, settings).await?;
    Ok(connection)
}

/// Before anything ran, a connection that breaks is no run to be done again.
fn refused(error: ServerError) -> ServerError {
    if error.kind != ErrorKind::Lost {
        return error;
    }
    error.hint("check `host` and `port` in profiles.yml; if they are right, the server's log says why")
}
