//! `compile`: templates to SQL, without running it.

use clap::Args;

use super::Outcome;
use super::args::{GlobalArgs, SelectArgs};
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::manifest::{Materialization, NodeKind};
use crate::materialize::Compiler;
use crate::report::Output;
use crate::warehouse::RelationKind;

/// Turn models and tests into SQL under target/compiled, without running it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion compile
  medallion compile --select customer_dim     shows its SQL")]
pub struct CompileArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Compile incremental models as for a full refresh
    #[arg(short, long)]
    full_refresh: bool,
}

pub async fn run(global: &GlobalArgs, args: CompileArgs) -> Outcome {
    let context = Context::open(global, args.full_refresh)?;
    let selected = context.select(&args.select)?;
    let workspace = context.workspace("compile").await?;
    let compiler = Compiler::new(&workspace);
    let mut errors = Vec::new();
    let mut shown = Vec::new();
    for node in selected.iter().filter_map(|id| context.manifest.node(id)) {
        if !matches!(node.kind, NodeKind::Model | NodeKind::Test | NodeKind::Analysis) {
            continue;
        }
        let stored = node.relation.as_ref().and_then(|relation| workspace.relations.describe(relation));
        let incremental = node.config.materialized == Materialization::Incremental
            && !node.config.full_refresh.unwrap_or(args.full_refresh)
            && stored.is_some_and(|stored| stored.kind == RelationKind::Table);
        match compiler.compile(node, incremental) {
            Ok(compiled) => {
                write(&context, &compiled.path, &compiled.sql).map_err(|error| vec![error])?;
                shown.push((node.name.clone(), compiled.sql));
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    write_manifest(&context)?;
    let mut out = Output::stdout(&context.report_options);
    let told = match shown.as_slice() {
        [(_, sql)] => out.line(sql),
        all => out.line(&format!(
            "Compiled {} nodes to {}",
            all.len(),
            context.manifest.target_path.join("compiled").display()
        )),
    };
    // A closed pipe is the reader's wish.
    let _ = told;
    Ok(exit_code::SUCCESS)
}

fn write(context: &Context, path: &std::path::Path, text: &str) -> Result<(), Diagnostic> {
    let path = context.manifest.options.project_dir.join(path);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Diagnostic::new(format!("cannot write {}: {error}", path.display())))
}

/// Leaves `target/manifest.json`, in dbt's shape.
pub fn write_manifest(context: &Context) -> Result<(), Vec<Diagnostic>> {
    let json = context.manifest.to_json().to_string();
    write(context, &context.manifest.target_path.join("manifest.json"), &json).map_err(|error| vec![error])
}
