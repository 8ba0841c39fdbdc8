//! Templates that try to run for ever, or out of memory or stack.

use super::*;

#[test]
fn runaway_templates_end_with_an_error() {
    let project = Project::with_macros(&[(
        "shop",
        "m.sql",
        "{% macro a(x) %}{{ b(x ~ 1) }}{% endmacro %}{% macro b(x) %}{{ a(x) }}{% endmacro %}",
    )]);
    for (text, message) in [
        ("{{ a('') }}", "recurses too deep|macros are running inside one another"),
        ("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}", "recurses|running inside"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "more than 10000000 steps"),
        ("{{ range(1000000000000) }}", "more than 100000 numbers"),
        (
            "{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
            "too much text|more than 16 MiB",
        ),
        (
            "{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "more than",
        ),
        ("{% set l = [1] %}{% for i in range(64) %}{% do l.extend(l) %}{% endfor %}", "more than"),
        (
            "{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
            "text",
        ),
        (
            "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ tojson(ns.x) is none }}{{ ns.x | tojson }}",
            "more than",
        ),
        (
            "{% set ns = namespace(x=(1,)) %}{% for i in range(64) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
            "unhashable type",
        ),
        ("{{ 'x' * 999999999999 }}", "more than 16 MiB"),
        ("{{ [1] * 999999999999 }}", "more than 1000000 items"),
        ("{{ 'a'.ljust(999999999999) }}", "more than 16 MiB"),
        ("{{ '%999999999999d' % 1 }}", "more than 16 MiB"),
        ("{{ '{:999999999999}'.format(1) }}", "more than 16 MiB"),
        ("{{ '%.999999999f' % 1.5 }}", "more than 1000 digits"),
        ("{{ ('x' * 3000000) | replace('x', 'y' * 3000000) }}", "more than 16 MiB"),
        ("{{ ('\n' * 3000000) | indent(3000000, true, true) }}", "more than 16 MiB"),
        ("{{ 'a' | center(99999999999) }}", "more than 16 MiB"),
        ("{{ ('x ' * 3000000).split(' ') }}", "more than"),
        ("{{ 10 ** 10 ** 10 }}", "does not fit"),
        ("{{ [1] | slice(99999999) | list }}", "more than"),
    ] {
        let error = project.render(text).expect_err(text);
        assert!(message.split('|').any(|part| error.message.contains(part)), "{text}\n{}", error.message);
    }
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let project = Project::new();
    let deep = |open: &str, middle: &str, close: &str| {
        format!("{{{{ {}{middle}{} }}}}", open.repeat(5000), close.repeat(5000))
    };
    for text in [
        deep("(", "1", ")"),
        deep("[", "", "]"),
        deep("{1:", "1", "}"),
        deep("-", "1", ""),
        deep("not ", "1", ""),
        deep("1 + ", "1", ""),
        deep("1 ** ", "1", ""),
        deep("x.", "x", ""),
        deep("", "1", " | abs"),
        deep("", "x", "()"),
        deep("1 if 1 else ", "1", ""),
        deep("1 or ", "1", ""),
        "{% if 1 %}".repeat(5000),
        format!("{}{}", "{% for x in [1] %}".repeat(150), "{% endfor %}".repeat(150)),
    ] {
        assert!(project.render(&text).is_err());
    }
    let wide = format!("{{{{ {}1 }}}}", "1 ~ ".repeat(5000));
    assert_eq!(project.render(&wide).unwrap().len(), 5001);
    let nested = format!("{}x{}", "{% if true %}".repeat(90), "{% endif %}".repeat(90));
    assert_eq!(project.render(&nested).unwrap(), "x");
}

#[test]
fn macros_may_nest_far_deeper_than_people_write_them() {
    let project = Project::with_macros(&[(
        "shop",
        "m.sql",
        "{% macro down(n) %}{% if n > 0 %}{% for i in [1] %}{{ down(n - 1) }}{% endfor %}{% else %}end{% endif %}{% endmacro %}",
    )]);
    assert_eq!(project.sql("{{ down(50) }}"), "end");
}
