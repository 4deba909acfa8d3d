//! `goose-setup gateway setup`.

use jiff::Timestamp;
use serde_json::json;

use super::unstored;
use crate::catalog;
use crate::check::Target;
use crate::cli::GatewaySetupArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::env::Env;
use crate::env_file::{self, Turn};
use crate::error::{Error, Result};
use crate::fsio::Privacy;
use crate::gateway::cap::{self, Kind};
use crate::gateway::config::{Manners, render};
use crate::gateway::former::Former;
use crate::gateway::memo::{Files, Memo};
use crate::gateway::route::Route;
use crate::gateway::survey::{self, Opinion};
use crate::gateway::trace::{Found, Place};
use crate::gateway::{self, BASE_PATH, HOST, KEY, PROVIDER, engine, pick};
use crate::plan::{self, Choice, FileChange, StoreChoice};
use crate::prompt::Prompt;
use crate::proof;
use crate::report::{Report, Written};
use crate::secret::Secret;
use crate::shadows::{Expected, Shadow};
use crate::state::State;
use crate::stored_key;

pub(super) fn run(args: &GatewaySetupArgs, cx: &Context) -> Result<Report> {
    consent::begin(args.writing, cx)?;
    let state = cx.look()?;
    let prompt = cx.prompt();
    let asked = prompt.as_ref().filter(|_| !args.writing.yes);
    let (routes, learned) = routes(args, asked, cx, &state)?;
    let files = Files::read(&state.own)?;
    let memo = files.memo()?.filter(|memo| memo.is_in(&state.config));
    let key = master_key(memo.is_some(), &state)?;
    let url = gateway::url(args.port);
    let choice = Choice {
        provider: catalog::find(PROVIDER)?,
        model: routes
            .first()
            .map(|route| route.name.clone())
            .unwrap_or_default(),
        secrets: vec![(KEY.to_owned(), key.clone())],
        settings: vec![
            (HOST.to_owned(), Some(url.clone())),
            (BASE_PATH.to_owned(), None),
        ],
        store: Some(StoreChoice {
            kind: state.secrets()?.used()?,
            on_request: false,
        }),
    };
    let mut plan = plan::setup(&choice, &state.config, Some(state.secrets()?))?;
    plan.title = "set up the gateway".into();
    plan.notes.extend(learned);
    let mut variables: Vec<String> = Vec::new();
    for name in routes.iter().filter_map(Route::key) {
        if variables.iter().all(|known| known != name) {
            variables.push(name.to_owned());
        }
    }
    plan.notes.extend(unstored(&variables, cx, &state)?);
    let manners = Manners {
        cooldown: args.cooldown,
        retries: args.retries,
    };
    let config = render(&routes, manners).into_bytes();
    plan.files
        .extend(FileChange::to(&files.config, config, Privacy::Private));
    if memo.is_none() && !Former::of(&state.config).is_nothing() {
        plan.notes.push(
            "goose is set up for another LiteLLM, which the gateway stands in for; `goose-setup gateway remove` gives that back".into(),
        );
    }
    let memo = renewed(memo, args.port, &state);
    plan.files
        .extend(FileChange::to(&files.memo, memo.text()?, Privacy::Private));
    env_file::keep_up(&mut plan, None, Turn::Joins(choice.provider), cx, &state)?;

    let names: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    let shadows = match &outcome {
        Outcome::Shown(_) => None,
        _ => Some(agreement(&choice, &key, cx)?),
    };
    let proxy = engine::proxy_in_the_way(&cx.env).map(|variable| {
        format!(
            "{variable} is asked for 127.0.0.1 too, so goose would not reach the gateway: add 127.0.0.1 to NO_PROXY"
        )
    });
    let running = match (&outcome, Place::of(&state.own).look()) {
        (Outcome::Changed, Found::Watched(running)) => {
            let process = running.map_or(String::new(), |it| format!(" (process {})", it.pid));
            Some(format!(
                "the gateway that runs now{process} goes on as it was: stop it, and start `goose-setup gateway run` again"
            ))
        }
        _ => None,
    };
    let written = Written::of(&plan, args.writing.dry_run)
        .noting(proxy)
        .noting(running)
        .against(shadows);
    let text = match outcome {
        Outcome::Shown(text) => text + &written.lines(),
        outcome => told(&names, &written, matches!(outcome, Outcome::NothingToDo)),
    };
    let limits: Vec<_> = routes
        .iter()
        .map(|route| json!({"model": route.name, "rpm": route.rpm, "tpm": route.tpm}))
        .collect();
    let own = json!({
        "provider": PROVIDER,
        "models": names,
        "limits": limits,
        "url": url,
        "config": files.config.path,
        "store": choice.store.map(|store| store.kind),
    });
    Ok(written.report(own, text))
}

/// The routes that can be gone, each within the limits that are known, and what is to be said of them.
fn routes(
    args: &GatewaySetupArgs,
    prompt: Option<&Prompt>,
    cx: &Context,
    state: &State,
) -> Result<(Vec<Route>, Vec<String>)> {
    if !args.models.is_empty() {
        return within_limits(named(args, state)?, args, prompt, cx, state);
    }
    let Some(prompt) = prompt else {
        return Err(Error::missing(
            "the gateway's models",
            "at least two, such as openai/gpt-4o openrouter/anthropic/claude-sonnet-4",
        ));
    };
    loop {
        let picked = pick::pick(prompt, &cx.talk, state)?;
        match within_limits(picked, args, Some(prompt), cx, state) {
            // A model that is not there: another choice may do.
            Err(error @ Error::Usage { .. }) => {
                cx.talk.bad(error.to_string());
                cx.talk.hint(error.action());
            }
            outcome => return outcome,
        }
    }
}

fn within_limits(
    mut routes: Vec<Route>,
    args: &GatewaySetupArgs,
    prompt: Option<&Prompt>,
    cx: &Context,
    state: &State,
) -> Result<(Vec<Route>, Vec<String>)> {
    let keys = keys(&routes, cx, state)?;
    cap::by_flag(&mut routes, &args.rpm, Kind::Requests)?;
    cap::by_flag(&mut routes, &args.tpm, Kind::Tokens)?;
    if args.no_check {
        let note = survey::unasked(routes.iter().map(|route| route.provider));
        return Ok((routes, vec![note]));
    }
    // The gateway runs on what is written, not on this shell.
    let written = |name: &str| state.config.setting(&Env::default(), name);
    let targets: Vec<_> = routes
        .iter()
        .zip(&keys)
        .map(|(route, key)| Target::of(route.provider, key.as_ref(), &written))
        .collect();
    let http = cx.network()?;
    let answers = {
        let _busy = cx.talk.busy("asking the providers");
        survey::ask(&http, &routes, &targets, Timestamp::now())
    };
    cx.tell_requests(&http);
    let mut notes = Vec::new();
    for (route, answer) in routes.iter_mut().zip(&answers) {
        match survey::judge(route, answer)? {
            Opinion::Good => {}
            Opinion::Note(note) => notes.push(note),
            Opinion::Doubt(error) => overrule(error, prompt, cx)?,
        }
        let rates = &answer.live.figures.rates;
        notes.extend(cap::learn(route, rates, answer.is_own_host));
    }
    Ok((routes, notes))
}

/// A person may know better than what could be found out; a script cannot.
fn overrule(doubt: Error, prompt: Option<&Prompt>, cx: &Context) -> Result<()> {
    let Some(prompt) = prompt else {
        return Err(doubt);
    };
    cx.talk.bad(doubt.to_string());
    if prompt.confirm("Take it all the same?", false)? {
        Ok(())
    } else {
        Err(Error::Cancelled)
    }
}

fn named(args: &GatewaySetupArgs, state: &State) -> Result<Vec<Route>> {
    let setting = |name: &str| state.config.file_setting(name);
    let routes: Vec<Route> = args
        .models
        .iter()
        .map(|text| Route::parse(text, setting))
        .collect::<Result<_>>()?;
    for (place, route) in routes.iter().enumerate() {
        if routes
            .iter()
            .take(place)
            .any(|earlier| earlier.name == route.name)
        {
            return Err(Error::usage(
                format!("{} is named twice", route.name),
                "name each model once",
            ));
        }
    }
    if routes.len() < 2 {
        return Err(Error::usage(
            "one model has nothing to fall over to",
            "name at least two, in the order to try them",
        ));
    }
    Ok(routes)
}

/// The key of each route; `None` where it needs none.
fn keys(routes: &[Route], cx: &Context, state: &State) -> Result<Vec<Option<Secret>>> {
    let of = |route: &Route| {
        let key = stored_key::set_up(route.provider, cx, state)?;
        match &route.provider.key {
            Some(fact) if key.is_none() && !fact.optional => {
                Err(stored_key::no_key(route.provider, fact.variable, state))
            }
            _ => Ok(key),
        }
    };
    routes.iter().map(of).collect()
}

/// The key of this very gateway, or a new one. Somebody else's key for another proxy is never replaced.
fn master_key(is_renewed: bool, state: &State) -> Result<Secret> {
    match state.secrets()?.secret(KEY) {
        Some(key) if is_renewed => Ok(key),
        None => gateway::new_key(),
        Some(_) => Err(Error::usage(
            "goose has a key for another LiteLLM proxy, and there is room for one only",
            format!("`goose-setup key remove {PROVIDER}` if that proxy is not needed any more"),
        )),
    }
}

/// What goose goes back to when the gateway is removed. LiteLLM is another one as long as it is not the gateway.
fn renewed(memo: Option<Memo>, port: u16, state: &State) -> Memo {
    let active = state.config.active(&Env::default()).provider;
    let active = active
        .map(|active| active.value)
        .filter(|active| !active.is_empty());
    match memo {
        None => Memo {
            port,
            previous: active,
            former: Former::of(&state.config),
        },
        Some(memo) => Memo {
            port,
            previous: active.filter(|id| id != PROVIDER).or(memo.previous),
            former: memo.former,
        },
    }
}

fn agreement(choice: &Choice, key: &Secret, cx: &Context) -> Result<Vec<Shadow>> {
    let expected = Expected {
        id: PROVIDER,
        provider: Some(choice.provider),
        model: Some(&choice.model),
        key: Some(key),
        store: choice.store.map(|store| store.kind),
    };
    Ok(proof::prove(&cx.env, &expected)?.shadows)
}

fn told(names: &[&str], written: &Written, unchanged: bool) -> String {
    format!(
        "{}goose {} the gateway: {}\n{}next: goose-setup gateway run (and leave it running), or `goose-setup gateway service`\n",
        if unchanged { "nothing to change: " } else { "" },
        written.verb(),
        names.join(", then "),
        written.lines()
    )
}
