//! No file and no flag makes a panic, whatever it holds: an error has a place, and that lies in the file.

use proptest::prelude::*;

use super::*;

/// One of everything that `dbt_project.yml` knows.
const PROJECT: &str = "\
name: shop
version: 1.10
config-version: 2
profile: \"{{ env_var('P', 'embedded') }}\"
model-paths: [models, 'more/models']
macro-paths: [udfs/macros]
require-dbt-version: ['>=1.5.0', '<2.0.0']
clean-targets: [out, dbt_packages]
on-run-end: [\"grant select\", \"analyze\"]
dispatch: [{macro_namespace: dbt_utils, search_order: [shop, dbt_utils]}]
vars: {a: 1, shop: {b: [x, 2.5, null]}}
flags: {send_anonymous_usage_stats: no}
quoting: {identifier: true}
models:
  +materialized: table
  shop:
    gold: &gold {+tags: [a, b], +meta: {owner: x}}
    silver: *gold
    bronze: {<<: *gold, +enabled: true}
data_tests: {+severity: error, shop: {a: {+where: x}}}
";

const PROFILES: &str = "\
shop:
  target: \"{{ env_var('T', 'dev') }}\"
  outputs:
    dev: &dev {type: delta, path: lake, schema: main, threads: 4, storage_options: {key: 'secret'}}
    pro:
      <<: *dev
      type: postgres
      password: \"{{ env_var('PW') }}\"
      port: 5432
config: {a: b}
";

const VARS: &str = "{start: 2020-01-01, list: [a, {b: null}], 'quoted key': \"x\\ty\", n: -1.5e3}";

/// A text with parts cut out, doubled or replaced.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let edit = (0..900_usize, 0..40_usize, "[-:\\[\\]{}|>&*!'\"#?,a<%=\n\t \u{e9}]{0,6}");
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, length, with) in edits {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        text.into_iter().collect()
    })
}

/// What a file can hold: a changed file, any text, any bytes that are text.
fn contents(text: &'static str) -> impl Strategy<Value = String> {
    let bytes =
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    prop_oneof![6 => mutated(text), 1 => "\\PC{0,80}", 1 => bytes]
}

fn check(text: &str, errors: &[Diagnostic]) {
    // YAML ends a line at either of the two.
    let lines = text.split(['\n', '\r']).count() + 1;
    assert!(!errors.is_empty(), "{text}");
    for error in errors {
        assert!(!error.to_string().is_empty());
        assert!(error.place.as_ref().is_some_and(|place| place.line <= lines), "{error}\n{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(ProptestConfig::default().cases.max(600)) })]

    #[test]
    fn any_dbt_project_file(text in contents(PROJECT)) {
        if let Err(errors) = ProjectFile::parse(&TextFile::new(PROJECT_FILE, text.as_str())) {
            check(&text, &errors);
        }
    }

    #[test]
    fn any_profiles_file(text in contents(PROFILES)) {
        if let Err(errors) = ProfilesFile::parse(&TextFile::new(PROFILES_FILE, text.as_str())) {
            check(&text, &errors);
        }
    }

    #[test]
    fn any_vars(text in contents(VARS)) {
        if let Err(error) = parse_vars(&text) {
            check(&text, &[error]);
        }
    }

    /// From the folder to the project, bytes that are no text included.
    #[test]
    fn any_bytes_on_disk(bytes in prop::collection::vec(any::<u8>(), 0..60), which in 0..3_usize) {
        let folder = tempfile::tempdir().unwrap();
        let files = [PROJECT_FILE, "models/m.yml", "models/m.sql"];
        std::fs::create_dir(folder.path().join("models")).unwrap();
        std::fs::write(folder.path().join(PROJECT_FILE), "name: shop\nprofile: shop\n").unwrap();
        std::fs::write(folder.path().join(files[which]), &bytes).unwrap();
        if let Err(errors) = Project::read(folder.path()) {
            prop_assert!(!errors.is_empty());
        }
    }
}
