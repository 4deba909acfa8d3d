//! Our own env files.

use super::{Finding, Mend};
use crate::context::Context;
use crate::env_file;
use crate::error::Result;
use crate::shell::Shell;
use crate::state::State;
use crate::view;

pub(super) fn examine(cx: &Context, state: &State) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut seen = Vec::new();
    for shell in Shell::ALL {
        let files = state.shell_files(&cx.env, shell)?;
        let path = files.env_file.path.clone();
        if !files.env_file.exists() || seen.contains(&path) {
            continue;
        }
        if !env_file::is_current(&files, cx, state)? {
            findings.push(
                Finding::warning(
                    "env-file-stale",
                    format!(
                        "{} does not load the keys that are stored now",
                        view::path(&path, &cx.env)
                    ),
                    format!("run `goose-setup env --install --shell {}`", shell.name()),
                )
                .mended_by(Mend::EnvFile(shell)),
            );
        }
        seen.push(path);
    }
    Ok(findings)
}
