//! `clean`: what nobody needs any more.

use std::path::{Component, Path, PathBuf};

use chrono::{TimeDelta, Utc};
use clap::Args;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::report::Output;

/// Remove compiled files (clean-targets), or with --older-than states that were replaced long ago
///
/// A query that still reads such a state fails. Files that no state needs any more go when they are a day old: a run that
/// is under way may be about to publish younger ones.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion clean
  medallion clean --older-than 30d --dry-run
  medallion clean --older-than 12h")]
pub struct CleanArgs {
    /// Forget published states that were replaced before: 30d, 12h, 90m
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<TimeDelta>,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
}

fn age(text: &str) -> Result<TimeDelta, String> {
    let expected = || format!("'{text}' is no age; write 30d, 12h or 90m");
    let unit = text.chars().last().ok_or_else(expected)?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|n| *n >= 0).ok_or_else(expected)?;
    let made = match unit {
        'd' => TimeDelta::try_days(count),
        'h' => TimeDelta::try_hours(count),
        'm' => TimeDelta::try_minutes(count),
        _ => None,
    };
    made.ok_or_else(expected)
}

pub async fn run(global: &GlobalArgs, args: CleanArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let mut out = Output::stdout(&context.report_options);
    let verb = if args.dry_run { "Would remove" } else { "Removed" };
    let Some(age) = args.older_than else {
        for target in &context.manifest.clean_targets {
            let folder = inside(&context, target)?;
            if !folder.exists() {
                continue;
            }
            if !args.dry_run {
                std::fs::remove_dir_all(&folder)
                    .map_err(|error| vec![Diagnostic::new(format!("cannot remove {}: {error}", folder.display()))])?;
            }
            let _ = out.line(&format!("{verb} {}", folder.display()));
        }
        return Ok(exit_code::SUCCESS);
    };
    let before = Utc::now().checked_sub_signed(age).unwrap_or_default();
    let cleaned = context.places.target().clean(before, args.dry_run).await;
    let cleaned = cleaned.map_err(|error| vec![error.into()])?;
    let _ = out.line(&format!(
        "{verb} {} earlier states and {} files ({:.1} MB)",
        cleaned.publications,
        cleaned.files,
        cleaned.bytes as f64 / 1e6
    ));
    Ok(exit_code::SUCCESS)
}

/// A clean target must be below the project: `clean` empties no folder of somebody else.
fn inside(context: &Context, target: &Path) -> Result<PathBuf, Vec<Diagnostic>> {
    let below = target.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !below || target.components().all(|part| part == Component::CurDir) {
        return Err(vec![
            Diagnostic::new(format!("clean-targets: '{}' is not a folder below the project", target.display()))
                .hint("list folders such as target and logs in dbt_project.yml"),
        ]);
    }
    Ok(context.manifest.options.project_dir.join(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(age("30d"), Ok(TimeDelta::days(30)));
        assert_eq!(age("90m"), Ok(TimeDelta::minutes(90)));
        for wrong in ["", "d", "30", "-1d", "30é", "99999999999999999999d", "9223372036854775807d"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
