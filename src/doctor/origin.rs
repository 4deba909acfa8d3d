//! Which start-up file sets a variable.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::fsio;
use crate::view;

/// Where shells and sessions set variables, below the home directory.
const BELOW_HOME: [&str; 12] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".pam_environment",
    ".config/nushell/config.nu",
    ".config/nushell/env.nu",
];
const ZSH: [&str; 4] = [".zshrc", ".zshenv", ".zprofile", ".zlogin"];
const SYSTEM: [&str; 7] = [
    "/etc/environment",
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/zshenv",
    "/etc/zsh/zshenv",
    "/etc/zsh/zshrc",
];

/// ` (set in ~/.bashrc:12)`, or nothing where no file is found that does.
pub(super) fn phrase(variable: &str, cx: &Context) -> String {
    find(variable, cx).map_or_else(String::new, |(path, line)| {
        format!(" (set in {}:{line})", view::path(&path, &cx.env))
    })
}

fn find(variable: &str, cx: &Context) -> Option<(PathBuf, usize)> {
    candidates(cx).into_iter().find_map(|path| {
        let bytes = fsio::read(&path).ok()?.bytes?;
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().position(|line| sets(line, variable))?;
        Some((path, line + 1))
    })
}

/// What counts last comes first: direnv, then the user's own files, then the system's.
fn candidates(cx: &Context) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let folder = cx.env.absolute_dir("PWD");
    // direnv loads the nearest one only.
    let envrc = folder
        .iter()
        .flat_map(|folder| folder.ancestors())
        .map(|folder| folder.join(".envrc"))
        .find(|file| fsio::is_file(file));
    files.extend(envrc);
    if let Some(folder) = cx.env.absolute_dir("ZDOTDIR") {
        files.extend(ZSH.iter().map(|file| folder.join(file)));
    }
    if let Some(home) = cx.env.home() {
        files.extend(BELOW_HOME.iter().map(|file| home.join(file)));
        let config = cx
            .env
            .absolute_dir("XDG_CONFIG_HOME")
            .unwrap_or_else(|| home.join(".config"));
        files.push(config.join("fish/config.fish"));
        files.extend(all_in(&config.join("fish/conf.d"), "fish"));
        files.push(config.join("fish/fish_variables"));
        files.extend(all_in(&config.join("environment.d"), "conf"));
    }
    files.extend(SYSTEM.iter().map(PathBuf::from));
    files.extend(all_in(Path::new("/etc/profile.d"), "sh"));
    files.extend(all_in(Path::new("/etc/environment.d"), "conf"));
    files
}

fn all_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = fsio::list(folder).unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|it| it == extension));
    files
}

/// `NAME=…`, also after `export` or `declare -x` and beside others, `set -gx NAME …`, `SETUVAR --export NAME:…`,
/// `$env.NAME = …`; not inside a comment.
fn sets(line: &str, variable: &str) -> bool {
    let line = line.trim_start();
    let mut words = line.split_whitespace();
    match words.next() {
        Some("export" | "declare" | "typeset") => words
            .take_while(|word| !word.starts_with('#'))
            .any(|word| assigns(word, variable, '=')),
        Some("set") => words.find(|word| !word.starts_with('-')) == Some(variable),
        Some("SETUVAR") => words.any(|word| assigns(word, variable, ':')),
        _ => {
            let line = line.strip_prefix("$env.").unwrap_or(line);
            line.strip_prefix(variable)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        }
    }
}

fn assigns(word: &str, variable: &str, sign: char) -> bool {
    word.split_once(sign)
        .is_some_and(|(name, _)| name == variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_sets_a_variable_is_told_from_one_that_mentions_it() {
        for line in [
            "GOOSE_MODEL=x",
            "  export GOOSE_MODEL='x'",
            "export A=1 GOOSE_MODEL=x",
            "declare -x GOOSE_MODEL=x",
            "set -gx GOOSE_MODEL x",
            "SETUVAR --export GOOSE_MODEL:x",
            "$env.GOOSE_MODEL = \"x\"",
        ] {
            assert!(sets(line, "GOOSE_MODEL"), "{line}");
        }
        for line in [
            "# export GOOSE_MODEL=x",
            "export A=1 # GOOSE_MODEL=x",
            "echo $GOOSE_MODEL",
            "export MY_GOOSE_MODEL=x",
            "set -e OTHER GOOSE_MODEL",
            "GOOSE_MODEL_X=1",
            "SETUVAR MY_GOOSE_MODEL:x",
        ] {
            assert!(!sets(line, "GOOSE_MODEL"), "{line}");
        }
    }
}
