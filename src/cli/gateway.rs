//! What `gateway` is told.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::setup::Writing;

#[derive(Debug, Subcommand)]
pub enum GatewayCommand {
    /// Write LiteLLM's configuration and make it goose's provider
    Setup(GatewaySetupArgs),
    /// Start LiteLLM with the stored keys, until Ctrl-C
    Run(GatewayRunArgs),
    /// Show what the gateway consists of and whether it runs
    Status,
    /// Take the gateway away; goose goes back to the provider before it
    Remove(Writing),
    /// Print a service that runs the gateway: a systemd user unit or a launchd agent
    Service(GatewayServiceArgs),
    /// Print a Docker Compose file for a team: replicas that share their limits through Redis
    Compose,
}

#[derive(Debug, Args)]
pub struct GatewaySetupArgs {
    /// PROVIDER/MODEL, at least two, in the order to try them; asked for when left out
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// The port of 127.0.0.1 that LiteLLM listens on
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Keep below this many requests a minute: N for every model, or MODEL=N (repeatable); else what the provider tells
    #[arg(long, value_name = "[MODEL=]N", value_parser = limit)]
    pub rpm: Vec<Limit>,
    /// Keep below this many tokens a minute: N for every model, or MODEL=N (repeatable); else what the provider tells
    #[arg(long, value_name = "[MODEL=]N", value_parser = limit)]
    pub tpm: Vec<Limit>,
    /// How long a model rests after a failure, where its provider does not say
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub cooldown: u32,
    /// How often a request is tried again where nothing is left to fall over to
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
    /// Take keys and models as they are, without asking the providers
    #[arg(long)]
    pub no_check: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// `None`: every model.
    pub model: Option<String>,
    pub count: u64,
}

#[derive(Debug, Args)]
pub struct GatewayRunArgs {
    /// Show LiteLLM's log
    #[arg(long)]
    pub log: bool,
}

#[derive(Debug, Args)]
pub struct GatewayServiceArgs {
    /// For which service manager; this system's by default
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<ServiceKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServiceKind {
    Systemd,
    Launchd,
}

fn limit(text: &str) -> Result<Limit, String> {
    let (model, count) = match text.rsplit_once('=') {
        Some((model, count)) => (Some(model.to_owned()), count),
        None => (None, text),
    };
    match count.parse() {
        Ok(count) if count > 0 && model.as_deref() != Some("") => Ok(Limit { model, count }),
        _ => Err("give a number a minute, such as 20 or openai/gpt-4o=20".to_owned()),
    }
}
