//! `goose-setup env`: exports for a shell, and the one line that loads them.

use std::path::PathBuf;

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::cli::EnvArgs;
use crate::commands::stored_key;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::goose::env_value;
use crate::plan::Plan;
use crate::report::{Report, Written};
use crate::secrets::Found;
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
    let keys = key_exports(provider, true, None, &state)?;
    if let Some(key) = keys.iter().find(|key| !exports::is_variable(&key.name)) {
        return Err(Error::usage(
            format!("no shell can export {}", key.name),
            format!(
                "`goose-setup custom edit {}` gives it another name",
                provider.id
            ),
        ));
    }
    set.extend(keys);
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
/// the shell that runs the script says so then. So is what `loaded` exports already and may be where nobody can look.
fn key_exports(
    provider: &'static Provider,
    always_key: bool,
    loaded: Option<&ShellFiles>,
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
        let export = Export {
            name: name.to_owned(),
            value: ExportValue::Stored {
                provider: provider.id.to_owned(),
                variable: name.to_owned(),
            },
        };
        // A keychain may keep us waiting, so it is only asked about what it decides.
        if always || is_stored(&export, loaded, state)? {
            exports.push(export);
        }
    }
    Ok(exports)
}

fn is_stored(export: &Export, loaded: Option<&ShellFiles>, state: &State) -> Result<bool> {
    let seen = state.secrets()?;
    Ok(match seen.find(&export.name) {
        Found::In(_) => seen.secret(&export.name).is_some(),
        Found::NotIn(_) => false,
        Found::Unseen(_) => loaded.is_some_and(|files| files.exports(export)),
    })
}

/// Address and other settings that goose then expects beside the key.
fn companions(provider: &'static Provider, state: &State) -> Result<Vec<Export>> {
    let is_set = |name: &str| state.config.file_setting(name).is_some();
    provider
        .host_setting(is_set)
        .into_iter()
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
        plan.notes.extend(missing_keys(&files, &state)?);
    } else {
        plan.remove_exports(&files);
    }
    let prompt = cx.prompt();
    let rc = view::path(&files.rc.path, &cx.env);
    let head = match consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)? {
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
    let written = Written::of(&plan, args.writing.dry_run);
    let text = format!("{head}{}", written.lines());
    Ok(written.report(json!({"shell": shell.name(), "rc": files.rc.path}), text))
}

/// What a change makes of the providers whose keys are exported.
#[derive(Clone, Copy)]
pub enum Turn<'a> {
    None,
    /// Its key is on the way into the store.
    Joins(&'static Provider),
    /// Its id, and its key goes too.
    Leaves(&'a str),
}

/// Every stored key of a configured provider or an endpoint of one's own, after that turn.
fn stored_keys(turn: Turn<'_>, files: &ShellFiles, state: &State) -> Result<Keys> {
    let configured = state.config.configured();
    let is_known = |provider: &Provider| {
        !catalog::is_goose_id(provider.id) || configured.iter().any(|known| known.id == provider.id)
    };
    let (joins, leaves) = match turn {
        Turn::None => (None, None),
        Turn::Joins(provider) => (Some(provider), Some(provider.id)),
        Turn::Leaves(id) => (None, Some(id)),
    };
    let others = catalog::known()
        .filter(|provider| leaves != Some(provider.id) && is_known(provider))
        .map(|provider| (provider, false));
    let mut all: Vec<_> = others
        .chain(joins.map(|provider| (provider, true)))
        .collect();
    // In the order of the catalogue, whoever joins.
    all.sort_by_key(|(provider, _)| {
        let place = catalog::known().position(|known| known.id == provider.id);
        place.unwrap_or(usize::MAX)
    });
    let mut keys = Keys::default();
    for (provider, is_due) in all {
        for export in key_exports(provider, is_due, Some(files), state)? {
            if !exports::is_variable(&export.name) {
                keys.left_out.push(format!(
                    "no shell can export {}: `goose-setup custom edit {}` gives it another name",
                    export.name, provider.id
                ));
            } else if keys.exports.iter().all(|known| known.name != export.name) {
                keys.exports.push(export);
            }
        }
    }
    Ok(keys)
}

/// Why no key is loaded, or not every one.
fn missing_keys(files: &ShellFiles, state: &State) -> Result<Option<String>> {
    if !state.config.configured().is_empty()
        && let Some(trouble) = state.secrets()?.keychain_trouble()
    {
        return Ok(Some(format!(
            "{trouble}, so no key of it is added or taken out: run this again when it can be seen"
        )));
    }
    let is_none = stored_keys(Turn::None, files, state)?.exports.is_empty();
    Ok(is_none.then(|| {
        "no key is stored yet, so there is none to load: run `goose-setup` to set a provider up"
            .into()
    }))
}

#[derive(Default)]
struct Keys {
    exports: Vec<Export>,
    /// Sentences about those that have to stay away.
    left_out: Vec<String>,
}

/// Brings env files that are installed already up to date with a change, and installs the one for `wanted`.
pub fn keep_up(
    plan: &mut Plan,
    wanted: Option<Shell>,
    turn: Turn<'_>,
    cx: &Context,
    state: &State,
) -> Result<()> {
    let mut written = Vec::new();
    for shell in wanted.into_iter().chain(Shell::ALL) {
        let files = state.shell_files(&cx.env, shell)?;
        let is_due = wanted == Some(shell) || files.env_file.exists();
        if is_due && !written.contains(&files.env_file.path) {
            let keys = stored_keys(turn, &files, state)?;
            plan.write_env_file(&files, &keys.exports, &program(cx))?;
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
    let keys = stored_keys(Turn::None, files, state)?;
    plan.notes.extend(keys.left_out);
    plan.write_env_file(files, &keys.exports, &program(cx))
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
