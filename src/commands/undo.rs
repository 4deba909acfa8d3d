//! `goose-setup undo`: takes back the last change.

use std::time::Duration;

use serde_json::json;

use crate::cli::UndoArgs;
use crate::consent::{self, Answer, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::fsio;
use crate::history::Entry;
use crate::plan::Plan;
use crate::prompt::Prompt;
use crate::report::{Report, Written};
use crate::state::State;
use crate::{apply, recovery, running, undo};

pub fn run(args: &UndoArgs, cx: &Context) -> Result<Report> {
    if args.list {
        return list(cx);
    }
    if args.forget {
        consent::require(args.writing, cx)?;
        return forget(args, cx);
    }
    consent::begin(args.writing, cx)?;
    let (state, entry, plan) = newest(cx)?;
    let prompt = cx.prompt();
    let (entry, plan, text) = match consent::ask(&plan, args.writing, prompt.as_ref(), cx, &state)?
    {
        Answer::Stop(Outcome::Shown(text)) => (entry, plan, text),
        Answer::Stop(_) => {
            let_go(&entry, &plan, prompt.filter(|_| !args.writing.yes), cx)?;
            let text = format!("nothing is left to take back of: {}\n", entry.title);
            (entry, plan, text)
        }
        Answer::Go { was_asked } => take_back(was_asked.then_some(&plan), cx)?,
    };
    let written = Written::of(&plan, args.writing.dry_run);
    let text = format!("{text}{}", written.lines());
    let own = json!({"undone": {"id": entry.id, "title": entry.title}});
    Ok(written.report(own, text))
}

/// Forgets a change of which nothing stands any more. Where somebody wrote since, what it replaced is in no other place, so
/// only a person can give that up.
fn let_go(entry: &Entry, seen: &Plan, prompt: Option<Prompt>, cx: &Context) -> Result<()> {
    if !seen.notes.is_empty() {
        let Some(prompt) = prompt else {
            return Err(Error::Overwritten {
                title: entry.title.clone(),
                since: seen.notes.join("; "),
            });
        };
        for note in &seen.notes {
            cx.talk.say(note);
        }
        let question = "Nothing of it can be taken back. Forget it, and what it replaced?";
        if !prompt.confirm(question, false)? {
            return Err(Error::Cancelled);
        }
    }
    let _turn = recovery::turn(cx)?;
    let (state, entry, now) = newest(cx)?;
    if now.undoes != seen.undoes || !now.is_same_change_as(seen) || now.notes != seen.notes {
        return Err(Error::Changed {
            path: state.own.state_dir,
        });
    }
    apply::forget_former([&entry], &state);
    state.history.forget(&entry)
}

/// The last change as it is when our turn has come; another one than was agreed to is left alone.
fn take_back(agreed: Option<&Plan>, cx: &Context) -> Result<(Entry, Plan, String)> {
    let turn = recovery::turn(cx)?;
    let (state, entry, mut plan) = newest(cx)?;
    let is_agreed =
        agreed.is_none_or(|old| old.undoes == plan.undoes && old.is_same_change_as(&plan));
    if !is_agreed {
        return Err(Error::Changed {
            path: state.own.state_dir,
        });
    }
    apply::apply(&plan, &state, &turn)?;
    plan.notes.extend(running::note(cx));
    let files = cx.look()?.config.active(&Env::default());
    let provider = files
        .provider
        .map_or("no provider".to_owned(), |it| it.value);
    let text = format!("taken back: {}; goose is set to {provider}\n", entry.title);
    Ok((entry, plan, text))
}

/// The last change, and what takes it back now.
fn newest(cx: &Context) -> Result<(State, Entry, Plan)> {
    let state = cx.look()?;
    let Some(entry) = state.history.entries()?.into_iter().next() else {
        return Err(nothing_to_undo());
    };
    // The keychain counts here although goose may have it turned off by now: the change was made there.
    let state = state.with_store(entry.secrets.as_ref().map(|secrets| secrets.store));
    let plan = draw_up(&entry, &state)?;
    Ok((state, entry, plan))
}

fn draw_up(entry: &Entry, state: &State) -> Result<Plan> {
    let files = entry
        .files
        .iter()
        .map(|record| fsio::read(&record.path))
        .collect::<Result<Vec<_>>>()?;
    let Some(secrets) = &entry.secrets else {
        return undo::plan(entry, &files, None);
    };
    let former = state
        .places
        .former(&entry.id, secrets.store, state.patience())?;
    undo::plan(entry, &files, Some((state.secrets()?, &former)))
}

fn list(cx: &Context) -> Result<Report> {
    let entries = cx.look()?.history.entries()?;
    let mut text = String::new();
    for entry in &entries {
        text.push_str(&format!("{:>12}  {}\n", ago(entry.age()), entry.title));
    }
    if entries.is_empty() {
        text.push_str("there is nothing to take back\n");
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({
                "id": entry.id,
                "title": entry.title,
                "made": entry.made.as_secs(),
                "files": entry.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
                "secrets": entry.secrets.iter().flat_map(|it| &it.names).map(|it| &it.name).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Report::new(Exit::Done, json!({"entries": rows}), text))
}

fn forget(args: &UndoArgs, cx: &Context) -> Result<Report> {
    let count = cx.look()?.history.all()?.len();
    let question = format!("Forget {count} changes and the keys they replaced?");
    if args.writing.dry_run {
        let text = format!("{count} changes can be taken back now\n");
        return Ok(forgotten(0, true, text));
    }
    if let Some(prompt) = cx.prompt().filter(|_| count > 0 && !args.writing.yes)
        && !prompt.confirm(&question, false)?
    {
        return Err(Error::Cancelled);
    }
    let _turn = recovery::last_turn(cx)?;
    let state = cx.look()?;
    let entries = state.history.all()?;
    apply::forget_every_former(&entries, &state)?;
    for entry in &entries {
        state.history.forget(entry)?;
    }
    Ok(forgotten(
        entries.len(),
        false,
        format!("{} changes are forgotten\n", entries.len()),
    ))
}

fn forgotten(count: usize, dry_run: bool, text: String) -> Report {
    Report::new(
        Exit::Done,
        json!({"forgotten": count, "dry_run": dry_run}),
        text,
    )
}

fn nothing_to_undo() -> Error {
    Error::usage(
        "there is nothing to take back",
        "`goose-setup undo --list` shows the changes that can be taken back, for seven days",
    )
}

fn ago(age: Duration) -> String {
    let (count, unit) = match age.as_secs() {
        seconds @ 0..60 => (seconds, "s"),
        seconds @ 60..3600 => (seconds / 60, "min"),
        seconds @ 3600..86_400 => (seconds / 3600, "h"),
        seconds => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}
