//! The fields of an output of profiles.yml → [`Settings`]. They are those of dbt-postgres.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::tls::{self, Certificates};
use super::{Password, Settings, SslMode, pgpass};
use crate::diagnostic::Diagnostic;

/// Where nothing is said, as in dbt-postgres.
const PORT: u16 = 5432;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 1;
const APPLICATION_NAME: &str = "medallion";

/// An output's fields as text, under the names they are written with.
#[derive(Default)]
pub struct Fields {
    values: IndexMap<String, String>,
    /// Relative paths are relative to this folder.
    pub folder: PathBuf,
    /// libpq's password file, for an output without a password.
    pub passfile: Option<PathBuf>,
}

/// What is wrong with a field, for a caller that knows where the field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: &'static str,
    pub error: Diagnostic,
}

impl Fields {
    /// Every field there is; the second name is another spelling of the first.
    pub const NAMES: [&str; 20] = [
        "type",
        "host",
        "port",
        "user",
        "password",
        "pass",
        "database",
        "dbname",
        "schema",
        "threads",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "connect_timeout",
        "keepalives_idle",
        "search_path",
        "role",
        "retries",
        "application_name",
    ];

    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Fields { values: values.into_iter().collect(), ..Fields::default() }
    }

    /// The value under a name. Nothing and an empty text are the same.
    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|path| self.folder.join(path))
    }

    fn number<T: FromStr>(&self, field: &'static str, default: T, what: &str) -> Result<T, FieldError> {
        let Some(text) = self.text(field) else { return Ok(default) };
        text.trim().parse().map_err(|_| wrong(field, format!("'{text}' is not {what}")))
    }

    fn seconds(&self, field: &'static str, default: Duration) -> Result<Option<Duration>, FieldError> {
        let seconds = self.number(field, default.as_secs(), "a whole number of seconds")?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
    }

    fn port(&self) -> Result<u16, FieldError> {
        let port = self.number("port", PORT, "a port, a number from 1 to 65535")?;
        if port == 0 { Err(wrong("port", "'0' is not a port, a number from 1 to 65535".to_string())) } else { Ok(port) }
    }

    fn required(&self, field: &'static str, names: &[&str]) -> Result<String, FieldError> {
        let found = names.iter().find_map(|name| self.text(name));
        found.map(str::to_string).ok_or_else(|| {
            let error = Diagnostic::new(format!("a postgres target needs a '{field}'"));
            FieldError { field, error: error.hint(format!("add `{field}: …`")) }
        })
    }

    fn sslmode(&self) -> Result<SslMode, FieldError> {
        let system = self.text("sslrootcert") == Some(tls::SYSTEM);
        let Some(text) = self.text("sslmode") else {
            // As libpq has it: who names the system's authorities wants them to be asked.
            return Ok(if system { SslMode::VerifyFull } else { SslMode::Prefer });
        };
        let Some((_, mode)) = SslMode::ALL.into_iter().find(|(name, _)| *name == text) else {
            let error = Diagnostic::new(format!("unknown sslmode '{text}'"));
            let error = error.known_names(text, "modes", SslMode::ALL.map(|(name, _)| name));
            return Err(FieldError { field: "sslmode", error });
        };
        if system && mode != SslMode::VerifyFull {
            let message =
                format!("sslmode '{text}' is too weak for `sslrootcert: system`, where anybody has a certificate");
            let error = Diagnostic::new(message).hint("use `sslmode: verify-full`");
            return Err(FieldError { field: "sslmode", error });
        }
        if mode == SslMode::VerifyCa && self.text("sslrootcert").is_none() {
            let error = Diagnostic::new("sslmode 'verify-ca' needs an 'sslrootcert' to verify against");
            let hint = "add `sslrootcert: <file>`, or use `sslmode: verify-full` with the system's authorities";
            return Err(FieldError { field: "sslmode", error: error.hint(hint) });
        }
        Ok(mode)
    }

    fn certificates(&self) -> Certificates {
        Certificates {
            root: self.text("sslrootcert").map(|text| match text {
                tls::SYSTEM => PathBuf::from(text),
                path => self.folder.join(path),
            }),
            cert: self.path("sslcert"),
            key: self.path("sslkey"),
        }
    }

    /// Names that are not fields, each with the error about it.
    pub fn unknown_names(&self) -> Vec<(String, Diagnostic)> {
        let unknown = self.values.keys().filter(|name| !Self::NAMES.contains(&name.as_str()));
        let told = |name: &String| {
            let error = Diagnostic::new(format!("a postgres target has no field '{name}'"));
            (name.clone(), error.known_names(name, "fields", Self::NAMES))
        };
        unknown.map(told).collect()
    }

    fn check_pairs(&self) -> Vec<FieldError> {
        let pairs = [("password", "pass"), ("database", "dbname")];
        let differ = pairs
            .into_iter()
            .filter(|(one, other)| self.text(one).zip(self.text(other)).is_some_and(|(one, other)| one != other));
        differ
            .map(|(one, other)| wrong(other, format!("'{other}' and '{one}' are the same field, and differ")))
            .collect()
    }

    /// All that is wrong, or the settings.
    ///
    /// # Errors
    /// One for each field that has no meaning, or names a file that is no certificate.
    pub fn settings(&self) -> Result<Settings, Vec<FieldError>> {
        let mut errors = self.check_pairs();
        let settings = self.read(&mut errors);
        match settings {
            Some(settings) if errors.is_empty() => Ok(settings),
            _ => Err(errors),
        }
    }

    fn read(&self, errors: &mut Vec<FieldError>) -> Option<Settings> {
        let host = self.text("host").unwrap_or("localhost").to_string();
        let port = keep(self.port(), errors);
        let user = keep(self.required("user", &["user"]), errors);
        let database = keep(self.required("dbname", &["database", "dbname"]), errors);
        let connect_timeout = keep(self.seconds("connect_timeout", CONNECT_TIMEOUT), errors);
        let keepalives_idle = keep(self.seconds("keepalives_idle", Duration::ZERO), errors);
        let retries = keep(self.number("retries", RETRIES, "a number of retries"), errors);
        let sslmode = keep(self.sslmode(), errors);
        let tls = sslmode.and_then(|mode| keep(tls::connector(mode, &self.certificates()), errors));
        let mut settings = Settings {
            host,
            port: port?,
            user: user?,
            password: self.text("password").or_else(|| self.text("pass")).map(Password::new),
            database: database?,
            schema: self.text("schema").unwrap_or("public").to_string(),
            sslmode: sslmode?,
            connect_timeout: connect_timeout?,
            keepalives_idle: keepalives_idle?,
            search_path: self.text("search_path").map(str::to_string),
            role: self.text("role").map(str::to_string),
            retries: retries?,
            application_name: self.text("application_name").unwrap_or(APPLICATION_NAME).to_string(),
            tls: tls?,
            tell: Arc::new(|text| tracing::warn!("{text}")),
        };
        if settings.password.is_none() {
            settings.password = self.passfile.as_deref().and_then(|file: &Path| pgpass::password(file, &settings));
        }
        Some(settings)
    }
}

pub(super) fn wrong(field: &'static str, message: String) -> FieldError {
    FieldError { field, error: Diagnostic::new(message) }
}

fn keep<T>(read: Result<T, FieldError>, errors: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}
