//! Errors as people read them.

use super::*;

#[test]
fn an_error_shows_its_place() {
    let project = Project::new();
    let shown = project.render("select\n  {{ 1 + 'a' }}\n").unwrap_err().to_string();
    assert_eq!(
        shown,
        "unsupported operand types for +: 'int' and 'str'\n --> models/orders.sql:2:6\n  |\n2 |   {{ 1 + 'a' }}\n  |      ^^^^^^^\n  = help: '~' joins values of any type as text"
    );
}

#[test]
fn an_error_in_a_macro_tells_who_called_it() {
    let project = Project::with_macros(&[(
        "shop",
        "macros/x.sql",
        "{% macro outer(a) %}\n  {{ inner(a) }}\n{% endmacro %}\n\n{% macro inner(a) %}\n\n  {{ a.b.c }}\n{% endmacro %}\n",
    )]);
    let error = project.render("select 1,\n  {{ outer(1) }}").unwrap_err();
    assert_eq!(error.message, "'int object' has no attribute 'b'");
    let place = error.place.unwrap();
    assert_eq!((place.path.to_str(), place.line, place.column), (Some("macros/x.sql"), 7, 6));
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "the names are: bit_length; in macro inner (macros/x.sql:7), called from macro outer (macros/x.sql:2), called from models/orders.sql:2"
        )
    );
}

#[test]
fn wrong_arguments_are_an_error_of_the_call() {
    let project = Project::with_macros(&[("shop", "macros/x.sql", "{% macro m(first) %}{{ first }}{% endmacro %}")]);
    let error = project.render("{{ m(frist=1) }}").unwrap_err();
    assert_eq!(error.message, "macro 'm' has no argument 'frist'");
    assert_eq!(error.hint.as_deref(), Some("did you mean 'first'?"));
    assert_eq!(error.place.unwrap().path, Path::new("models/orders.sql"));
}

#[test]
fn messages_and_hints() {
    let project = Project::with_macros(&[
        ("shop", "macros/x.sql", "{% macro surrogate_key() %}{% endmacro %}"),
        ("utils", "macros/u.sql", "{% macro star(from) %}{% endmacro %}"),
    ]);
    let cases = [
        ("{{ surogate_key() }}", "'surogate_key' is undefined", "did you mean 'surrogate_key'?"),
        ("{{ star() }}", "'star' is undefined", "write 'utils.star'"),
        ("{{ utils.stra() }}", "package 'utils' has no macro 'stra'", "did you mean 'star'?"),
        ("{{ dbt_utils.star() }}", "'dbt_utils' is undefined", "no variable, function, macro or package"),
        ("{{ 'a' | uper }}", "no filter named 'uper'", "did you mean 'upper'?"),
        ("{{ 1 is difined }}", "no test named 'difined'", "did you mean 'defined'?"),
        ("{{ var('m', ) }}", "the variable 'm' is not set", "did you mean 'n'?"),
        ("{{ env_var('NOPE') }}", "the environment variable 'NOPE' is not set", "env_var('NOPE', '…')"),
        ("{{ env_var('DBT_ENV_SECRET_KEY') }}", "cannot be used here", "profiles.yml"),
        ("{{ ref('missing') }}", "there is no model 'missing'", "write it"),
        ("{{ ref() }}", "ref() needs the argument 'package_or_name'", ""),
        ("{{ exceptions.raise_compiler_error('bad ' ~ 1) }}", "bad 1", ""),
        ("{{ return(1) }}", "return() outside of a macro", ""),
        ("{% include 'x' %}", "'include' is not supported in dbt", "without importing"),
        ("{% fro x in y %}{% endfor %}", "unknown tag 'fro'", "did you mean"),
        ("{% if a %}{% endfor %}", "unknown tag 'endfor'", "ends with '{% endif %}'"),
        ("{% for a in b %}", "this block is never closed; '{% endfor %}' is missing", ""),
        ("{% docs x %}{% enddocs %}", "a docs block belongs into a .md file", ""),
        ("{{ [1][\n'a' }}", "unexpected '}', expected ']'", ""),
        ("{{ 99999999999999999999 }}", "this integer is too large", ""),
        ("{{ 9223372036854775807 + 1 }}", "does not fit into 64 bits", ""),
        ("{{ modules.re.match('(?=a)', 'a') }}", "the regular expression '(?=a)' cannot be used", "look-around"),
        ("{{ adapter.drop_relation(this) }}", "adapter.drop_relation() is not available", "materializations"),
        ("{{ adapter.dispatch('nope', 'utils')() }}", "no macro named 'nope'", "shop.delta__nope, shop.postgres__nope"),
        ("{{ target.scema ~ target.scema.x }}", "'dict object' has no attribute 'scema'", "did you mean 'schema'?"),
    ];
    for (text, message, hint) in cases {
        let error = project.render(text).expect_err(text);
        assert!(error.message.contains(message), "{text}\n{error}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{text}\n{error}");
        assert!(error.place.is_some(), "{text}\n{error}");
    }
}

#[test]
fn all_broken_macro_files_are_reported_at_once() {
    let file = |path: &str, text: &str| MacroFile { package: "shop".into(), path: path.into(), text: text.into() };
    let problems = Jinja::new(
        "shop",
        vec![
            file("macros/a.sql", "{% macro a() %}{% endmacro %}"),
            file("macros/b.sql", "\n{% macro a() %}{% endmacro %}"),
            file("macros/c.sql", "{% macro c( %}"),
        ],
    )
    .unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("package 'shop' has two macros named 'a'\n --> macros/b.sql:2:"), "{}", shown[0]);
    assert!(shown[0].contains("the other one is at macros/a.sql:1"), "{}", shown[0]);
    assert!(shown[1].contains("macros/c.sql:1"), "{}", shown[1]);
}

#[test]
fn a_name_nobody_defines_is_an_error_while_parsing_too() {
    let project = Project::new();
    assert_eq!(project.parse("{{ no_such_macro(1) }}").unwrap_err().message, "'no_such_macro' is undefined");
    let guarded = "{% if execute %}{% set rows = run_query('x').rows %}{% endif %}{{ rows[0].total.x }}";
    assert_eq!(project.parse(guarded).unwrap().text, "");
    assert_eq!(project.parse("{{ run_query('select 1').columns[0].values() }}").unwrap().text, "");
}

#[test]
fn results_of_queries_are_missing_while_parsing() {
    let project = Project::with_macros(&[(
        "shop",
        "macros/x.sql",
        "{% macro count() %}{{ run_query('select 1').rows[0][0] }}{% endmacro %}",
    )]);
    let error = project.parse("{{ count() }}").unwrap_err();
    assert!(error.message.contains("run_query() has no result"), "{error}");
    assert!(error.hint.unwrap().contains("{% if execute %}"));
}
