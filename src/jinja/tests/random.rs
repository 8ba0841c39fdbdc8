//! No text makes a panic, whatever it is.

use proptest::prelude::*;

use super::*;

const PIECES: [&str; 78] = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "+",
    " ",
    "\n",
    "\r\n",
    "é",
    "'",
    "\"",
    "\\",
    "\\x4",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "|",
    "~",
    "*",
    "**",
    "/",
    "//",
    "%",
    "=",
    "==",
    "<",
    ">=",
    "0",
    "1",
    "-1",
    "2.5",
    "1e9",
    "99999999999",
    "0x",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "in",
    "endfor",
    "set",
    "endset",
    "macro m(a)",
    "endmacro",
    "call",
    "endcall",
    "do",
    "raw",
    "endraw",
    "filter",
    "endfilter",
    "is",
    "not",
    "and",
    "none",
    "l",
    "d",
    "s",
    "m",
    "loop",
    "append",
    "items",
    "join",
    "upper",
    "format",
    "split",
    "defined",
    "\u{2028}",
];

const VALID: [&str; 8] = [
    "{% set l = [1, 'a', {'k': (1, 2.5)}] %}{% do l.append(l[0]) %}{{ l | map('string') | join(', ') }}",
    "{% macro m(a, b=[1, 2]) %}{{ a }}{{ varargs }}{{ kwargs }}{{ caller(a) }}{% endmacro %}{% call(x) m(1, k='v') %}{{ x }}{% endcall %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() if v > 0 %}{{ loop.index }}{{ k ~ '=' ~ v }}{% else %}none{% endfor %}",
    "{{ '%05.2f|%s|%(x)s' % (3.14159, 'é') }}{{ '{:>10,.3f}|{!r:^5}'.format(12345.678, 'x') }}{{ s.title().split(' ', 1)[::-1] }}",
    "{% set x %}a{{ 1 // 2 ** 3 % 4 }}{% endset %}{{ x[1:-1:2] if x is defined and x not in ['a'] else none }}",
    "{{ modules.datetime.datetime.strptime('2024-02-30', '%Y-%m-%d').strftime('%Y %j %-d') + modules.datetime.timedelta(days=1e9) }}",
    "{{ modules.re.sub('(a)(b)?', '\\\\2\\\\g<1>', 'abé', 3) }}{{ fromyaml('a: [1, {b: c}]') | tojson }}{{ toyaml(d) }}",
    "{{ ref('a', v=1).include(schema=false) }}{{ source('a', 'b') }}{{ config(a=[1], b=none) }}{{ var('n') }}{{ run_query('x').rows }}",
];

fn project() -> Project {
    let mut project = Project::new();
    project.extra = json!({"l": [3, 1, "x"], "d": {"a": [1, {"b": null}], "é": 1.5}, "s": "Héllo, World"});
    project
}

/// Evaluates the text in every way there is. The places of errors must lie in the text.
fn try_all(project: &Project, text: &str) {
    let errors = [
        project.render(text).err(),
        project.parse(text).err(),
        project.value(text).err(),
        snapshot_blocks(Path::new("x"), text).err(),
        docs_blocks(Path::new("x"), text).err(),
    ];
    for error in errors.into_iter().flatten() {
        assert!(!error.to_string().is_empty());
        let place = error.place.unwrap_or_else(|| panic!("{text}\n{} has no place", error.message));
        assert!(place.line <= text.lines().count().max(1) + 1, "{text}");
    }
}

fn cut(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(400)))]

    #[test]
    fn random_pieces(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        try_all(&project(), &pieces.concat());
    }

    #[test]
    fn random_pieces_in_a_tag(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12)) {
        try_all(&project(), &format!("{{{{ {} }}}}", pieces.join(" ")));
    }

    #[test]
    fn mutated_templates(
        which in 0..VALID.len(),
        edits in proptest::collection::vec((0..200_usize, 0..6_usize, proptest::sample::select(&PIECES[..])), 1..4),
    ) {
        let mut text = VALID[which].to_string();
        for (at, removed, piece) in edits {
            let start = cut(&text, at);
            let end = cut(&text, start + removed).max(start);
            text.replace_range(start..end, piece);
        }
        try_all(&project(), &text);
    }

    #[test]
    fn any_text(text in "\\PC*") {
        try_all(&project(), &text);
    }

    #[test]
    fn any_arguments(
        name in proptest::sample::select(&["replace", "indent", "center", "truncate", "round", "batch", "slice", "wordwrap", "join", "sort", "int", "sum"][..]),
        subject in proptest::sample::select(&["l", "d", "s", "1", "2.5", "none", "'é a'", "x"][..]),
        arguments in proptest::collection::vec(proptest::sample::select(&["1", "-1", "0", "2.5", "none", "'é'", "''", "l", "d", "99999", "true"][..]), 0..4),
    ) {
        try_all(&project(), &format!("{{{{ {subject} | {name}({}) }}}}", arguments.join(", ")));
    }

    #[test]
    fn any_method(
        name in proptest::sample::select(&["split", "rsplit", "find", "rfind", "count", "zfill", "center", "ljust", "expandtabs", "splitlines", "partition", "strip", "format", "pop", "insert", "index", "get", "update", "setdefault", "startswith", "join", "replace"][..]),
        subject in proptest::sample::select(&["l", "d", "s", "'é a'", "(1, 2)", "set([1])"][..]),
        arguments in proptest::collection::vec(proptest::sample::select(&["1", "-5", "0", "none", "'é'", "''", "l", "d", "99999", "'a'"][..]), 0..4),
    ) {
        try_all(&project(), &format!("{{{{ {subject}.{name}({}) }}}}", arguments.join(", ")));
    }

    #[test]
    fn integers_divide_as_in_python(a in -1000_i64..1000, b in -50_i64..50) {
        prop_assume!(b != 0);
        let text = project().render(&format!("{{{{ ({a}) // ({b}) * ({b}) + ({a}) % ({b}) == ({a}) and (({a}) % ({b}) == 0 or (({a}) % ({b}) > 0) == (({b}) > 0)) }}}}")).unwrap();
        prop_assert_eq!(text, "True");
    }

    #[test]
    fn text_survives_json_and_repr(text in "\\PC{0,20}") {
        let mut project = project();
        project.extra = json!({"t": text});
        prop_assert_eq!(project.render("{{ fromjson(tojson(t)) == t and fromyaml(toyaml({'k': t})).k == t }}").unwrap(), "True");
    }
}
