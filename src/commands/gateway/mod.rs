//! `goose-setup gateway`: fail-over across providers on a LiteLLM proxy.

mod remove;
mod run;
mod setup;
mod status;

use serde_json::json;

use crate::cli::{GatewayCommand, GatewayServiceArgs, ServiceKind};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::gateway::memo::Files;
use crate::gateway::units;
use crate::process;
use crate::report::Report;

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
    Files::read(&state.own)?.required()?;
    let program = process::own_path()
        .ok_or_else(|| Error::unexpected("the system does not say where this program is"))?;
    let here = if cfg!(target_os = "macos") {
        ServiceKind::Launchd
    } else {
        ServiceKind::Systemd
    };
    let (kind, text, file, start) = match args.kind.unwrap_or(here) {
        ServiceKind::Systemd => (
            "systemd",
            units::systemd(&program, &cx.env),
            "~/.config/systemd/user/goose-gateway.service",
            "systemctl --user enable --now goose-gateway",
        ),
        ServiceKind::Launchd => (
            "launchd",
            units::launchd(&program, &cx.env),
            "~/Library/LaunchAgents/goose-setup.gateway.plist",
            "launchctl load ~/Library/LaunchAgents/goose-setup.gateway.plist",
        ),
    };
    if !cx.json {
        cx.talk.hint(format!("save this as {file}, then: {start}"));
    }
    Ok(Report::new(
        Exit::Done,
        json!({"kind": kind, "file": file, "start": start, "text": text}),
        text,
    ))
}

fn compose(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let gateway = Files::read(&state.own)?.required()?;
    let text = units::compose(&gateway.written)?;
    if !cx.json {
        cx.talk.hint(
            "save this as compose.yaml, put the keys it names into .env beside it, then: docker compose up -d",
        );
    }
    Ok(Report::new(
        Exit::Done,
        json!({"variables": gateway.written.variables(), "text": text}),
        text,
    ))
}
