//! `goose-setup gateway`: fail-over across providers on a LiteLLM proxy.

mod remove;
mod run;
mod setup;
mod status;

use serde_json::json;

use crate::catalog;
use crate::cli::{GatewayCommand, GatewayServiceArgs, ServiceKind};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::gateway::engine::Engine;
use crate::gateway::memo::Files;
use crate::gateway::units::{self, Surroundings};
use crate::process;
use crate::report::Report;
use crate::state::State;

pub fn run(command: &GatewayCommand, cx: &Context) -> Result<Report> {
    match command {
        GatewayCommand::Setup(args) => setup::run(args, cx),
        GatewayCommand::Run(args) => run::run(args, cx),
        GatewayCommand::Status => status::run(cx),
        GatewayCommand::Remove(writing) => remove::run(*writing, cx),
        GatewayCommand::Service(args) => service(args, cx),
        GatewayCommand::Compose => compose(cx),
    }
}

fn service(args: &GatewayServiceArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let gateway = Files::read(&state.own)?.required()?;
    let program = process::own_path()
        .ok_or_else(|| Error::unexpected("the system does not say where this program is"))?;
    let here = if cfg!(target_os = "macos") {
        ServiceKind::Launchd
    } else {
        ServiceKind::Systemd
    };
    let engine = Engine::find(&cx.env).ok();
    let around = Surroundings::of(&cx.env, engine.as_ref());
    let (kind, text, file, start) = match args.kind.unwrap_or(here) {
        ServiceKind::Systemd => (
            "systemd",
            units::systemd(&program, &around),
            "~/.config/systemd/user/goose-gateway.service",
            "systemctl --user enable --now goose-gateway",
        ),
        ServiceKind::Launchd => (
            "launchd",
            units::launchd(&program, &around),
            "~/Library/LaunchAgents/goose-setup.gateway.plist",
            "launchctl load ~/Library/LaunchAgents/goose-setup.gateway.plist",
        ),
    };
    let mut notes: Vec<String> = around
        .left_out
        .iter()
        .map(|name| format!("{name} holds a secret, so it is not in this text: add it by hand if the gateway needs it"))
        .collect();
    notes.extend(unstored(&gateway.written.variables(), cx, &state)?);
    if !cx.json {
        notes.iter().for_each(|note| cx.talk.warn(note));
        cx.talk.hint(format!("save this as {file}, then: {start}"));
    }
    Ok(Report::new(
        Exit::Done,
        json!({"kind": kind, "file": file, "start": start, "notes": notes, "text": text}),
        text,
    ))
}

/// The keys that this shell has and the store has not: `gateway run` finds them here and nowhere else.
fn unstored(variables: &[String], cx: &Context, state: &State) -> Result<Vec<String>> {
    let seen = state.secrets()?;
    let is_only_here =
        |name: &&String| seen.secret(name).is_none() && cx.env.filled(name).is_some();
    Ok(variables
        .iter()
        .filter(is_only_here)
        .map(|name| {
            let owner = catalog::all()
                .iter()
                .find(|provider| provider.key.as_ref().is_some_and(|key| key.variable == name));
            let way = match owner {
                Some(provider) => format!("`goose-setup key set {} --key-env {name}` stores it", provider.id),
                None => "give it to a service by hand".to_owned(),
            };
            format!("{name} is only in this environment, so `gateway run` works nowhere else, nor as a service: {way}")
        })
        .collect())
}

fn compose(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let gateway = Files::read(&state.own)?.required()?;
    let text = units::compose(&gateway.written)?;
    let note = gateway.written.asks_this_machine().then(|| {
        format!(
            "{} is this machine, seen from a container: what listens on 127.0.0.1 alone is out of its reach (Ollama listens further with OLLAMA_HOST=0.0.0.0)",
            units::OUTSIDE
        )
    });
    if !cx.json {
        note.iter().for_each(|note| cx.talk.warn(note));
        cx.talk.hint(
            "save this as compose.yaml, put the keys it names into .env beside it, then: docker compose up -d",
        );
    }
    Ok(Report::new(
        Exit::Done,
        json!({"variables": gateway.written.variables(), "notes": Vec::from_iter(note), "text": text}),
        text,
    ))
}
