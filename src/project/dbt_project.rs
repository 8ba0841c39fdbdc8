//! `dbt_project.yml`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::config_tree::ConfigTree;
use super::yaml::{self, Fields, Reader, Spotted, Yaml};
use super::{Spot, TextFile};
use crate::diagnostic::Diagnostic;

/// The file's name.
pub const PROJECT_FILE: &str = "dbt_project.yml";

/// A project's or package's `dbt_project.yml`; its values may hold Jinja.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    pub file: Arc<TextFile>,
    pub name: Spotted<String>,
    pub version: Option<String>,
    pub profile: Option<Spotted<String>>,
    pub paths: Paths,
    pub target_path: String,
    pub clean_targets: Vec<String>,
    pub packages_install_path: String,
    pub require_dbt_version: Vec<String>,
    /// `vars:` as written: a mapping named after a package holds that package's own.
    pub vars: Map<String, Value>,
    pub models: ConfigTree,
    pub seeds: ConfigTree,
    pub snapshots: ConfigTree,
    pub data_tests: ConfigTree,
    pub sources: ConfigTree,
    pub on_run_start: Vec<Spotted<String>>,
    pub on_run_end: Vec<Spotted<String>>,
    pub dispatch: Vec<Dispatch>,
    pub quoting: Map<String, Value>,
    pub flags: Map<String, Value>,
}

/// The folders of each kind of file, relative to the project directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub models: Vec<String>,
    pub seeds: Vec<String>,
    pub tests: Vec<String>,
    pub macros: Vec<String>,
    pub snapshots: Vec<String>,
    pub analyses: Vec<String>,
    /// None: every folder above.
    pub docs: Option<Vec<String>>,
}

/// Where `adapter.dispatch` looks for the macros of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    pub macro_namespace: String,
    pub search_order: Vec<String>,
}

/// Keys of dbt that change nothing here.
const WITHOUT_EFFECT: [&str; 8] = [
    "config-version",
    "asset-paths",
    "log-path",
    "query-comment",
    "dbt-cloud",
    "restrict-access",
    "exposures",
    "function-paths",
];

/// Sections for kinds of nodes that are not supported.
const UNSUPPORTED: [&str; 5] = ["metrics", "semantic-models", "saved-queries", "unit_tests", "functions"];

/// Names of before dbt 1.0, and today's.
const RENAMED: [(&str, &str); 3] =
    [("source-paths", "model-paths"), ("data-paths", "seed-paths"), ("modules-path", "packages-install-path")];

impl ProjectFile {
    /// Reads the text of a `dbt_project.yml`; warnings come with it.
    pub fn parse(file: &Arc<TextFile>) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let reader = Reader::new(file);
        let nothing = || {
            let error = Diagnostic::new("dbt_project.yml holds no mapping").at(Spot::start_of(file).place());
            vec![error.hint("start with `name: <your_project>`")]
        };
        let root = yaml::parse(file)?.ok_or_else(nothing)?;
        let project = reader.fields(&root, "dbt_project.yml").map(|fields| read(file, &fields));
        let (project, warnings) = reader.finish(project)?;
        Ok((project.ok_or_else(nothing)?, warnings))
    }
}

fn read(file: &Arc<TextFile>, fields: &Fields<'_, '_>) -> ProjectFile {
    for (old, new) in RENAMED {
        if let Some(span) = fields.key_span(old) {
            fields.reader().error(fields.reader().at(span, format!("'{old}' is now '{new}'")).hint("rename the key"));
        }
    }
    let name = fields.required_text("name");
    check_name(fields.reader(), &name);
    let paths = Paths {
        models: folders(fields, "model-paths", "models"),
        seeds: folders(fields, "seed-paths", "seeds"),
        tests: folders(fields, "test-paths", "tests"),
        macros: folders(fields, "macro-paths", "macros"),
        snapshots: folders(fields, "snapshot-paths", "snapshots"),
        analyses: folders(fields, "analysis-paths", "analyses"),
        docs: fields.texts("docs-paths").map(|paths| paths.into_iter().map(|path| path.value).collect()),
    };
    let mut data_tests = ConfigTree::read(fields, "tests");
    data_tests.absorb(ConfigTree::read(fields, "data_tests"));
    let plain = |texts: Vec<Spotted<String>>| texts.into_iter().map(|text| text.value).collect();
    let project = ProjectFile {
        file: Arc::clone(file),
        version: fields.text("version"),
        profile: fields.spotted_text("profile"),
        paths,
        target_path: fields.text("target-path").unwrap_or_else(|| "target".to_string()),
        clean_targets: fields.texts("clean-targets").map(plain).unwrap_or_default(),
        packages_install_path: fields.text("packages-install-path").unwrap_or_else(|| "dbt_packages".to_string()),
        require_dbt_version: fields.texts("require-dbt-version").map(plain).unwrap_or_default(),
        vars: fields.json_map("vars"),
        models: ConfigTree::read(fields, "models"),
        seeds: ConfigTree::read(fields, "seeds"),
        snapshots: ConfigTree::read(fields, "snapshots"),
        data_tests,
        sources: ConfigTree::read(fields, "sources"),
        on_run_start: fields.texts("on-run-start").unwrap_or_default(),
        on_run_end: fields.texts("on-run-end").unwrap_or_default(),
        dispatch: fields.list("dispatch").iter().filter_map(|item| dispatch(fields.reader(), item)).collect(),
        quoting: fields.json_map("quoting"),
        flags: fields.json_map("flags"),
        name,
    };
    fields.ignore(&WITHOUT_EFFECT);
    fields.unsupported(&UNSUPPORTED);
    fields.check_unknown();
    project
}

fn check_name(reader: &Reader, name: &Spotted<String>) {
    let starts_badly = name.value.starts_with(|first: char| first.is_ascii_digit());
    if starts_badly || !name.value.chars().all(|part| part.is_ascii_alphanumeric() || part == '_') {
        let error = Diagnostic::new(format!("'{}' cannot be the name of a project", name.value));
        reader
            .error(error.at(name.spot.place()).hint("use letters, digits and underscores, and no digit at the start"));
    }
}

fn folders(fields: &Fields<'_, '_>, key: &'static str, default: &str) -> Vec<String> {
    let Some(paths) = fields.texts(key) else { return vec![default.to_string()] };
    let clean = |path: Spotted<String>| path.value.trim_start_matches("./").trim_end_matches('/').to_string();
    paths.into_iter().map(clean).collect()
}

fn dispatch(reader: &Reader, item: &Yaml) -> Option<Dispatch> {
    let fields = reader.fields(item, "an entry of 'dispatch'")?;
    let macro_namespace = fields.required_text("macro_namespace").value;
    let search_order = fields.texts("search_order").unwrap_or_default();
    fields.check_unknown();
    Some(Dispatch { macro_namespace, search_order: search_order.into_iter().map(|name| name.value).collect() })
}
