//! Which database, reached how, as messages name it.

/// The server, database and role that an error is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    pub address: String,
    pub database: String,
    /// Who logs in.
    pub user: String,
    /// Whose rights count: `role`, else the user.
    pub role: String,
}
