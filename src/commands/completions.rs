//! `goose-setup completions`: the script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete_nushell::Nushell;

use crate::cli::{Cli, CompletionShell, CompletionsArgs};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::report::Report;

pub fn run(args: &CompletionsArgs, cx: &Context) -> Result<Report> {
    if cx.json {
        return Err(Error::usage(
            "`goose-setup completions` prints a script, not JSON",
            "leave --json out",
        ));
    }
    let mut command = Cli::command();
    let mut script = Vec::new();
    let name = "goose-setup";
    let shell = match args.shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Elvish => Shell::Elvish,
        CompletionShell::Fish => Shell::Fish,
        CompletionShell::PowerShell => Shell::PowerShell,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Nushell => {
            clap_complete::generate(Nushell, &mut command, name, &mut script);
            return Ok(Report::text(String::from_utf8_lossy(&script)));
        }
    };
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(Report::text(String::from_utf8_lossy(&script)))
}
