//! Show a plan, ask, carry it out: the same for every command that writes.

use crate::access::{self, Way};
use crate::cli::Writing;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::paths::Paths;
use crate::plan::Plan;
use crate::prompt::{PlanKey, Prompt};
use crate::state::State;
use crate::{apply, recovery, view};

pub enum Outcome {
    /// `--dry-run`: what would be done, for stdout.
    Shown(String),
    NothingToDo,
    Changed,
}

/// Where every command that may write begins: somebody has agreed or can be asked, and what was interrupted is put in order
/// before anything is looked at.
pub fn begin(writing: Writing, cx: &Context) -> Result<()> {
    require(writing, cx)?;
    warn_of_others(cx)?;
    if writing.dry_run {
        return Ok(());
    }
    recovery::mend(cx)
}

/// A writing command without a terminal has to be told to go ahead.
pub fn require(writing: Writing, cx: &Context) -> Result<()> {
    if writing.yes || writing.dry_run || cx.env.can_prompt() {
        Ok(())
    } else {
        Err(Error::missing(
            "consent to write",
            "--yes, or --dry-run to see what would change",
        ))
    }
}

/// Whoever can write to goose's files can have the keys sent elsewhere, also those that are stored now.
pub fn warn_of_others(cx: &Context) -> Result<()> {
    for opening in access::openings(&Paths::of(&cx.env)?) {
        if opening.way != Way::Read {
            cx.talk.warn(format!(
                "{}: {}",
                opening.sentence(&cx.env),
                opening.fix(&cx.env)
            ));
        }
    }
    Ok(())
}

/// What a dry run prints.
pub fn preview(plan: &Plan, cx: &Context, state: &State) -> String {
    if plan.is_empty() {
        let notes = view::plan(plan, &state.paths.secrets, &cx.env);
        return format!("nothing to change\n{notes}");
    }
    format!(
        "would change:\n{}",
        view::plan(plan, &state.paths.secrets, &cx.env)
    )
}

/// What came of showing a plan.
pub enum Answer {
    Stop(Outcome),
    /// Somebody saw this very plan and said yes to it, or `--yes` was said to whatever it is.
    Go {
        was_asked: bool,
    },
}

pub fn carry_out(
    plan: &Plan,
    writing: Writing,
    prompt: Option<&Prompt>,
    cx: &Context,
    state: &State,
) -> Result<Outcome> {
    if let Answer::Stop(outcome) = ask(plan, writing, prompt, cx, state)? {
        return Ok(outcome);
    }
    apply::apply(plan, state, &recovery::turn(cx)?)?;
    Ok(Outcome::Changed)
}

pub fn ask(
    plan: &Plan,
    writing: Writing,
    prompt: Option<&Prompt>,
    cx: &Context,
    state: &State,
) -> Result<Answer> {
    if writing.dry_run {
        return Ok(Answer::Stop(Outcome::Shown(preview(plan, cx, state))));
    }
    if plan.is_empty() {
        return Ok(Answer::Stop(Outcome::NothingToDo));
    }
    let prompt = prompt.filter(|_| !writing.yes);
    if let Some(prompt) = prompt {
        cx.talk
            .say(view::plan(plan, &state.paths.secrets, &cx.env).trim_end());
        if prompt.plan_key(&[])? != PlanKey::Apply {
            return Err(Error::Cancelled);
        }
    }
    Ok(Answer::Go {
        was_asked: prompt.is_some(),
    })
}
