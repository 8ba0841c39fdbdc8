//! What dbt adds to Jinja: the context that models, macros and YAML values see.

mod adapter;
mod clock;
mod column;
mod config;
mod control;
mod data;
mod date;
mod macros;
mod modules;
mod package;
mod query;
mod reference;
mod regular_expression;
mod relation;
mod run;
mod scope;
mod strftime;
mod table;
mod timedelta;
mod variables;
mod yaml;

pub(crate) use macros::{BUILTIN, Registry};
pub use macros::{MacroFile, MacroInfo};
pub use relation::Relation;
pub(crate) use relation::RelationObject;
pub use run::{EnvVarUse, Parsed, RefCall, SourceCall};
pub(crate) use run::{Mode, Run};
pub use scope::{Host, LogFn, LogLevel, NameKind, QueryTable, Scope, Target, Template, Vars};
