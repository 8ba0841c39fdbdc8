//! What keeps a connection from being made, told so that one knows what to do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use super::{keeps_secret, project, project_of};
use crate::server::{self, Options, PASSWORD, Server};

#[test]
fn a_wrong_password_is_refused_and_not_repeated() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "postgres", "retries: 3").env("SHOP_PASSWORD", "hunter2-wrong");
    let outcome = project
        .run(&["debug"])
        .exits(2)
        .says("password authentication failed for user \"postgres\"")
        .says("= help: check `user` and `password` of the target in profiles.yml")
        .says_not("trying again");
    keeps_secret(&project, &outcome, "hunter2-wrong");
}

#[test]
fn no_password_where_the_server_wants_one() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "postgres", "").env("SHOP_PASSWORD", "").env("HOME", "/nonexistent");
    project
        .run(&["debug"])
        .exits(2)
        .says("the server asks for the password of 'postgres'")
        .says("add `password` to the target in profiles.yml");
}

#[test]
fn a_role_that_does_not_exist_looks_like_a_wrong_password() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "postgres", "user: nobody_here");
    let outcome = project.run(&["debug"]).exits(2).says("password authentication failed for user \"nobody_here\"");
    keeps_secret(&project, &outcome, PASSWORD);
}

#[test]
fn a_role_that_may_not_log_in() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create role sleeper nologin password 'user-pw'");
    let project = project(server, "postgres", "user: sleeper").env("SHOP_PASSWORD", "user-pw");
    project.run(&["debug"]).exits(2).says("not permitted to log in").says("alter role \"sleeper\" login");
}

#[test]
fn an_unknown_database_is_set_up_by_medallion_setup() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "never_made", "");
    let outcome = project
        .run(&["debug"])
        .exits(2)
        .says("database \"never_made\" does not exist")
        .says("= help: `medallion setup`");
    keeps_secret(&project, &outcome, PASSWORD);
}

#[test]
fn a_refused_connection_names_host_and_port_and_is_tried_again() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let project = project_of(port, "dev", "ann", "retries: 1").env("SHOP_PASSWORD", "hunter2");
    let outcome = project
        .run(&["debug"])
        .exits(2)
        .says(&format!("cannot connect to PostgreSQL at 127.0.0.1:{port}: the connection is refused"))
        .says("trying again in 0.")
        .says("(1 of 1)")
        .says("= help: nobody listens there");
    keeps_secret(&project, &outcome, "hunter2");
}

#[test]
fn an_unknown_host() {
    let project = project_of(5432, "dev", "ann", "host: no-such-host.invalid").env("SHOP_PASSWORD", "hunter2");
    project
        .run(&["debug"])
        .exits(2)
        .says("at no-such-host.invalid:5432: the host's name is not known")
        .says("check `host`");
}

#[test]
fn a_socket_that_is_not_there() {
    let project = project_of(5432, "dev", "ann", "host: /nonexistent").env("SHOP_PASSWORD", "hunter2");
    project
        .run(&["debug"])
        .exits(2)
        .says("/nonexistent/.s.PGSQL.5432: there is no such socket")
        .says("start the server");
}

#[test]
fn something_else_listens_there() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let project = project_of(port, "dev", "ann", "").env("SHOP_PASSWORD", "hunter2");
    project.run(&["debug"]).says("ERROR cannot connect").says("does not speak PostgreSQL's protocol");
}

#[test]
fn nobody_answers_within_connect_timeout() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let project = project_of(port, "dev", "ann", "connect_timeout: 1").env("SHOP_PASSWORD", "hunter2");
    project.run(&["debug"]).exits(2).says("no answer within 1 s").says("`connect_timeout` in profiles.yml");
}

#[test]
fn a_full_server_is_tried_again() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create role crowd login password 'user-pw' connection limit 0");
    let project = project(server, "postgres", "user: crowd\nretries: 1").env("SHOP_PASSWORD", "user-pw");
    project
        .run(&["debug"])
        .exits(2)
        .says("too many connections for role \"crowd\"")
        .says("trying again")
        .says("use fewer `threads`, or raise max_connections");
}

#[test]
fn pg_hba_lets_nobody_in() {
    if server::shared().is_none() {
        return;
    }
    let hba = "local all all scram-sha-256\nhost template1 all all scram-sha-256\n".to_string();
    let server = Server::start_with(&Options { hba: Some(hba), ..Options::default() });
    let refused = project(&server, "postgres", "");
    let outcome = refused
        .run(&["debug"])
        .exits(2)
        .says("no pg_hba.conf entry for host \"127.0.0.1\", user \"postgres\", database \"postgres\"")
        .says("`host postgres postgres <this machine>/32 scram-sha-256`");
    keeps_secret(&refused, &outcome, PASSWORD);
    let socket = format!("host: {}", server.socket_folder().display());
    project(&server, "postgres", &socket).run(&["debug"]).succeeds().says("connection test: ok");
}

#[test]
fn a_server_that_is_started_late_is_waited_for() {
    if server::shared().is_none() {
        return;
    }
    let mut server = Server::start();
    server.stop();
    let project = project(&server, "postgres", "retries: 8");
    let child = project.command(&["debug"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.restart();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("trying again") && text.contains("connection test: ok"), "{text}");
}
