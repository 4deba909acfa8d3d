//! `goose-setup key remove`: takes a key out of the store.

use serde_json::json;

use super::key_of;
use crate::cli::KeyRemoveArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::interview::provider::named;
use crate::plan::{self, Plan};
use crate::report::Report;
use crate::running;

pub(super) fn run(args: &KeyRemoveArgs, cx: &Context) -> Result<Report> {
    let provider = named(&args.provider)?;
    let fact = key_of(provider)?;
    consent::begin(args.writing, cx)?;
    let state = cx.look()?;
    let seen = state.secrets()?;
    // Where goose finds the key now, which before the first keychain item is the file.
    let store = match seen.read_from() {
        Some(store) => store,
        None => seen.used()?,
    };
    let mut plan = Plan {
        secrets: plan::secret_change(seen, store, &[], &[fact.variable.to_owned()]),
        ..Plan::titled(format!("remove the key of {}", provider.title))
    };
    let prompt = cx.prompt();
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    if matches!(outcome, Outcome::Changed) {
        plan.notes.extend(running::note(cx));
    }
    let mut text = match outcome {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo => format!("nothing to remove: {} is not stored\n", fact.variable),
        Outcome::Changed => format!(
            "the key of {} is removed; `goose-setup {}` sets it up again\n",
            provider.title, provider.id
        ),
    };
    for note in &plan.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    Ok(Report::new(
        Exit::Done,
        json!({
            "provider": provider.id,
            "verdict": null,
            "store": store,
            "dry_run": args.writing.dry_run,
            "changes": plan.changes(),
            "notes": plan.notes,
            "goose_agrees": null,
        }),
        text,
    ))
}
