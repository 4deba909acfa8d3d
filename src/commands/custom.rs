//! `goose-setup custom`: endpoints of the user's own, from a pasted address to a goose that answers through it.

mod answers;
mod former;
mod key;
mod list;
mod outcome;
mod remove;
mod set_up;
mod survey;

use std::path::PathBuf;

use crate::cli::{CustomArgs, CustomCommand};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::custom::{Custom, Definition};
use crate::report::Report;

pub fn run(args: &CustomArgs, cx: &Context) -> Result<Report> {
    match &args.command {
        None => set_up::add(args.url.as_deref(), &args.wishes, cx),
        Some(CustomCommand::List) => list::run(cx),
        Some(CustomCommand::Edit(args)) => set_up::edit(args, cx),
        Some(CustomCommand::Remove(args)) => remove::run(args, cx),
    }
}

/// The provider of that id, which may be said without goose's prefix.
fn named<'c>(id: &str, custom: &'c Custom) -> Result<&'c (Definition, PathBuf)> {
    custom
        .by_id(id)
        .or_else(|| custom.by_id(&format!("custom_{id}")))
        .ok_or_else(|| {
            let ids: Vec<&str> = custom
                .providers
                .iter()
                .map(|(definition, _)| definition.name.as_str())
                .collect();
            Error::usage(
                format!("there is no endpoint of your own called {id}"),
                if ids.is_empty() {
                    "set one up with `goose-setup custom URL`".to_owned()
                } else {
                    format!("there is {}", ids.join(", "))
                },
            )
        })
}
