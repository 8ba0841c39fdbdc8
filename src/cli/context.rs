//! What most commands start with: the project, its warehouse, and an engine.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::args::{GlobalArgs, SelectArgs};
use super::connection;
use crate::diagnostic::Diagnostic;
use crate::engine::{
    Engine, EngineOptions, Located, Published, Relations, Session, SessionOptions, published_elsewhere,
};
use crate::manifest::{Manifest, NodeId};
use crate::materialize::Workspace;
use crate::report::{self, ReportOptions};
use crate::runner::Runner;
use crate::runner::events::{Event, Reporter};
use crate::warehouse::postgres::connect::Settings;
use crate::warehouse::{AsOf, Places, RunLabel, WarehouseError};

/// An opened project.
pub struct Context {
    pub manifest: Arc<Manifest>,
    pub places: Places,
    pub engine: Engine,
    pub reporter: Arc<dyn Reporter>,
    pub report_options: ReportOptions,
    pub started_at: DateTime<Utc>,
    pub invocation_id: String,
}

impl Context {
    pub fn open(global: &GlobalArgs, full_refresh: bool) -> Result<Self, Vec<Diagnostic>> {
        let Opened { manifest, report_options, server, reporter } = Opened::open(global, full_refresh)?;
        Ok(Context {
            places: super::places::open(&manifest, server, &reporter)?,
            engine: engine(global).map_err(|error| vec![error])?,
            manifest: Arc::new(manifest),
            reporter,
            report_options,
            started_at: Utc::now(),
            invocation_id: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// Tells what of the project has no effect. For commands whose output nobody parses.
    pub fn warn(&self) {
        for warning in &self.manifest.warnings {
            self.reporter.event(&Event::Warning(warning.clone()));
        }
    }

    /// The selected nodes in graph order. Nothing selected is a warning, as in dbt.
    pub fn select(&self, args: &SelectArgs) -> Result<Vec<NodeId>, Vec<Diagnostic>> {
        let selected = self.manifest.select(&args.selection()).map_err(|error| vec![error])?;
        for warning in selected.warnings {
            self.reporter.event(&Event::Warning(warning));
        }
        Ok(selected.nodes)
    }

    pub fn label(&self, command: &str) -> RunLabel {
        RunLabel {
            invocation_id: self.invocation_id.clone(),
            command: command.to_string(),
            target: self.manifest.target.target_name.clone(),
            started_at: self.started_at,
        }
    }

    /// A session over what is published.
    pub async fn session(&self, as_of: AsOf) -> Result<(Session, Arc<dyn Relations>), Vec<Diagnostic>> {
        let failed = |error: WarehouseError| vec![error.into()];
        let snapshot = self.places.target().snapshot(as_of.clone()).await.map_err(failed)?;
        let elsewhere = published_elsewhere(&self.places, &as_of).await.map_err(failed)?;
        let relations: Arc<dyn Relations> = Arc::new(Located { target: Arc::new(Published(snapshot)), elsewhere });
        let target = &self.manifest.target;
        let options = SessionOptions {
            database: target.database.clone(),
            schema: target.schema.clone(),
            instant: self.started_at,
            most_keys: self.places.most_keys(),
        };
        let session = self
            .engine
            .session(Arc::clone(&relations), &options)
            .map_err(|error| vec![Diagnostic::new(error.strip_backtrace())])?;
        Ok((session, relations))
    }

    /// A workspace that reads what is published, and whose publication nobody commits.
    pub async fn workspace(&self, command: &str) -> Result<Workspace, Vec<Diagnostic>> {
        let publication = self.places.target().begin(self.label(command), &[]).await;
        let publication = publication.map_err(|error| vec![error.into()])?;
        let (session, relations) = self.session(AsOf::Now).await?;
        Ok(Workspace {
            manifest: Arc::clone(&self.manifest),
            publication,
            session,
            relations,
            capabilities: self.places.target().capabilities(),
            started_at: self.started_at,
            invocation_id: self.invocation_id.clone(),
            log: Runner::template_log(&self.reporter),
        })
    }
}

/// A project that is read, and a warehouse that nobody has opened yet.
pub struct Opened {
    pub manifest: Manifest,
    pub report_options: ReportOptions,
    /// How to reach the target's server, where it is one. Further attempts to connect are told as warnings.
    pub server: Option<Settings>,
    pub reporter: Arc<dyn Reporter>,
}

impl Opened {
    pub fn open(global: &GlobalArgs, full_refresh: bool) -> Result<Self, Vec<Diagnostic>> {
        let mut manifest = Manifest::load(&global.project_options(full_refresh)?)?;
        manifest.warnings.extend(connection::warnings(&manifest.target, &manifest.options));
        let is_server = manifest.target.kind == "postgres";
        let server = is_server.then(|| connection::settings(&manifest.target, &manifest.options)).transpose()?;
        let mut report_options = global.report_options();
        report_options.redact = secrets(&manifest);
        let password = server.as_ref().and_then(|settings| settings.password.as_ref());
        report_options.redact.extend(password.map(|password| password.reveal().to_string()));
        report_options.target_path = Some(manifest.options.project_dir.join(&manifest.target_path));
        let reporter = report::build(report_options.clone());
        let server = server.map(|settings| telling(settings, &reporter));
        Ok(Opened { manifest, report_options, server, reporter })
    }
}

/// Settings whose further attempts to connect are told as warnings.
pub fn telling(settings: Settings, reporter: &Arc<dyn Reporter>) -> Settings {
    let reporter = Arc::clone(reporter);
    settings.with_tell(move |text| reporter.event(&Event::Warning(Diagnostic::new(text))))
}

pub fn engine(global: &GlobalArgs) -> Result<Engine, Diagnostic> {
    let options = EngineOptions { memory: global.memory.map(|mib| mib << 20), ..EngineOptions::default() };
    Engine::new(options)
        .map_err(|error| Diagnostic::new(format!("cannot start the engine: {}", error.strip_backtrace())))
}

/// Texts that must appear nowhere.
fn secrets(manifest: &Manifest) -> Vec<String> {
    let from_environment = std::env::vars().filter(|(name, _)| name.starts_with("DBT_ENV_SECRET_"));
    let mut secrets: Vec<String> = from_environment.map(|(_, value)| value).collect();
    for output in std::iter::once(&manifest.target).chain(&manifest.elsewhere) {
        secrets.extend(output.secrets());
    }
    secrets.retain(|text| !text.is_empty());
    secrets
}
