//! `goose-setup limits --set`: the settings that the advice names, written to goose's config.

use serde_json::json;

use crate::cli::LimitsArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::Result;
use crate::limits::settings;
use crate::report::{Report, Written};
use crate::state::State;

pub(super) fn run(args: &LimitsArgs, cx: &Context, state: &State) -> Result<Report> {
    consent::begin(args.writing, cx)?;
    let plan = settings::plan(&state.config, &args.set)?;
    let outranked = args.set.iter().filter(|(name, _)| cx.env.is_set(name));
    let notes =
        outranked.map(|(name, _)| format!("{name} in the environment outranks what is written"));
    let prompt = cx.prompt();
    let head = match consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, state)? {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo => "goose's config says so already\n".into(),
        Outcome::Changed => {
            let names: Vec<_> = args.set.iter().map(|(name, _)| name.as_str()).collect();
            format!("written to goose's config: {}\n", names.join(", "))
        }
    };
    let written = Written::of(&plan, args.writing.dry_run).noting(notes);
    let text = head + &written.lines();
    Ok(written.report(json!({}), text))
}
