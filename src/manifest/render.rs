//! Templates in configuration and properties: values that may hold Jinja → values.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::jinja::{Jinja, Parsed, Scope, Target, Template, Vars};
use crate::project::{Env, ProjectFile, ProjectOptions, Spot, TargetProfile};

/// What every template of the project sees beside what is its own.
#[derive(Default)]
pub struct Context {
    env: Env,
    target: Target,
    vars: IndexMap<String, Vars>,
    /// What a package without vars sees.
    no_vars: Vars,
    flags: Map<String, Value>,
    project_name: String,
    dispatch: Vec<(String, Vec<String>)>,
}

impl Context {
    /// For the templates of `profiles.yml`: there is no target yet, and of the vars only those of the command line.
    pub(super) fn of_profiles(options: &ProjectOptions) -> Self {
        Context { env: options.env.clone(), no_vars: Vars(options.vars.clone()), ..Context::default() }
    }

    pub(super) fn new(
        options: &ProjectOptions,
        project: &ProjectFile,
        target: &TargetProfile,
        vars: IndexMap<String, Vars>,
    ) -> Self {
        let target = Target {
            name: target.target_name.clone(),
            profile_name: target.profile_name.clone(),
            values: target.template_values(),
        };
        let dispatch = project.dispatch.iter().map(|entry| (entry.macro_namespace.clone(), entry.search_order.clone()));
        let mut flags = project.flags.clone();
        flags.insert("full_refresh".to_string(), Value::Bool(options.full_refresh));
        Context {
            env: options.env.clone(),
            target,
            vars,
            no_vars: Vars(options.vars.clone()),
            flags,
            project_name: project.name.value.clone(),
            dispatch: dispatch.collect(),
        }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// What a template of `package` sees, whatever node it belongs to.
    pub(super) fn scope<'a>(&'a self, package: &str, env: &'a dyn Fn(&str) -> Option<String>) -> Scope<'a> {
        Scope {
            flags: self.flags.clone(),
            project_name: self.project_name.clone(),
            dispatch: &self.dispatch,
            ..Scope::new(&self.target, self.vars.get(package).unwrap_or(&self.no_vars), env)
        }
    }
}

/// Renders values of one package.
pub(super) struct Renderer<'a> {
    pub jinja: &'a Jinja,
    pub context: &'a Context,
    pub package: &'a str,
}

impl Renderer<'_> {
    /// A scope for a template of `package`, given the node and configuration it belongs to.
    pub fn with_scope<T>(
        &self,
        node: Option<&Value>,
        config: Option<&Map<String, Value>>,
        run: impl FnOnce(Scope<'_>) -> T,
    ) -> T {
        let env = |name: &str| self.context.env.get(name);
        let scope = self.context.scope(self.package, &env);
        run(Scope { node, config, ..scope })
    }

    /// The value with every text in it that holds Jinja rendered to what it means: `"{{ true }}"` to a boolean.
    pub fn value(&self, value: &Value, spot: &Spot) -> Result<Value, Diagnostic> {
        match value {
            Value::String(text) if holds_jinja(text) => {
                let template = self.template(spot, text);
                let rendered = self.with_scope(None, None, |scope| self.jinja.render_value(&template, &scope));
                rendered.map_err(|error| move_to(error, spot))
            }
            Value::Array(items) => items.iter().map(|item| self.value(item, spot)).collect(),
            Value::Object(map) => {
                let entry = |(key, item): (&String, &Value)| Ok((key.clone(), self.value(item, spot)?));
                map.iter().map(entry).collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            plain => Ok(plain.clone()),
        }
    }

    /// The text rendered, as text.
    pub fn text(&self, text: &str, spot: &Spot) -> Result<String, Diagnostic> {
        if !holds_jinja(text) {
            return Ok(text.to_string());
        }
        Ok(match self.value(&Value::String(text.to_string()), spot)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// The refs and sources of an expression such as `ref('x')`, which stands at `spot`.
    pub fn calls_of(&self, expression: &str, spot: &Spot) -> Result<Parsed, Diagnostic> {
        self.calls_in_text(&format!("{{{{ {expression} }}}}"), spot)
    }

    /// The refs and sources of a template that stands at `spot`.
    pub fn calls_in_text(&self, text: &str, spot: &Spot) -> Result<Parsed, Diagnostic> {
        let template = self.template(spot, text);
        let parsed = self.with_scope(None, None, |scope| self.jinja.parse(&template, &scope));
        parsed.map_err(|error| move_to(error, spot))
    }

    fn template<'t>(&'t self, spot: &'t Spot, text: &'t str) -> Template<'t> {
        Template { package: self.package, name: "a value", path: spot.path(), text }
    }
}

/// Whether a text is more than itself.
pub(super) fn holds_jinja(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// The error at the place in the YAML file: within a value, lines and columns are not those of the file.
pub(super) fn move_to(error: Diagnostic, spot: &Spot) -> Diagnostic {
    error.at(spot.place())
}
