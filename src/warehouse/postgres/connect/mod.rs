//! Reaching a PostgreSQL server: what an output of profiles.yml says, TLS, sessions, retries, and what went wrong in words.
//!
//! [`Settings`] are an output's fields, checked. [`connect`] opens a [`Connection`], a `tokio_postgres::Client` whose
//! session means the same on every server. Whatever a server or a socket answers becomes a [`ServerError`]: what happened,
//! and what to do next. No password is in any of it.

mod attempt;
mod connection;
mod error;
mod explain;
mod fields;
mod password;
mod pgpass;
mod privilege;
mod retry;
mod session;
mod settings;
mod site;
mod tls;
mod trust;

pub use connection::{Canceller, Connection};
pub use error::{ErrorKind, ServerError};
pub use fields::{FieldError, Fields};
pub use password::Password;
pub use retry::connect;
pub use settings::{Settings, SslMode};
pub use site::Site;
