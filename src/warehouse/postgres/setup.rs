//! What must be there before a run: databases, schemas, extensions. Found out, and made where it is missing.
//!
//! A plan is made of what is missing now, so setting up twice does nothing the second time; and what two set-ups make at
//! the same time is no error.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::error::SqlState;

use super::connect::{Connection, ErrorKind, ServerError, Settings, connect};
use super::quote::identifier;

/// Databases that every server has, for the connection that creates others.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// What one database must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    pub schemas: BTreeSet<String>,
    pub extensions: BTreeSet<String>,
}

/// What must be there: for each way to a server, by the database it leads to.
#[derive(Default)]
pub struct Wanted {
    databases: BTreeMap<(String, String), (Settings, Contents)>,
}

impl Wanted {
    /// The database of `settings`, with what it must hold, beside what was asked for before.
    pub fn add(&mut self, settings: &Settings, contents: Contents) {
        let key = (settings.address(), settings.database.clone());
        let (_, known) = self.databases.entry(key).or_insert_with(|| (settings.clone(), Contents::default()));
        known.schemas.extend(contents.schemas);
        known.extensions.extend(contents.extensions);
    }

    /// The settings of a database that was asked for.
    pub fn settings_of(&self, database: &str) -> Option<&Settings> {
        self.databases.values().map(|(settings, _)| settings).find(|settings| settings.database == database)
    }

    pub fn databases(&self) -> impl Iterator<Item = &Settings> {
        self.databases.values().map(|(settings, _)| settings)
    }

    /// The statements that are needed, in order. Nothing is changed.
    ///
    /// # Errors
    /// When a server cannot be reached or asked.
    pub async fn plan(&self) -> Result<Vec<Step>, ServerError> {
        let mut steps = Vec::new();
        for (settings, contents) in self.databases.values() {
            let maintenance = maintenance(settings).await?;
            if has(&maintenance, DATABASES, &settings.database).await? {
                let connection = connect(settings).await?;
                steps.extend(missing(&connection, settings, contents).await?);
                connection.close().await;
            } else {
                let within = settings.to_database(&maintenance.site().database);
                let sql = format!("create database {}", identifier(&settings.database));
                steps.push(Step { settings: within, sql, harmless: vec![SqlState::DUPLICATE_DATABASE] });
                steps.extend(
                    contents.schemas.iter().filter(|name| *name != "public").map(|name| schema(settings, name)),
                );
                steps.extend(contents.extensions.iter().map(|name| extension(settings, name)));
            }
            maintenance.close().await;
        }
        Ok(steps)
    }
}

/// One statement in one database.
pub struct Step {
    settings: Settings,
    sql: String,
    /// What it may fail with when somebody else was faster.
    harmless: Vec<SqlState>,
}

impl Step {
    pub fn sql(&self) -> &str {
        &self.sql
    }

    pub fn database(&self) -> &str {
        &self.settings.database
    }

    pub fn address(&self) -> String {
        self.settings.address()
    }

    /// Runs the statement.
    ///
    /// # Errors
    /// When the role may not, or the server fails.
    pub async fn run(&self) -> Result<(), ServerError> {
        let connection = connect(&self.settings).await?;
        let done = connection.batch_execute(&self.sql).await;
        let done = match done {
            // Two that create the same thing at once meet at the catalog's unique index.
            Err(error)
                if error
                    .code()
                    .is_some_and(|code| *code == SqlState::UNIQUE_VIOLATION || self.harmless.contains(code)) =>
            {
                Ok(())
            }
            Err(error) => Err(connection.explain(&error, &format!("cannot {}", self.sql))),
            Ok(()) => Ok(()),
        };
        connection.close().await;
        done
    }
}

const DATABASES: &str = "select from pg_catalog.pg_database where datname = $1";
const SCHEMAS: &str = "select from pg_catalog.pg_namespace where nspname = $1";
const EXTENSIONS: &str = "select from pg_catalog.pg_extension where extname = $1";

/// A connection to a database that is there already.
async fn maintenance(settings: &Settings) -> Result<Connection, ServerError> {
    let mut last = None;
    for database in MAINTENANCE {
        match connect(&settings.to_database(database)).await {
            Ok(connection) => return Ok(connection),
            Err(error) if matches!(error.kind, ErrorKind::NoSuchDatabase | ErrorKind::Denied) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| ServerError::new(ErrorKind::Other, "there is no database to connect to")))
}

async fn has(connection: &Connection, query: &str, name: &str) -> Result<bool, ServerError> {
    let found = connection.query_opt(query, &[&name]).await;
    found.map(|row| row.is_some()).map_err(|error| connection.explain(&error, "cannot read the server's catalog"))
}

async fn missing(connection: &Connection, settings: &Settings, contents: &Contents) -> Result<Vec<Step>, ServerError> {
    let mut steps = Vec::new();
    for name in &contents.schemas {
        if !has(connection, SCHEMAS, name).await? {
            steps.push(schema(settings, name));
        }
    }
    for name in &contents.extensions {
        if !has(connection, EXTENSIONS, name).await? {
            steps.push(extension(settings, name));
        }
    }
    Ok(steps)
}

fn schema(settings: &Settings, name: &str) -> Step {
    let sql = format!("create schema if not exists {}", identifier(name));
    Step { settings: settings.clone(), sql, harmless: vec![SqlState::DUPLICATE_SCHEMA] }
}

fn extension(settings: &Settings, name: &str) -> Step {
    let sql = format!("create extension if not exists {}", identifier(name));
    Step { settings: settings.clone(), sql, harmless: vec![SqlState::DUPLICATE_OBJECT] }
}
