//! Every cause why goose would not work, looked for one by one. Reads only, spends no token, prints no key.
//!
//! Each examiner looks at one thing and goes on where another would have to stop, so a broken file hides nothing else.

mod config;
mod environment;
mod files;
mod network;
mod origin;
mod program;
mod secrets;
mod shells;

use serde::Serialize;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::config::Config;
use crate::goose::paths::Paths;
use crate::shell::Shell;
use crate::state::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// goose does not work, or not with what was set up.
    Error,
    /// goose works, but something will surprise.
    Warning,
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The same kind of finding always has the same id.
    pub id: &'static str,
    pub severity: Severity,
    pub what: String,
    /// The command or the step that mends it.
    pub fix: String,
    /// `doctor --fix` can mend it.
    pub fixable: bool,
    #[serde(skip)]
    pub mend: Option<Mend>,
}

/// What `--fix` puts into its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Write the config in the layout that goose's next write keeps, with this provider's model in it.
    Config { provider: String, model: String },
    /// Store this secret again as text.
    Secret(String),
    /// Write the env file of this shell anew.
    EnvFile(Shell),
}

impl Finding {
    fn error(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            id,
            severity: Severity::Error,
            what: what.into(),
            fix: fix.into(),
            fixable: false,
            mend: None,
        }
    }

    fn warning(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(id, what, fix)
        }
    }

    fn mended_by(self, mend: Mend) -> Self {
        Self {
            fixable: true,
            mend: Some(mend),
            ..self
        }
    }
}

/// Everything that is wrong, the worst first.
pub fn examine(cx: &Context) -> Result<Vec<Finding>> {
    let paths = Paths::of(&cx.env)?;
    let mut findings = files::examine(&paths, cx)?;
    findings.extend(environment::values(cx));
    match Config::read(&paths) {
        Ok(_) => {
            let state = State::look(&cx.env)?;
            findings.extend(program::examine(cx, &state));
            findings.extend(config::examine(cx, &state));
            findings.extend(environment::shadows(cx, &state)?);
            findings.extend(secrets::examine(cx, &state)?);
            findings.extend(shells::examine(cx, &state)?);
            findings.extend(network::examine(cx, &state)?);
        }
        Err(error) => findings.push(broken("config-broken", &error)),
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
}

fn broken(id: &'static str, error: &Error) -> Finding {
    Finding::error(id, error.to_string(), error.action())
}
