//! `{% docs %}` blocks and the descriptions that name them.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;
use crate::jinja::docs_blocks;
use crate::project::Project;

/// Every docs block, by package and name.
pub(super) struct Docs {
    texts: HashMap<(String, String), String>,
    entries: Vec<(String, Value)>,
}

impl Docs {
    pub fn collect(project: &Project) -> Result<Self, Vec<Diagnostic>> {
        let mut docs = Docs { texts: HashMap::new(), entries: Vec::new() };
        let mut errors = Vec::new();
        for package in project.packages() {
            for file in &package.docs {
                match docs_blocks(&file.path, &file.text) {
                    Ok(found) => {
                        for block in found {
                            let path = file.path.display().to_string();
                            docs.add(package.name(), &block.name, &path, block.body.trim());
                        }
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        if errors.is_empty() { Ok(docs) } else { Err(errors) }
    }

    fn add(&mut self, package: &str, name: &str, path: &str, text: &str) {
        let id = format!("doc.{package}.{name}");
        let entry = json!({
            "name": name, "resource_type": "doc", "package_name": package, "path": path, "original_file_path": path,
            "unique_id": id, "block_contents": text,
        });
        self.entries.push((id, entry));
        self.texts.insert((package.to_string(), name.to_string()), text.to_string());
    }

    /// As `manifest.json` shows them, by unique id.
    pub fn into_entries(self) -> Vec<(String, Value)> {
        self.entries
    }

    /// The description with each `{{ doc('name') }}` or `{{ doc('package', 'name') }}` replaced by its block's text.
    ///
    /// A call that names no block stays as it is written.
    pub fn fill(&self, description: &str, package: &str) -> String {
        let mut filled = String::new();
        let mut rest = description;
        while let Some(start) = rest.find("{{") {
            let Some(end) = rest[start..].find("}}").map(|end| start + end + 2) else { break };
            filled.push_str(&rest[..start]);
            let call = &rest[start..end];
            filled.push_str(self.text_of(&call[2..call.len() - 2], package).unwrap_or(call));
            rest = &rest[end..];
        }
        filled + rest
    }

    fn text_of(&self, call: &str, package: &str) -> Option<&str> {
        let arguments = call.trim().strip_prefix("doc")?.trim().strip_prefix('(')?.strip_suffix(')')?;
        let mut names = arguments.split(',').map(|name| name.trim().trim_matches(['"', '\'']));
        let (package, name) = match (names.next()?, names.next()) {
            (name, None) => (package, name),
            (package, Some(name)) => (package, name),
        };
        self.texts.get(&(package.to_string(), name.to_string())).map(String::as_str)
    }
}
