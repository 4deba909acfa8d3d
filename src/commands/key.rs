//! `goose-setup key`: replace, print or remove a stored key.

mod print;
mod remove;
mod set;

use crate::catalog::{Key, Provider};
use crate::cli::KeyCommand;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::report::Report;

pub fn run(command: &KeyCommand, cx: &Context) -> Result<Report> {
    match command {
        KeyCommand::Set(args) => set::run(args, cx),
        KeyCommand::Print(args) => print::run(args, cx),
        KeyCommand::Remove(args) => remove::run(args, cx),
    }
}

fn key_of(provider: &'static Provider) -> Result<&'static Key> {
    provider.key.as_ref().ok_or_else(|| {
        Error::usage(
            format!("{} has no API key", provider.title),
            format!("run `goose-setup {}` to set it up", provider.id),
        )
    })
}
