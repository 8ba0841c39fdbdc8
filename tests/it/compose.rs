//! `docker-compose.yml` and the `Dockerfile`: what can be said of them without a Docker engine.

use std::path::Path;

use saphyr::{LoadableYamlNode, Yaml};

use crate::server::{self, PASSWORD, USER};
use crate::support::Project;

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn at<'y, 'i>(yaml: &'y Yaml<'i>, path: &[&str]) -> Option<&'y Yaml<'i>> {
    path.iter().try_fold(yaml, |yaml, key| yaml.as_mapping_get(key))
}

fn words(yaml: &Yaml<'_>) -> Vec<String> {
    yaml.as_vec().unwrap().iter().map(|word| word.as_str().unwrap().to_string()).collect()
}

#[test]
fn the_password_is_a_secret_file_of_the_user_and_no_port_is_open() {
    let text = text("docker-compose.yml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let compose = &documents[0];
    for service in ["postgres", "setup", "build"] {
        let environment = at(compose, &["services", service, "environment"]).unwrap().as_mapping().unwrap();
        let names: Vec<&str> = environment.keys().map(|name| name.as_str().unwrap()).collect();
        assert!(
            names.contains(&"POSTGRES_PASSWORD_FILE") && !names.contains(&"POSTGRES_PASSWORD"),
            "{service}: {names:?}"
        );
        assert!(!names.contains(&"POSTGRES_HOST_AUTH_METHOD"), "{service}");
        assert!(at(compose, &["services", service, "ports"]).is_none(), "{service} opens a port");
        assert!(at(compose, &["services", service, "secrets"]).is_some(), "{service}");
    }
    let file = at(compose, &["secrets", "postgres_password", "file"]).unwrap().as_str();
    assert_eq!(file, Some("./secrets/postgres_password"));
    assert!(text_lines(".gitignore").contains(&"/secrets".to_string()));
    assert!(!text_lines(".dockerignore").contains(&"!secrets".to_string()));
}

fn text_lines(name: &str) -> Vec<String> {
    text(name).lines().map(str::to_string).collect()
}

#[test]
fn the_build_waits_for_a_healthy_server_that_is_set_up() {
    let text = text("docker-compose.yml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let compose = &documents[0];
    assert!(at(compose, &["services", "postgres", "healthcheck", "test"]).is_some());
    let condition = |service: &str, of: &str| {
        at(compose, &["services", service, "depends_on", of, "condition"]).unwrap().as_str().unwrap().to_string()
    };
    assert_eq!(condition("setup", "postgres"), "service_healthy");
    assert_eq!(condition("build", "setup"), "service_completed_successfully");
    let image = at(compose, &["services", "postgres", "image"]).unwrap().as_str().unwrap();
    let major: u32 = image.trim_start_matches("postgres:").split(['-', '.']).next().unwrap().parse().unwrap();
    assert!(major >= 15, "{image}");
}

#[test]
fn the_set_up_of_docker_compose_works_on_a_server() {
    if server::shared().is_none() {
        return;
    }
    let server = server::Server::start();
    let text = text("docker-compose.yml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let command = words(at(&documents[0], &["services", "setup", "command"]).unwrap());
    let build = words(at(&documents[0], &["services", "build", "command"]).unwrap());
    assert_eq!(build, ["build", "--profile", "postgres", "--target", "pro"]);
    let project = Project::bundled().file("postgres_password", format!("{PASSWORD}\n"));
    let secret = project.path().join("postgres_password").display().to_string();
    let project = project
        .env("POSTGRES_HOST", "127.0.0.1")
        .env("POSTGRES_PORT", &server.port().to_string())
        .env("POSTGRES_USER", USER)
        .env("POSTGRES_PASSWORD_FILE", &secret);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    project.run(&command).succeeds().says("-- Done: ").says_not(PASSWORD);
    project.run(&command).succeeds().says("Nothing to do");
}

#[test]
fn the_image_runs_as_another_user_than_root_and_is_built_from_what_it_needs() {
    let dockerfile = text("Dockerfile");
    let stages: Vec<&str> = dockerfile.split("\nFROM ").collect();
    assert_eq!(stages.len(), 3, "a comment, the builder and the runtime");
    assert!(stages[2].contains("\nUSER 10001\nENTRYPOINT [\"medallion\"]"));
    let ignored = text_lines(".dockerignore");
    assert!(ignored.contains(&"*".to_string()), "everything is left out but what is named");
    // What cargo reads to build: the package's targets must be there, even those that are not built.
    for name in
        ["Cargo.toml", "Cargo.lock", "src", "udfs", "tests", "benches", "examples", "models", "data", "profiles.yml"]
    {
        assert!(ignored.contains(&format!("!{name}")), "{name}");
    }
    let copied = stages[2].lines().filter_map(|line| line.strip_prefix("COPY --chown=medallion:medallion "));
    for source in copied.flat_map(|line| line.rsplit_once(' ').map(|(sources, _)| sources.to_string())) {
        for name in source.split(' ') {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(), "the image copies {name}");
        }
    }
}
