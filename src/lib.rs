//! goose-setup: takes a person from "I have heard of goose" to "goose answers me".
//!
//! Data flows one way: argv → request; environment, files, keychain → state; both → interview → choice; choice and state
//! → plan, which is pure; plan → view; plan → apply → report.

pub mod access;
pub mod apply;
pub mod borrowed;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod consent;
pub mod context;
pub mod custom;
pub mod doctor;
pub mod elsewhere;
pub mod env;
pub mod env_file;
pub mod error;
pub mod exit;
pub mod fallback;
pub mod fsio;
#[cfg(test)]
mod fuzz;
pub mod gateway;
pub mod goose;
pub mod history;
pub mod import;
pub mod interview;
pub mod key_source;
pub mod limits;
pub mod login;
pub mod mask;
pub mod patience;
pub mod plan;
pub mod process;
pub mod prompt;
pub mod proof;
pub mod recovery;
pub mod report;
pub mod running;
pub mod sanitize;
pub mod secret;
pub mod secrets;
pub mod shadows;
pub mod shell;
pub mod state;
pub mod stored_key;
pub mod talk;
pub mod undo;
pub mod verdict;
pub mod view;
pub mod yaml_edit;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::mask::Typed;
use crate::report::{Report, failure_to_json};

/// Runs the program with these arguments and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    process::forbid_core_dumps();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error, &arguments),
    };
    let cx = Context::new(
        Env::from_process(),
        cli.general.json,
        cli.general.verbose,
        cli.general.timeout,
    );
    custom::take_in(&cx.env);
    let word = cli.command_word();
    match carry_out(&cli, &cx) {
        Ok(Finished::Child(code)) => code,
        Ok(Finished::Report(report)) => {
            let code = deliver(&report, word, &cx);
            if cli.reads_only() {
                recovery::expire(&cx);
            }
            code
        }
        Err(error) => fail(&error, word, &cx, &Typed::of(&arguments)),
    }
}

enum Finished {
    Report(Report),
    /// The exit code of a program that was run for the user.
    Child(u8),
}

fn carry_out(cli: &Cli, cx: &Context) -> Result<Finished> {
    let report = match &cli.command {
        None => commands::setup::run(&cli.setup, cx),
        Some(Command::Switch(args)) => commands::switch::run(args, cx),
        Some(Command::Status) => commands::status::run(cx),
        Some(Command::Check(args)) => commands::check::run(args, cx),
        Some(Command::Limits(args)) => commands::limits::run(args, cx),
        Some(Command::Models(args)) => commands::models::run(args, cx),
        Some(Command::Providers) => commands::providers::run(cx),
        Some(Command::Custom(args)) => commands::custom::run(args, cx),
        Some(Command::Import(args)) => commands::import::run(args, cx),
        Some(Command::Fallback(args)) => commands::fallback::run(args, cx),
        Some(Command::Gateway(command)) => commands::gateway::run(command, cx),
        Some(Command::Key(command)) => commands::key::run(command, cx),
        Some(Command::Env(args)) => commands::env::run(args, cx),
        Some(Command::Completions(args)) => commands::completions::run(args, cx),
        Some(Command::Doctor(args)) => commands::doctor::run(args, cx),
        Some(Command::Undo(args)) => commands::undo::run(args, cx),
        Some(Command::RemoveAll(args)) => commands::remove_all::run(args, cx),
        Some(Command::Exec(args)) => {
            return commands::exec::run(args, cx).map(Finished::Child);
        }
    };
    report.map(Finished::Report)
}

fn deliver(report: &Report, word: &str, cx: &Context) -> u8 {
    let printed = if cx.json {
        talk::print(&report.to_json(word))
    } else if report.is_exact {
        talk::print(&report.text)
    } else {
        talk::print(&sanitize::calm(&report.text))
    };
    match printed {
        Ok(()) => report.exit as u8,
        Err(error) => {
            cx.talk.bad(format!("cannot write to stdout: {error}"));
            Exit::Unexpected as u8
        }
    }
}

/// A key that was typed in a wrong place is not repeated, whoever made the message of it.
fn fail(error: &Error, word: &str, cx: &Context, typed: &Typed) -> u8 {
    if cx.json {
        // The exit code tells even when stdout is gone.
        let _ = talk::print(&typed.redact(&failure_to_json(error, word)));
    } else {
        cx.talk.bad(typed.redact(&error.to_string()));
        if !matches!(error, Error::Cancelled) {
            cx.talk.hint(typed.redact(&error.action()));
        }
    }
    error.exit() as u8
}

/// What clap says of a command line: help and version are results, everything else a usage error.
fn not_understood(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return Exit::Done as u8;
    }
    let typed = Typed::of(arguments);
    if arguments.iter().all(|argument| argument != "--json") {
        if typed.is_empty() {
            let _ = error.print();
        } else {
            talk::complain(&typed.redact(&error.to_string()));
        }
        return Exit::Usage as u8;
    }
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let error = Error::usage(
        first.trim_start_matches("error: "),
        "see `goose-setup --help`",
    );
    let word = Cli::word_in(arguments);
    let _ = talk::print(&typed.redact(&failure_to_json(&error, &word)));
    Exit::Usage as u8
}
