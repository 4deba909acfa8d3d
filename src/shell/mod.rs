//! What each shell needs to know: how it quotes, how it exports, and where the line that loads it all goes.

pub mod exports;
mod files;
pub mod quote;
pub mod rc;
pub mod words;

#[cfg(all(test, unix))]
mod live_tests;

use crate::env::Env;
use crate::error::{Error, Result};

pub use files::ShellFiles;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Sh,
    Fish,
    PowerShell,
    Nushell,
}

impl Shell {
    pub const ALL: [Self; 6] = [
        Self::Bash,
        Self::Zsh,
        Self::Sh,
        Self::Fish,
        Self::PowerShell,
        Self::Nushell,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Sh => "sh",
            Self::Fish => "fish",
            Self::PowerShell => "powershell",
            Self::Nushell => "nushell",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| {
            Error::usage(
                format!("{name} is no shell that goose-setup knows"),
                format!(
                    "give --shell one of {}",
                    Self::ALL.map(Self::name).join(", ")
                ),
            )
        })
    }

    /// The shell that the user most likely types into.
    ///
    /// Only nushell tells its children that it is there. Outside of Windows the same goes for `PSModulePath`; there,
    /// every process has it, so `SHELL` (which Git Bash sets) comes first.
    pub fn detect(env: &Env) -> Self {
        Self::detect_on(env, cfg!(windows))
    }

    fn detect_on(env: &Env, windows: bool) -> Self {
        if env.filled("NU_VERSION").is_some() {
            return Self::Nushell;
        }
        let has_modules = env.filled("PSModulePath").is_some();
        if has_modules && !windows {
            return Self::PowerShell;
        }
        let login = env.filled("SHELL").and_then(|path| {
            let file = path.rsplit(['/', '\\']).next()?;
            Self::named(file.strip_suffix(".exe").unwrap_or(file))
        });
        match login {
            Some(shell) => shell,
            None if has_modules => Self::PowerShell,
            None => Self::Sh,
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "pwsh" => Some(Self::PowerShell),
            "nu" => Some(Self::Nushell),
            _ => Self::ALL.into_iter().find(|shell| shell.name() == name),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn every_shell_is_found_by_its_name_and_by_the_name_of_its_program() {
        for shell in Shell::ALL {
            assert_eq!(Shell::parse(shell.name()).unwrap(), shell);
        }
        assert_eq!(Shell::parse("pwsh").unwrap(), Shell::PowerShell);
        assert_eq!(Shell::parse("nu").unwrap(), Shell::Nushell);
    }

    #[test]
    fn an_unknown_shell_is_a_usage_error_that_lists_the_known_ones() {
        let error = Shell::parse("tcsh").unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(
            error
                .action()
                .contains("bash, zsh, sh, fish, powershell, nushell")
        );
    }

    #[test]
    fn the_shell_is_told_by_what_it_leaves_in_the_environment() {
        for (vars, unix, windows) in [
            (
                [("SHELL", "/usr/bin/zsh"), ("A", "")],
                Shell::Zsh,
                Shell::Zsh,
            ),
            (
                [("SHELL", "C:\\git\\bash.exe"), ("PSModulePath", "x")],
                Shell::PowerShell,
                Shell::Bash,
            ),
            ([("SHELL", "/bin/tcsh"), ("A", "")], Shell::Sh, Shell::Sh),
            (
                [("SHELL", ""), ("PSModulePath", "x")],
                Shell::PowerShell,
                Shell::PowerShell,
            ),
            (
                [("SHELL", "/bin/bash"), ("NU_VERSION", "0.115.1")],
                Shell::Nushell,
                Shell::Nushell,
            ),
        ] {
            let env = Env::of(vars);
            assert_eq!(Shell::detect_on(&env, false), unix, "{vars:?}");
            assert_eq!(Shell::detect_on(&env, true), windows, "{vars:?}");
        }
        assert_eq!(Shell::detect_on(&Env::of([]), false), Shell::Sh);
    }
}
