//! dbt's Jinja: templates → SQL, and what a template asks for.
//!
//! An interpreter of its own, since dbt's macros are programs with Python's values: lists that grow in place, macros
//! that `return` dicts, `varargs` and `kwargs`. See `docs/adr/0003-own-jinja-interpreter.md`.
//!
//! # Layout
//! `source`, `token`, `lexer`, `literal` → `ast`, `parser` → `interp` (with `value`, `args`, `fault`, `limits`) is the
//! language; `filters`, `predicates`, `methods`, `functions`, `format` are its library; `dbt` is what dbt adds;
//! `builtin` are the macros of dbt's own package, in Jinja; `block` takes snapshot and docs blocks out of files.
//!
//! # Guarantees
//! - A value of a template never leaves the module: in and out go JSON, text and [`Relation`]s.
//! - No template makes a panic or an endless run: every error is a [`Diagnostic`] with its place.
//! - [`Jinja`] does not change after it is made and can be shared between threads.

mod args;
mod ast;
mod block;
mod dbt;
mod fault;
mod filters;
mod format;
mod functions;
mod interp;
mod lexer;
mod limits;
mod literal;
mod methods;
mod parser;
mod predicates;
mod source;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::sync::Arc;

use serde_json::Value as Json;

pub use block::{Block, docs_blocks, snapshot_blocks};
pub use dbt::{
    EnvVarUse, Host, LogFn, LogLevel, MacroFile, MacroInfo, NameKind, Parsed, QueryTable, RefCall, Relation, Scope,
    SourceCall, Target, Template, Vars,
};

use crate::diagnostic::Diagnostic;
use args::Args;
use ast::TemplateAst;
use dbt::{Mode, Registry, Run};
use interp::{Interp, MacroValue};
use source::Source;
use value::Value;

/// The macros of a project and its packages, ready to evaluate templates with.
#[derive(Debug)]
pub struct Jinja {
    registry: Registry,
}

/// The macros of the package `dbt`.
const BUILTIN_FILES: [(&str, &str); 4] = [
    ("macros/names.sql", include_str!("builtin/names.sql")),
    ("macros/generic_tests.sql", include_str!("builtin/generic_tests.sql")),
    ("macros/cross_database.sql", include_str!("builtin/cross_database.sql")),
    ("macros/types_and_dates.sql", include_str!("builtin/types_and_dates.sql")),
];

impl Jinja {
    /// Parses the macros of all packages, and dbt's own.
    ///
    /// # Errors
    /// Every file that cannot be parsed, and every name that one package defines twice (with both places).
    pub fn new(root_package: &str, macros: Vec<MacroFile>) -> Result<Jinja, Vec<Diagnostic>> {
        let builtin = BUILTIN_FILES.map(|(path, text)| MacroFile {
            package: dbt::BUILTIN.to_string(),
            path: path.into(),
            text: text.to_string(),
        });
        let files = macros.into_iter().chain(builtin).collect();
        Ok(Jinja { registry: Registry::new(root_package, files)? })
    }

    /// Every macro, materializations and dbt's own included.
    pub fn macros(&self) -> Vec<MacroInfo> {
        self.registry.infos()
    }

    /// Whether a macro of this name exists: in the package, or where a template of the root project finds it.
    pub fn has_macro(&self, package: Option<&str>, name: &str) -> bool {
        match package {
            Some(package) => self.registry.in_package(package, name).is_some(),
            None => self.registry.resolve(self.registry.root(), name).is_some(),
        }
    }

    /// The names that a template of the root project can call without a package, sorted.
    pub fn macro_names(&self) -> Vec<String> {
        let packages = [self.registry.root(), dbt::BUILTIN];
        let mut names: Vec<String> =
            packages.iter().flat_map(|package| self.registry.names_in(package)).map(String::from).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Evaluates a template with `execute` false and reports what it asked for.
    ///
    /// # Errors
    /// The first error of the template. A name that only exists while executing is none, as in dbt.
    pub fn parse(&self, template: &Template<'_>, scope: &Scope<'_>) -> Result<Parsed, Diagnostic> {
        let run = Run::new(self, scope, Mode::Parse, template.package);
        let text = evaluate(template, &run)?;
        Ok(Parsed { text, ..run.record.into_inner() })
    }

    /// Evaluates a template with `execute` true and gives its text.
    ///
    /// # Errors
    /// The first error of the template or the host.
    pub fn render(&self, template: &Template<'_>, scope: &Scope<'_>, host: &dyn Host) -> Result<String, Diagnostic> {
        let mut run = Run::new(self, scope, Mode::Render, template.package);
        run.host = Some(host);
        evaluate(template, &run)
    }

    /// Evaluates a value of a YAML file, which sees `var`, `env_var` and `target`. A value that is one `{{ … }}` and
    /// nothing else keeps its type: `"{{ var('n') }}"` is a number if `n` is one.
    ///
    /// # Errors
    /// The first error of the template; also when its only expression is undefined.
    pub fn render_value(&self, template: &Template<'_>, scope: &Scope<'_>) -> Result<Json, Diagnostic> {
        if !lexer::has_tags(template.text) {
            return Ok(Json::String(template.text.to_string()));
        }
        let run = Run::new(self, scope, Mode::YamlValue, template.package);
        let parsed = parse_template(template)?;
        let mut interp = Interp::new(&run, parsed.source.clone());
        let place = parsed.source.place(source::Span::new(0, template.text.len()));
        interp.finish(|interp| {
            let value = interp.native_value(&parsed.body)?;
            value::to_json(&value).map_err(|message| Diagnostic::new(message).at(place).into())
        })
    }

    /// The name of a node's relation, as the macros `generate_database_name`, `generate_schema_name` and
    /// `generate_alias_name` make it: the root project's, another package's, or else dbt's own.
    ///
    /// # Errors
    /// An error of the macro, or an empty name.
    pub fn generate_name(
        &self,
        which: NameKind,
        custom: Option<&str>,
        node: &Json,
        scope: &Scope<'_>,
    ) -> Result<String, Diagnostic> {
        let name = which.macro_name();
        let Some(definition) = self.registry.overridden(name) else {
            return Err(Diagnostic::new(format!("there is no macro '{name}'")));
        };
        let run = Run::new(self, scope, Mode::Parse, self.registry.root());
        // The call stands in no file: an error tells the node it is for.
        let node_file = ["original_file_path", "name"].into_iter().find_map(|key| node.get(key)?.as_str());
        let caller = Source::new(self.registry.root(), node_file.unwrap_or_default().as_ref(), "");
        let mut interp = Interp::new(&run, Arc::new(caller));
        let callee = Value::object(MacroValue { definition: definition.clone(), closure: None });
        let args = Args::new(vec![custom.map_or(Value::None, Value::from), value::from_json(node)]);
        let header = || definition.source.place(definition.header);
        let made = interp.finish(|interp| Ok(interp.call(&callee, args)?.to_string()));
        let made = made.map_err(|problem| if problem.place.is_none() { problem.at(header()) } else { problem })?;
        match made.trim() {
            "" => Err(Diagnostic::new(format!("the macro '{name}' gave an empty name")).at(header())),
            made => Ok(made.to_string()),
        }
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}

fn parse_template(template: &Template<'_>) -> Result<TemplateAst, Diagnostic> {
    let source = Source::new(template.package, template.path, template.text);
    parser::parse(Arc::new(source)).map_err(|diagnostic| *diagnostic)
}

fn evaluate(template: &Template<'_>, run: &Run<'_>) -> Result<String, Diagnostic> {
    if !lexer::has_tags(template.text) {
        return Ok(lexer::plain_text(template.text));
    }
    let parsed = parse_template(template)?;
    let mut interp = Interp::new(run, parsed.source.clone());
    if let Some(kwargs) = run.scope.test_kwargs {
        let rendered = interp.finish(|interp| interp.render_test_kwargs(kwargs))?;
        _ = run.test_kwargs.set(rendered);
    }
    interp.render(&parsed)
}
