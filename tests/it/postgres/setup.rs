//! `medallion setup`.

use std::process::Stdio;

use super::{bundled, keeps_secret, project};
use crate::server::{self, Options, PASSWORD, Server};
use crate::support::Project;

const ON_PRO: [&str; 4] = ["--profile", "postgres", "--target", "pro"];

fn on_pro<'a>(command: &[&'a str]) -> Vec<&'a str> {
    command.iter().copied().chain(ON_PRO).collect()
}

#[test]
fn setup_makes_what_is_missing_and_nothing_twice() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start_with(&Options::default());
    let project = bundled(&server);
    let databases = "select datname from pg_database where datname in ('data_lake', 'dev', 'pro') order by 1";
    let shown = project.run(&on_pro(&["setup", "--dry-run"])).succeeds();
    assert_eq!(server.sql("postgres", databases), Vec::<String>::new(), "a dry run changes nothing");
    let statements = [
        "create database \"data_lake\";",
        "create database \"dev\";",
        "create database \"pro\";",
        "create schema if not exists \"forex\";",
        "create schema if not exists \"data_marts\";",
        "create schema if not exists \"silver\";",
        "create extension if not exists \"postgres_fdw\";",
    ];
    for statement in statements {
        assert!(shown.stdout.contains(statement), "{statement} is not in\n{}", shown.stdout);
    }
    let done = project.run(&on_pro(&["setup"])).succeeds();
    let sql = |text: &str| text.lines().filter(|line| !line.starts_with("-- ")).map(str::to_string).collect::<Vec<_>>();
    assert_eq!(sql(&done.stdout), sql(&shown.stdout), "the dry run shows what runs");
    assert_eq!(server.sql("postgres", databases), ["data_lake", "dev", "pro"]);
    assert_eq!(server.sql("data_lake", "select count(*) from pg_namespace where nspname = 'forex'"), ["1"]);
    let schemas =
        "select string_agg(nspname, ' ' order by 1) from pg_namespace where nspname !~ '^pg_|public|information'";
    assert_eq!(server.sql("pro", schemas), ["bronze data_marts gold silver"]);
    assert_eq!(server.sql("pro", "select count(*) from pg_extension where extname = 'postgres_fdw'"), ["1"]);
    let again = project.run(&on_pro(&["setup"])).succeeds().says("Nothing to do");
    for outcome in [shown, done, again] {
        keeps_secret(&project, &outcome, PASSWORD);
    }
    server.sql("pro", "drop schema gold");
    let once_more = project.run(&on_pro(&["setup"])).succeeds().says("-- Done: 1 statement");
    assert_eq!(sql(&once_more.stdout), ["create schema if not exists \"gold\";"]);
}

#[test]
fn only_named_outputs_are_set_up() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = bundled(&server);
    project.run(&on_pro(&["setup", "data_lake"])).succeeds().says_not("\"pro\"");
    let databases = "select datname from pg_database where datname in ('data_lake', 'dev', 'pro') order by 1";
    assert_eq!(server.sql("postgres", databases), ["data_lake"]);
    project.run(&on_pro(&["setup", "data_lak"])).exits(2).says("did you mean 'data_lake'?");
}

#[test]
fn two_setups_at_once_do_not_get_into_each_others_way() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = bundled(&server);
    let started: Vec<_> =
        (0..4).map(|_| project.command(&on_pro(&["setup"])).stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(server.sql("pro", "select count(*) from pg_namespace where nspname = 'gold'"), ["1"]);
}

#[test]
fn a_role_that_may_not_create_is_told_what_it_lacks() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create role poor login password 'user-pw'");
    server.create_database("rich").unwrap();
    let absent = project(server, "never_by_poor", "user: poor").env("SHOP_PASSWORD", "user-pw");
    absent
        .run(&["setup"])
        .exits(2)
        .says("cannot create database \"never_by_poor\": permission denied to create database")
        .says("= help: as a superuser run: alter role \"poor\" createdb");
    let present = project(server, "rich", "user: poor").env("SHOP_PASSWORD", "user-pw");
    present
        .run(&["setup"])
        .exits(2)
        .says("permission denied for database rich")
        .says("grant connect, create, temporary on database \"rich\" to \"poor\"");
}

#[test]
fn a_lake_needs_no_setup() {
    Project::bundled().run(&["setup"]).succeeds().says("Nothing to set up: the target 'dev' has type delta");
}
