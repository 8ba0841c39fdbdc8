use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn dag(edges: &[(usize, usize)], size: usize) -> Dag<usize> {
    let mut dag = Dag::new();
    (0..size).for_each(|key| dag.insert(key));
    edges.iter().for_each(|&(parent, child)| dag.add_edge(parent, child));
    dag
}

/// Edges from smaller to larger keys only, so there is no cycle.
fn acyclic() -> impl Strategy<Value = Dag<usize>> {
    let edge = (0..12_usize, 0..12_usize).prop_filter("a loop", |(a, b)| a != b);
    prop::collection::vec(edge, 0..30)
        .prop_map(|edges| dag(&edges.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect::<Vec<_>>(), 12))
}

/// Whether `to` can be reached from `from`, by trying every way.
fn reaches(dag: &Dag<usize>, from: usize, to: usize) -> bool {
    dag.children(&from).any(|&child| child == to || reaches(dag, child, to))
}

#[test]
fn order_follows_insertion_where_edges_leave_a_choice() {
    assert_eq!(dag(&[(3, 0), (2, 1)], 4).topological(), Ok(vec![&2, &1, &3, &0]));
}

#[test]
fn a_cycle_is_shown_from_its_first_key_to_itself() {
    let dag = dag(&[(0, 1), (1, 2), (2, 3), (3, 1)], 4);
    assert_eq!(dag.cycle(), Some(vec![1, 2, 3, 1]));
    assert_eq!(dag.topological(), Err(vec![1, 2, 3, 1]));
    assert_eq!(ReadyQueue::new(dag).unwrap_err(), vec![1, 2, 3, 1]);
}

#[test]
fn a_key_after_itself_is_a_cycle() {
    assert_eq!(dag(&[(0, 0)], 1).cycle(), Some(vec![0, 0]));
}

#[test]
fn a_long_chain_needs_no_stack() {
    let size = 100_000;
    let mut chain = Dag::new();
    (1..size).for_each(|key| chain.add_edge(key - 1, key));
    assert_eq!(chain.cycle(), None);
    assert_eq!(chain.topological().unwrap().len(), size);
    assert_eq!(chain.descendants(&0, None).last(), Some(&(&(size - 1), size - 1)));
    assert_eq!(chain.induced(|key| key % 99_999 == 0).parents(&99_999).collect::<Vec<_>>(), [&0]);
    let mut queue = ReadyQueue::new(chain).unwrap();
    assert_eq!(queue.take(), Some(0));
    assert_eq!(queue.failed(&0).len(), size - 1);
    assert!(queue.is_finished());
}

#[test]
fn distances_are_the_shortest() {
    let dag = dag(&[(0, 1), (1, 2), (0, 2), (2, 3)], 4);
    assert_eq!(dag.descendants(&0, None), [(&1, 1), (&2, 1), (&3, 2)]);
    assert_eq!(dag.descendants(&0, Some(1)), [(&1, 1), (&2, 1)]);
    assert_eq!(dag.ancestors(&3, Some(0)), []);
    assert_eq!(dag.ancestors(&9, None), []);
}

#[test]
fn a_failure_skips_descendants_once_and_nothing_else() {
    let mut queue = ReadyQueue::new(dag(&[(0, 2), (1, 2), (2, 3)], 5)).unwrap();
    assert_eq!([queue.take(), queue.take(), queue.take(), queue.take()], [Some(0), Some(1), Some(4), None]);
    assert_eq!(queue.failed(&0), [2, 3]);
    assert!(queue.failed(&0).is_empty(), "reported twice");
    assert!(queue.failed(&1).is_empty(), "skipped already");
    queue.done(&3);
    assert!(!queue.is_finished());
    queue.done(&4);
    assert!(queue.is_finished());
    assert_eq!(queue.take(), None);
}

proptest! {
    #[test]
    fn parents_come_first(dag in acyclic()) {
        let order = dag.topological().unwrap();
        prop_assert_eq!(order.len(), dag.len());
        for (at, key) in order.iter().enumerate() {
            prop_assert!(dag.parents(key).all(|parent| order[..at].contains(&parent)));
        }
    }

    #[test]
    fn reach_agrees_with_trying_every_way(dag in acyclic(), key in 0..12_usize) {
        let below: BTreeSet<usize> = dag.descendants(&key, None).into_iter().map(|(key, _)| *key).collect();
        let above: BTreeSet<usize> = dag.ancestors(&key, None).into_iter().map(|(key, _)| *key).collect();
        for other in 0..12 {
            prop_assert_eq!(below.contains(&other), reaches(&dag, key, other));
            prop_assert_eq!(above.contains(&other), reaches(&dag, other, key));
        }
    }

    #[test]
    fn leaving_keys_out_keeps_the_order_of_the_rest(dag in acyclic(), kept in prop::collection::btree_set(0..12_usize, 0..12)) {
        let part = dag.induced(|key| kept.contains(key));
        prop_assert_eq!(part.keys().copied().collect::<BTreeSet<_>>(), kept.iter().copied().collect());
        for &a in &kept {
            for &b in &kept {
                prop_assert_eq!(reaches(&part, a, b), reaches(&dag, a, b));
            }
        }
    }

    #[test]
    fn a_cycle_found_is_a_cycle(edges in prop::collection::vec((0..6_usize, 0..6_usize), 0..12)) {
        let dag = dag(&edges, 6);
        prop_assert_eq!(dag.cycle().is_some(), (0..6).any(|key| {
            dag.descendants(&key, None).iter().any(|(below, _)| dag.children(below).any(|child| *child == key)) || dag.children(&key).any(|child| *child == key)
        }));
        if let Some(cycle) = dag.cycle() {
            prop_assert_eq!(cycle.first(), cycle.last());
            prop_assert!(cycle.windows(2).all(|pair| dag.children(&pair[0]).any(|child| *child == pair[1])));
        }
    }

    #[test]
    fn every_key_ends_once(dag in acyclic(), failing in prop::collection::btree_set(0..12_usize, 0..3), parallel in 1..4_usize) {
        let mut queue = ReadyQueue::new(dag.clone()).unwrap();
        let (mut running, mut done, mut lost) = (VecDeque::new(), Vec::new(), Vec::new());
        while !queue.is_finished() {
            while running.len() < parallel && let Some(key) = queue.take() {
                prop_assert!(dag.parents(&key).all(|parent| done.contains(parent)));
                running.push_back(key);
            }
            let key = running.pop_front().unwrap();
            if failing.contains(&key) {
                lost.push(key);
                lost.extend(queue.failed(&key));
            } else {
                queue.done(&key);
                done.push(key);
            }
        }
        prop_assert_eq!(done.len() + lost.len(), 12);
        prop_assert!(done.iter().all(|key| !lost.contains(key)));
    }
}
