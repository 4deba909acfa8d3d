//! `goose-setup env`: exports for a shell, and the one line that loads them.

use serde_json::json;

use crate::catalog::Provider;
use crate::cli::EnvArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::env_file;
use crate::error::{Error, Result};
use crate::goose::env_value;
use crate::interview::provider::named_or_active;
use crate::plan::Plan;
use crate::report::{Report, Written};
use crate::shell::exports::{self, Export, ExportValue, Purpose};
use crate::shell::{Shell, words};
use crate::state::State;
use crate::view;

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
    let provider = named_or_active(args.provider.as_deref().or(active.as_deref()), cx, &state)?;
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
    let keys = env_file::key_exports(provider, true, None, &state)?;
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
    let text = exports::render_exports(shell, &set, Purpose::Full, &env_file::program(cx))?;
    Ok(Report::text(text))
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
        env_file::write(&mut plan, &files, cx, &state)?;
        plan.add_rc_line(&files, cx.env.home())?;
        plan.notes.extend(env_file::missing_keys(&files, &state)?);
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
