//! `sslmode` and the certificates it goes by.

use super::certificates::Certificates;
use super::{keeps_secret, project};
use crate::server::{self, Options, PASSWORD, Server};
use crate::support::Outcome;

/// A server whose certificate `server.crt` an authority `ca` signed, for `localhost` and not for 127.0.0.1.
fn server_with(certificates: &Certificates, cert: &str, hba: &str) -> Server {
    Server::start_with(&Options {
        settings: vec![
            "ssl = on".to_string(),
            "ssl_cert_file = 'server.crt'".to_string(),
            "ssl_key_file = 'server.key'".to_string(),
            "ssl_ca_file = 'root.crt'".to_string(),
        ],
        hba: Some(format!("local all all scram-sha-256\n{hba}\n")),
        files: vec![
            ("server.crt".to_string(), certificates.text(&format!("{cert}.crt"))),
            ("server.key".to_string(), certificates.text(&format!("{cert}.key"))),
            ("root.crt".to_string(), certificates.text("ca.crt")),
        ],
    })
}

fn certificates() -> Certificates {
    Certificates::new()
        .self_signed("ca", "DNS:ca")
        .self_signed("stranger", "DNS:stranger")
        .signed("server", "ca", "localhost", "DNS:localhost")
        .signed("client", "ca", "postgres", "DNS:client")
        .signed("intruder", "stranger", "postgres", "DNS:client")
}

fn debug(server: &Server, more: &str) -> Outcome {
    let project = project(server, "postgres", more);
    let outcome = project.run(&["debug"]);
    keeps_secret(&project, &outcome, PASSWORD);
    outcome
}

#[test]
fn the_modes_check_what_they_promise() {
    if server::shared().is_none() {
        return;
    }
    let certificates = certificates();
    let server = server_with(&certificates, "server", "host all all all scram-sha-256");
    let root = |name: &str| format!("sslrootcert: {}", certificates.path(name).display());
    let (ca, stranger) = (root("ca.crt"), root("stranger.crt"));
    debug(&server, "sslmode: disable").succeeds().says("encrypted: no");
    debug(&server, "sslmode: allow").succeeds().says("encrypted: no");
    debug(&server, "sslmode: prefer").succeeds().says("encrypted: yes (TLSv1.3");
    debug(&server, "sslmode: require").succeeds().says("encrypted: yes (TLSv1.3");
    debug(&server, &format!("sslmode: verify-ca\n{ca}")).succeeds().says("encrypted: yes");
    debug(&server, &format!("sslmode: verify-full\nhost: localhost\n{ca}")).succeeds().says("encrypted: yes");
    // The certificate is not for 127.0.0.1.
    debug(&server, &format!("sslmode: verify-full\n{ca}"))
        .exits(2)
        .says("the server's certificate is not for the host '127.0.0.1'")
        .says("= help: `host` must be a name in the certificate's subjectAltName");
    for mode in ["require", "verify-ca", "verify-full"] {
        debug(&server, &format!("sslmode: {mode}\nhost: localhost\n{stranger}"))
            .exits(2)
            .says("comes from an authority that is not trusted")
            .says("= help: `sslrootcert` must be");
    }
    // Nobody known to this system signed it.
    debug(&server, "sslmode: verify-full\nhost: localhost").exits(2);
}

#[test]
fn a_server_without_tls_is_not_enough_for_who_requires_it() {
    let Some(server) = server::shared() else { return };
    for mode in ["require", "verify-full"] {
        let root = if mode == "require" { "" } else { "\nsslrootcert: system" };
        let outcome = debug(server, &format!("sslmode: {mode}{root}"));
        // A machine without certificate authorities cannot even ask for the system's.
        assert!(
            outcome.text().contains("the server has no TLS")
                || outcome.text().contains("has no certificate authorities")
        );
        assert_eq!(outcome.code, Some(2));
    }
    debug(server, "sslmode: prefer").succeeds().says("encrypted: no");
}

#[test]
fn a_server_that_takes_only_tls_says_so_to_who_comes_without() {
    if server::shared().is_none() {
        return;
    }
    let server = server_with(&certificates(), "server", "hostssl all all all scram-sha-256");
    debug(&server, "sslmode: disable").exits(2).says("no encryption").says("use `sslmode: require`");
    debug(&server, "sslmode: allow").succeeds().says("encrypted: yes");
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    if server::shared().is_none() {
        return;
    }
    let certificates = certificates();
    let server = server_with(&certificates, "server", "hostssl all all all cert");
    let client = |name: &str| {
        let file = |end: &str| certificates.path(&format!("{name}.{end}")).display().to_string();
        format!("sslmode: require\nsslcert: {}\nsslkey: {}", file("crt"), file("key"))
    };
    debug(&server, &client("client")).succeeds().says("encrypted: yes");
    debug(&server, "sslmode: require")
        .exits(2)
        .says("connection requires a valid client certificate")
        .says("`sslcert` and `sslkey`");
    debug(&server, &client("intruder")).exits(2).says("refused the client's certificate").says("ssl_ca_file");
    let mixed = client("client").replace("client.key", "intruder.key");
    debug(&server, &mixed).exits(2).says("do not fit").says("--> profiles.yml:");
}

#[test]
fn a_self_signed_certificate_is_trusted_where_it_is_the_root_itself_and_not_outdated() {
    if server::shared().is_none() {
        return;
    }
    let certificates =
        Certificates::new().self_signed("ca", "DNS:ca").self_signed("server", "DNS:localhost").outdated("old");
    for (name, fits) in [("server", true), ("old", false)] {
        let server = server_with(&certificates, name, "host all all all scram-sha-256");
        let root = certificates.path(&format!("{name}.crt"));
        let outcome =
            debug(&server, &format!("sslmode: verify-full\nhost: localhost\nsslrootcert: {}", root.display()));
        if fits {
            outcome.succeeds().says("encrypted: yes");
        } else {
            outcome.exits(2).says("the server's certificate has expired");
        }
    }
}
