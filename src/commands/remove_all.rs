//! `goose-setup remove-all`: takes away everything of ours. goose's config, its secrets and its providers stay.

use serde_json::json;

use crate::cli::RemoveAllArgs;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fsio::{self, Privacy};
use crate::gateway::memo::Files;
use crate::plan::{FileChange, Plan};
use crate::report::Report;
use crate::shell::Shell;
use crate::state::State;
use crate::{apply, consent, recovery, view};

pub fn run(args: &RemoveAllArgs, cx: &Context) -> Result<Report> {
    match consent::begin(args.writing, cx) {
        // What cannot be put in order goes with all the rest.
        Err(Error::Interrupted { .. }) => {}
        begun => begun?,
    }
    let state = cx.look()?;
    if Files::read(&state.own)?.memo()?.is_some() {
        return Err(Error::usage(
            "goose still goes through the gateway, which would be gone",
            "run `goose-setup gateway remove` first",
        ));
    }
    let mut plan = Plan::titled("remove everything of goose-setup");
    for shell in Shell::ALL {
        remove_line(&mut plan, shell, cx, &state)?;
    }
    let folders: Vec<_> = [&state.own.config_dir, &state.own.state_dir]
        .into_iter()
        .filter(|folder| fsio::is_folder(folder))
        .collect();
    let mut shown = view::plan(&plan, &state.paths.secrets, &cx.env);
    for folder in &folders {
        shown.push_str(&format!(
            "  folder {} (removed, with the changes that `undo` could take back)\n",
            view::path(folder, &cx.env)
        ));
    }
    let changes: Vec<_> = plan
        .changes()
        .into_iter()
        .chain(
            folders
                .iter()
                .map(|folder| json!({"kind": "file", "path": folder, "action": "remove"})),
        )
        .collect();
    let text = if folders.is_empty() && plan.is_empty() {
        "nothing of goose-setup is here\n".to_owned()
    } else if args.writing.dry_run {
        format!("would change:\n{shown}")
    } else {
        if let Some(prompt) = cx.prompt().filter(|_| !args.writing.yes) {
            cx.talk.say(shown.trim_end());
            if !prompt.confirm("Remove all of this?", false)? {
                return Err(Error::Cancelled);
            }
        }
        remove(&plan, cx, &state)?;
        "nothing of goose-setup is left but the program itself; goose keeps its config and keys\n"
            .to_owned()
    };
    Ok(Report::new(
        Exit::Done,
        json!({"dry_run": args.writing.dry_run, "changes": changes, "notes": plan.notes}),
        text,
    ))
}

fn remove_line(plan: &mut Plan, shell: Shell, cx: &Context, state: &State) -> Result<()> {
    let mut files = state.shell_files(&cx.env, shell)?;
    // Our env files go with their folder.
    files.is_shared = true;
    let is_planned = |plan: &Plan| {
        plan.files
            .iter()
            .any(|file| file.before.path == files.rc.path)
    };
    if !is_planned(plan) {
        plan.remove_exports(&files);
    }
    Ok(())
}

/// Without a journal: it would be ours, too, and what is left after a kill is taken away by the same command.
fn remove(plan: &Plan, cx: &Context, state: &State) -> Result<()> {
    let _turn = recovery::last_turn(cx)?;
    for FileChange { before, after, .. } in &plan.files {
        fsio::clear_leftovers_of(&before.path)?;
        match after {
            Some(after) => fsio::replace(before, after, Privacy::Ordinary)?,
            None => fsio::remove(before)?,
        }
    }
    apply::forget_every_former(&state.history.all()?, state)?;
    fsio::remove_folder(&state.own.config_dir)?;
    fsio::remove_folder(&state.own.state_dir)
}
