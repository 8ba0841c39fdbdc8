use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> Value {
    parse(&TextFile::new("a.yml", text)).unwrap().map_or(Value::Null, |yaml| yaml.to_json())
}

fn errors(text: &str) -> String {
    let errors = parse(&TextFile::new("a.yml", text)).unwrap_err();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn values_of_every_kind() {
    assert_eq!(read(""), json!(null));
    assert_eq!(read("# only a comment\n"), json!(null));
    assert_eq!(
        read("a: 1\nb: [x, 'yes', yes, \"{{ var('x') }}\"]\nc:\n  d: |\n    one\n    two\n  e: >\n    one\n    two\n"),
        json!({"a": 1, "b": ["x", "yes", true, "{{ var('x') }}"], "c": {"d": "one\ntwo\n", "e": "one two\n"}})
    );
    assert_eq!(read("!!str 12"), json!("12"));
}

#[test]
fn anchors_and_merge_keys() {
    assert_eq!(read("a: &x {k: 1, l: 2}\nb: *x\n"), json!({"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 2}}));
    assert_eq!(
        read("a: &a {k: 1, l: 1}\nb: &b {l: 2, m: 2}\nc: {<<: [*a, *b], k: 3}\n")["c"],
        json!({"k": 3, "l": 1, "m": 2})
    );
}

#[test]
fn values_know_their_place() {
    let file = TextFile::new("a.yml", "models:\n  - name: älter\n    tags: [one, two]\n");
    let yaml = parse(&file).unwrap().unwrap();
    let Data::Map(top) = &yaml.data else { panic!("a mapping") };
    let Data::List(models) = &top[0].1.data else { panic!("a list") };
    assert_eq!(models[0].span, Span { line: 2, column: 5, length: 4 });
    let Data::Map(model) = &models[0].data else { panic!("a mapping") };
    assert_eq!(model[0].1.span, Span { line: 2, column: 11, length: 5 });
    let Data::List(tags) = &model[1].1.data else { panic!("a list") };
    assert_eq!(tags[1].span, Span { line: 3, column: 17, length: 3 });
}

#[test]
fn mistakes_are_shown_with_their_place() {
    let cases = [
        ("a: 1\nb: 2\na: 3\n", "a.yml:3:1", "first given in line 1"),
        ("a: {{ var('x') }}\n", "a.yml:1:5", "in quotes"),
        ("a:\n\tb: 1\n", "a.yml:2:", "tabs"),
        ("a: [1, 2\n", "not YAML", ""),
        ("a: 1\n---\nb: 2\n", "more than one YAML document", "remove the line"),
        ("a: *nothing\n", "a.yml:1:4", ""),
        ("a: &x [*x]\n", "a.yml:1:8", "no complete anchor"),
        ("a: !weird 1\n", "unknown YAML tag '!weird'", ""),
        ("<<: 1\n", "'<<' merges mappings, and this is a number", ""),
    ];
    for (text, one, two) in cases {
        let shown = errors(text);
        assert!(shown.contains(one) && shown.contains(two), "{text:?}\n{shown}");
    }
}

#[test]
fn bombs_are_errors() {
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let one = level - 1;
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{one}"); 10].join(", "));
    }
    assert!(errors(&laughs).contains("once the aliases are written out"));
    assert!(errors(&"[".repeat(200)).contains("levels deep"));
    assert!(!errors(&"[".repeat(100_000)).is_empty());
    assert!(errors(&"- ".repeat(10_000)).contains("levels deep"));
}

#[test]
fn all_errors_of_a_mapping_are_found_at_once() {
    let file = TextFile::new("a.yml", "name: [x]\nenabeld: true\ncount: {a: 1}\ntags: [a, {b: c}]\nflag: 3\n");
    let yaml = parse(&file).unwrap().unwrap();
    let reader = Reader::new(&file);
    let fields = reader.fields(&yaml, "a model").unwrap();
    assert_eq!(fields.required_text("name").value, "");
    assert_eq!(fields.required_text("missing").value, "");
    assert_eq!(fields.flag("enabled"), None);
    assert_eq!(fields.flag("flag"), None);
    assert!(fields.list("count").is_empty());
    assert_eq!(fields.texts("tags").unwrap().len(), 1);
    fields.check_unknown();
    let shown: Vec<String> = reader.finish(()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 6, "{shown:#?}");
    assert!(shown[0].contains("'name' must be text, and this is a list"));
    assert!(shown[1].contains("a model has no 'missing'"));
    assert!(shown[5].contains("unknown key 'enabeld' in a model") && shown[5].contains("did you mean 'enabled'?"));
}

/// Pieces that mutated YAML is made of.
const PIECES: [&str; 28] = [
    "a", ": ", ":", "- ", "\n", "\n  ", "\n\t", "[", "]", "{", "}", "&x ", "*x", "<<: ", "|", ">", "\"", "'", "#",
    "!!", "!a ", "---", "...", "?", "{{ x }}", "%", "\u{feff}", "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1500)))]

    #[test]
    fn no_input_panics(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40)) {
        let _ = parse(&TextFile::new("a.yml", pieces.concat()));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = parse(&TextFile::new("a.yml", text));
    }
}
