//! `goose-setup switch`: another provider that is set up already becomes the active one.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::check;
use crate::cli::SwitchArgs;
use crate::commands::missing;
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::goose::activate::Change;
use crate::history::Turn;
use crate::interview::provider::named;
use crate::interview::{Judged, model};
use crate::plan::Plan;
use crate::prompt::list::Item;
use crate::proof;
use crate::report::{Report, Written};
use crate::secret::Secret;
use crate::shadows::Expected;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;
use crate::{apply, consent, recovery, running};

/// How `switch` names the provider that was active before.
const PREVIOUS: &str = "-";

pub fn run(args: &SwitchArgs, cx: &Context) -> Result<Report> {
    let asked = match &args.provider {
        Some(_) => None,
        None => Some(ask(cx, &cx.look()?)?),
    };
    consent::warn_of_others(cx)?;
    // Nothing is asked any more, so reading, planning and writing are one turn and no other goose-setup comes between.
    let turn = (!args.writing.dry_run)
        .then(|| recovery::turn(cx))
        .transpose()?;
    let state = cx.look()?;
    let id = match (asked, args.provider.as_deref()) {
        (Some(id), _) => id,
        (None, Some(PREVIOUS)) => previous(&state)?,
        (None, name) => id_of(name.unwrap_or_default(), &state)?,
    };
    to(&id, args, turn.as_ref(), cx, &state)
}

fn to(
    id: &str,
    args: &SwitchArgs,
    turn: Option<&Turn>,
    cx: &Context,
    state: &State,
) -> Result<Report> {
    let provider = catalog::by_id(id);
    let mut notes = Vec::new();
    let key = usable_key(id, provider, cx, state, &mut notes)?;
    if let Some(provider) = provider
        && let Some(lack) = missing::first(provider, cx, state)?
    {
        return Err(lack);
    }
    let model = model_for(id, provider, args, state, &mut notes)?;
    let verdict = if args.check {
        let provider = provider.ok_or_else(|| {
            Error::usage(
                format!("goose-setup does not know how to check {id}"),
                "leave --check out",
            )
        })?;
        Some(must_work(provider, cx, state)?)
    } else {
        None
    };
    let mut plan = Plan::titled(format!("switch to {id}"));
    plan.change_config(
        &state.config,
        &Change {
            activate: true,
            provider: id.to_owned(),
            model: Some(model.clone()),
            settings: Vec::new(),
            keyring_off: None,
        },
    )?;
    let title = provider.map_or(id, |provider| provider.title);
    let own = json!({
        "provider": id,
        "model": model,
        "verdict": verdict.map(|verdict| verdict.word()),
        "store": null,
    });
    let Some(turn) = turn else {
        let written = Written::of(&plan, true).noting(notes).against(None);
        let text = consent::preview(&plan, cx, state) + &written.lines();
        return Ok(written.report(own, text));
    };
    apply::apply(&plan, state, turn)?;
    if !plan.is_empty() {
        notes.extend(running::note(cx));
    }
    let proof = proof::prove(
        &cx.env,
        &Expected {
            id,
            provider,
            model: Some(&model),
            key: key.as_ref(),
            store: None,
        },
    )?;
    let written = Written::of(&plan, false)
        .noting(notes)
        .against(Some(proof.shadows));
    let text = format!(
        "goose {} {title} with {model}\n{}",
        written.verb(),
        written.lines()
    );
    Ok(written.report(own, text))
}

/// What is said of the stored key, if goose can work with it.
fn must_work(provider: &'static Provider, cx: &Context, state: &State) -> Result<Verdict> {
    let key = stored_key::in_force(provider, cx, state)?;
    if let (Some(fact), None) = (&provider.key, &key)
        && !fact.optional
    {
        return Err(stored_key::no_key(provider, fact.variable, state));
    }
    let target = stored_key::target(provider, key.as_ref(), cx, state);
    let finding = check::prove(&cx.network()?, &target);
    match Judged::of(finding.verdict, false) {
        Judged::Good => Ok(finding.verdict),
        Judged::Doubtful | Judged::Refused => Err(finding.into_error()),
    }
}

fn previous(state: &State) -> Result<String> {
    state.history.previous_provider()?.ok_or_else(|| {
        Error::usage(
            "there is no previous provider to go back to yet",
            "name the provider, such as `goose-setup switch openrouter`",
        )
    })
}

/// The id of a configured provider, also one that the catalogue does not know.
fn id_of(name: &str, state: &State) -> Result<String> {
    if state
        .config
        .configured()
        .iter()
        .any(|known| known.id == name)
    {
        return Ok(name.to_owned());
    }
    named(name).map(|provider| provider.id.to_owned())
}

fn ask(cx: &Context, state: &State) -> Result<String> {
    let configured = state.config.configured();
    if configured.is_empty() {
        return Err(Error::usage(
            "no provider is set up yet",
            "run `goose-setup` to set one up",
        ));
    }
    let Some(prompt) = cx.prompt() else {
        return Err(Error::missing(
            "the provider to switch to",
            "its name, or `-` for the previous one",
        ));
    };
    let active = state.config.active(&Env::default()).provider;
    let items: Vec<Item> = configured
        .iter()
        .map(|known| {
            let is_active = active
                .as_ref()
                .is_some_and(|active| active.value == known.id);
            let mark = if is_active { "  (active)" } else { "" };
            let model = known.model.as_deref().unwrap_or("no model yet");
            Item::new(&known.id, format!("{model}{mark}"))
        })
        .collect();
    let preset = configured.iter().position(|known| {
        active
            .as_ref()
            .is_none_or(|active| active.value != known.id)
    });
    let chosen = prompt.choose(
        "Switch to which provider?",
        &items,
        preset.unwrap_or_default(),
    )?;
    configured
        .get(chosen)
        .map(|known| known.id.clone())
        .ok_or(Error::Cancelled)
}

fn model_for(
    id: &str,
    provider: Option<&Provider>,
    args: &SwitchArgs,
    state: &State,
    notes: &mut Vec<String>,
) -> Result<String> {
    let given = args.model.as_deref().map(model::given).transpose()?;
    if let Some(model) = given.or_else(|| state.config.model_of(id)) {
        return Ok(model);
    }
    let model = provider
        .and_then(|provider| provider.default_model)
        .ok_or_else(|| Error::missing(format!("the model for {id}"), "--model MODEL"))?;
    notes.push(format!("no model was set for {id}, so it is {model} now"));
    Ok(model.to_owned())
}

/// The key goose will find. A provider without one is not set up; a keychain that cannot be read now is only a note.
fn usable_key(
    id: &str,
    provider: Option<&'static Provider>,
    cx: &Context,
    state: &State,
    notes: &mut Vec<String>,
) -> Result<Option<Secret>> {
    let Some(fact) = provider.and_then(|provider| provider.key.as_ref()) else {
        return Ok(None);
    };
    let seen = state.secrets()?;
    if let Some(key) = seen.secret(fact.variable) {
        return Ok(Some(key));
    }
    if cx.env.filled(fact.variable).is_some() || fact.optional {
        return Ok(None);
    }
    // A keychain that is locked or silent may hold it; one that is absent does not.
    if let Some(trouble) = seen.unseen_keychain() {
        notes.push(format!(
            "whether {} is stored could not be seen: {trouble}",
            fact.variable
        ));
        return Ok(None);
    }
    Err(Error::usage(
        format!("{id} has no key yet ({} is not stored)", fact.variable),
        format!("run `goose-setup {id}` to set it up"),
    ))
}
