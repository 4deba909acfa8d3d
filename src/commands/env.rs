//! `goose-setup env`: exports for a shell, and the one line that loads them.

use std::path::PathBuf;

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::cli::EnvArgs;
use crate::commands::stored_key;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::goose::env_value;
use crate::plan::{Choice, Plan};
use crate::report::Report;
use crate::shell::exports::{self, Export, ExportValue, Purpose};
use crate::shell::{Shell, words};
use crate::state::{ShellFiles, State};
use crate::{process, view};

pub fn run(args: &EnvArgs, cx: &Context) -> Result<Report> {
    let shell = match &args.shell {
        Some(name) => Shell::parse(name)?,
        None => Shell::detect(&cx.env),
    };
    if args.install || args.remove {
        return change(args, shell, cx);
    }
    if cx.json {
        return Err(Error::usage(
            "`goose-setup env` prints a script, not JSON",
            "leave --json out, or add --install or --remove",
        ));
    }
    print(args, shell, cx)
}

/// The full set for one provider: it alone is enough for goose to work.
fn print(args: &EnvArgs, shell: Shell, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    // What this shell exports already is what is to be replaced, so the files decide which provider is meant.
    let files = state.config.active(&Env::default());
    let active = files.provider.map(|provider| provider.value);
    let provider =
        stored_key::named_or_active(args.provider.as_deref().or(active.as_deref()), cx, &state)?;
    let model = state
        .config
        .model_of(provider.id)
        .or_else(|| provider.default_model.map(str::to_owned))
        .ok_or_else(|| {
            Error::usage(
                format!("no model is set for {}", provider.id),
                format!("run `goose-setup switch {} --model MODEL`", provider.id),
            )
        })?;
    let mut set = vec![
        literal("GOOSE_PROVIDER", provider.id)?,
        literal("GOOSE_MODEL", &model)?,
    ];
    set.extend(key_exports(provider, true, &state)?);
    set.extend(companions(provider, &state)?);
    // What an earlier block of ours exported here and this provider does not need would outrank the files.
    let stale: Vec<Export> = exports::our_exports(&cx.env)
        .into_iter()
        .filter(|name| set.iter().all(|export| export.name != *name))
        .map(|name| Export {
            name: name.to_owned(),
            value: ExportValue::Removed,
        })
        .collect();
    set.extend(stale);
    let text = exports::render_exports(shell, &set, Purpose::Full, &program(cx))?;
    Ok(Report::text(text))
}

/// The secrets of a provider that are in the store. With `always_key` its key is exported even if it cannot be seen now:
/// the shell that runs the script says so then.
fn key_exports(
    provider: &'static Provider,
    always_key: bool,
    state: &State,
) -> Result<Vec<Export>> {
    let key = provider
        .key
        .as_ref()
        .map(|key| (key.variable, always_key && !key.optional));
    let others = provider
        .settings
        .iter()
        .filter(|setting| setting.secret)
        .map(|setting| (setting.name, false));
    let mut exports = Vec::new();
    for (name, always) in key.into_iter().chain(others) {
        // A keychain may keep us waiting, so it is only asked about what it decides.
        if always || state.secrets()?.secret(name).is_some() {
            exports.push(Export {
                name: name.to_owned(),
                value: ExportValue::Stored {
                    provider: provider.id.to_owned(),
                    variable: name.to_owned(),
                },
            });
        }
    }
    Ok(exports)
}

/// Address and other settings that goose then expects beside the key.
fn companions(provider: &'static Provider, state: &State) -> Result<Vec<Export>> {
    provider
        .host
        .iter()
        .map(|host| host.setting)
        .chain(
            provider
                .settings
                .iter()
                .filter(|setting| !setting.secret)
                .map(|setting| setting.name),
        )
        .filter_map(|name| Some((name, state.config.file_setting(name)?)))
        .map(|(name, value)| literal(name, &value))
        .collect()
}

/// A value that is no secret, in the form that goose reads back as this very text.
fn literal(name: &str, value: &str) -> Result<Export> {
    Ok(Export {
        name: name.to_owned(),
        value: ExportValue::Literal(env_value::env_form(value, env_value::is_read_raw(name))?),
    })
}

fn change(args: &EnvArgs, shell: Shell, cx: &Context) -> Result<Report> {
    consent::begin(args.writing, cx)?;
    let state = cx.look()?;
    let files = state.shell_files(&cx.env, shell)?;
    let verb = if args.install {
        "load the keys into"
    } else {
        "keep the keys out of"
    };
    let mut plan = Plan::titled(format!("{verb} new {} shells", shell.name()));
    if args.install {
        write_env_file(&mut plan, &files, cx, &state)?;
        plan.add_rc_line(&files, cx.env.home())?;
        if stored_keys(None, &state)?.is_empty() {
            plan.notes.push(
                "no key is stored yet, so there is none to load: run `goose-setup` to set a provider up"
                    .into(),
            );
        }
    } else {
        plan.remove_exports(&files);
    }
    let prompt = cx.prompt();
    let rc = view::path(&files.rc.path, &cx.env);
    let mut text = match consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)? {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo if args.install => {
            format!("nothing to change: {rc} loads the keys already\n")
        }
        Outcome::NothingToDo => format!("nothing to remove: {rc} has no line of goose-setup\n"),
        Outcome::Changed if args.install => format!(
            "new {} shells load the keys; for this one: {}\n",
            shell.name(),
            words::load(shell, &files.env_file.path)?
        ),
        Outcome::Changed => {
            format!("{rc} is as it was before; open shells keep what they have loaded\n")
        }
    };
    if !args.writing.dry_run {
        for note in &plan.notes {
            text.push_str(&format!("note: {note}\n"));
        }
    }
    Ok(Report::new(
        Exit::Done,
        json!({
            "shell": shell.name(),
            "rc": files.rc.path,
            "dry_run": args.writing.dry_run,
            "changes": plan.changes(),
            "notes": plan.notes,
        }),
        text,
    ))
}

/// Every stored key of a configured provider, and of the one that is being set up.
fn stored_keys(choice: Option<&Choice>, state: &State) -> Result<Vec<Export>> {
    let configured = state.config.configured();
    let mut all = Vec::new();
    for provider in catalog::all() {
        let is_chosen = choice.is_some_and(|choice| choice.provider.id == provider.id);
        if is_chosen || configured.iter().any(|known| known.id == provider.id) {
            all.extend(key_exports(provider, is_chosen, state)?);
        }
    }
    Ok(all)
}

/// Brings env files that are installed already up to date with a setup, and installs the one for `wanted`.
pub fn keep_up(
    plan: &mut Plan,
    wanted: Option<Shell>,
    choice: &Choice,
    cx: &Context,
    state: &State,
) -> Result<()> {
    let mut written = Vec::new();
    for shell in wanted.into_iter().chain(Shell::ALL) {
        let files = state.shell_files(&cx.env, shell)?;
        let is_due = wanted == Some(shell) || files.env_file.exists();
        if is_due && !written.contains(&files.env_file.path) {
            plan.write_env_file(&files, &stored_keys(Some(choice), state)?, &program(cx))?;
            written.push(files.env_file.path);
        }
    }
    if let Some(shell) = wanted {
        plan.add_rc_line(&state.shell_files(&cx.env, shell)?, cx.env.home())?;
    }
    Ok(())
}

/// Our env file with the keys that are stored now, in this plan.
pub fn write_env_file(
    plan: &mut Plan,
    files: &ShellFiles,
    cx: &Context,
    state: &State,
) -> Result<()> {
    plan.write_env_file(files, &stored_keys(None, state)?, &program(cx))
}

/// The env file says what would be written now.
pub fn is_current(files: &ShellFiles, cx: &Context, state: &State) -> Result<bool> {
    let mut plan = Plan::default();
    write_env_file(&mut plan, files, cx, state)?;
    Ok(plan.is_empty())
}

/// How a shell calls this program: by name where it is found by name.
fn program(cx: &Context) -> String {
    let folders = process::search_path(&cx.env);
    let on_path = process::find(exports::PROGRAM, folders.iter().map(PathBuf::as_path));
    match (on_path, process::own_path()) {
        (None, Some(path)) => path.display().to_string(),
        _ => exports::PROGRAM.to_owned(),
    }
}
