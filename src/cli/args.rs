//! Flags that several commands share, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::manifest::{IndirectSelection, NodeKind, Selection};
use crate::project::{Env, ProjectOptions, parse_vars};
use crate::report::{LogFormat, LogLevel, ReportOptions};

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// The folder of dbt_project.yml [default: this folder, or the nearest one above it that has the file]
    #[arg(long, global = true, value_name = "DIR", env = "DBT_PROJECT_DIR", help_heading = "Project")]
    project_dir: Option<PathBuf>,
    /// The folder of profiles.yml [default: the project's folder, then ~/.dbt]
    #[arg(long, global = true, value_name = "DIR", env = "DBT_PROFILES_DIR", help_heading = "Project")]
    profiles_dir: Option<PathBuf>,
    /// A profile of profiles.yml, in place of the project's own
    #[arg(long, global = true, value_name = "NAME", env = "DBT_PROFILE", help_heading = "Project")]
    profile: Option<String>,
    /// A target of the profile, in place of its default
    #[arg(short, long, global = true, value_name = "NAME", env = "DBT_TARGET", help_heading = "Project")]
    target: Option<String>,
    /// Values for var(), as YAML or JSON
    #[arg(long, global = true, value_name = "YAML", help_heading = "Project")]
    vars: Option<String>,
    /// How many nodes run at once [default: the target's `threads`]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Project")]
    threads: Option<u16>,
    /// Memory for queries, in MiB; beyond it they spill to disk [default: three quarters of the machine's]
    #[arg(long, global = true, value_name = "MIB", env = "MEDALLION_MEMORY", help_heading = "Project")]
    pub memory: Option<usize>,
    /// Errors only
    #[arg(short, long, global = true, help_heading = "Output")]
    quiet: bool,
    /// How lines are written
    #[arg(long, global = true, value_name = "FORMAT", env = "DBT_LOG_FORMAT", help_heading = "Output")]
    log_format: Option<LogFormatArg>,
    /// The least important line that is shown
    #[arg(long, global = true, value_name = "LEVEL", env = "DBT_LOG_LEVEL", help_heading = "Output")]
    log_level: Option<LogLevelArg>,
    /// The folder of medallion.log
    #[arg(long, global = true, value_name = "DIR", env = "DBT_LOG_PATH", help_heading = "Output")]
    log_path: Option<PathBuf>,
    /// Colours even where the output is no terminal
    #[arg(long, global = true, overrides_with = "no_use_colors", help_heading = "Output")]
    use_colors: bool,
    /// No colours
    #[arg(long, global = true, help_heading = "Output")]
    no_use_colors: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormatArg {
    Default,
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogLevelArg {
    Debug,
    Info,
    Warn,
    Error,
    None,
}

impl GlobalArgs {
    /// The options for reading the project.
    pub fn project_options(&self, full_refresh: bool) -> Result<ProjectOptions, Vec<Diagnostic>> {
        let vars = match &self.vars {
            Some(text) => parse_vars(text).map_err(|error| vec![error])?,
            None => Map::new(),
        };
        let project_dir = self.project_dir.clone().unwrap_or_else(nearest_project);
        Ok(ProjectOptions {
            profiles_dir: self.profiles_dir.clone(),
            profile: self.profile.clone(),
            target: self.target.clone(),
            vars,
            full_refresh,
            threads: self.threads.map(usize::from),
            env: Env::process(),
            ..ProjectOptions::new(project_dir)
        })
    }

    pub fn report_options(&self) -> ReportOptions {
        ReportOptions {
            format: match self.log_format {
                None | Some(LogFormatArg::Default) => LogFormat::Default,
                Some(LogFormatArg::Text) => LogFormat::Text,
                Some(LogFormatArg::Json) => LogFormat::Json,
            },
            level: match self.log_level {
                Some(LogLevelArg::Debug) => LogLevel::Debug,
                None | Some(LogLevelArg::Info) => LogLevel::Info,
                Some(LogLevelArg::Warn) => LogLevel::Warn,
                Some(LogLevelArg::Error) => LogLevel::Error,
                Some(LogLevelArg::None) => LogLevel::None,
            },
            quiet: self.quiet,
            color: self.color(),
            log_path: self.log_path.clone(),
            ..ReportOptions::default()
        }
    }

    pub fn color(&self) -> Option<bool> {
        match (self.use_colors, self.no_use_colors) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// What was typed, for run_results.json. Vars are left out: they may hold secrets.
    pub fn as_json(&self) -> Map<String, Value> {
        let mut args = Map::new();
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                args.insert(key.to_string(), Value::String(value));
            }
        };
        add("target", self.target.clone());
        add("profile", self.profile.clone());
        add("project_dir", self.project_dir.as_ref().map(|dir| dir.display().to_string()));
        args
    }
}

/// This folder, or the nearest above it with a dbt_project.yml.
fn nearest_project() -> PathBuf {
    let here = PathBuf::from(".");
    let Ok(current) = std::env::current_dir() else { return here };
    let found = current.ancestors().find(|folder| folder.join("dbt_project.yml").is_file());
    match found {
        Some(folder) if folder != current => folder.to_path_buf(),
        _ => here,
    }
}

/// Which nodes a command is about.
#[derive(Debug, Clone, Default, Args)]
pub struct SelectArgs {
    /// Nodes to take: names, paths, tag:x, source:x, +x+, several joined by a space (or) or a comma (and)
    #[arg(short, long, visible_alias = "models", value_name = "SELECTOR", num_args = 1.., help_heading = "Selection")]
    select: Vec<String>,
    /// Nodes to leave out
    #[arg(long, value_name = "SELECTOR", num_args = 1.., help_heading = "Selection")]
    exclude: Vec<String>,
    /// Kinds of nodes to take: model, test, source, seed, …
    #[arg(long, value_name = "TYPE", num_args = 1.., value_parser = kind_named, help_heading = "Selection")]
    resource_type: Vec<NodeKind>,
    /// Kinds of nodes to leave out
    #[arg(long, value_name = "TYPE", num_args = 1.., value_parser = kind_named, help_heading = "Selection")]
    exclude_resource_type: Vec<NodeKind>,
    /// Which tests of selected nodes come along: eager, cautious, buildable, empty
    #[arg(long, value_name = "MODE", default_value = "eager", value_parser = indirect_named, help_heading = "Selection")]
    indirect_selection: IndirectSelection,
}

fn kind_named(name: &str) -> Result<NodeKind, String> {
    let kinds = || NodeKind::ALL.map(NodeKind::as_str).join(", ");
    NodeKind::from_name(name).ok_or_else(|| format!("the types are {}", kinds()))
}

fn indirect_named(name: &str) -> Result<IndirectSelection, String> {
    let names = || IndirectSelection::NAMES.map(|(name, _)| name).join(", ");
    IndirectSelection::from_name(name).ok_or_else(|| format!("the modes are {}", names()))
}

impl SelectArgs {
    pub fn selection(&self) -> Selection {
        Selection {
            select: self.select.clone(),
            exclude: self.exclude.clone(),
            resource_types: self.resource_type.clone(),
            exclude_resource_types: self.exclude_resource_type.clone(),
            indirect: self.indirect_selection,
        }
    }
}
