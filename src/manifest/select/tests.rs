use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::manifest::tests::{TestProject, shop};

fn selected(manifest: &Manifest, select: &str, exclude: &str, indirect: IndirectSelection) -> Vec<String> {
    let arguments = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_string()] };
    let selection =
        Selection { select: arguments(select), exclude: arguments(exclude), indirect, ..Selection::default() };
    let found = manifest.select(&selection).unwrap();
    found.nodes.iter().map(|id| manifest.get(id.as_str()).name.clone()).collect()
}

fn models(manifest: &Manifest, select: &str) -> String {
    selected(manifest, select, "resource_type:test", IndirectSelection::Empty).join(" ")
}

#[test]
fn every_method() {
    let manifest = shop()
        .file(
            "models/gold/_more.yml",
            "models:\n  - {name: dim, config: {tags: [nightly, static], meta: {owner: anna}}}\n",
        )
        .load();
    let cases = [
        ("dim", "dim"),
        ("fqn:dim", "dim"),
        ("gold", "fct dim mart"),
        ("shop.gold", "fct dim mart"),
        ("gold.d*", "dim"),
        ("shop.*.fct", "fct"),
        ("*im", "dim"),
        ("gold.?im", "dim"),
        ("path:models/gold", "fct dim mart"),
        ("models/gold/", "fct dim mart"),
        ("./models/gold/dim.sql", "dim"),
        ("models/*.sql", "silver"),
        ("models/**/m*.sql", "mart"),
        ("file:dim.sql", "dim"),
        ("dim.sql", "dim"),
        ("file:d*", "dim"),
        ("tag:nightly", "dim"),
        ("tag:st*", "dim"),
        ("source:forex", "customer_transactions"),
        ("source:forex.customer_transactions", "customer_transactions"),
        ("source:shop.forex.*", "customer_transactions"),
        ("package:shop", "customer_transactions silver dim fct mart"),
        ("package:this,gold", "dim fct mart"),
        ("config.materialized:table", "dim fct"),
        ("config.meta.owner:anna", "dim"),
        ("config.tags:static", "dim"),
        ("config.enabled:true,silver", "silver"),
        ("resource_type:source", "customer_transactions"),
        ("+fct", "customer_transactions silver fct"),
        ("1+fct", "silver fct"),
        ("0+fct", "fct"),
        ("silver+", "silver dim fct mart"),
        ("silver+1", "silver dim fct"),
        ("1+dim+1", "silver dim mart"),
        ("@dim", "customer_transactions silver dim fct mart"),
        ("dim fct", "dim fct"),
        ("silver+,+fct", "silver fct"),
        ("+fct,silver dim", "silver dim"),
        ("nothing", ""),
        ("customer_transactions", ""),
    ];
    for (select, expected) in cases {
        let sorted = |text: &str| text.split_whitespace().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&models(&manifest, select)), sorted(expected), "{select}");
    }
}

#[test]
fn tests_by_type_and_name() {
    let manifest = shop().load();
    let found = |select: &str| selected(&manifest, select, "", IndirectSelection::Empty);
    assert_eq!(found("test_type:singular"), ["no_mart"]);
    assert_eq!(found("test_type:generic").len(), 4);
    assert_eq!(found("test_type:data").len(), 5);
    assert_eq!(found("test_name:uni*"), ["unique_fct_dim_id"]);
    assert_eq!(found("unique_fct_dim_id"), ["unique_fct_dim_id"]);
}

#[test]
fn which_tests_come_along() {
    let manifest = shop().load();
    let relationships = "relationships_fct_dim_id__id__ref_dim_";
    let of_fct = ["unique_fct_dim_id", "not_null_fct_dim_id"];
    let tests = |select: &str, exclude: &str, indirect| {
        let all = selected(&manifest, select, exclude, indirect);
        all.into_iter().filter(|name| name.contains('_') && name != "no_mart").collect::<Vec<_>>()
    };
    assert_eq!(tests("fct", "", IndirectSelection::Eager), [of_fct[0], of_fct[1], relationships]);
    assert_eq!(tests("fct", "", IndirectSelection::Cautious), of_fct);
    assert_eq!(tests("fct dim", "", IndirectSelection::Cautious), [of_fct[0], of_fct[1], relationships]);
    assert_eq!(tests("fct", "", IndirectSelection::Buildable), of_fct);
    assert_eq!(tests("mart", "", IndirectSelection::Buildable), Vec::<String>::new());
    assert_eq!(tests("fct mart", "", IndirectSelection::Buildable), [of_fct[0], of_fct[1], relationships]);
    assert_eq!(tests("fct", "", IndirectSelection::Empty), Vec::<String>::new());
    assert_eq!(tests("fct dim", "dim", IndirectSelection::Eager), of_fct, "a test of what is excluded is excluded");
}

#[test]
fn order_is_topological_and_kinds_can_be_chosen() {
    let manifest = shop().load();
    let all = manifest.select(&Selection::default()).unwrap().nodes;
    assert_eq!(all.len(), manifest.nodes.len());
    for (at, id) in all.iter().enumerate() {
        assert!(manifest.get(id.as_str()).depends_on.iter().all(|parent| all[..at].contains(parent)));
    }
    let kinds = |resource_types, exclude_resource_types| {
        let selection = Selection { resource_types, exclude_resource_types, ..Selection::default() };
        manifest.select(&selection).unwrap().nodes.len()
    };
    assert_eq!(kinds(vec![NodeKind::Model, NodeKind::Source], vec![]), 5);
    assert_eq!(kinds(vec![], vec![NodeKind::Test]), 5);
}

#[test]
fn an_exposure_stands_for_what_comes_before_it() {
    let manifest = shop()
        .file(
            "models/e.yml",
            "exposures:\n  - {name: board, type: dashboard, owner: {name: a}, depends_on: [ref('fct')]}\n",
        )
        .load();
    assert_eq!(models(&manifest, "+exposure:board"), "customer_transactions silver fct");
    assert_eq!(models(&manifest, "1+exposure:bo*"), "fct");
    assert_eq!(models(&manifest, "exposure:board"), "");
}

#[test]
fn criteria_that_match_nothing_are_warnings() {
    let manifest = shop().load();
    let selection = Selection { select: vec!["nix".into(), "silver,mart dim".into()], ..Selection::default() };
    let warnings: Vec<String> =
        manifest.select(&selection).unwrap().warnings.into_iter().map(|warning| warning.message).collect();
    assert_eq!(
        warnings,
        [
            "The selection criterion 'nix' does not match any enabled nodes",
            "The selection criterion 'silver,mart' does not match any enabled nodes",
        ]
    );
}

#[test]
fn criteria_that_cannot_be_read() {
    let manifest = shop().load();
    let cases = [
        ("tags:x", "no selector method 'tags'", "did you mean 'tag'?"),
        ("state:modified", "no selector method 'state'", "the methods are: config, exposure, file"),
        ("@x+", "both '@' and '+'", "leave the '+' out"),
        ("+", "names nothing", "model's name"),
        ("tag:", "names nothing", "model's name"),
        ("dim,", "names nothing", "model's name"),
        ("config:table", "needs a key", "--select:1:8"),
        ("resource_type:modle", "'modle' is not one of source, seed, model", ""),
        ("test_type:unit", "is not one of generic", ""),
        ("source:a.b.c.d", "more parts", ""),
    ];
    for (select, one, two) in cases {
        let selection = Selection { select: vec![select.to_string()], ..Selection::default() };
        let shown = manifest.select(&selection).unwrap_err().to_string();
        assert!(shown.contains(one) && shown.contains(two), "{select}\n{shown}");
    }
}

/// A project of `size` models, each reading some of those before it, as pairs.
fn project(edges: &[(usize, usize)], size: usize) -> Manifest {
    (0..size)
        .fold(TestProject::new(), |project, model| {
            let refs: Vec<String> = edges
                .iter()
                .filter(|(_, child)| *child == model)
                .map(|(parent, _)| format!("{{{{ ref('m{parent}') }}}}"))
                .collect();
            project.file(&format!("models/m{model}.sql"), &format!("select {}", refs.join(" ")))
        })
        .load()
}

/// All keys at most `depth` edges away, by trying every way.
fn walk(edges: &[(usize, usize)], from: usize, depth: usize, up: bool, found: &mut BTreeSet<usize>) {
    if found.insert(from) || depth > 0 {
        for &(parent, child) in edges {
            let (here, next) = if up { (child, parent) } else { (parent, child) };
            if here == from && depth > 0 {
                walk(edges, next, depth - 1, up, found);
            }
        }
    }
}

/// What selectors are made of.
const PIECES: [&str; 16] =
    ["+", "@", "2", ":", ".", "*", "[", "tag:", "source:", "path:models", "config.x:", "fct", ",", " ", "\u{e9}", "!"];

#[test]
fn any_text_selects_something_or_says_why_not() {
    let manifest = shop().load();
    let text = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..7).prop_map(|pieces| pieces.concat());
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let run = |(select, exclude): (String, String)| {
        let selection = Selection { select: vec![select], exclude: vec![exclude], ..Selection::default() };
        if let Err(error) = manifest.select(&selection) {
            prop_assert!(!error.to_string().is_empty());
        }
        Ok(())
    };
    proptest::test_runner::TestRunner::new(config).run(&(text.clone(), text), run).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn graph_operators_agree_with_trying_every_way(
        pairs in prop::collection::vec((0..7_usize, 0..7_usize), 0..12),
        from in 0..7_usize,
        up in 0..4_usize,
        down in 0..4_usize,
    ) {
        let edges: Vec<(usize, usize)> =
            pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let manifest = project(&edges, 7);
        let naive = |up: Option<usize>, down: Option<usize>| {
            let mut found = BTreeSet::from([from]);
            up.into_iter().for_each(|depth| walk(&edges, from, depth, true, &mut found));
            let mut below = BTreeSet::from([from]);
            down.into_iter().for_each(|depth| walk(&edges, from, depth, false, &mut below));
            found.extend(below);
            found
        };
        let real = |text: String| -> BTreeSet<usize> {
            models(&manifest, &text).split_whitespace().map(|name| name[1..].parse().unwrap()).collect()
        };
        prop_assert_eq!(real(format!("{up}+m{from}")), naive(Some(up), None));
        prop_assert_eq!(real(format!("m{from}+{down}")), naive(None, Some(down)));
        prop_assert_eq!(real(format!("{up}+m{from}+{down}")), naive(Some(up), Some(down)));
        prop_assert_eq!(real(format!("+m{from}+")), naive(Some(7), Some(7)));
        let mut around = naive(None, Some(7));
        for model in around.clone() {
            walk(&edges, model, 7, true, &mut around);
        }
        prop_assert_eq!(real(format!("@m{from}")), around);
    }

    #[test]
    fn no_criterion_panics(text in "[@+0-9a-z:.,*\\[\\]/ é-]{0,20}") {
        let _ = Criterion::parse("--select", &text);
    }
}
