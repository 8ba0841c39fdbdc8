//! Who may use whom, checked against the `use crate::` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module may use of ours. A module that is not here may use nothing.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "diagnostic",
            "engine",
            "exit_code",
            "manifest",
            "materialize",
            "plan",
            "project",
            "query",
            "report",
            "runner",
            "verify",
            "warehouse",
        ],
    ),
    (
        "runner",
        &[
            "dag",
            "data_tests",
            "diagnostic",
            "engine",
            "load",
            "manifest",
            "materialize",
            "plan",
            "relation",
            "warehouse",
        ],
    ),
    ("verify", &["diagnostic", "engine", "manifest", "materialize", "warehouse"]),
    ("materialize", &["diagnostic", "engine", "jinja", "manifest", "warehouse"]),
    ("data_tests", &["diagnostic", "engine", "manifest", "materialize", "warehouse"]),
    ("load", &["diagnostic", "manifest", "warehouse"]),
    ("plan", &["dag", "manifest"]),
    ("manifest", &["dag", "diagnostic", "jinja", "project", "relation"]),
    ("project", &["diagnostic"]),
    ("jinja", &["diagnostic", "project"]),
    ("engine", &["dialect", "diagnostic", "relation", "warehouse"]),
    ("warehouse", &["dialect", "diagnostic", "relation"]),
    ("query", &["diagnostic"]),
    ("report", &["diagnostic", "runner"]),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn module_of(path: &Path, root: &Path) -> String {
    let first = path.strip_prefix(root).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_string()
}

fn uses(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && name.starts_with(|c: char| c.is_lowercase()) {
            found.insert(name);
        }
    }
    found
}

#[test]
fn modules_use_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(module, others)| (*module, others.iter().copied().collect())).collect();
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let module = module_of(&file, &root);
        if module == "lib" || module == "main" {
            continue;
        }
        let code: String = std::fs::read_to_string(&file)
            .unwrap()
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .map(|l| format!("{l}\n"))
            .collect();
        for other in uses(&code).into_iter().filter(|other| *other != module) {
            if !allowed.get(module.as_str()).is_some_and(|others| others.contains(other.as_str())) {
                wrong.push(format!("{} uses crate::{other}", file.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that docs/ARCHITECTURE.md does not have:\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "udfs/src", "tests", "examples", "benches"] {
        if root.join(folder).is_dir() {
            rust_files(&root.join(folder), &mut files);
        }
    }
    let long: Vec<String> = files
        .iter()
        .map(|file| (file, std::fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(file, lines)| format!("{} has {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "files over 400 lines:\n{}", long.join("\n"));
}
