//! `goose-setup gateway run`: LiteLLM with the stored keys, for as long as it is wanted.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::catalog;
use crate::check::http::local::{Up, is_up};
use crate::check::{self, Finding};
use crate::cli::GatewayRunArgs;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fsio;
use crate::gateway::engine::{Engine, environment, proxy_in_the_way};
use crate::gateway::memo::{Files, Gateway};
use crate::gateway::trace::{Found, Place, Trace};
use crate::gateway::{self, HEALTH, KEY, MASTER_KEY, PROVIDER};
use crate::process::{self, Service, Words};
use crate::report::Report;
use crate::sanitize;
use crate::secret::Secret;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;
use crate::view;

const POLL: Duration = Duration::from_millis(100);
/// LiteLLM itself is up within seconds; a first run through a runner fetches it.
const START: Duration = Duration::from_secs(90);
const FETCH: Duration = Duration::from_secs(600);
/// Requests in hand may finish.
const STOP: Duration = Duration::from_secs(10);
/// LiteLLM reads its configuration once.
const STALE: &str = "it goes on with the configuration before the last change: stop it, and start `goose-setup gateway run` again";
/// As much of a log as explains why it ended.
const TAIL: usize = 12;

pub(super) fn run(args: &GatewayRunArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let files = Files::read(&state.own)?;
    let gateway = files.required()?;
    let port = gateway.memo.port;
    let url = gateway::url(port);
    let keys = keys(&gateway, cx, &state)?;
    let place = Place::of(&state.own);
    let Some(mut watch) = place.watch() else {
        return Ok(already(&gateway, place.look()));
    };
    if let Some(trace) = watch.left_behind() {
        place.end(trace)?;
        cx.talk.warn(format!(
            "ended the LiteLLM that a killed `gateway run` had left behind (process {}, port {})",
            trace.pid, trace.port
        ));
    }
    match is_up(port, HEALTH) {
        Up::No => {}
        Up::Yes => {
            if let Some(models) = models_of_ours(cx, &state)? {
                return Ok(foreign(&url, &gateway, models));
            }
            return Err(taken(&url));
        }
        Up::Stranger => return Err(taken(&url)),
    }
    let engine = Engine::find(&cx.env)?;
    let words = if args.log {
        Words::Shown
    } else {
        Words::Kept(fsio::fresh_log(&place.log)?)
    };
    process::note_interrupts()?;
    let secrets: Vec<Secret> = keys.iter().map(|(_, key)| Secret::stored(key)).collect();
    let mut service = Service::start(
        &engine.program,
        &engine.arguments(&files.config.path, port),
        &environment(&cx.env, &engine, keys),
        words,
    )?;
    watch.keep(Trace {
        pid: service.pid(),
        port,
        config: Some(gateway.written.mark()),
    })?;
    let log = (!args.log).then_some(place.log.as_path());
    let started = Instant::now();
    let patience = if engine.fetches() { FETCH } else { START };
    let busy = cx.talk.busy("starting LiteLLM");
    while is_up(port, HEALTH) != Up::Yes {
        if process::is_to_end() {
            service.stop(STOP);
            return Err(Error::Cancelled);
        }
        if let Some(how) = service.ended() {
            return Err(gone(&how, log, &secrets, cx));
        }
        if started.elapsed() > patience {
            service.stop(STOP);
            return Err(gone("LiteLLM did not come up in time", log, &secrets, cx));
        }
        std::thread::sleep(POLL);
    }
    drop(busy);
    say_ready(&url, &gateway, log, cx);
    while !process::is_to_end() {
        if let Some(how) = service.ended() {
            return Err(gone(&how, log, &secrets, cx));
        }
        std::thread::sleep(POLL);
    }
    service.stop(STOP);
    Ok(report(&url, &gateway, "the gateway is stopped\n".into()))
}

/// Another `gateway run` is at work, maybe since before the last change.
fn already(gateway: &Gateway, found: Found) -> Report {
    let trace = match found {
        Found::Watched(trace) => trace,
        _ => None,
    };
    let url = gateway::url(trace.map_or(gateway.memo.port, |trace| trace.port));
    let process = trace.map_or(String::new(), |trace| format!(" (process {})", trace.pid));
    let text =
        format!("another `gateway run` is at work: the gateway runs already at {url}{process}\n");
    if trace.is_some_and(|trace| trace.is_stale(&gateway.written)) {
        let text = text + &format!("note: {STALE}\n");
        return told(&url, &Value::Null, true, text);
    }
    told(&url, &json!(gateway.written.models), false, text)
}

/// Somebody else started a LiteLLM that takes our key.
fn foreign(url: &str, gateway: &Gateway, models: Vec<String>) -> Report {
    let is_stale = gateway
        .written
        .models
        .iter()
        .any(|model| !models.contains(model));
    let mut text = format!("the gateway runs already at {url}\n");
    if is_stale {
        text.push_str(&format!("note: {STALE}\n"));
    }
    told(url, &json!(models), is_stale, text)
}

fn taken(url: &str) -> Error {
    Error::usage(
        format!("something else listens at {url}"),
        "stop it, or set the gateway up again with another --port",
    )
}

/// What LiteLLM's configuration refers to, from the store or else from the environment.
fn keys(
    gateway: &Gateway,
    cx: &Context,
    state: &State,
) -> Result<Vec<(String, Zeroizing<String>)>> {
    let plain = |secret: Secret| Zeroizing::new(secret.expose().to_owned());
    let master = catalog::find(PROVIDER)?;
    let master = stored_key::set_up(master, cx, state)?.ok_or_else(|| {
        Error::usage(
            format!("the gateway's key is not stored ({KEY})"),
            "run `goose-setup gateway setup` again",
        )
    })?;
    let mut keys = vec![(MASTER_KEY.to_owned(), plain(master))];
    for name in gateway.written.variables() {
        let owner = catalog::all().iter().find(|provider| {
            provider
                .key
                .as_ref()
                .is_some_and(|key| key.variable == name)
        });
        let found = match owner {
            Some(provider) => stored_key::set_up(provider, cx, state)?.map(plain),
            // Something that the user wrote into the file.
            None => cx
                .env
                .filled(&name)
                .map(|value| Zeroizing::new(value.to_owned())),
        };
        match (found, owner) {
            (Some(value), _) => keys.push((name, value)),
            (None, Some(provider)) if provider.key.as_ref().is_none_or(|key| !key.optional) => {
                return Err(stored_key::no_key(provider, &name, state));
            }
            (None, Some(_)) => {}
            (None, None) => {
                return Err(Error::usage(
                    format!(
                        "the gateway's configuration takes {name} from the environment, where it is not"
                    ),
                    format!("export {name}, or run `goose-setup gateway setup` again"),
                ));
            }
        }
    }
    Ok(keys)
}

/// The models of whoever is up, if it takes our key, so that it is our gateway.
fn models_of_ours(cx: &Context, state: &State) -> Result<Option<Vec<String>>> {
    let provider = catalog::find(PROVIDER)?;
    let key = stored_key::set_up(provider, cx, state)?;
    let target = stored_key::target(provider, key.as_ref(), cx, state);
    let proof = check::prove_and_list(&cx.network()?, &target);
    if proof.finding.verdict != Verdict::Valid {
        return Ok(None);
    }
    let models = proof.models.map_err(Finding::into_error)?;
    Ok(Some(models.into_iter().map(|model| model.id).collect()))
}

fn say_ready(url: &str, gateway: &Gateway, log: Option<&Path>, cx: &Context) {
    cx.talk.good(format!(
        "the gateway answers at {url}: {}",
        gateway.written.models.join(", then ")
    ));
    if let Some(variable) = proxy_in_the_way(&cx.env) {
        cx.talk.warn(format!(
            "{variable} is asked for 127.0.0.1 too, so goose would not reach it: add 127.0.0.1 to NO_PROXY"
        ));
    }
    let log = log.map_or(String::new(), |log| {
        format!(" · log: {}", view::path(log, &cx.env))
    });
    cx.talk.hint(format!(
        "in another terminal: goose session · here: Ctrl-C stops it{log}"
    ));
}

fn gone(how: &str, log: Option<&Path>, secrets: &[Secret], cx: &Context) -> Error {
    if let Some(path) = log {
        let text = fsio::read(path)
            .ok()
            .and_then(|log| log.bytes)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        for line in lines.iter().skip(lines.len().saturating_sub(TAIL)) {
            let line = sanitize::line(line, secrets);
            cx.talk.say(format!("  {line}"));
        }
    }
    Error::unexpected(how)
}

fn report(url: &str, gateway: &Gateway, text: String) -> Report {
    told(url, &json!(gateway.written.models), false, text)
}

fn told(url: &str, models: &Value, is_stale: bool, text: String) -> Report {
    Report::new(
        Exit::Done,
        json!({"url": url, "models": models, "stale": is_stale}),
        text,
    )
}
