//! The bundled project on a server of its own, for tests of what it promises there.

use std::collections::BTreeMap;

use crate::server::{self, PASSWORD, Server, USER};
use crate::support::{Outcome, Project};

/// The header of the project's source file.
pub const HEADER: &str = "transaction_id,customer_id,transaction_date,product_id,product_name,quantity,price,tax,\
customer_first_name,customer_last_name,customer_email,customer_phone,customer_country,customer_city\n";

const SOURCE: &str = "data/customer_transactions.csv";

/// The bundled project, which finds the server by its environment.
pub fn bundled(server: &Server) -> Project {
    Project::bundled()
        .env("POSTGRES_HOST", "127.0.0.1")
        .env("POSTGRES_PORT", &server.port().to_string())
        .env("POSTGRES_USER", USER)
        .env("POSTGRES_PASSWORD", PASSWORD)
}

/// A command with the profile and target of these tests.
pub fn on_pro<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [command, &["--profile", "postgres", "--target", "pro"]].concat()
}

/// A server whose databases are set up, and the project.
pub struct Pipeline {
    pub server: Server,
    pub project: Project,
}

impl Pipeline {
    /// `None`: tests with a server are left out.
    pub fn start() -> Option<Pipeline> {
        server::shared()?;
        let server = Server::start();
        let project = bundled(&server);
        let pipeline = Pipeline { server, project };
        pipeline.run(&["setup"]).succeeds();
        Some(pipeline)
    }

    pub fn run(&self, command: &[&str]) -> Outcome {
        self.project.run(&on_pro(command))
    }

    pub fn build(&self) -> Outcome {
        self.run(&["build"]).succeeds()
    }

    /// The source file, from now on.
    pub fn write_source(&self, records: &str) {
        self.project.write(SOURCE, format!("{HEADER}{records}"));
    }

    /// Changes the line of the source file at this place; the header is line 0.
    pub fn correct(&self, line: usize, change: impl FnOnce(&mut Vec<String>)) {
        let text = self.project.read(SOURCE);
        let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
        let mut fields: Vec<String> = lines[line].split(',').map(str::to_string).collect();
        change(&mut fields);
        lines[line] = fields.join(",");
        self.project.write(SOURCE, lines.join("\n") + "\n");
    }

    pub fn pro(&self, sql: &str) -> Vec<String> {
        self.server.sql("pro", sql)
    }

    pub fn lake(&self, sql: &str) -> Vec<String> {
        self.server.sql("data_lake", sql)
    }

    /// What became of each model in the last run, by its name.
    pub fn outcomes(&self) -> BTreeMap<String, String> {
        let results: serde_json::Value = serde_json::from_str(&self.project.read("target/run_results.json")).unwrap();
        let models = results["results"].as_array().unwrap().iter().filter_map(|result| {
            let id = result["unique_id"].as_str()?.strip_prefix("model.forex.")?;
            Some((id.to_string(), result["status"].as_str()?.to_string()))
        });
        models.collect()
    }
}
