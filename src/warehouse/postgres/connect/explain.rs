//! An error of tokio-postgres → what happened and what to do next.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity};

use super::super::quote::identifier;
use super::privilege;
use super::{ErrorKind, ServerError, Site};

impl Site {
    /// What went wrong with a statement or connection here. `action` is what was being done: "cannot create the table x".
    pub fn explain(&self, error: &Error, action: &str) -> ServerError {
        let told = match error.as_db_error() {
            Some(answer) => self.answered(answer),
            None => self.broken(error),
        };
        ServerError { message: format!("{action}: {}", told.message), ..told }
    }

    /// The server said no.
    fn answered(&self, answer: &DbError) -> ServerError {
        let code = answer.code().code();
        let fatal = matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        let kind = match kind_of(code, answer.message()) {
            ErrorKind::Other if fatal => ErrorKind::Lost,
            kind => kind,
        };
        let mut message = answer.message().to_string();
        if let Some(detail) = answer.detail() {
            message = format!("{message} ({})", detail.trim_end_matches('.'));
        }
        let hint = self.hint(kind, code, answer.message()).or_else(|| answer.hint().map(str::to_string));
        ServerError { kind, message, hint, code: Some(code.to_string()) }
    }

    fn hint(&self, kind: ErrorKind, code: &str, message: &str) -> Option<String> {
        Some(match kind {
            ErrorKind::Login => self.login_hint(message),
            ErrorKind::NotAdmitted => self.admission_hint(message),
            ErrorKind::NoSuchDatabase => "`medallion setup` creates the databases of a profile".to_string(),
            ErrorKind::Tls => {
                "`sslcert` and `sslkey` in profiles.yml are the client's certificate; the server must know who \
                               signed it, and its common name must be the user's"
                    .to_string()
            }
            ErrorKind::TooManyConnections => {
                "wait for other clients to go, use fewer `threads`, or raise max_connections \
                                              on the server (or the limit of the role or database)"
                    .to_string()
            }
            ErrorKind::NotReady => {
                "wait until the server is up; `retries` in profiles.yml is how often to try".to_string()
            }
            ErrorKind::Denied => return privilege::hint(self, message),
            ErrorKind::DiskFull => {
                "the server's disk is full: free space there, then run again; nothing was published".to_string()
            }
            ErrorKind::ReadOnly => {
                "the server is a standby, or the database is read-only (default_transaction_read_only): `host` and `port` in \
                 profiles.yml must be the primary's"
                    .to_string()
            }
            ErrorKind::LockTimeout => {
                "another session holds the table: `select pid, query from pg_stat_activity where state \
                                       <> 'idle'` shows which"
                    .to_string()
            }
            ErrorKind::OutOfMemory => {
                "the server is out of memory: lower its work_mem, or use fewer `threads`".to_string()
            }
            ErrorKind::Lost => "run again: nothing was published".to_string(),
            ErrorKind::Cancelled if message.contains("timeout") => {
                "raise statement_timeout on the server, for the role or for the database".to_string()
            }
            ErrorKind::Cancelled => "somebody cancelled the statement; run again".to_string(),
            _ => return other_hint(code, message),
        })
    }

    fn login_hint(&self, message: &str) -> String {
        let user = identifier(&self.user);
        if message.contains("does not exist") {
            return format!("create it as a superuser: create role {user} login password '…'");
        }
        if message.contains("not permitted to log in") {
            return format!("run as a superuser: alter role {user} login");
        }
        if message.contains("Peer authentication") || message.contains("Ident authentication") {
            return "over a Unix socket this server takes the operating system's user; set `host` to an address, as \
                    localhost, to log in by password"
                .to_string();
        }
        "check `user` and `password` of the target in profiles.yml, and the variables they come from".to_string()
    }

    fn admission_hint(&self, message: &str) -> String {
        let line = format!("host {} {} <this machine>/32 scram-sha-256", self.database, self.user);
        let tls = if message.contains("no encryption") {
            "; or the server wants TLS: use `sslmode: require` in profiles.yml"
        } else {
            ""
        };
        format!("the server's pg_hba.conf needs a line such as `{line}`{tls}")
    }

    /// No answer of the server: a socket, TLS or the protocol failed.
    fn broken(&self, error: &Error) -> ServerError {
        let cause = error.source();
        let io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
        if let Some(tls) = io.and_then(tls_error) {
            return self.tls(tls);
        }
        let kind = error.to_string();
        let because = cause.map(|cause| cause.to_string()).unwrap_or_default();
        match (kind.as_str(), io) {
            ("error connecting to server", Some(io)) => self.unreachable(io),
            ("error performing TLS handshake", _) if because.contains("does not support TLS") => {
                ServerError::new(ErrorKind::Tls, "the server has no TLS")
                    .hint("switch TLS on there (ssl = on), or allow a connection without it: `sslmode: prefer`")
            }
            ("error performing TLS handshake", _) => ServerError::new(ErrorKind::Tls, format!("TLS failed: {because}")),
            ("invalid configuration", _) if because == "password missing" => {
                ServerError::new(ErrorKind::Login, format!("the server asks for the password of '{}'", self.user))
                    .hint("add `password` to the target in profiles.yml, best as \"{{ env_var('…') }}\"")
            }
            ("authentication error", _) => ServerError::new(ErrorKind::Login, format!("cannot log in: {because}")),
            // What reads the server's messages leaves its surprise in an io::Error.
            ("error communicating with the server", Some(io))
                if matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
                    || because == "bytes remaining on stream" =>
            {
                self.not_postgres(&because)
            }
            ("error parsing response from server" | "unexpected message from server", _) => self.not_postgres(&because),
            ("connection closed" | "error communicating with the server", _) => {
                let why = if because.is_empty() { "the server closed the connection".to_string() } else { because };
                ServerError::new(ErrorKind::Lost, why).hint("run again: nothing was published")
            }
            _ if because.is_empty() => ServerError::new(ErrorKind::Other, kind),
            _ => ServerError::new(ErrorKind::Other, format!("{kind}: {because}")),
        }
    }

    fn not_postgres(&self, because: &str) -> ServerError {
        let what = format!("what answers there does not speak PostgreSQL's protocol: {because}");
        ServerError::new(ErrorKind::Other, what.trim_end_matches(": ")).hint("check `host` and `port` in profiles.yml")
    }

    fn unreachable(&self, error: &io::Error) -> ServerError {
        let text = error.to_string();
        if text.contains("failed to lookup address") || text.contains("could not resolve") {
            return ServerError::new(ErrorKind::HostNotFound, "the host's name is not known")
                .hint("check `host` in profiles.yml");
        }
        let (what, hint) = match error.kind() {
            io::ErrorKind::ConnectionRefused => (
                "the connection is refused".to_string(),
                "nobody listens there: start the server, or check `host` and `port` in profiles.yml",
            ),
            io::ErrorKind::NotFound => (
                "there is no such socket".to_string(),
                "start the server, or check `host` (the socket's folder) and `port` in profiles.yml",
            ),
            io::ErrorKind::PermissionDenied => {
                ("the socket may not be used by this user".to_string(), "check the rights of the socket's folder")
            }
            _ => (text, "check `host` and `port` in profiles.yml, the network and firewalls"),
        };
        ServerError::new(ErrorKind::Unreachable, what).hint(hint)
    }

    fn tls(&self, error: &rustls::Error) -> ServerError {
        use rustls::{AlertDescription as Alert, CertificateError as Bad, Error as Tls};
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let (what, hint) = match error {
            Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => (
                format!("the server's certificate is not for the host '{host}'"),
                "`host` must be a name in the certificate's subjectAltName; `sslmode: verify-ca` does not look at names",
            ),
            Tls::InvalidCertificate(Bad::UnknownIssuer) => (
                "the server's certificate comes from an authority that is not trusted".to_string(),
                "`sslrootcert` must be the certificate of the authority that signed the server's, or that certificate itself",
            ),
            Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
                ("the server's certificate has expired".to_string(), "renew it on the server")
            }
            Tls::InvalidCertificate(bad) => (
                format!("the server's certificate cannot be used: {bad}"),
                "it must be an X.509 certificate of version 3, with the host in its subjectAltName",
            ),
            Tls::AlertReceived(Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateRequired) => (
                format!("the server refused the client's certificate: {error}"),
                "`sslcert` and `sslkey` must be of an authority in the server's ssl_ca_file",
            ),
            other => (format!("TLS failed: {other}"), "check `sslmode`, and the server's TLS settings"),
        };
        ServerError::new(ErrorKind::Tls, what).hint(hint)
    }
}

/// rustls' error within an io::Error, however deep.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<rustls::Error>().or_else(|| inner.downcast_ref::<io::Error>().and_then(tls_error))
}

/// What a SQLSTATE means to us. Only where one state has several meanings is the message asked, and of it only what no
/// translation changes.
fn kind_of(code: &str, message: &str) -> ErrorKind {
    match code {
        "28P01" => ErrorKind::Login,
        "28000" if message.contains("pg_hba.conf") => ErrorKind::NotAdmitted,
        "28000" if message.contains("certificate") => ErrorKind::Tls,
        "28000" => ErrorKind::Login,
        "3D000" => ErrorKind::NoSuchDatabase,
        "53300" | "53400" => ErrorKind::TooManyConnections,
        "57P03" => ErrorKind::NotReady,
        "42501" => ErrorKind::Denied,
        "53100" => ErrorKind::DiskFull,
        "25006" => ErrorKind::ReadOnly,
        "57P01" | "57P02" | "57P05" | "25P03" => ErrorKind::Lost,
        "55P03" => ErrorKind::LockTimeout,
        "53200" => ErrorKind::OutOfMemory,
        "57014" => ErrorKind::Cancelled,
        "40001" | "40P01" => ErrorKind::Collision,
        _ if code.starts_with("08") => ErrorKind::Lost,
        _ => ErrorKind::Other,
    }
}

fn other_hint(code: &str, message: &str) -> Option<String> {
    match code {
        "3F000" => Some("`medallion setup` creates the schemas of a project".to_string()),
        "58P01" | "0A000" if message.contains("extension") => {
            Some("install the server's extensions, on Debian the package postgresql-contrib".to_string())
        }
        // The server would have everything dropped that depends on it.
        "2BP01" => Some(
            "it is to be made anew: drop what depends on it, run again and make that again, or keep its columns as they are"
                .to_string(),
        ),
        "22023" if message.starts_with("role ") => Some("check `role` in profiles.yml".to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_state_of_several_meanings() {
        assert_eq!(kind_of("28000", "no pg_hba.conf entry for host \"::1\""), ErrorKind::NotAdmitted);
        assert_eq!(kind_of("28000", "role \"ann\" does not exist"), ErrorKind::Login);
        assert_eq!(kind_of("28000", "connection requires a valid client certificate"), ErrorKind::Tls);
        assert_eq!(kind_of("08006", ""), ErrorKind::Lost);
        assert_eq!(kind_of("42P01", ""), ErrorKind::Other);
    }
}
