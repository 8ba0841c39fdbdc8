//! The server that tests start, which other tests rely on.

use crate::server::{self, Server};

#[test]
fn a_server_that_was_killed_comes_back_with_what_was_committed() {
    if server::shared().is_none() {
        return;
    }
    let mut server = Server::start();
    server.create_database("d").unwrap();
    server.sql("d", "create table t as select 1 as n");
    server.kill9();
    assert!(server.try_sql("d", "select 1").is_err());
    server.restart();
    assert_eq!(server.sql("d", "select n, null from t"), ["1|NULL"]);
    server.stop();
    assert!(server.try_sql("d", "select 1").is_err());
    server.restart();
    let folder = server.socket_folder().to_path_buf();
    drop(server);
    assert!(!folder.exists());
}
