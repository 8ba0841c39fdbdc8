//! Against a real PostgreSQL server, which the tests start.

mod abandoned;
mod at_hand;
mod beside;
mod certificates;
mod client_killed;
mod concurrency;
mod connection;
mod connection_lost;
mod debug;
mod differential;
mod disk_full;
mod files;
mod foreign_changes;
mod generations;
mod guards;
mod links;
mod merging;
mod mixed;
mod narrowed;
mod nulls;
mod numeric;
mod patience;
mod pipeline;
mod profile;
mod read_only;
mod readers;
mod replaced;
mod sequences;
mod server_itself;
mod server_killed;
mod session;
mod setup;
mod tls;
mod types;

use std::path::Path;

use crate::server::{PASSWORD, Server, USER};
use crate::support::{Outcome, Project};

/// A project with one model whose target `dev` is `database` on the server; the superuser logs in. `more` are further lines
/// of the output.
fn project(server: &Server, database: &str, more: &str) -> Project {
    project_of(server.port(), database, USER, more).env("SHOP_PASSWORD", PASSWORD)
}

fn project_of(port: u16, database: &str, user: &str, more: &str) -> Project {
    let mut output = format!(
        "type: postgres\nhost: 127.0.0.1\nport: {port}\nuser: {user}\npassword: \"{{{{ env_var('SHOP_PASSWORD') }}}}\"\n\
         dbname: {database}\nschema: main\nretries: 0\n"
    );
    // A line of `more` takes the place of the same field.
    for line in more.lines() {
        let field = line.split(':').next().unwrap();
        let kept: Vec<&str> = output.lines().filter(|known| !known.starts_with(&format!("{field}:"))).collect();
        output = format!("{}\n{line}\n", kept.join("\n"));
    }
    let output: String = output.lines().map(|line| format!("      {line}\n")).collect();
    Project::new()
        .file("models/m.sql", "select 1 as n")
        .file("profiles.yml", format!("shop:\n  target: dev\n  outputs:\n    dev:\n{output}"))
}

/// The bundled project on the server.
fn bundled(server: &Server) -> Project {
    Project::bundled()
        .env("POSTGRES_HOST", "127.0.0.1")
        .env("POSTGRES_PORT", &server.port().to_string())
        .env("POSTGRES_USER", USER)
        .env("POSTGRES_PASSWORD", PASSWORD)
}

/// Neither what the binary said nor any file it wrote holds the secret.
fn keeps_secret(project: &Project, outcome: &Outcome, secret: &str) {
    assert!(!outcome.text().contains(secret), "the secret is in\n{}", outcome.text());
    for folder in ["target", "logs", "lake"] {
        search(&project.path().join(folder), secret);
    }
}

fn search(folder: &Path, secret: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            search(&path, secret);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(secret), "the secret is in {}", path.display());
        }
    }
}
