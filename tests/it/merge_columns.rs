//! What a merge changes of a row that is there.

use crate::both::in_both_places;
use crate::support::{Place, Project};

fn model(place: Place, config: &str, rows: &str) -> Project {
    let project = place.project();
    write(&project, config, rows);
    project
}

fn write(project: &Project, config: &str, rows: &str) {
    let sql =
        format!("{{{{ config(materialized='incremental', {config}) }}}} select * from (values {rows}) as v (id, a, b)");
    project.write("models/m.sql", sql);
}

const FIRST: &str = "(1, 'a1', 'b1'), (2, 'a2', 'b2')";
const SECOND: &str = "(1, 'A1', 'B1'), (3, 'a3', 'b3')";

fn only_the_listed_columns_are_updated(place: Place) {
    for (option, listed) in [("merge_update_columns", "['a']"), ("merge_exclude_columns", "'b'")] {
        let config = format!("unique_key='id', {option}={listed}");
        let project = model(place, &config, FIRST);
        project.run(&["build"]).succeeds();
        write(&project, &config, SECOND);
        project.run(&["build"]).succeeds();
        assert_eq!(project.rows("select * from m order by id"), ["1,A1,b1", "2,a2,b2", "3,a3,b3"], "{option}");
    }
}

fn a_column_that_is_listed_and_not_there_is_an_error(place: Place) {
    let project = model(place, "unique_key='id', merge_update_columns=['c']", FIRST);
    project.run(&["build"]).succeeds();
    project.run(&["build", "--no-reuse"]).exits(1).says("merge_update_columns: the select gives no column 'c'");
    write(&project, "unique_key='id', merge_update_columns=['a'], merge_exclude_columns=['b']", FIRST);
    project.run(&["build"]).exits(1).says("are both set");
}

fn delete_and_insert_takes_many_rows_of_a_key(place: Place) {
    let config = "unique_key='b', incremental_strategy='delete+insert', incremental_predicates=['true']";
    let project = model(place, config, "(1, 'x', 'g'), (2, 'y', 'g'), (3, 'z', 'h')");
    project.run(&["build"]).succeeds();
    write(&project, config, "(4, 'v', 'g'), (5, 'w', 'g')");
    project.run(&["build"]).succeeds().says("incremental_predicates are not used");
    assert_eq!(project.rows("select id, b from m order by id"), ["3,h", "4,g", "5,g"]);
}

in_both_places!(
    only_the_listed_columns_are_updated,
    a_column_that_is_listed_and_not_there_is_an_error,
    delete_and_insert_takes_many_rows_of_a_key,
);
