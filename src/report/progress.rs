//! What is going on right now, drawn below the lines of a terminal.

use std::collections::HashMap;
use std::time::Duration;

use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::redact::Redactor;
use super::text::{counted, thousands};
use crate::runner::events::{Event, NodeInfo, ReportKind};

const NODES: &str = "{spinner:.green} {elapsed_precise} [{bar:28.green/dim}] {pos}/{len} {wide_msg}";
const LOAD: &str = "  {prefix} [{bar:20.cyan/dim}] {bytes}/{total_bytes} {wide_msg}";
const LOAD_OF_UNKNOWN_SIZE: &str = "  {prefix} {spinner:.cyan} {bytes} {wide_msg}";

/// One bar for the nodes, which names those that run, and one for each load, with its bytes, its rows and rows a second.
#[derive(Debug)]
pub struct Progress {
    bars: MultiProgress,
    nodes: Option<ProgressBar>,
    loads: HashMap<String, ProgressBar>,
    /// The nodes that run now, in the order of starting: unique id → name.
    running: IndexMap<String, String>,
    redactor: Redactor,
}

impl Progress {
    /// Bars on stderr, which `redactor` keeps clean.
    pub fn on_terminal(redactor: Redactor) -> Self {
        Progress::drawn_to(ProgressDrawTarget::stderr(), redactor)
    }

    fn drawn_to(target: ProgressDrawTarget, redactor: Redactor) -> Self {
        Progress {
            bars: MultiProgress::with_draw_target(target),
            nodes: None,
            loads: HashMap::new(),
            running: IndexMap::new(),
            redactor,
        }
    }

    /// Takes the bars away, lets `write` print, and draws them again below.
    pub fn above(&self, write: impl FnOnce()) {
        self.bars.suspend(write);
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted(info) if info.nodes > 0 => {
                let bar = self.bars.add(ProgressBar::new(info.nodes as u64).with_style(bar_style(NODES)));
                bar.enable_steady_tick(Duration::from_millis(100));
                self.nodes = Some(bar);
            }
            Event::NodeStarted { node, .. } if node.kind != ReportKind::Load => {
                self.running.insert(node.unique_id.clone(), self.redactor.text(&node.name));
                self.name_running();
            }
            Event::LoadProgress { node, bytes, total_bytes, rows } => self.load(node, *bytes, *total_bytes, *rows),
            Event::NodeFinished { result, .. } => {
                let node = &*result.node;
                self.running.shift_remove(&node.unique_id);
                if let Some(bar) = self.loads.remove(&node.unique_id) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                }
                if let Some(bar) = self.nodes.as_ref().filter(|_| node.counted) {
                    bar.inc(1);
                }
                self.name_running();
            }
            Event::RunFinished(_) => self.clear(),
            Event::RunStarted(_)
            | Event::NodeStarted { .. }
            | Event::Warning(_)
            | Event::Message(_)
            | Event::Published(_) => {}
        }
    }

    fn load(&mut self, node: &NodeInfo, bytes: u64, total: Option<u64>, rows: u64) {
        let (bars, redactor) = (&self.bars, &self.redactor);
        let bar = self.loads.entry(node.unique_id.clone()).or_insert_with(|| {
            let style = bar_style(if total.is_some() { LOAD } else { LOAD_OF_UNKNOWN_SIZE });
            // Above the bar of all nodes, which stays where it is.
            let bar = bars.insert(0, total.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style));
            bar.set_prefix(redactor.text(&node.shown_as));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_position(bytes);
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        // A rate is shown to the eye; its fraction does not matter.
        let rate = thousands((rows as f64 / seconds) as u64);
        bar.set_message(format!("{}, {rate} rows/s", rows_of(rows)));
    }

    fn name_running(&self) {
        if let Some(bar) = &self.nodes {
            bar.set_message(self.running.values().map(String::as_str).collect::<Vec<_>>().join(", "));
        }
    }

    fn clear(&mut self) {
        for bar in self.loads.drain().map(|(_, bar)| bar).chain(self.nodes.take()) {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn rows_of(rows: u64) -> String {
    if rows == 1 { counted(1, "rows") } else { format!("{} rows", thousands(rows)) }
}

/// The templates above are constants and a test reads them all; the plain bar is for the type checker.
fn bar_style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        for template in [NODES, LOAD, LOAD_OF_UNKNOWN_SIZE] {
            ProgressStyle::with_template(template).unwrap();
        }
    }

    #[test]
    fn the_bar_counts_nodes_and_names_those_that_run() {
        let mut progress = Progress::drawn_to(ProgressDrawTarget::hidden(), Redactor::new(["s3cret"]));
        let said = |progress: &Progress| {
            let bar = progress.nodes.as_ref().unwrap();
            (bar.position(), bar.message())
        };
        progress.event(&Event::RunStarted(sample::info(1, 2)));
        progress.event(&sample::start(1, sample::model("a", "table")));
        progress.event(&sample::start(2, sample::model("b_s3cret", "view")));
        assert_eq!(said(&progress), (0, "a, b_*****".to_string()));
        progress.event(&sample::end(1, sample::made(sample::model("a", "table"), "SELECT 1")));
        assert_eq!(said(&progress), (1, "b_*****".to_string()));
    }

    #[test]
    fn a_load_has_its_own_bar_until_it_ends() {
        let mut progress = Progress::drawn_to(ProgressDrawTarget::hidden(), Redactor::default());
        progress.event(&Event::RunStarted(sample::info(1, 2)));
        let load = sample::load();
        progress.event(&Event::LoadProgress { node: load.clone(), bytes: 50, total_bytes: Some(100), rows: 1234 });
        let bar = progress.loads[&load.unique_id].clone();
        assert_eq!((bar.position(), bar.length()), (50, Some(100)));
        assert!(bar.message().starts_with("1,234 rows, "), "{}", bar.message());
        progress.event(&sample::end(0, sample::made(load, "COPY 1234")));
        assert!(bar.is_finished());
        assert_eq!(progress.nodes.as_ref().unwrap().position(), 0, "loads are not counted");
    }
}
