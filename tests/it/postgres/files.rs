//! Values that come from files, as Docker hands over secrets.

use std::os::unix::fs::PermissionsExt;

use super::{keeps_secret, project, project_of};
use crate::server::{self, PASSWORD};
use crate::support::Project;

#[test]
fn a_variable_may_be_in_a_file() {
    let Some(server) = server::shared() else { return };
    let project = project_of(server.port(), "postgres", "postgres", "").file("secret", format!("{PASSWORD}\n"));
    let path = project.path().join("secret").display().to_string();
    let project = project.env("SHOP_PASSWORD_FILE", &path);
    let outcome = project.run(&["debug"]).succeeds().says("connection test: ok");
    keeps_secret(&project, &outcome, PASSWORD);
}

#[test]
fn a_field_may_be_in_a_file() {
    let Some(server) = server::shared() else { return };
    let project = project(server, "postgres", "").file("secret", format!("{PASSWORD}\r\n"));
    let profile = project.read("profiles.yml");
    let start = profile.find("password:").unwrap();
    let end = start + profile[start..].find('\n').unwrap();
    project.write("profiles.yml", format!("{}password_file: secret{}", &profile[..start], &profile[end..]));
    let outcome = project.run(&["debug"]).succeeds().says("connection test: ok");
    keeps_secret(&project, &outcome, PASSWORD);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_place() {
    let project = project_of(1, "dev", "ann", "").env("SHOP_PASSWORD_FILE", "/nonexistent/secret");
    project
        .run(&["debug"])
        .exits(2)
        .says("cannot read /nonexistent/secret: No such file")
        .says("--> profiles.yml:9:")
        .says("'SHOP_PASSWORD_FILE' names it");
    let project = project_of(1, "dev", "ann", "user_file: gone").env("SHOP_PASSWORD", "p");
    project.run(&["debug"]).exits(2).says("'user' and 'user_file' are the same field");
    let project = project_of(1, "dev", "ann", "role_file: gone").env("SHOP_PASSWORD", "p");
    project.run(&["debug"]).exits(2).says("cannot read gone: No such file").says("role_file: gone");
}

#[test]
fn a_secret_from_a_file_does_not_get_into_sql() {
    let project = Project::new()
        .file("models/m.sql", "select '{{ env_var('API_TOKEN') }}' as t")
        .file("secret", "hunter2")
        .env("API_TOKEN_FILE", "secret");
    project.run(&["compile"]).exits(2).says("secrets are allowed only in profiles.yml").says_not("hunter2");
}

#[test]
fn the_password_file_of_libpq_is_read_where_the_profile_has_no_password() {
    let Some(server) = server::shared() else { return };
    let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    let project = project(server, "postgres", "")
        .env("SHOP_PASSWORD", "")
        .file("pgpass", format!("# mine\n127.0.0.1:{}:*:postgres:{escaped}\n*:*:*:*:other\n", server.port()));
    let path = project.path().join("pgpass");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let project = project.env("PGPASSFILE", &path.display().to_string());
    let outcome = project.run(&["debug"]).succeeds().says("connection test: ok");
    keeps_secret(&project, &outcome, PASSWORD);
}
