//! An open connection: what its session is set to, and how the server's errors read.

use medallion::warehouse::postgres::connect::{Connection, ErrorKind, Fields, ServerError, Settings, connect};

use crate::server::{self, PASSWORD, Server, USER};

fn settings(server: &Server, more: &[(&str, &str)]) -> Settings {
    let port = server.port().to_string();
    let base = [("host", "127.0.0.1"), ("port", &port), ("user", USER), ("password", PASSWORD), ("dbname", "postgres")];
    let all = base.iter().chain(more).map(|(name, value)| (name.to_string(), value.to_string()));
    Fields::new(all).settings().unwrap()
}

fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

async fn value(connection: &Connection, sql: &str) -> String {
    connection.query_one(sql, &[]).await.unwrap().get(0)
}

async fn failure(connection: &Connection, sql: &str) -> ServerError {
    let error = connection.batch_execute(sql).await.unwrap_err();
    connection.explain(&error, "cannot do it")
}

#[test]
fn a_session_means_the_same_on_every_server() {
    let Some(server) = server::shared() else { return };
    server.sql(
        "postgres",
        "create role foreigner login password 'user-pw'; alter role foreigner set timezone = 'Asia/Tokyo'; alter role \
         foreigner set datestyle = 'German'; alter role foreigner set statement_timeout = 7000; alter role foreigner set \
         extra_float_digits = -3",
    );
    within(async {
        let more = [("user", "foreigner"), ("password", "user-pw"), ("search_path", "\"odd ' \\ name\", b")];
        let connection = connect(&settings(server, &more)).await.unwrap();
        for (name, expected) in [
            ("timezone", "UTC"),
            ("datestyle", "ISO, MDY"),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("client_encoding", "UTF8"),
            ("application_name", "medallion"),
            ("search_path", "\"odd ' \\ name\", b"),
        ] {
            assert_eq!(value(&connection, &format!("select current_setting('{name}')")).await, expected, "{name}");
        }
        assert_eq!(value(&connection, "select (0.1::float8 + 0.2::float8)::text").await, "0.30000000000000004");
        assert!(connection.server_major() >= 13, "{}", connection.server_version());
        connection.close().await;
    });
}

#[test]
fn errors_of_statements_say_what_to_do() {
    let Some(server) = server::shared() else { return };
    server.create_database("told").unwrap();
    server.sql("postgres", "create role clerk login password 'user-pw'");
    server.sql(
        "told",
        "create schema closed; create table closed.t (n int); create table open (n int); create view v as select 1",
    );
    let raised = |code: &str| format!("do $$ begin raise exception 'no more' using errcode = '{code}'; end $$");
    within(async {
        let more = [("user", "clerk"), ("password", "user-pw"), ("dbname", "told")];
        let connection = connect(&settings(server, &more)).await.unwrap();
        let cases = [
            (
                "select * from closed.t".to_string(),
                ErrorKind::Denied,
                "grant usage, create on schema \"closed\" to \"clerk\"",
            ),
            ("insert into open values (1)".to_string(), ErrorKind::Denied, "on table \"open\" to \"clerk\""),
            ("create index on open (n)".to_string(), ErrorKind::Denied, "`alter table \"open\" owner to \"clerk\"`"),
            (
                "create schema mine".to_string(),
                ErrorKind::Denied,
                "create, temporary on database \"told\" to \"clerk\"",
            ),
            ("select * from v".to_string(), ErrorKind::Denied, "\"v\" to \"clerk\""),
            ("create extension postgres_fdw".to_string(), ErrorKind::Denied, "as a superuser"),
            ("begin read only; create table x ()".to_string(), ErrorKind::ReadOnly, "must be the primary's"),
            (
                "rollback; set statement_timeout = 20; select pg_sleep(5)".to_string(),
                ErrorKind::Cancelled,
                "raise statement_timeout",
            ),
            (raised("53100"), ErrorKind::DiskFull, "free space there"),
            (raised("53200"), ErrorKind::OutOfMemory, "work_mem"),
            (raised("40001"), ErrorKind::Collision, ""),
            (raised("57P03"), ErrorKind::NotReady, "wait until the server is up"),
        ];
        for (sql, kind, hint) in cases {
            let told = failure(&connection, &sql).await;
            assert_eq!(told.kind, kind, "{sql}: {told}");
            assert!(told.message.starts_with("cannot do it: "), "{told}");
            assert!(told.hint.as_deref().unwrap_or_default().contains(hint), "{sql}: {:?}", told.hint);
        }
    });
}

#[test]
fn a_lock_that_is_not_given_up_is_named() {
    let Some(server) = server::shared() else { return };
    server.sql("postgres", "create table contended (n int)");
    within(async {
        let (one, two) =
            (connect(&settings(server, &[])).await.unwrap(), connect(&settings(server, &[])).await.unwrap());
        one.batch_execute("begin; lock table contended").await.unwrap();
        let told = failure(&two, "set lock_timeout = 50; select * from contended").await;
        assert_eq!(told.kind, ErrorKind::LockTimeout);
        // A publication has waited for the lock already, again and again.
        assert!(told.hint.unwrap().contains("pg_stat_activity") && !told.kind.can_be_repeated());
    });
}

#[test]
fn a_statement_can_be_cancelled() {
    let Some(server) = server::shared() else { return };
    within(async {
        let connection = connect(&settings(server, &[])).await.unwrap();
        let canceller = connection.canceller();
        let cancel = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        });
        let told = failure(&connection, "select pg_sleep(30)").await;
        assert_eq!(told.kind, ErrorKind::Cancelled, "{told}");
        cancel.await.unwrap();
        assert_eq!(value(&connection, "select 'alive'").await, "alive");
    });
}

#[test]
fn a_connection_that_is_cut_off_says_why() {
    let Some(server) = server::shared() else { return };
    within(async {
        let connection = connect(&settings(server, &[])).await.unwrap();
        let id: i32 = connection.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        let sleeping = failure(&connection, "select pg_sleep(30)");
        let ended = async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            server.sql("postgres", &format!("select pg_terminate_backend({id})"));
        };
        let (told, ()) = tokio::join!(sleeping, ended);
        assert_eq!(told.kind, ErrorKind::Lost, "{told}");
        assert!(told.message.contains("terminating connection due to administrator command"), "{told}");
        assert!(told.kind.can_be_repeated() && told.hint.as_deref().unwrap().contains("nothing was published"));
        let afterwards = failure(&connection, "select 1").await;
        assert_eq!(afterwards.kind, ErrorKind::Lost);
        assert!(afterwards.message.contains("the connection was lost"), "{afterwards}");
        assert!(afterwards.at_commit().message.contains("whether the commit took place is not known"));
    });
}

#[test]
fn a_server_that_dies_is_a_lost_connection() {
    if server::shared().is_none() {
        return;
    }
    let mut server = Server::start();
    within(async {
        let connection = connect(&settings(&server, &[])).await.unwrap();
        server.kill9();
        let told = failure(&connection, "select 1").await;
        assert_eq!(told.kind, ErrorKind::Lost, "{told}");
        let again = connect(&settings(&server, &[("retries", "0")])).await.err().unwrap();
        assert_eq!(again.kind, ErrorKind::Unreachable, "{again}");
        server.restart();
        connect(&settings(&server, &[])).await.unwrap();
    });
}

#[test]
fn what_is_printed_of_settings_holds_no_password() {
    let fields = [("user", "a"), ("dbname", "d"), ("password", "hunter2")];
    let settings = Fields::new(fields.map(|(name, value)| (name.to_string(), value.to_string()))).settings().unwrap();
    assert!(
        !format!("{settings:?} {:?} {}", settings.password, settings.password.as_ref().unwrap()).contains("hunter2")
    );
}
