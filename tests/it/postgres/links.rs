//! Views over another database of the project: how the server reaches it.

use super::pipeline::{Pipeline, on_pro};

#[test]
fn a_password_that_changed_reaches_the_views() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.server.sql("postgres", "create role porter login createdb password 'first'");
    let owns = "do $$ declare s text; begin for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> \
        'information_schema' loop execute format('alter schema %I owner to porter', s); end loop; end $$";
    for database in ["data_lake", "pro"] {
        let grant = format!(
            "grant all on database {database} to porter; grant usage on foreign data wrapper postgres_fdw to porter"
        );
        pipeline.server.sql(database, &format!("create extension if not exists postgres_fdw; {grant}; {owns}"));
    }
    let build = |password: &str| {
        let mut command = pipeline.project.command(&on_pro(&["build"]));
        command.env("POSTGRES_USER", "porter").env("POSTGRES_PASSWORD", password);
        crate::support::Outcome::of(&command.output().unwrap())
    };
    build("first").succeeds();
    let count = "set role porter; select count(*) from bronze.customer_transactions";
    let mapping = "select array_to_string(umoptions, ' ') from pg_user_mappings where usename = 'porter'";
    assert_eq!(pipeline.pro(mapping), ["user=porter password=first"]);
    pipeline.server.sql("postgres", "alter role porter password 'second'");
    build("first").exits(1).says("password");
    // Nothing is new, and the views must go on all the same.
    build("second").succeeds().says("REUSED=69");
    assert_eq!(pipeline.pro(mapping), ["user=porter password=second"]);
    assert!(pipeline.pro(count).contains(&"100".to_string()));
    let options = pipeline.pro("select array_to_string(srvoptions, ' ') from pg_foreign_server");
    assert!(options[0].contains("dbname=data_lake sslmode=prefer"), "{options:?}");
    let texts = pipeline.pro("select string_agg(pg_get_viewdef(oid), ' ') from pg_class where relkind = 'v' and relnamespace = 'bronze'::regnamespace");
    assert!(!texts[0].contains("second") && !texts[0].contains("first'"), "{texts:?}");
}
