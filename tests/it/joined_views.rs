//! A view that groups a join: what its tests find from the rows that changed beneath is what they find in all of it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::both::in_both_places;
use crate::standard_tests::{both, failures};
use crate::support::{Place, Project};

/// 300 products of 20 sales each, of which two have an amount, the first sale of a product having number 1 to 300.
fn shop(place: Place) -> Project {
    let sales = "{{ config(materialized='incremental', unique_key='id') }}
{% if is_incremental() %}
select cast(id as bigint) as id, cast(product_id as bigint) as product_id, cast(amount as bigint) as amount,
    cast(id as double precision) as price, 1 as kind_id
from (values (0, 0, 0) {{ var('sales') }}) as s(id, product_id, amount) where id > 0
{% else %}
select n as id, n % 300 as product_id, case when n <= 600 then n end as amount, cast(n as double precision) as price,
    cast(1 + n % 2 as integer) as kind_id
from generate_series(cast(1 as bigint), cast(6000 as bigint)) as s(n)
{% endif %}";
    // Each row is another one in every run, for what the views read of it.
    let products = "{{ config(materialized='incremental', unique_key='id') }}
{% if is_incremental() %}
select coalesce(new.id, old.id) as id, case when new.id is null then old.name else 'p' || new.number end as name,
    {{ var('note') }} as note
from {{ this }} as old full join
    (select cast(id as bigint) as id, number from (values (-1, 0) {{ var('products') }}) as p(id, number) where id >= 0) as new
    on new.id = old.id
{% else %}
select n as id, 'p' || n as name, {{ var('note') }} as note
from generate_series(cast(0 as bigint), cast(299 as bigint)) as p(n)
{% endif %}";
    let kinds = "select cast(n as integer) as id, 'kind ' || n as kind from generate_series(1, 2) as k(n)";
    let by_product = "{{ config(materialized='view') }}
select products.name as plain_name, round(cast(sum(sales.amount * sales.price) as numeric), 2) as plain_revenue,
    sum(sales.amount) * 2 + count(*) as plain_more, nullif(sum(sales.amount), 1234) as plain_odd
from {{ ref('sales') }} as sales inner join {{ ref('products') }} as products on products.id = sales.product_id
group by products.name";
    // Shown once the first sale of the product is another one's.
    let late = "{{ config(materialized='view') }}
select products.name as late_name, kinds.kind as late_kind, max(sales.amount + 1) as late_most
from {{ ref('products') }} as products
inner join {{ ref('sales') }} as sales on products.id = sales.product_id and sales.id % 7 <> 0
inner join {{ ref('kinds') }} as kinds on kinds.id = sales.kind_id
group by products.name, kinds.kind having min(sales.id) > 200";
    let hidden = "{{ config(materialized='view') }}
with sold as (select product_id, case when amount > 5 then amount end as amount, kind_id from {{ ref('sales') }})
select kinds.kind as hidden_kind, max(products.name) as hidden_name,
    case when max(sold.amount) is not null or count(*) < 20 then 1 end as hidden_enough
from sold, {{ ref('products') }} as products, {{ ref('kinds') }} as kinds
where products.id = sold.product_id and kinds.id = sold.kind_id group by kinds.kind, products.id";
    let mut properties = "models:\n".to_string();
    let views: [(&str, &[&str]); 3] = [
        ("by_product", &["plain_name", "plain_revenue", "plain_more", "plain_odd"]),
        ("late", &["late_name", "late_kind", "late_most"]),
        ("hidden", &["hidden_kind", "hidden_name", "hidden_enough"]),
    ];
    for (view, columns) in views {
        properties += &format!("  - name: {view}\n    columns:\n");
        for column in columns {
            properties += &format!("      - name: {column}\n        data_tests:\n");
            properties += &both("not_null", column, "", "");
            properties += &both("unique", column, "", "");
        }
    }
    let models = [("sales", sales), ("products", products), ("kinds", kinds)];
    let views = [("by_product", by_product), ("late", late), ("hidden", hidden)];
    let project = place.project().file("models/models.yml", properties);
    models
        .into_iter()
        .chain(views)
        .fold(project, |project, (name, sql)| project.file(&format!("models/{name}.sql"), sql))
}

/// Number, product and amount.
type Sale = (u32, u32, Option<u32>);
/// Number, and what its name says.
type Product = (u32, Option<u32>);

/// A build, which is to find by the changed rows what it finds in all rows.
fn build(project: &Project, note: usize, sales: &[Sale], products: &[Product]) -> Vec<(String, u64)> {
    let value = |value: Option<u32>| value.map_or("null".to_string(), |value| value.to_string());
    let sales: String =
        sales.iter().map(|(id, product, amount)| format!(", ({id}, {product}, {})", value(*amount))).collect();
    let products: String = products.iter().map(|(id, number)| format!(", ({id}, {})", value(*number))).collect();
    let vars = format!("{{note: {note}, sales: '{sales}', products: '{products}'}}");
    project.run(&["build", "--vars", &vars]).succeeds().says("ERROR=0");
    let found = failures(project);
    assert_eq!(found.len(), 40);
    for pair in found.chunks(2) {
        assert_eq!(pair[0].1, pair[1].1, "{} after {vars}", pair[1].0);
    }
    let failed = found.into_iter().filter(|(_, count)| *count > 0);
    failed.filter_map(|(name, count)| Some((name.strip_suffix("_0_together")?.to_string(), count))).collect()
}

fn what_became_null_is_found(place: Place) {
    let project = shop(place);
    let mut note = 0;
    let mut build = |sales: &[Sale], products: &[Product]| {
        note += 1;
        let mut found = build(&project, note, sales, products);
        found.retain(|(name, _)| name.starts_with("not_null_plain") || name == "not_null_late_name");
        found.into_iter().map(|(name, count)| (name["not_null_".len()..].to_string(), count)).collect::<Vec<_>>()
    };
    let none: [(String, u64); 0] = [];
    let count = |name: &str, count: u64| (name.to_string(), count);
    let revenue = |nulls| ["plain_more", "plain_odd", "plain_revenue"].map(|name| count(name, nulls));
    build(&[], &[]);
    assert_eq!(build(&[(5000, 200, Some(7))], &[]), none, "an amount comes");
    assert_eq!(build(&[], &[]), none, "only the note of a product is another one");
    assert_eq!(build(&[(7, 7, None)], &[]), none, "an amount is left");
    assert_eq!(build(&[(307, 8, Some(307))], &[]), revenue(1), "no amount is left");
    assert_eq!(
        build(&[(8, 8, None), (307, 8, None), (308, 8, None)], &[]),
        revenue(2),
        "one more, and there was one before"
    );
    assert_eq!(build(&[(307, 7, Some(1)), (8, 8, Some(2))], &[]), none);
    assert_eq!(build(&[(6001, 300, None)], &[(300, Some(300))]), revenue(1), "a group comes");
    assert_eq!(build(&[(6001, 1, None)], &[]), none, "and goes");
    assert_eq!(build(&[(3020, 20, Some(1234 - 20 - 320))], &[]), [count("plain_odd", 1)], "a sum that counts as none");
    assert_eq!(build(&[(3020, 20, None)], &[]), none);
    assert_eq!(build(&[], &[(9, None)]), [count("plain_name", 1)], "a key becomes null");
    assert_eq!(build(&[], &[(9, Some(9))]), none);
    assert_eq!(build(&[], &[(209, None)]), [count("late_name", 1), count("plain_name", 1)], "a key that is shown");
    assert_eq!(build(&[], &[(209, Some(209)), (9, None)]), [count("plain_name", 1)], "one that is not");
    let shown = [count("late_name", 1), count("plain_name", 1)];
    assert_eq!(build(&[(9, 10, Some(9))], &[]), shown, "a group loses the row that kept it from being shown");
    assert_eq!(build(&[], &[(9, Some(9))]), none);
    assert_eq!(build(&[(14, 14, None), (314, 15, None)], &[(14, Some(12))]), none, "two products have one name");
    let all: Vec<Sale> = (0..20).map(|n| (12 + 300 * n, 15, None)).collect();
    assert_eq!(build(&all, &[(12, Some(15))]), revenue(1), "a product loses its sales and its name at once");
}

fn failures_are_those_of_the_whole_view(place: Place) {
    let id = prop_oneof![2 => 1..620u32, 1 => 1..6100u32];
    let sale = (id, 0..310u32, proptest::option::weighted(0.7, 0..9u32));
    let product = (0..310u32, proptest::option::weighted(0.9, 0..310u32));
    let changes = (proptest::collection::btree_map(0..6u32, sale, 0..4), proptest::collection::vec(product, 0..3));
    let steps = proptest::collection::vec(changes, 1..5);
    let config = Config { cases: 3, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let check = |steps: Vec<(std::collections::BTreeMap<u32, Sale>, Vec<Product>)>| {
        let project = shop(place);
        build(&project, 0, &[], &[]);
        for (number, (sales, mut products)) in steps.into_iter().enumerate() {
            let mut sales: Vec<Sale> = sales.into_values().collect();
            sales.sort_unstable();
            sales.dedup_by_key(|sale| sale.0);
            products.sort_unstable();
            products.dedup_by_key(|product| product.0);
            build(&project, number + 1, &sales, &products);
        }
        Ok(())
    };
    TestRunner::new(config).run(&steps, check).unwrap();
}

in_both_places![what_became_null_is_found, failures_are_those_of_the_whole_view];

/// Rows that no test may read are in a file that is gone.
#[test]
fn rows_that_stay_are_not_read() {
    let sales = "{{ config(materialized='incremental') }}
{% if is_incremental() %}
select cast({{ var('id') }} as bigint) as id, 2 as product_id, 5 as amount
{% else %}
select n as id, cast(n % 3 as integer) as product_id, cast(n as integer) as amount
from generate_series(cast(1 as bigint), cast(5000 as bigint)) as s(n)
{% endif %}";
    // Another table in each run, for what the view does not read.
    let products = "select cast(n as integer) as id, 'p' || n as name, current_timestamp as noted_at
from generate_series(0, 2) as p(n)";
    let view = "{{ config(materialized='view') }}
select products.name, sum(sales.amount) as amount
from {{ ref('sales') }} as sales inner join {{ ref('products') }} as products on products.id = sales.product_id
group by products.name";
    let tests = "models: [{name: by_product, columns: [{name: name, data_tests: [not_null, unique]}, \
                 {name: amount, data_tests: [not_null]}]}]\n";
    let project = Project::new().file("models/sales.sql", sales).file("models/products.sql", products);
    let project = project.file("models/by_product.sql", view).file("models/by_product.yml", tests);
    let build = |id: u32| project.run(&["build", "--vars", &format!("{{id: {id}}}")]);
    build(0).succeeds();
    let folder = project.path().join("lake/dev/main/sales");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).for_each(|path| std::fs::remove_file(path).unwrap());
    build(6001).succeeds().says("INSERT 1 ").says("PASS=6 ");
    project.run(&["build", "--no-reuse", "--vars", "{id: 6002}"]).exits(1).says("ERROR not_null_by_product_amount");
}
