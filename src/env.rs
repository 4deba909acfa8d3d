//! What the process was started with. Read once, passed down; nothing else asks the operating system for it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: BTreeMap<String, OsString>,
    home: Option<PathBuf>,
    stdin_is_terminal: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

impl Env {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the process environment"
    )]
    pub fn from_process() -> Self {
        Self {
            vars: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            home: dirs::home_dir(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// An environment of exactly these variables, with `HOME` as the home directory and no terminal.
    pub fn of<const N: usize>(vars: [(&str, &str); N]) -> Self {
        let vars: BTreeMap<String, OsString> = vars
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let home = vars.get("HOME").map(PathBuf::from);
        Self {
            vars,
            home,
            ..Self::default()
        }
    }

    /// The same without one of the variables.
    pub fn without(&self, name: &str) -> Self {
        let mut env = self.clone();
        env.vars.remove(name);
        env
    }

    /// The value as text; a value that is not text counts as unset, as it does for goose.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.vars.get(name).and_then(|value| value.to_str())
    }

    /// The value, unless it is unset or empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|value| !value.is_empty())
    }

    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(name).map(OsString::as_os_str)
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.vars.keys().map(String::as_str)
    }

    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The directory a variable names, if it names an absolute one; the rule of XDG.
    pub fn absolute_dir(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.os(name)?);
        path.is_absolute().then_some(path)
    }

    /// A question can be asked: keys can be read and the question can be seen. Stdout may be a pipe.
    pub fn can_prompt(&self) -> bool {
        self.stdin_is_terminal && self.stderr_is_terminal
    }

    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }
}
