//! A value that must not reach a terminal, a log or `manifest.json`.

use std::fmt;

use serde::{Serialize, Serializer};

/// A password, token or key of `profiles.yml`. `Debug`, `Display` and `Serialize` write `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What stands in place of a secret wherever it would be written.
const MASK: &str = "***";

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value itself, for the one call that hands it to a server or store.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the value of a profile key called `key` is to be kept secret.
    pub fn is_secret_key(key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        key == "pass"
            || [
                "password",
                "passwd",
                "passphrase",
                "token",
                "secret",
                "private_key",
                "access_key",
                "account_key",
                "api_key",
            ]
            .iter()
            .any(|part| key.contains(part))
            || ["sas", "credential", "credentials", "keyfile_json", "authorization"].contains(&key.as_str())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_only_its_mask() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn keys_that_hold_secrets() {
        for key in ["password", "pass", "PASSWORD", "token", "sslpassword", "aws_secret_access_key", "client_secret"] {
            assert!(Secret::is_secret_key(key), "{key}");
        }
        for key in ["user", "host", "path", "schema", "dbname", "passive", "keepalives_idle"] {
            assert!(!Secret::is_secret_key(key), "{key}");
        }
    }
}
