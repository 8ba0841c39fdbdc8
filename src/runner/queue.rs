//! A graph's nodes, each as soon as its parents are done, several at once.

use std::future::Future;

use tokio::task::JoinSet;

use super::cancel::Cancel;
use crate::dag::{Dag, ReadyQueue};
use crate::manifest::NodeId;

/// How a node ended, as far as its descendants are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done,
    /// Its descendants are skipped.
    Failed,
}

/// Which worker runs a node, counted from one.
pub type Worker = usize;

/// Runs the nodes of `graph`, at most `threads` at once. `skipped` hears of each node that will not run since an ancestor
/// failed, or since the run stopped.
pub async fn drive<R, F>(
    graph: Dag<NodeId>,
    threads: usize,
    cancel: &Cancel,
    run: R,
    mut skipped: impl FnMut(&NodeId),
) -> Result<(), String>
where
    R: Fn(NodeId, Worker) -> F,
    F: Future<Output = End> + Send + 'static,
{
    let mut left: Vec<NodeId> = graph.keys().cloned().collect();
    let mut queue = ReadyQueue::new(graph).map_err(|cycle| format!("the graph has a cycle: {cycle:?}"))?;
    let mut running: JoinSet<(NodeId, Worker, End)> = JoinSet::new();
    let mut idle: Vec<Worker> = (1..=threads.max(1)).rev().collect();
    loop {
        while !cancel.is_cancelled()
            && let Some(worker) = idle.pop()
        {
            let Some(id) = queue.take() else {
                idle.push(worker);
                break;
            };
            let node = run(id.clone(), worker);
            running.spawn(async move { (id, worker, node.await) });
        }
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            () = cancel.cancelled(), if !running.is_empty() && !cancel.is_cancelled() => {
                running.abort_all();
                continue;
            }
        };
        let (id, worker, end) = match ended {
            None => break,
            Some(Ok(ended)) => ended,
            // Stopped in the middle: it counts among those that did not run.
            Some(Err(error)) if error.is_cancelled() => continue,
            Some(Err(error)) => return Err(format!("a node stopped: {error}")),
        };
        idle.push(worker);
        left.retain(|other| *other != id);
        if end == End::Done {
            queue.done(&id);
            continue;
        }
        for descendant in queue.failed(&id) {
            left.retain(|other| *other != descendant);
            skipped(&descendant);
        }
    }
    left.iter().for_each(skipped);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn graph(edges: &[(&str, &str)]) -> Dag<NodeId> {
        let mut graph = Dag::new();
        for (parent, child) in edges {
            graph.add_edge(NodeId::new(parent), NodeId::new(child));
        }
        graph
    }

    async fn ran(edges: &[(&str, &str)], failing: &'static str, cancel: Cancel) -> (Vec<String>, Vec<String>) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut skipped = Vec::new();
        let run = |id: NodeId, _| {
            let order = Arc::clone(&order);
            async move {
                order.lock().unwrap().push(id.to_string());
                if id.as_str() == failing { End::Failed } else { End::Done }
            }
        };
        drive(graph(edges), 3, &cancel, run, |id| skipped.push(id.to_string())).await.unwrap();
        let order = order.lock().unwrap().clone();
        (order, skipped)
    }

    #[tokio::test]
    async fn a_failure_skips_what_hangs_on_it_and_nothing_else() {
        let (order, skipped) = ran(&[("a", "b"), ("b", "c"), ("a", "d")], "b", Cancel::default()).await;
        assert_eq!(order[0], "a");
        assert_eq!(order.len(), 3);
        assert_eq!(skipped, ["c"]);
    }

    #[tokio::test]
    async fn a_stopped_run_starts_nothing() {
        let cancel = Cancel::default();
        cancel.cancel();
        let (order, skipped) = ran(&[("a", "b")], "", cancel).await;
        assert!(order.is_empty());
        assert_eq!(skipped, ["a", "b"]);
    }
}
