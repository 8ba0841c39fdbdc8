//! Others work in the same databases: what they change is noticed, and what they add stays.

use super::pipeline::Pipeline;

const ALL_REUSED: &str = "REUSED=69 TOTAL=69";

/// Builds, and checks which of these models ran and which kept their result.
fn builds(pipeline: &Pipeline, what: &str, ran: &[&str], reused: &[&str]) {
    pipeline.build();
    let outcomes = pipeline.outcomes();
    for (models, are_reused) in [(ran, false), (reused, true)] {
        for model in models {
            assert_eq!(outcomes[*model] == "reused", are_reused, "{model} after {what}: {outcomes:?}");
        }
    }
    pipeline.build().says(ALL_REUSED);
}

#[test]
fn rows_that_somebody_else_changed_make_the_right_models_run_again() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    pipeline.build().says(ALL_REUSED);
    let changes = [
        "insert into gold.transaction_fct select * from gold.transaction_fct limit 1",
        "update gold.transaction_fct set tax = tax where quantity is null",
        "delete from gold.transaction_fct where ctid = (select max(ctid) from gold.transaction_fct)",
        "truncate gold.transaction_fct",
    ];
    let others = ["customer_dim", "product_dim", "date_dim", "transaction", "missing_quantity"];
    for change in changes {
        // An index of ours keeps a key from standing twice.
        let changed = pipeline.server.try_sql("pro", change);
        if let Err(error) = changed {
            assert!(error.0.contains("duplicate key"), "{error}");
            pipeline.pro("insert into gold.transaction_fct (transaction_id) values ('x')");
        }
        builds(&pipeline, change, &["transaction_fct", "agg_sales_monthly"], &others);
    }
    pipeline.run(&["build", "--full-refresh", "--select", "transaction_fct"]).succeeds();
    assert_eq!(pipeline.pro("select count(*) from gold.transaction_fct"), ["100"]);
}

#[test]
fn a_source_that_somebody_else_changed_is_read_again() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    let missing = || pipeline.pro("select count(*) from bronze.missing_quantity")[0].parse::<u32>().unwrap();
    let before = missing();
    let table = "forex.customer_transactions";
    let one = format!("(select min(transaction_id) from {table} where quantity is null)");
    for change in [
        format!("update {table} set quantity = 7, load_timestamp = now() where transaction_id = {one}"),
        format!("delete from {table} where transaction_id = {one}"),
    ] {
        pipeline.lake(&change);
        builds(&pipeline, &change, &["missing_quantity", "transaction"], &["date_dim"]);
    }
    assert_eq!(missing(), before - 2);
    assert_eq!(
        pipeline.pro("select count(*) from silver.transaction where quantity = 7 and price is not null")[0],
        "1"
    );
}

#[test]
fn a_view_that_somebody_else_replaced_is_the_models_again() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    let countries = || pipeline.pro("select count(*) from data_marts.agg_sales_country");
    let before = countries();
    let view = "data_marts.agg_sales_country";
    pipeline
        .pro(&format!("create or replace view {view} as select 'x'::text as country, 1::numeric as monthly_revenue"));
    assert_eq!(countries(), ["1"]);
    builds(&pipeline, "the view is another", &["agg_sales_country"], &["agg_sales_monthly", "transaction_fct"]);
    assert_eq!(countries(), before);
    pipeline.pro(&format!("drop view {view}; create table {view} (country text)"));
    builds(&pipeline, "the view is a table", &["agg_sales_country"], &["agg_sales_monthly", "transaction_fct"]);
    assert_eq!(countries(), before);
    pipeline.pro(&format!("drop view {view}"));
    builds(&pipeline, "the view is gone", &["agg_sales_country"], &["agg_sales_monthly", "transaction_fct"]);
    assert_eq!(countries(), before);
}

#[test]
fn housekeeping_changes_nothing() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    for database in ["pro", "data_lake"] {
        pipeline.server.sql(database, "analyze");
        pipeline.server.sql(database, "vacuum");
        pipeline.server.sql(database, "reindex schema public");
    }
    pipeline.build().says(ALL_REUSED);
}

/// What users put onto our relations.
const ADDITIONS: &str = "
create role analyst; create role nosy; create schema mine;
grant usage on schema bronze, gold, data_marts to analyst;
grant select on bronze.missing_quantity, gold.transaction_fct, data_marts.agg_sales_country to analyst;
grant select (country) on data_marts.agg_sales_country to nosy;
grant select (product_name) on bronze.missing_quantity to nosy with grant option;
comment on table bronze.missing_quantity is 'ask Ann''s team';
comment on column bronze.missing_quantity.product_name is 'as \\ sold';
comment on view data_marts.agg_sales_country is 'for the board';
comment on column data_marts.agg_sales_country.country is 'by name';
create index my_products on bronze.missing_quantity (product_name) where price_value > 1;
create index my_days on gold.transaction_fct (transaction_date desc);
create view mine.missing as select product_name, count(*) as n from bronze.missing_quantity group by 1;
create view mine.on_missing with (security_barrier) as select sum(n) as n from mine.missing;
create materialized view mine.kept as select count(*) as n from bronze.missing_quantity;
create unique index my_kept on mine.kept (n);
create view mine.countries as select country from data_marts.agg_sales_country;
comment on view mine.missing is 'mine';
grant select on mine.missing, mine.kept to analyst";

/// All of it, as one can see it.
const SEEN: &str = "
select c.relname || '.' || coalesce(a.attname, '') || ' ' || d.description
from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
where c.relnamespace::regnamespace::text in ('bronze', 'gold', 'data_marts', 'mine')
union all
select table_name || ' ' || grantee || ' ' || privilege_type || is_grantable from information_schema.table_privileges
where grantee in ('analyst', 'nosy')
union all
select table_name || '.' || column_name || ' ' || grantee || ' ' || privilege_type || is_grantable
from information_schema.column_privileges where grantee = 'nosy'
union all
select indexname || ' ' || indexdef from pg_indexes where indexname like 'my%'
union all
select concat_ws(' ', relname, relkind, reloptions::text, relacl::text) from pg_class
where relnamespace = 'mine'::regnamespace
order by 1";

#[test]
fn what_users_add_survives_builds_that_change_rows_and_columns() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.build();
    pipeline.pro(ADDITIONS);
    let before = pipeline.pro(SEEN);
    assert_eq!(before.len(), 19, "{before:#?}");
    let same = |when: &str| {
        let now = pipeline.pro(SEEN);
        assert_eq!(now, before, "{when}");
        pipeline.pro("select n from mine.on_missing");
        pipeline.pro("select country from mine.countries");
    };
    pipeline.correct(5, |fields| fields[5] = String::new());
    pipeline.build();
    same("after other rows");
    pipeline.run(&["build", "--full-refresh"]).succeeds();
    same("after a full refresh");
    let model = "models/bronze/missing_quantity.sql";
    let sql = pipeline.project.read(model).replace("select *", "select *, 1 as extra");
    pipeline.project.write(model, sql);
    pipeline.build();
    assert_eq!(pipeline.pro("select distinct extra from bronze.missing_quantity"), ["1"]);
    same("after a new column of a table");
    let model = "models/data_marts/agg_sales_country.sql";
    let sql = pipeline.project.read(model).replacen("select", "select 2 as extra,", 1);
    pipeline.project.write(model, sql);
    pipeline.build();
    assert_eq!(pipeline.pro("select distinct extra from data_marts.agg_sales_country"), ["2"]);
    same("after a new column of a view");
    pipeline.build().says(ALL_REUSED);
}
