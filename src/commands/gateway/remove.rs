//! `goose-setup gateway remove`: goose goes back to what it was.

use serde_json::{Value, json};

use crate::check::http::local::{Up, is_up};
use crate::cli::Writing;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::gateway::memo::{Files, Memo};
use crate::gateway::trace::{Found, Place, Trace};
use crate::gateway::{HEALTH, KEY, PROVIDER};
use crate::goose::activate::Change;
use crate::plan::{FileChange, Plan};
use crate::report::{Report, Written};
use crate::state::State;
use crate::yaml_edit::Edit;

pub(super) fn run(writing: Writing, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let files = Files::read(&state.own)?;
    let place = Place::of(&state.own);
    let orphan = match place.look() {
        Found::LeftBehind(trace) => Some(trace),
        Found::Nothing | Found::Watched(_) => None,
    };
    let Some(memo) = files.memo()? else {
        if let Some(trace) = orphan {
            return end_alone(trace, &place, writing, cx);
        }
        return Ok(Report::new(
            Exit::Done,
            json!({"dry_run": writing.dry_run, "changes": [], "notes": [], "ends": null}),
            "nothing to remove: no gateway is set up\n",
        ));
    };
    consent::begin(writing, cx)?;
    let mut plan = Plan::titled("remove the gateway");
    let back_to = if memo.is_in(&state.config) {
        leave(&mut plan, &memo, &state)?
    } else {
        None
    };
    plan.files.extend(FileChange::removal(&files.config));
    plan.files.extend(FileChange::removal(&files.memo));
    plan.notes.extend(orphan.map(ending));
    let prompt = cx.prompt();
    let outcome = consent::carry_out(&plan, writing, prompt.as_ref(), cx, &state)?;
    let (head, still_runs) = match outcome {
        Outcome::Shown(text) => (text, None),
        _ => {
            if let Some(trace) = orphan {
                place.end(trace)?;
            }
            let found = place.look();
            if found == Found::Nothing {
                place.clear()?;
            }
            let head = match &back_to {
                Some(provider) => format!("the gateway is removed; goose uses {provider} again\n"),
                None => {
                    "the gateway is removed; `goose-setup status` shows what goose uses\n".into()
                }
            };
            (head, still_runs(&memo, found))
        }
    };
    let written = Written::of(&plan, writing.dry_run).noting(still_runs);
    let text = head + &written.lines();
    let ends = orphan.map(named);
    Ok(written.report(json!({"provider": back_to, "ends": ends}), text))
}

/// Takes the gateway out of goose's config and store. Tells the provider that goose uses instead, if that changes.
fn leave(plan: &mut Plan, memo: &Memo, state: &State) -> Result<Option<String>> {
    plan.take_out(state.secrets()?, KEY)?;
    let is_active = state
        .config
        .active(&Env::default())
        .provider
        .is_some_and(|active| active.value == PROVIDER);
    let configured = state.config.configured();
    let back_to = memo
        .previous
        .clone()
        .filter(|previous| is_active && configured.iter().any(|known| known.id == *previous));
    if let Some(provider) = back_to.as_deref().filter(|id| *id != PROVIDER) {
        let change = Change {
            activate: true,
            provider: provider.to_owned(),
            ..Change::default()
        };
        plan.change_config(&state.config, &change)?;
        // There is no way back to a provider that is gone.
        plan.former_provider = None;
    }
    plan.edit_config(&state.config, |now| {
        let mut edits = memo.former.edits(now);
        if is_active && back_to.is_none() {
            edits.push(Edit::remove(["active_provider"]));
        }
        Ok(edits)
    })?;
    Ok(back_to)
}

/// The gateway is gone already, and its LiteLLM is not.
fn end_alone(trace: Trace, place: &Place, writing: Writing, cx: &Context) -> Result<Report> {
    consent::require(writing, cx)?;
    let note = ending(trace);
    if !writing.dry_run {
        if let Some(prompt) = cx.prompt().filter(|_| !writing.yes) {
            cx.talk.say(format!("  {note}"));
            if !prompt.confirm("End it?", true)? {
                return Err(Error::Cancelled);
            }
        }
        place.end(trace)?;
        place.clear()?;
    }
    let written = Written::of(&Plan::default(), writing.dry_run).noting([note]);
    let text = format!("no gateway is set up\n{}", written.lines());
    Ok(written.report(json!({"ends": named(trace)}), text))
}

fn named(trace: Trace) -> Value {
    json!({"pid": trace.pid, "port": trace.port})
}

fn ending(trace: Trace) -> String {
    format!(
        "the LiteLLM that a killed `gateway run` left behind is ended (process {}, port {})",
        trace.pid, trace.port
    )
}

fn still_runs(memo: &Memo, found: Found) -> Option<String> {
    let process = match found {
        Found::Watched(Some(trace)) => format!(" (process {})", trace.pid),
        _ => String::new(),
    };
    (is_up(memo.port, HEALTH) == Up::Yes)
        .then(|| format!("it still runs{process}: stop it with Ctrl-C where it was started"))
}
