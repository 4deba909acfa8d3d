//! Every cause why goose would not work, looked for one by one. Reads only, spends no token, prints no key.
//!
//! Each examiner looks at one thing and goes on where another would have to stop, so a broken file hides nothing else.

mod config;
mod elsewhere;
mod environment;
mod files;
mod network;
mod origin;
mod ownership;
mod program;
mod secrets;
mod shells;

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::goose::config::Config;
use crate::goose::paths::{OwnPaths, Paths};
use crate::patience::Patience;
use crate::plan::ModeChange;
use crate::sanitize;
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
    /// Take permissions away from others.
    Close(ModeChange),
}

impl Finding {
    fn of(
        id: &'static str,
        severity: Severity,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            id,
            severity,
            what: what.into(),
            fix: fix.into(),
            fixable: false,
            mend: None,
        }
    }

    fn error(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(id, Severity::Error, what, fix)
    }

    fn warning(id: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(id, Severity::Warning, what, fix)
    }

    fn mended_by(self, mend: Mend) -> Self {
        Self {
            fixable: true,
            mend: Some(mend),
            ..self
        }
    }
}

/// Everything that is wrong, the worst first. What has to be waited for is waited for until `cx`'s time is up, all together.
pub fn examine(cx: &Context) -> Result<Vec<Finding>> {
    let until = Instant::now() + cx.timeout;
    let paths = Paths::of(&cx.env)?;
    let own = OwnPaths::of(&cx.env)?;
    let mut findings: Vec<Finding> = program::examine(&own, cx).into_iter().collect();
    findings.extend(files::examine(&paths, cx));
    findings.extend(ownership::examine(&paths, cx));
    match Config::read(&paths) {
        Ok(_) => {
            let state = State::look(&cx.env)?.with_patience(Patience::alone_within(cx.timeout / 2));
            findings.extend(environment::values(cx, Some(&state)));
            findings.extend(config::examine(cx, &state));
            let mut add = |examined: Result<Vec<Finding>>| {
                findings
                    .extend(examined.unwrap_or_else(|error| vec![broken("unreadable", &error)]));
            };
            // The keychain is asked here, and what it said is known from then on.
            add(secrets::examine(cx, &state));
            add(elsewhere::examine(cx, &state));
            add(environment::shadows(cx, &state));
            add(shells::examine(cx, &state));
            findings.extend(network::examine(cx, &state, until));
        }
        Err(error) => {
            findings.extend(environment::values(cx, None));
            findings.push(broken("config-broken", &error));
        }
    }
    for finding in &mut findings {
        // Names and reasons come from files that anybody may have written.
        for text in [&mut finding.what, &mut finding.fix] {
            *text = without_home(&sanitize::plain(text), &cx.env);
        }
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
}

/// Fit to be shown to others: the path of a home directory mostly says who lives there.
fn without_home(text: &str, env: &Env) -> String {
    let home = env.home().filter(|home| home.parent().is_some());
    let Some(home) = home.and_then(Path::to_str) else {
        return text.to_owned();
    };
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut parts = text.split(home);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A longer path that only contains this one is another.
        let is_other = out.ends_with(is_inner) || part.starts_with(is_inner);
        out.push_str(if is_other { home } else { "~" });
        out.push_str(part);
    }
    out
}

fn broken(id: &'static str, error: &Error) -> Finding {
    Finding::error(id, error.to_string(), error.action())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_is_a_tilde_and_what_only_looks_like_it_stays() {
        let env = Env::of([("HOME", "/home/ann")]);
        for (text, shown) in [
            ("mend /home/ann/.config/x:3", "mend ~/.config/x:3"),
            (
                "mv /home/ann/a /home/ann/b, then /home/ann",
                "mv ~/a ~/b, then ~",
            ),
            (
                "/home/anna/x and /mnt/home/ann/x",
                "/home/anna/x and /mnt/home/ann/x",
            ),
        ] {
            assert_eq!(without_home(text, &env), shown);
        }
    }
}
