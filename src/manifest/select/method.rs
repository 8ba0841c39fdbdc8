//! The methods of selection: which nodes a value names.

use serde_json::Value;

use crate::manifest::{Node, NodeKind, TestKind};
use crate::project::wildcard::{fits, fits_path, is_pattern};

/// What the value of a criterion is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Method {
    Fqn,
    Path,
    File,
    Tag,
    Source,
    Exposure,
    Package,
    /// The keys that lead to the value: `config.meta.owner`.
    Config(Vec<String>),
    ResourceType,
    TestType,
    TestName,
}

const TEST_TYPES: [&str; 3] = ["generic", "singular", "data"];

impl Method {
    pub const NAMES: [&'static str; 11] = [
        "fqn",
        "path",
        "file",
        "tag",
        "source",
        "exposure",
        "package",
        "config",
        "resource_type",
        "test_type",
        "test_name",
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let method = match parts.next()? {
            "fqn" => Method::Fqn,
            "path" => Method::Path,
            "file" => Method::File,
            "tag" => Method::Tag,
            "source" => Method::Source,
            "exposure" => Method::Exposure,
            "package" => Method::Package,
            "config" => return Some(Method::Config(parts.map(ToString::to_string).collect())),
            "resource_type" => Method::ResourceType,
            "test_type" => Method::TestType,
            "test_name" => Method::TestName,
            _ => return None,
        };
        parts.next().is_none().then_some(method)
    }

    /// The method of a value that stands alone.
    pub fn of_bare(value: &str) -> Self {
        let is_file = [".sql", ".py", ".csv"].iter().any(|extension| value.to_lowercase().ends_with(extension));
        match (value.contains('/'), is_file) {
            (true, _) => Method::Path,
            (false, true) => Method::File,
            (false, false) => Method::Fqn,
        }
    }

    /// What is wrong with a value, where that can be said without looking at any node.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let one_of = |known: &[&str]| match known.contains(&value) {
            true => Ok(()),
            false => Err(format!("'{value}' is not one of {}", known.join(", "))),
        };
        match self {
            Method::ResourceType => {
                let kinds = NodeKind::ALL.map(NodeKind::as_str);
                one_of(&kinds)
            }
            Method::TestType => one_of(&TEST_TYPES),
            Method::Config(keys) if keys.iter().all(String::is_empty) => {
                Err("'config' needs a key: config.materialized:table".to_string())
            }
            Method::Source | Method::Exposure if value.split('.').count() > 3 => {
                Err(format!("'{value}' has more parts than package.source.table"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the value names the node.
    pub fn fits(&self, value: &str, node: &Node, root: &str) -> bool {
        match self {
            // dbt names sources by `source:` alone.
            Method::Fqn => node.kind != NodeKind::Source && fits_fqn(value, &node.fqn),
            Method::Path => {
                let pattern = value.trim_start_matches("./").trim_end_matches('/');
                node.path.ancestors().any(|path| fits_path(pattern, &path.to_string_lossy().replace('\\', "/")))
            }
            Method::File => {
                let name = node.path.file_name().unwrap_or_default().to_string_lossy();
                let stem = node.path.file_stem().unwrap_or_default().to_string_lossy();
                fits(value, &name) || fits(value, &stem)
            }
            Method::Tag => node.tags.iter().any(|tag| fits(value, tag)),
            Method::Source => fits_source(value, node),
            Method::Exposure => false,
            Method::Package => fits(if value == "this" { root } else { value }, &node.package),
            Method::Config(keys) => fits_config(value, keys, &node.config.raw),
            Method::ResourceType => node.kind.as_str() == value,
            Method::TestType => match node.test.as_ref().map(|test| &test.kind) {
                Some(TestKind::Generic { .. }) => value != "singular",
                Some(TestKind::Singular) => value != "generic",
                None => false,
            },
            Method::TestName => match node.test.as_ref().map(|test| &test.kind) {
                Some(TestKind::Generic { name, .. }) => fits(value, name),
                Some(TestKind::Singular) | None => false,
            },
        }
    }

    pub fn fits_exposure(&self, value: &str, package: &str, name: &str) -> bool {
        let (wanted_package, wanted) = value.split_once('.').unwrap_or(("*", value));
        fits(wanted_package, package) && fits(wanted, name)
    }
}

/// The name of the node, or the start of its fqn with or without the package, or from some part on a pattern for the
/// rest of it.
fn fits_fqn(value: &str, fqn: &[String]) -> bool {
    fits_parts(value, fqn) || fqn.len() > 1 && fits_parts(value, &fqn[1..])
}

fn fits_parts(value: &str, fqn: &[String]) -> bool {
    if fqn.last().is_some_and(|name| name == value) {
        return true;
    }
    // Dots in a name separate like those between folders.
    let fqn: Vec<&str> = fqn.iter().flat_map(|part| part.split('.')).collect();
    let wanted: Vec<&str> = value.split('.').collect();
    if wanted.len() > fqn.len() {
        return false;
    }
    match wanted.iter().position(|part| is_pattern(part)) {
        Some(at) => wanted[..at] == fqn[..at] && fits(&wanted[at..].join("."), &fqn[at..].join(".")),
        None => wanted[..] == fqn[..wanted.len()],
    }
}

/// `source`, `source.table` or `package.source.table`.
fn fits_source(value: &str, node: &Node) -> bool {
    let Some(source) = &node.source else { return false };
    let name = source.source_name.as_str();
    match value.split('.').collect::<Vec<_>>().as_slice() {
        [wanted] => fits(wanted, name),
        [wanted, table] => fits(wanted, name) && fits(table, &node.name),
        [package, wanted, table] => fits(package, &node.package) && fits(wanted, name) && fits(table, &node.name),
        _ => false,
    }
}

fn fits_config(value: &str, keys: &[String], config: &serde_json::Map<String, Value>) -> bool {
    let Some((first, rest)) = keys.split_first() else { return false };
    let found = rest.iter().try_fold(config.get(first), |found, key| Some(found?.get(key)));
    match found.flatten() {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => items.iter().any(|item| fits_scalar(value, item)),
        Some(Value::Object(map)) => map.keys().any(|key| fits(value, key)),
        Some(scalar) => fits_scalar(value, scalar),
    }
}

fn fits_scalar(wanted: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => fits(wanted, text),
        Value::Bool(flag) => wanted.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
        other => {
            let shown = other.to_string();
            shown == wanted
        }
    }
}
