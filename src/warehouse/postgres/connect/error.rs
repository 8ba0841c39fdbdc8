//! What a server, or the way to it, answered: in words, and with what to do next.

use std::fmt;

/// An error of a PostgreSQL server or of the connection to it. `Display` is the message alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    pub kind: ErrorKind,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The server's SQLSTATE, where it was the server that answered.
    pub code: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A wrong or missing password, an unknown role, a role that may not log in.
    Login,
    /// pg_hba.conf has no line that lets this connection in.
    NotAdmitted,
    NoSuchDatabase,
    /// The host's name is not known.
    HostNotFound,
    /// Nobody listens there, or nobody answers.
    Unreachable,
    /// TLS is missing on one side, or a certificate is not what it must be.
    Tls,
    TooManyConnections,
    /// The server is starting, stopping or recovering.
    NotReady,
    /// The role lacks a right.
    Denied,
    DiskFull,
    /// A standby, or a session that may only read.
    ReadOnly,
    /// The connection broke after it was made.
    Lost,
    /// It broke while the commit was under way, and nobody can say whether that took place.
    InDoubt,
    LockTimeout,
    OutOfMemory,
    Cancelled,
    /// Two transactions got into each other's way: a deadlock, or a serialization failure.
    Collision,
    /// A query that PostgreSQL does not understand, rows it refuses, and all the rest.
    Other,
}

impl ErrorKind {
    /// Whether connecting may succeed a moment later with nothing changed.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            ErrorKind::HostNotFound
                | ErrorKind::Unreachable
                | ErrorKind::TooManyConnections
                | ErrorKind::NotReady
                | ErrorKind::Lost
        )
    }

    /// Whether a transaction that failed so can be done again from its start, at once. What keeps a connection from being
    /// made is not among them: that was tried again already, as often as the output's `retries` says.
    pub fn can_be_repeated(self) -> bool {
        matches!(self, ErrorKind::Lost | ErrorKind::Collision)
    }

    /// Whether it is for want of something set up: a database, an account, a server that runs. Nothing was begun.
    pub fn is_setup(self) -> bool {
        matches!(
            self,
            ErrorKind::Login
                | ErrorKind::NotAdmitted
                | ErrorKind::NoSuchDatabase
                | ErrorKind::HostNotFound
                | ErrorKind::Unreachable
                | ErrorKind::Tls
                | ErrorKind::TooManyConnections
                | ErrorKind::NotReady
        )
    }
}

impl ServerError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ServerError { kind, message: message.into(), hint: None, code: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error where it came in answer to a commit. If the connection broke, the commit may have taken place.
    pub fn at_commit(self) -> Self {
        if self.kind != ErrorKind::Lost {
            return self;
        }
        let message = format!("{}; whether the commit took place is not known", self.message);
        let hint = "`medallion history` shows whether the run was published; it is whole, or not there at all";
        ServerError { kind: ErrorKind::InDoubt, message, ..self }.hint(hint)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ServerError {}
