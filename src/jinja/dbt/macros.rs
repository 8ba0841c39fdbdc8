//! The macros of the project and its packages: one namespace a package.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::jinja::ast::{Expr, ExprKind, Macro, MacroKind, Name, Statement};
use crate::jinja::parser;
use crate::jinja::source::Source;

/// The package of the builtin macros.
pub(crate) const BUILTIN: &str = "dbt";

/// A file of macros.
#[derive(Debug, Clone)]
pub struct MacroFile {
    pub package: String,
    pub path: PathBuf,
    pub text: String,
}

/// What the manifest says of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroInfo {
    /// `macro.package.name`
    pub unique_id: String,
    pub package: String,
    pub name: String,
    pub path: PathBuf,
    /// From `{% macro` to `{% endmacro %}`.
    pub sql: String,
    pub arguments: Vec<String>,
    /// Unique ids of the macros that it calls by name, in order of their first call.
    pub calls: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Registry {
    root: String,
    packages: IndexMap<String, HashMap<Name, Arc<Macro>>>,
}

impl Registry {
    /// Parses all files. Every file with an error and every name that a package defines twice is reported.
    pub fn new(root: &str, files: Vec<MacroFile>) -> Result<Registry, Vec<Diagnostic>> {
        let mut registry = Registry { root: root.to_string(), packages: IndexMap::new() };
        registry.packages.insert(root.to_string(), HashMap::new());
        let mut problems = Vec::new();
        for file in files {
            let source = Arc::new(Source { package: file.package, path: file.path, text: file.text });
            match parser::parse(source) {
                Ok(parsed) => registry.add_all(parsed.body, &parsed.source.package, &mut problems),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() { Ok(registry) } else { Err(problems) }
    }

    fn add_all(&mut self, body: Vec<Statement>, package: &str, problems: &mut Vec<Diagnostic>) {
        let macros = self.packages.entry(package.to_string()).or_default();
        for statement in body {
            let Statement::Macro(definition) = statement else { continue };
            let Some(other) = macros.insert(definition.name.clone(), definition.clone()) else { continue };
            let place = other.source.place(other.header);
            let message = format!("package '{package}' has two macros named '{}'", definition.name);
            let hint = format!("the other one is at {}:{}; rename one of them", place.path.display(), place.line);
            problems.push(definition.source.error(definition.header, message).hint(hint));
        }
    }

    pub fn root(&self) -> &str {
        &self.root
    }

    pub fn has_package(&self, package: &str) -> bool {
        self.packages.contains_key(package)
    }

    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    pub fn in_package(&self, package: &str, name: &str) -> Option<&Arc<Macro>> {
        self.packages.get(package)?.get(name)
    }

    pub fn names_in(&self, package: &str) -> Vec<&str> {
        self.packages.get(package).map(|macros| macros.keys().map(|name| &**name).collect()).unwrap_or_default()
    }

    /// What an unqualified name means in a template of this package: its own macro, the root project's, dbt's.
    pub fn resolve(&self, package: &str, name: &str) -> Option<&Arc<Macro>> {
        [package, &self.root, BUILTIN].into_iter().find_map(|package| self.in_package(package, name))
    }

    /// The project's macro of this name, or that of any package, dbt's last.
    pub fn overridden(&self, name: &str) -> Option<&Arc<Macro>> {
        let installed = self.packages.keys().map(String::as_str).filter(|package| *package != BUILTIN);
        [self.root.as_str()]
            .into_iter()
            .chain(installed)
            .chain([BUILTIN])
            .find_map(|package| self.in_package(package, name))
    }

    /// All macros, by package and place.
    pub fn infos(&self) -> Vec<MacroInfo> {
        let mut infos: Vec<(MacroInfo, usize)> = Vec::new();
        for (package, macros) in &self.packages {
            infos.extend(macros.values().map(|definition| (self.info(package, definition), definition.extent.start)));
        }
        let key = |(info, start): &(MacroInfo, usize)| (info.package.clone(), info.path.clone(), *start);
        infos.sort_by_key(key);
        infos.into_iter().map(|(info, _)| info).collect()
    }

    fn info(&self, package: &str, definition: &Macro) -> MacroInfo {
        let extent = definition.source.text.get(definition.extent.start..definition.extent.end);
        MacroInfo {
            unique_id: unique_id(package, &definition.name),
            package: package.to_string(),
            name: definition.name.to_string(),
            path: definition.source.path.clone(),
            sql: extent.unwrap_or_default().to_string(),
            arguments: definition.parameters.iter().map(|(name, _)| name.to_string()).collect(),
            calls: self.calls(package, definition),
        }
    }

    fn calls(&self, package: &str, definition: &Macro) -> Vec<String> {
        let mut called = Vec::new();
        definition.each_expr(&mut |expr| self.collect_calls(package, expr, &mut called));
        called
    }

    fn collect_calls(&self, package: &str, expr: &Expr, called: &mut Vec<String>) {
        let mut add = |definition: &Arc<Macro>| {
            let id = unique_id(&definition.source.package, &definition.name);
            if !called.contains(&id) {
                called.push(id);
            }
        };
        if let ExprKind::Call(callee, arguments) = &expr.kind {
            match &callee.kind {
                ExprKind::Name(name) => self.resolve(package, name).into_iter().for_each(&mut add),
                ExprKind::Attribute(owner, name) => match &owner.kind {
                    ExprKind::Name(owner) if &**owner == "adapter" && &**name == "dispatch" => {
                        let mut texts = arguments.each().filter_map(|argument| match &argument.kind {
                            ExprKind::Str(text) => Some(&**text),
                            _ => None,
                        });
                        let (name, namespace) = (texts.next().unwrap_or_default(), texts.next().unwrap_or(package));
                        for prefix in ["postgres", "default"] {
                            let name = format!("{prefix}__{name}");
                            let found = [&self.root, namespace].into_iter().find_map(|p| self.in_package(p, &name));
                            found.into_iter().for_each(&mut add);
                        }
                    }
                    ExprKind::Name(owner) => self.in_package(owner, name).into_iter().for_each(&mut add),
                    _ => {}
                },
                _ => {}
            }
        }
        expr.kind.each_child(&mut |child| self.collect_calls(package, child, called));
    }
}

pub(super) fn unique_id(package: &str, name: &str) -> String {
    format!("macro.{package}.{name}")
}

impl Macro {
    /// Whether a template can call the macro. Materializations are only kept for the manifest.
    pub fn is_callable(&self) -> bool {
        self.kind != MacroKind::Materialization
    }
}
