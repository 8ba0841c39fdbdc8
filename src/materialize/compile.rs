//! A node's template → the SQL that runs: refs are relations, ephemeral models are common table expressions.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::Workspace;
use super::host::{NodeHost, cte_name};
use crate::diagnostic::Diagnostic;
use crate::jinja::{Scope, Template};
use crate::manifest::{Manifest, Node, NodeId, TestKind};

/// SQL that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    pub sql: String,
    /// Whether it reads only what is new.
    pub incremental: bool,
    /// `target/compiled/<package>/<path>`, relative to the project directory.
    pub path: PathBuf,
}

/// Compiles the nodes of a workspace.
pub struct Compiler<'a> {
    workspace: &'a Workspace,
}

impl<'a> Compiler<'a> {
    pub fn new(workspace: &'a Workspace) -> Self {
        Compiler { workspace }
    }

    /// The node's SQL, for a first build or an incremental one.
    pub fn compile(&self, node: &Node, incremental: bool) -> Result<Compiled, Diagnostic> {
        let mut ctes = Vec::new();
        let body = self.render(node, incremental, &mut ctes, &mut Vec::new())?;
        let sql = with_ctes(&body, &ctes);
        Ok(Compiled { sql, incremental, path: compiled_path(&self.workspace.manifest, node) })
    }

    /// A query with refs that belongs to no node.
    pub fn inline(&self, sql: &str) -> Result<Compiled, Diagnostic> {
        let manifest = &self.workspace.manifest;
        let node = Node::inline(&manifest.project_name, sql);
        let mut ctes = Vec::new();
        let body = self.render(&node, false, &mut ctes, &mut Vec::new())?;
        Ok(Compiled { sql: with_ctes(&body, &ctes), incremental: false, path: node.path })
    }

    /// The value of a Jinja expression as the node's template would see it: `ref('transaction')` → the relation's name.
    pub fn expression(&self, node: &Node, expression: &str) -> Result<String, Diagnostic> {
        let host = NodeHost { workspace: self.workspace, node, incremental: true, ephemeral: Mutex::default() };
        let code = format!("{{{{ {expression} }}}}");
        self.with_scope(node, |scope| {
            let template = Template { package: &node.package, name: &node.name, path: &node.path, text: &code };
            self.workspace.manifest.jinja.render(&template, scope, &host)
        })
    }

    /// A hook's SQL, as the node's template would see it.
    pub fn hook(&self, node: &Node, sql: &str) -> Result<String, Diagnostic> {
        let host = NodeHost { workspace: self.workspace, node, incremental: true, ephemeral: Mutex::default() };
        self.with_scope(node, |scope| {
            let template = Template { package: &node.package, name: &node.name, path: &node.path, text: sql };
            self.workspace.manifest.jinja.render(&template, scope, &host)
        })
    }

    /// Renders a node, and before it, into `ctes`, the ephemeral models it names.
    fn render(
        &self,
        node: &Node,
        incremental: bool,
        ctes: &mut Vec<(String, String)>,
        done: &mut Vec<NodeId>,
    ) -> Result<String, Diagnostic> {
        let manifest = &self.workspace.manifest;
        let host = NodeHost { workspace: self.workspace, node, incremental, ephemeral: Mutex::default() };
        let text = self.with_scope(node, |scope| {
            let code = template_text(node);
            let template = Template { package: &node.package, name: &node.name, path: &node.path, text: &code };
            manifest.jinja.render(&template, scope, &host)
        })?;
        let named = host.ephemeral.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for id in named {
            if done.contains(&id) {
                continue;
            }
            done.push(id.clone());
            let Some(ephemeral) = manifest.node(&id) else { continue };
            let body = self.render(ephemeral, false, ctes, done)?;
            ctes.push((cte_name(ephemeral), body));
        }
        Ok(text.trim().trim_end_matches(';').to_string())
    }

    /// Calls `run` with what the node's template sees.
    fn with_scope<T>(&self, node: &Node, run: impl FnOnce(&Scope<'_>) -> T) -> T {
        let kwargs = test_kwargs(node, &self.workspace.manifest);
        self.workspace.manifest.with_node_scope(node, kwargs.as_ref(), &*self.workspace.log, |mut scope| {
            scope.run_started_at = self.workspace.started_at;
            scope.invocation_id = self.workspace.invocation_id.clone();
            run(&scope)
        })
    }
}

/// What the node's template is: its own text, or for a generic test the call of its macro.
fn template_text(node: &Node) -> String {
    match node.test.as_ref().map(|test| &test.kind) {
        Some(TestKind::Generic { name, package, .. }) => {
            let package = package.as_ref().map(|package| format!("{package}.")).unwrap_or_default();
            format!("{{{{ {package}test_{name}(**_dbt_generic_test_kwargs) }}}}")
        }
        _ => node.raw_code.clone(),
    }
}

/// The arguments of a generic test, with the model it tests among them.
fn test_kwargs(node: &Node, manifest: &Manifest) -> Option<Map<String, Value>> {
    let test = node.test.as_ref()?;
    let TestKind::Generic { kwargs, .. } = &test.kind else { return None };
    let mut kwargs = kwargs.clone();
    let attached = test.attached_to.as_ref().and_then(|id| manifest.nodes.get(id))?;
    let call = match &attached.source {
        Some(source) => format!("source({}, {})", literal(&source.source_name), literal(&attached.name)),
        None => format!("ref({}, {})", literal(&attached.package), literal(&attached.name)),
    };
    let model = match &node.config.where_clause {
        Some(condition) => format!("(select * from {{{{ {call} }}}} where {condition}) dbt_subquery"),
        None => format!("{{{{ {call} }}}}"),
    };
    kwargs.insert("model".to_string(), Value::String(model));
    Some(kwargs)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Puts common table expressions before a statement, or before those it has itself.
fn with_ctes(body: &str, ctes: &[(String, String)]) -> String {
    if ctes.is_empty() {
        return body.to_string();
    }
    let list: Vec<String> = ctes.iter().map(|(name, sql)| format!("\"{name}\" as (\n{sql}\n)")).collect();
    let list = list.join(", ");
    match leading_with(body) {
        Some((true, rest)) => format!("with recursive {list}, {rest}"),
        Some((false, rest)) => format!("with {list}, {rest}"),
        None => format!("with {list}\n{body}"),
    }
}

/// What follows a statement's own `with`, and whether that is recursive. Comments before it are passed over.
fn leading_with(body: &str) -> Option<(bool, &str)> {
    let rest = strip_word(skip_comments(body), "with")?;
    let after = skip_comments(rest);
    Some(match strip_word(after, "recursive") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, after),
    })
}

fn strip_word<'s>(text: &'s str, word: &str) -> Option<&'s str> {
    let head = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_');
    (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

fn skip_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if let Some(line) = text.strip_prefix("--") {
            text = line.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(block) = text.strip_prefix("/*") {
            text = block.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            return text;
        }
    }
}

/// Where a node's compiled SQL is written. A generic test has no file of its own: its name makes one.
fn compiled_path(manifest: &Manifest, node: &Node) -> PathBuf {
    let file = match node.test.as_ref().map(|test| &test.kind) {
        Some(TestKind::Generic { .. }) => node.path.join(format!("{}.sql", node.name)),
        _ => node.path.clone(),
    };
    Path::new(&manifest.target_path).join("compiled").join(&node.package).join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_table_expressions_come_before_those_of_the_statement() {
        let ctes = vec![("a".to_string(), "select 1".to_string())];
        assert_eq!(with_ctes("select 2", &ctes), "with \"a\" as (\nselect 1\n)\nselect 2");
        assert_eq!(
            with_ctes("-- c\n/* d */ WITH b as (select 2) select 3", &ctes),
            "with \"a\" as (\nselect 1\n), b as (select 2) select 3"
        );
        assert_eq!(
            with_ctes("with recursive b as (select 2) select 3", &ctes),
            "with recursive \"a\" as (\nselect 1\n), b as (select 2) select 3"
        );
        assert_eq!(with_ctes("without_a_cte", &ctes), "with \"a\" as (\nselect 1\n)\nwithout_a_cte");
    }
}
