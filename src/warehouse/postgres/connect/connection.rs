//! An open connection: a client, and the task that carries its messages.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Tell;
use super::{ErrorKind, ServerError, Settings, Site};

/// A `tokio_postgres::Client`, and whom it talks to. Dropping it closes the connection; what ran in a transaction is
/// rolled back.
pub struct Connection {
    client: Client,
    site: Site,
    tls: Option<MakeRustlsConnect>,
    version: String,
    tell: Tell,
    /// Why the connection ended, once it has.
    end: Arc<OnceLock<ServerError>>,
    task: JoinHandle<()>,
}

impl Connection {
    pub(super) fn drive<S, T>(
        client: Client,
        mut stream: tokio_postgres::Connection<S, T>,
        settings: &Settings,
        version: String,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (site, end) = (settings.site(), Arc::new(OnceLock::new()));
        let task = {
            let (site, end) = (site.clone(), Arc::clone(&end));
            tokio::spawn(async move {
                if let Err(error) = (&mut stream).await {
                    // Kept before the stream goes: a statement under way hears that the connection is closed, and no more.
                    let _ = end.set(site.explain(&error, "the connection was lost"));
                }
                drop(stream);
            })
        };
        let (tls, tell) = (settings.tls.clone(), Arc::clone(&settings.tell));
        Connection { client, site, tls, version, tell, end, task }
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Says something that whoever runs this should know.
    pub fn tell(&self, what: &str) {
        (self.tell)(what);
    }

    /// What went wrong with a statement. `action` is what was being done, as in "cannot create the table x".
    pub fn explain(&self, error: &Error, action: &str) -> ServerError {
        let told = self.site.explain(error, action);
        match self.end.get() {
            Some(end) if told.kind == ErrorKind::Lost && error.as_db_error().is_none() => {
                ServerError { message: format!("{action}: {}", end.message), ..end.clone() }
            }
            _ => told,
        }
    }

    /// The server's version as it says it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    pub fn server_version(&self) -> &str {
        &self.version
    }

    /// The first number of the version; 0 where it is none.
    pub fn server_major(&self) -> u32 {
        let digits: String = self.version.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }

    /// What cancels the statement that runs on this connection.
    pub fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), tls: self.tls.clone() }
    }

    /// Closes the connection and waits until that is done.
    pub async fn close(self) {
        let Connection { client, task, .. } = self;
        drop(client);
        let _ = task.await;
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// Cancels the running statement of a connection, from anywhere.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Canceller {
    /// Asks the server to stop. A statement that is done by then is not affected.
    ///
    /// # Errors
    /// When the server could not be asked.
    pub async fn cancel(&self) -> Result<(), Error> {
        match &self.tls {
            Some(tls) => self.token.cancel_query(tls.clone()).await,
            None => self.token.cancel_query(NoTls).await,
        }
    }
}
