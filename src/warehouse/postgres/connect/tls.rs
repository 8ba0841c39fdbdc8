//! `sslmode`, `sslrootcert`, `sslcert` and `sslkey` → what rustls is to check.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::quote::literal;
use super::SslMode;
use super::fields::{FieldError, wrong};
use super::trust::{NameCheck, Trust};
use crate::diagnostic::Diagnostic;

/// The `sslrootcert` that stands for the authorities of the operating system.
pub const SYSTEM: &str = "system";

/// Files of an output; `root` may be [`SYSTEM`].
pub struct Certificates {
    pub root: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// What makes connections TLS, or nothing where no connection is to be.
pub fn connector(mode: SslMode, certificates: &Certificates) -> Result<Option<MakeRustlsConnect>, FieldError> {
    if mode == SslMode::Disable {
        return Ok(None);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = Arc::new(trust(mode, certificates, &provider)?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("sslmode", format!("TLS cannot be used: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(trust);
    let config = match (&certificates.cert, &certificates.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let (chain, secret) = (read_certificates("sslcert", cert)?, read_key(key)?);
            builder.with_client_auth_cert(chain, secret).map_err(|error| {
                let error = Diagnostic::new(format!("sslcert {} and sslkey do not fit: {error}", shown(cert)));
                FieldError { field: "sslcert", error: error.hint("sslkey must be the private key of that certificate") }
            })?
        }
        (Some(_), None) => return Err(missing("sslcert", "sslkey")),
        (None, Some(_)) => return Err(missing("sslkey", "sslcert")),
    };
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn missing(given: &'static str, absent: &str) -> FieldError {
    let error = Diagnostic::new(format!("'{given}' is of no use without '{absent}'"));
    FieldError { field: given, error: error.hint(format!("add `{absent}: <file>`")) }
}

/// Where `sslrootcert` is given the chain is checked in every mode with TLS, as libpq does.
fn trust(mode: SslMode, certificates: &Certificates, provider: &CryptoProvider) -> Result<Trust, FieldError> {
    let name_check = if mode == SslMode::VerifyFull { NameCheck::Full } else { NameCheck::None };
    let algorithms = provider.signature_verification_algorithms;
    match &certificates.root {
        Some(path) if path.as_os_str() == SYSTEM => Ok(Trust::in_roots(system_roots()?, name_check, algorithms)),
        Some(path) => Ok(Trust::in_roots(file_roots(path)?, name_check, algorithms)),
        None if mode == SslMode::VerifyFull => Ok(Trust::in_roots(system_roots()?, name_check, algorithms)),
        None => Ok(Trust::in_anybody(algorithms)),
    }
}

fn system_roots() -> Result<Vec<CertificateDer<'static>>, FieldError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        let error = Diagnostic::new(format!("this system has no certificate authorities{why}"));
        let hint = "install them (package ca-certificates), or give the server's own with `sslrootcert: <file>`";
        return Err(FieldError { field: "sslmode", error: error.hint(hint) });
    }
    Ok(found.certs)
}

fn file_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, FieldError> {
    let certificates = read_certificates("sslrootcert", path)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        let added = store.add(certificate.clone());
        added.map_err(|error| wrong("sslrootcert", format!("sslrootcert {}: {error}", shown(path))))?;
    }
    Ok(certificates)
}

fn read_certificates(field: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, FieldError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(field, path, &error))?;
    if certificates.is_empty() {
        return Err(wrong(field, format!("{field} {} holds no certificate in PEM form", shown(path))));
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, FieldError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            let error = Diagnostic::new(format!("sslkey {} holds no private key in PEM form", shown(path)));
            let hint = "a key under a passphrase cannot be used; `openssl pkey -in <file> -out <file>` takes it off";
            FieldError { field: "sslkey", error: error.hint(hint) }
        }
        other => unreadable("sslkey", path, &other),
    })
}

fn unreadable(field: &'static str, path: &Path, error: &pem::Error) -> FieldError {
    let why = match error {
        pem::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    wrong(field, format!("cannot read {field} {}: {why}", shown(path)))
}

fn shown(path: &Path) -> String {
    literal(&path.display().to_string())
}
