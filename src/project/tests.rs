use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

fn shown(errors: &[Diagnostic]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn project_file(text: &str) -> ProjectFile {
    ProjectFile::parse(&TextFile::new("dbt_project.yml", text)).unwrap().0
}

#[test]
fn everything_of_a_dbt_project_file() {
    let project = project_file(
        "\
name: shop
version: 1.10
config-version: 2
profile: embedded
model-paths: [models]
macro-paths: [udfs/macros]
test-paths: ./data/tests/
require-dbt-version: ['>=1.5.0', '<2.0.0']
target-path: out
clean-targets: [out, dbt_packages]
on-run-end: [\"grant select\", \"analyze\"]
dispatch: [{macro_namespace: dbt_utils, search_order: [shop, dbt_utils]}]
vars: {a: 1, shop: {b: [x]}}
flags: {send_anonymous_usage_stats: no}
quoting: {identifier: true}
seeds: {+quote_columns: true}
tests: {+severity: warn, shop: {a: {+limit: 1}}}
data_tests: {+severity: error, shop: {a: {+where: x}}}
",
    );
    assert_eq!(project.version.as_deref(), Some("1.10"), "as written, not as a number");
    assert_eq!(project.paths.macros, ["udfs/macros"]);
    assert_eq!(project.paths.tests, ["data/tests"]);
    assert_eq!(project.paths.seeds, ["seeds"], "the default");
    assert_eq!(project.on_run_end.len(), 2);
    assert_eq!(project.dispatch[0].search_order, ["shop", "dbt_utils"]);
    assert_eq!(project.flags["send_anonymous_usage_stats"], false);
    assert_eq!(project.vars["shop"], json!({"b": ["x"]}));
    assert_eq!(project.data_tests.config.get("severity").unwrap().value, "error");
    let fqn = ["shop", "a", "deep"].map(String::from);
    let keys: Vec<Vec<String>> =
        project.data_tests.on_the_way(&fqn).map(|layer| layer.0.keys().cloned().collect()).collect();
    assert_eq!(keys, [vec!["severity".to_string()], vec![], vec!["limit".to_string(), "where".to_string()]]);
    assert_eq!(project.clean_targets, ["out", "dbt_packages"]);
}

#[test]
fn dbt_project_files_that_cannot_be() {
    let cases = [
        ("", "holds no mapping", "start with `name:"),
        ("version: 1", "dbt_project.yml has no 'name'", ""),
        ("name: 2shop", "'2shop' cannot be the name of a project", "no digit"),
        ("name: my-shop", "'my-shop' cannot be the name of a project", "underscores"),
        ("name: x\nmodel-path: [models]", "unknown key 'model-path'", "did you mean 'model-paths'?"),
        ("name: x\nsource-paths: [models]", "'source-paths' is now 'model-paths'", "rename"),
        ("name: x\nmodels: [a]", "'models' must be a mapping, and this is a list", "dbt_project.yml:2:9"),
        ("name: x\ndispatch: [{macro_namespace: a, order: b}]", "unknown key 'order'", ""),
        ("- name", "dbt_project.yml must be a mapping", ""),
    ];
    for (text, one, two) in cases {
        let found = shown(&ProjectFile::parse(&TextFile::new("dbt_project.yml", text)).unwrap_err());
        assert!(found.contains(one) && found.contains(two), "{text}\n{found}");
    }
}

#[test]
fn files_are_found_below_their_search_paths() {
    let directory = folder(&[
        ("dbt_project.yml", "name: shop\nseed-paths: [data]\ntest-paths: [data/tests]\nmacro-paths: [udfs/macros]\n"),
        ("models/silver/a.sql", "select 1"),
        ("models/silver/_silver.yml", "models: [{name: a}]"),
        ("models/silver/.hidden.sql", "select"),
        ("models/notes.txt", "x"),
        ("models/docs.md", "# x"),
        ("models/draft/b.sql", "select"),
        ("data/codes.csv", "a\n1\n"),
        ("data/tests/t.sql", "select 1"),
        ("data/tests/t.yaml", "version: 2"),
        ("data/tests/generic/g.sql", "{% test g(model) %}{% endtest %}"),
        ("udfs/macros/m.sql", "{% macro m() %}{% endmacro %}"),
        ("dbt_packages/util/dbt_project.yml", "name: util"),
        ("dbt_packages/util/macros/u.sql", ""),
        ("dbt_packages/notes/readme.md", ""),
        (".dbtignore", "draft/\n"),
    ]);
    let project = Project::read(directory.path()).unwrap();
    let root = &project.root;
    let paths = |files: &[SqlFile]| files.iter().map(|file| file.file.path.display().to_string()).collect::<Vec<_>>();
    assert_eq!(paths(&root.models), ["models/silver/a.sql"]);
    assert_eq!(root.models[0].relative, Path::new("silver/a.sql"));
    assert_eq!(paths(&root.singular_tests), ["data/tests/t.sql"]);
    assert_eq!(paths(&root.macros), ["data/tests/generic/g.sql", "udfs/macros/m.sql"]);
    assert_eq!(root.seeds.iter().map(|seed| seed.path.as_path()).collect::<Vec<_>>(), [Path::new("data/codes.csv")]);
    assert_eq!(root.docs.len(), 1);
    assert_eq!(root.properties.len(), 2, "a file below two search paths is read once");
    assert_eq!(root.below_search_path(Path::new("models/silver/_silver.yml")), Path::new("silver/_silver.yml"));
    assert_eq!(project.installed.iter().map(Package::name).collect::<Vec<_>>(), ["util"]);
    assert_eq!(paths(&project.installed[0].macros), ["dbt_packages/util/macros/u.sql"]);
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let directory = folder(&[
        ("dbt_project.yml", "name: shop\n"),
        ("models/a.yml", "modles: []\n"),
        ("models/b.yml", "models: [{nam: x}]\n"),
        ("models/bad.sql", ""),
    ]);
    std::fs::write(directory.path().join("models/bad.sql"), b"select\n'\xff'").unwrap();
    let found = shown(&Project::read(directory.path()).unwrap_err());
    for part in [
        "unknown key 'modles'",
        "did you mean 'models'?",
        "a model has no 'name'",
        "models/bad.sql is not UTF-8 text: line 2",
    ] {
        assert!(found.contains(part), "no {part:?} in\n{found}");
    }
    let missing = shown(&Project::read(&directory.path().join("nowhere")).unwrap_err());
    assert!(missing.contains("no dbt_project.yml in") && missing.contains("--project-dir"), "{missing}");
}

#[test]
fn packages_that_are_not_installed() {
    let asked = "packages:\n  - {package: dbt-labs/dbt_utils, version: 1.3.0}\n";
    let directory = folder(&[("dbt_project.yml", "name: shop"), ("packages.yml", asked)]);
    let found = shown(&Project::read(directory.path()).unwrap_err());
    assert!(found.contains("packages.yml asks for 1 packages, and dbt_packages has 0"), "{found}");
    assert!(found.contains("packages.yml:1:1") && found.contains("dbt deps"), "{found}");
    let with = [
        ("dbt_project.yml", "name: shop"),
        ("packages.yml", asked),
        ("dbt_packages/dbt_utils/dbt_project.yml", "name: dbt_utils"),
    ];
    assert_eq!(Project::read(folder(&with).path()).unwrap().installed.len(), 1);
}

#[test]
fn where_profiles_are_looked_for() {
    let directory = folder(&[
        ("project/x", ""),
        ("asked/profiles.yml", "asked: {outputs: {}}"),
        ("home/.dbt/profiles.yml", "home: {outputs: {}}"),
        ("variable/profiles.yml", "config: {x: 1}\nvariable: {outputs: {}}"),
    ]);
    let at = |name: &str| directory.path().join(name);
    let text = |name: &str| at(name).display().to_string();
    let home = text("home");
    let mut options = ProjectOptions { env: Env::of([("HOME", &home)]), ..ProjectOptions::new(at("project")) };
    let first =
        |options: &ProjectOptions| ProfilesFile::find(options).map(|found| found.profiles.keys().next().cloned());
    assert_eq!(first(&options).unwrap().as_deref(), Some("home"));
    options.env = Env::of([("HOME", &home), ("DBT_PROFILES_DIR", &text("variable"))]);
    assert_eq!(first(&options).unwrap().as_deref(), Some("variable"));
    options.profiles_dir = Some(at("asked"));
    assert_eq!(first(&options).unwrap().as_deref(), Some("asked"));
    options.profiles_dir = Some(at("nowhere"));
    let found = shown(&first(&options).unwrap_err());
    assert!(found.contains("no profiles.yml in") && found.contains("--profiles-dir"), "{found}");
}

#[test]
fn vars_as_yaml_and_as_json() {
    let cases = [
        ("", json!({})),
        ("{a: 1, b: [x, 2020-01-01]}", json!({"a": 1, "b": ["x", "2020-01-01"]})),
        ("a: x", json!({"a": "x"})),
        (r#"{"a": {"b": null}}"#, json!({"a": {"b": null}})),
    ];
    for (text, expected) in cases {
        assert_eq!(serde_json::to_value(parse_vars(text).unwrap()).unwrap(), expected, "{text}");
    }
    for text in ["a", "[1]", "{a: 1", "a: 1\na: 2"] {
        assert!(parse_vars(text).unwrap_err().to_string().contains("--vars"), "{text}");
    }
}

#[test]
fn a_target_shows_templates_no_secret() {
    let fields = [
        ("host", ProfileValue::Plain("db".into())),
        ("port", ProfileValue::Plain(5432.into())),
        ("password", ProfileValue::Secret(Secret::new("hunter2"))),
    ];
    let target = TargetProfile {
        profile_name: "shop".into(),
        target_name: "pro".into(),
        kind: "postgres".into(),
        database: "pro".into(),
        schema: "public".into(),
        threads: 4,
        fields: fields.map(|(key, value)| (key.to_string(), value)).into_iter().collect(),
        spots: Default::default(),
        spot: None,
    };
    let values = target.template_values();
    assert_eq!((&values["name"], &values["port"], &values["dbname"]), (&json!("pro"), &json!(5432), &json!("pro")));
    assert!(!values.contains_key("password"));
    assert_eq!(target.text("port").as_deref(), Some("5432"));
    assert_eq!(target.text("absent"), None);
}
