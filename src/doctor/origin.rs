//! Which start-up file sets a variable.

use std::path::PathBuf;

use crate::context::Context;
use crate::fsio;
use crate::view;

/// Where shells and the system set variables, below the home directory.
const BELOW_HOME: [&str; 12] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".config/fish/config.fish",
    ".config/environment.d/goose.conf",
    ".config/nushell/config.nu",
    ".config/nushell/env.nu",
    ".pam_environment",
];
const SYSTEM: [&str; 3] = ["/etc/environment", "/etc/profile", "/etc/bash.bashrc"];

/// ` (set in ~/.bashrc:12)`, or nothing where no file is found that does.
pub(super) fn phrase(variable: &str, cx: &Context) -> String {
    find(variable, cx).map_or_else(String::new, |(path, line)| {
        format!(" (set in {}:{line})", view::path(&path, &cx.env))
    })
}

fn find(variable: &str, cx: &Context) -> Option<(PathBuf, usize)> {
    let home = cx.env.home()?;
    let direnv = cx
        .env
        .os("PWD")
        .map(|folder| PathBuf::from(folder).join(".envrc"));
    BELOW_HOME
        .iter()
        .map(|file| home.join(file))
        .chain(SYSTEM.iter().map(PathBuf::from))
        .chain(direnv)
        .find_map(|path| {
            let bytes = fsio::read(&path).ok()?.bytes?;
            let text = String::from_utf8_lossy(&bytes);
            let line = text.lines().position(|line| sets(line, variable))?;
            Some((path, line + 1))
        })
}

/// `NAME=…`, `export NAME=…`, `set -gx NAME …`, `$env.NAME = …`; not inside a comment.
fn sets(line: &str, variable: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    if let Some(rest) = line.strip_prefix("set ") {
        return rest
            .split_whitespace()
            .find(|word| !word.starts_with('-'))
            .is_some_and(|word| word == variable);
    }
    let line = line.strip_prefix("$env.").unwrap_or(line);
    line.strip_prefix(variable)
        .is_some_and(|rest| rest.trim_start().starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_sets_a_variable_is_told_from_one_that_mentions_it() {
        for line in [
            "GOOSE_MODEL=x",
            "  export GOOSE_MODEL='x'",
            "set -gx GOOSE_MODEL x",
            "$env.GOOSE_MODEL = \"x\"",
        ] {
            assert!(sets(line, "GOOSE_MODEL"), "{line}");
        }
        for line in [
            "# export GOOSE_MODEL=x",
            "echo $GOOSE_MODEL",
            "export MY_GOOSE_MODEL=x",
            "set -e OTHER GOOSE_MODEL",
            "GOOSE_MODEL_X=1",
        ] {
            assert!(!sets(line, "GOOSE_MODEL"), "{line}");
        }
    }
}
