//! An output of type postgres that is not in order.

use super::project_of;

fn errors(more: &str) -> String {
    project_of(5432, "dev", "ann", more).env("SHOP_PASSWORD", "hunter2").run(&["debug"]).exits(2).text()
}

#[test]
fn an_error_points_at_the_value() {
    let cases = [
        ("port: abc", "'abc' is not a port", "port: abc"),
        ("port: 0", "'0' is not a port", "port: 0"),
        ("sslmode: requir", "unknown sslmode 'requir'", "did you mean 'require'?"),
        ("connect_timeout: soon", "'soon' is not a whole number of seconds", "connect_timeout: soon"),
        ("retries: -1", "'-1' is not a number of retries", "retries: -1"),
        ("sslmode: verify-ca", "needs an 'sslrootcert'", "sslmode: verify-ca"),
        ("sslrootcert: nowhere.crt", "cannot read sslrootcert", "No such file"),
        ("sslcert: client.crt", "'sslcert' is of no use without 'sslkey'", "add `sslkey"),
        ("sslmode: require\nsslrootcert: system", "too weak for `sslrootcert: system`", "verify-full"),
        ("sslmod: verify-full", "has no field 'sslmod'", "did you mean 'sslmode'?"),
        ("pass: other", "'pass' and 'password' are the same field", "pass: ***"),
    ];
    for (more, message, also) in cases {
        let shown = errors(more);
        assert!(shown.contains(message) && shown.contains(also), "{more}\n{shown}");
        assert!(shown.contains("--> profiles.yml:") && !shown.contains("hunter2"), "{more}\n{shown}");
    }
}

#[test]
fn a_field_that_is_like_no_other_is_a_warning() {
    let shown = errors("department_of: finance\nport: 1");
    assert!(shown.contains("warning: a postgres target has no field 'department_of'"), "{shown}");
    assert!(shown.contains("connection is refused"), "{shown}");
}

#[test]
fn all_errors_come_at_once() {
    let shown = errors("port: abc\nsslmode: foo");
    assert!(shown.contains("'abc' is not a port") && shown.contains("unknown sslmode 'foo'"), "{shown}");
}

#[test]
fn an_error_in_the_line_of_a_password_does_not_show_it() {
    let profile =
        "shop: {target: dev, outputs: {dev: {type: postgres, user: a, password: hunter2, dbname: d, port: abc}}}\n";
    let project = project_of(1, "dev", "ann", "").file("profiles.yml", profile);
    let shown = project.run(&["debug"]).exits(2).says("'abc' is not a port").says_not("hunter2").text();
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains("port: abc")).unwrap();
    assert_eq!(lines[at].find("abc"), lines[at + 1].find("^^^"), "{shown}");
}
