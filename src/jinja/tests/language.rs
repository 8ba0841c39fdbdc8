//! The language: `jinja2.txt` holds templates and what Jinja2 3.1.6 itself prints for them.

use serde_json::json;

use super::Project;

fn unescape(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}

#[test]
fn prints_what_jinja2_prints() {
    let mut project = Project::new();
    project.extra = json!({
        "l": [3, 1, 2], "d": {"b": 1, "a": [1, {"x": null}]}, "s": "Hello, World", "n": 7, "f": 2.5,
        "users": [
            {"name": "bob", "age": 30, "g": "x"}, {"name": "Al", "age": 5, "g": "y"}, {"name": "cy", "age": 30, "g": "x"},
        ],
    });
    let cases: Vec<&str> = include_str!("jinja2.txt").split("\n\n").filter(|case| !case.trim().is_empty()).collect();
    assert!(cases.len() > 120, "only {} cases were read", cases.len());
    for case in cases {
        let (template, expected) = case.trim_end_matches('\n').split_once("\n= ").unwrap();
        let template = unescape(template);
        match project.render(&template) {
            Ok(text) => assert_eq!(text, unescape(expected), "of {template}"),
            Err(diagnostic) => panic!("{template}\n{diagnostic}"),
        }
    }
}

#[test]
fn a_text_without_tags_stays_as_it_is() {
    let project = Project::new();
    for (text, expected) in [
        ("", ""),
        ("select 1", "select 1"),
        ("select 1\n\n", "select 1\n"),
        ("a\r\nb\r\n", "a\nb"),
        ("{ } { % } {", "{ } { % } {"),
        ("é{é}", "é{é}"),
    ] {
        assert_eq!(project.render(text).unwrap(), expected);
        assert_eq!(project.parse(text).unwrap().text, expected);
    }
}

#[test]
fn inline_macros_see_the_variables_around_them_and_return_values() {
    let project = Project::new();
    assert_eq!(
        project.sql("{% macro pick(l) %}{% for x in l %}{% if x > 1 %}{{ return({'found': x}) }}{% endif %}{% endfor %}{% endmacro %}{{ pick([1, 2, 3]).found + 1 }}"),
        "3"
    );
    assert_eq!(
        project.sql("{% macro nothing() %}text{% do return(none) %}{% endmacro %}{{ nothing() is none }}"),
        "True"
    );
}

#[test]
fn return_in_a_call_block_ends_the_macro_that_runs_it() {
    let project =
        Project::with_macros(&[("shop", "m.sql", "{% macro twice() %}{{ caller() }}{{ caller() }}{% endmacro %}")]);
    assert_eq!(project.sql("{% call twice() %}{{ return(7) }}{% endcall %}"), "7");
}

#[test]
fn break_does_not_leave_a_macro() {
    let project = Project::new();
    let text = "{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}";
    assert!(project.render(text).unwrap_err().message.contains("outside of a for loop"));
}

#[test]
fn values_can_hold_themselves() {
    let project = Project::new();
    assert!(project.render("{% set l = [1] %}{% do l.append(l) %}{{ l == l }}{{ l }}").unwrap().contains("..."));
    let deep = "{% set ns = namespace(l=[], t=()) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% set ns.t = (ns.t,) %}{% endfor %}ok";
    assert_eq!(project.render(deep).unwrap(), "ok");
}
