//! `goose-setup gateway status`.

use serde_json::{Value, json};

use crate::catalog;
use crate::check::http::local::{Up, is_up};
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::gateway::memo::Files;
use crate::gateway::trace::{Found, Place, Trace};
use crate::gateway::{self, HEALTH, HOST, PROVIDER};
use crate::report::Report;
use crate::stored_key;
use crate::view;

pub(super) fn run(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let files = Files::read(&state.own)?;
    let found = Place::of(&state.own).look();
    let Some(gateway) = files.gateway()? else {
        let mut text =
            "no gateway is set up; `goose-setup gateway setup PROVIDER/MODEL PROVIDER/MODEL` does\n"
                .to_owned();
        if let Found::LeftBehind(trace) = found {
            text.push_str(&format!("warning    {}\n", left_behind(trace)));
        }
        return Ok(Report::new(
            Exit::Done,
            json!({"configured": false, "process": process(found)}),
            text,
        ));
    };
    let url = gateway::url(gateway.memo.port);
    let is_running = is_up(gateway.memo.port, HEALTH) == Up::Yes;
    let is_stale = match found {
        Found::Watched(trace) => trace.is_some_and(|trace| trace.is_stale(&gateway.written)),
        _ => false,
    };
    let active = state.config.active(&cx.env).provider;
    let host = state.config.setting(&cx.env, HOST);
    let is_used = active.is_some_and(|active| active.value == PROVIDER)
        && host.is_some_and(|host| host.value == url);
    let mut missing = Vec::new();
    for provider in catalog::all() {
        if let Some(fact) = &provider.key
            && gateway
                .written
                .variables()
                .iter()
                .any(|name| name == fact.variable)
            && stored_key::set_up(provider, cx, &state)?.is_none()
        {
            missing.push(fact.variable);
        }
    }
    let mut text = String::new();
    let mut line = |name: &str, rest: String| text.push_str(&format!("{name:<10} {rest}\n"));
    line("gateway", format!("{url}, {}", state_of(is_running, found)));
    if let Found::LeftBehind(trace) = found {
        line("warning", left_behind(trace));
    }
    if is_stale {
        line(
            "warning",
            "it goes on with the configuration before the last change until it is started again"
                .into(),
        );
    }
    line("models", gateway.written.models.join(", then "));
    line("config", view::path(&files.config.path, &cx.env));
    line(
        "goose",
        if is_used {
            "uses it".into()
        } else {
            format!("uses something else; `goose-setup switch {PROVIDER}` changes that")
        },
    );
    for name in &missing {
        line("warning", format!("{name} is not stored"));
    }
    Ok(Report::new(
        Exit::Done,
        json!({
            "configured": true,
            "running": is_running,
            "process": process(found),
            "stale": is_stale,
            "url": url,
            "models": gateway.written.models,
            "config": files.config.path,
            "goose_uses": is_used,
            "missing": missing,
            "previous": gateway.memo.previous,
        }),
        text,
    ))
}

fn state_of(is_running: bool, found: Found) -> String {
    match (is_running, found) {
        (true, Found::Watched(Some(trace)) | Found::LeftBehind(trace)) => {
            format!("running (process {})", trace.pid)
        }
        (true, _) => "running".into(),
        (false, Found::Watched(_)) => "starting".into(),
        (false, _) => "not running: goose-setup gateway run".into(),
    }
}

fn left_behind(trace: Trace) -> String {
    format!(
        "process {} at port {} was left behind by a `gateway run` that was killed; `goose-setup gateway run` takes its place, `goose-setup gateway remove` ends it",
        trace.pid, trace.port
    )
}

fn process(found: Found) -> Option<Value> {
    let (trace, is_watched) = match found {
        Found::Nothing => return None,
        Found::Watched(trace) => (trace?, true),
        Found::LeftBehind(trace) => (trace, false),
    };
    Some(json!({"pid": trace.pid, "port": trace.port, "watched": is_watched}))
}
