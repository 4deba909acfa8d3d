//! Lines to tell a person to type into an open shell.

use std::path::Path;

use crate::error::Result;
use crate::shell::Shell;
use crate::shell::exports::{PROGRAM, refresh_line};
use crate::shell::quote::quote;

/// Takes a variable out of this shell.
pub fn unset(shell: Shell, variable: &str) -> String {
    match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => format!("unset {variable}"),
        Shell::Fish => format!("set -e {variable}"),
        Shell::PowerShell => format!("Remove-Item Env:{variable}"),
        Shell::Nushell => format!("hide-env {variable}"),
    }
}

/// Brings what we exported into this shell up to date.
pub fn refresh(shell: Shell) -> String {
    refresh_line(shell, PROGRAM).unwrap_or_else(|_| format!("{PROGRAM} env"))
}

/// Loads our env file into this shell.
pub fn load(shell: Shell, env_file: &Path) -> Result<String> {
    let path = quote(shell, &env_file.display().to_string())?;
    Ok(match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh | Shell::PowerShell => format!(". {path}"),
        Shell::Fish | Shell::Nushell => format!("source {path}"),
    })
}
