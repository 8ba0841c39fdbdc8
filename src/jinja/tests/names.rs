//! Names of relations, and blocks of files.

use super::*;

#[test]
fn names_without_overrides() {
    let project = Project::new();
    let node = json!({"name": "orders", "version": null});
    for (which, custom, expected) in [
        (NameKind::Schema, None, "analytics"),
        (NameKind::Schema, Some(" silver "), "analytics_silver"),
        (NameKind::Alias, None, "orders"),
        (NameKind::Alias, Some("o"), "o"),
        (NameKind::Database, None, "db"),
        (NameKind::Database, Some("other"), "other"),
    ] {
        assert_eq!(project.name(which, custom, &node).unwrap(), expected);
    }
    assert_eq!(project.name(NameKind::Alias, None, &json!({"name": "orders", "version": 2})).unwrap(), "orders_v2");
}

#[test]
fn the_project_overrides_a_name_and_else_a_package() {
    let own = "{% macro generate_schema_name(custom_schema_name, node) -%}\n{{ node.fqn[1] if custom_schema_name is none else custom_schema_name }}{{ var('n') }}\n{%- endmacro %}";
    let installed = "{% macro generate_schema_name(custom_schema_name, node) %}installed{% endmacro %}{% macro generate_alias_name(a, node) %} {% endmacro %}";
    let node = json!({"name": "orders", "fqn": ["shop", "gold"]});
    let project = Project::with_macros(&[("shop", "a.sql", own), ("utils", "b.sql", installed)]);
    assert_eq!(project.name(NameKind::Schema, None, &node).unwrap(), "gold5");
    assert_eq!(project.name(NameKind::Schema, Some("silver"), &node).unwrap(), "silver5");
    assert!(project.name(NameKind::Alias, None, &node).unwrap_err().message.contains("empty name"));
    let project = Project::with_macros(&[("utils", "b.sql", installed)]);
    assert_eq!(project.name(NameKind::Schema, None, &node).unwrap(), "installed");
}

#[test]
fn an_error_in_a_name_tells_macro_and_node() {
    let text = "{% macro generate_schema_name(custom, node) %}\n{{ custom.x.y }}{% endmacro %}{% macro generate_alias_name() %}{% endmacro %}";
    let project = Project::with_macros(&[("shop", "a.sql", text)]);
    let node = json!({"name": "orders", "original_file_path": "models/orders.sql"});
    let error = project.name(NameKind::Schema, Some("s"), &node).unwrap_err();
    assert_eq!(error.place.unwrap().line, 2);
    assert!(error.hint.unwrap().ends_with("in macro generate_schema_name (a.sql:2), called from models/orders.sql:1"));
    let error = project.name(NameKind::Alias, Some("s"), &node).unwrap_err();
    assert_eq!(error.message, "macro 'generate_alias_name' takes not more than 0 argument(s)");
    assert_eq!(error.place.unwrap().path, Path::new("a.sql"));
}

#[test]
fn blocks_of_files() {
    let text = "{# {% snapshot no %} #}\n{% snapshot orders_history -%}\n  select {{ '{%' }} 1 {% if x %}{% endif %}\n{%- endsnapshot %}\n{%snapshot b%}x{%endsnapshot%}";
    let found = snapshot_blocks(Path::new("s.sql"), text).unwrap();
    let shown: Vec<(&str, &str)> = found.iter().map(|block| (block.name.as_str(), block.body.as_str())).collect();
    assert_eq!(shown, [("orders_history", "select {{ '{%' }} 1 {% if x %}{% endif %}"), ("b", "x")]);
    assert_eq!((found[0].place.line, found[0].place.column), (2, 13));
    assert!(text[found[0].start..].starts_with("select"));
    let docs = docs_blocks(Path::new("d.md"), "# T\n{% docs a %}\nText {{ x }} {% endif %}\n{% enddocs %}").unwrap();
    assert_eq!(docs[0].body, "\nText {{ x }} {% endif %}\n");
    for (text, message) in [
        ("{% docs %}{% enddocs %}", "no proper name"),
        ("{% docs a b %}{% enddocs %}", "no proper name"),
        ("{% docs a %}", "never closed"),
        ("{% docs a %}{% enddocs %}{% docs a %}{% enddocs %}", "two docs blocks named 'a'"),
    ] {
        let error = docs_blocks(Path::new("d.md"), text).unwrap_err();
        assert!(error.message.contains(message) && error.place.is_some(), "{error}");
    }
    assert!(docs_blocks(Path::new("d.md"), "{% raw %}{% docs a %}{% endraw %} {").unwrap().is_empty());
}
