//! Our own env files: which keys they load into a shell, and keeping them in step with what is stored.

use std::path::PathBuf;

use crate::catalog::{self, Provider};
use crate::context::Context;
use crate::error::Result;
use crate::plan::Plan;
use crate::process;
use crate::secrets::Found;
use crate::shell::exports::{self, Export, ExportValue};
use crate::shell::{Shell, ShellFiles};
use crate::state::State;

/// What a change makes of the providers whose keys are exported.
#[derive(Clone, Copy)]
pub enum Turn<'a> {
    None,
    /// Its key is on the way into the store.
    Joins(&'static Provider),
    /// Its id, and its key goes too.
    Leaves(&'a str),
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
pub fn write(plan: &mut Plan, files: &ShellFiles, cx: &Context, state: &State) -> Result<()> {
    let keys = stored_keys(Turn::None, files, state)?;
    plan.notes.extend(keys.left_out);
    plan.write_env_file(files, &keys.exports, &program(cx))
}

/// The env file says what would be written now.
pub fn is_current(files: &ShellFiles, cx: &Context, state: &State) -> Result<bool> {
    let mut plan = Plan::default();
    write(&mut plan, files, cx, state)?;
    Ok(plan.is_empty())
}

/// Why no key is loaded, or not every one.
pub fn missing_keys(files: &ShellFiles, state: &State) -> Result<Option<String>> {
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

/// The secrets of a provider that are in the store. With `always_key` its key is exported even if it cannot be seen now:
/// the shell that runs the script says so then. So is what `loaded` exports already and may be where nobody can look.
pub fn key_exports(
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

/// How a shell calls this program: by name where it is found by name.
pub fn program(cx: &Context) -> String {
    let folders = process::search_path(&cx.env);
    let on_path = process::find(exports::PROGRAM, folders.iter().map(PathBuf::as_path));
    match (on_path, process::own_path()) {
        (None, Some(path)) => path.display().to_string(),
        _ => exports::PROGRAM.to_owned(),
    }
}
