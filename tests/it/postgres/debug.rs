//! `medallion debug` on a server.

use super::{keeps_secret, project};
use crate::server::{self, PASSWORD};

#[test]
fn debug_says_who_where_and_what_one_may() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "postgres", "");
    let outcome = project
        .run(&["debug"])
        .succeeds()
        .says(&format!("connection: 127.0.0.1:{} as postgres", server.port()))
        .says("database: postgres, schema: main")
        .says("sslmode: prefer")
        .says("server: PostgreSQL ")
        .says("encrypted: no")
        .says("may create schemas: yes")
        .says("the target's schema exists: no")
        .says("password: \"***\"")
        .says("connection test: ok");
    keeps_secret(&project, &outcome, PASSWORD);
}

#[test]
fn a_role_without_rights_can_be_told_from_one_with_them() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create role guest login password 'user-pw'");
    server.create_database("no_guests").unwrap();
    let project = project(server, "no_guests", "user: guest").env("SHOP_PASSWORD", "user-pw");
    project.run(&["debug"]).succeeds().says("may create schemas: no").says("may create databases: no");
}

#[test]
fn the_session_takes_on_the_role_and_search_path_of_the_profile() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create role \"odd \"\"role\"; create role borrower login password 'user-pw'");
    let with = |role: &str| {
        let more = format!("user: borrower\nrole: '{role}'\nsearch_path: 'a, \"B c\"'");
        project(server, "postgres", &more).env("SHOP_PASSWORD", "user-pw").run(&["debug"])
    };
    with("odd \"role").exits(1).says("permission denied to set role").says("grant \"odd \"\"role\" to \"borrower\"");
    server.sql("postgres", "grant \"odd \"\"role\" to borrower");
    with("odd \"role").succeeds().says("role: odd \"role");
    with("absent").exits(1).says("role \"absent\" does not exist").says("check `role` in profiles.yml");
}

#[test]
fn a_server_that_only_reads_is_said_to() {
    let Some(server) = server::shared() else { return };
    server.sql(
        "postgres",
        "create role reader login password 'user-pw'; alter role reader set default_transaction_read_only = on",
    );
    let project = project(server, "postgres", "user: reader").env("SHOP_PASSWORD", "user-pw");
    project.run(&["debug"]).succeeds().says("WARNING: this server only reads");
}
