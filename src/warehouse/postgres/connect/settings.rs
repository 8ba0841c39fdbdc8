//! What an output of profiles.yml says about its server, checked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Password, Site};

/// Takes what is no error and should be known: that a connection is tried again, what is waited for.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// How to reach one database. Cheap to copy; one value serves any number of connections.
#[derive(Clone)]
pub struct Settings {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<Password>,
    pub database: String,
    pub schema: String,
    pub sslmode: SslMode,
    /// `None`: wait for as long as it takes.
    pub connect_timeout: Option<Duration>,
    /// `None`: as the operating system has it.
    pub keepalives_idle: Option<Duration>,
    /// A list of schemas, as `set search_path` takes it.
    pub search_path: Option<String>,
    /// The role that the session takes on.
    pub role: Option<String>,
    /// How often a connection is tried again.
    pub retries: u32,
    pub application_name: String,
    /// `None` where no mode of connection uses TLS.
    pub(super) tls: Option<MakeRustlsConnect>,
    pub(super) tell: Tell,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    /// Without TLS, else with it.
    Allow,
    /// With TLS, else without it.
    Prefer,
    /// TLS. The certificate is checked where `sslrootcert` says against what.
    Require,
    /// The certificate must come from `sslrootcert`.
    VerifyCa,
    /// And be the host's.
    VerifyFull,
}

impl SslMode {
    pub const ALL: [(&str, SslMode); 6] = [
        ("disable", SslMode::Disable),
        ("allow", SslMode::Allow),
        ("prefer", SslMode::Prefer),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, mode)| *mode == self).map_or("prefer", |(name, _)| name)
    }
}

impl Settings {
    /// The same server and user, another database.
    pub fn to_database(&self, database: &str) -> Self {
        Settings { database: database.to_string(), ..self.clone() }
    }

    /// `tell` hears of every further attempt to connect, and of whatever else should be known. Without it, the log does.
    pub fn with_tell(self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Settings { tell: Arc::new(tell), ..self }
    }

    /// Whether the host is the folder of a Unix socket.
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Where the server listens, as messages have it.
    pub fn address(&self) -> String {
        match self.host.as_str() {
            folder if self.is_socket() => format!("{}/.s.PGSQL.{}", folder.trim_end_matches('/'), self.port),
            host if host.contains(':') => format!("[{host}]:{}", self.port),
            host => format!("{host}:{}", self.port),
        }
    }

    /// What messages about this connection name.
    pub fn site(&self) -> Site {
        Site {
            address: self.address(),
            database: self.database.clone(),
            user: self.user.clone(),
            role: self.role.clone().unwrap_or_else(|| self.user.clone()),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address())
            .field("user", &self.user)
            .field("database", &self.database)
            .field("sslmode", &self.sslmode)
            .finish_non_exhaustive()
    }
}
