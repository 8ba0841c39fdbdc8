//! Which server certificates are believed.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Whether the certificate must be the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameCheck {
    Full,
    None,
}

/// The rule by which a server's certificate is taken or refused. That the server has the certificate's private key is
/// checked under every rule: SCRAM's channel binding, which keeps others out of the middle, stands on it.
#[derive(Debug)]
pub struct Trust {
    /// `None`: any certificate will do.
    roots: Option<Roots>,
    name_check: NameCheck,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Roots {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trust {
    pub fn in_anybody(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Trust { roots: None, name_check: NameCheck::None, algorithms }
    }

    /// In whoever these certificates are, or vouch for. One that is no authority at all is left out.
    pub fn in_roots(
        certificates: Vec<CertificateDer<'static>>,
        name_check: NameCheck,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        Trust { roots: Some(Roots { store, certificates }), name_check, algorithms }
    }
}

impl Roots {
    fn vouch_for(
        &self,
        certificate: &CertificateDer<'_>,
        parsed: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let checked =
            verify_server_cert_signed_by_trust_anchor(parsed, &self.store, intermediates, now, algorithms.all);
        let Err(error) = checked else { return Ok(()) };
        // A self-signed certificate that is listed itself is what `openssl req -x509` makes: an authority by its
        // extensions, which a chain must not end in. It is believed, like any that is listed, but not after its time.
        let outdated = matches!(
            &error,
            Error::InvalidCertificate(
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
            )
        );
        let listed = self.certificates.iter().any(|known| known.as_ref() == certificate.as_ref());
        if listed && !outdated { Ok(()) } else { Err(error) }
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        roots.vouch_for(end_entity, &parsed, intermediates, now, &self.algorithms)?;
        if self.name_check == NameCheck::Full {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
