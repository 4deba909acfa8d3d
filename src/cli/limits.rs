//! What `limits`, `models` and `fallback` are told.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::seconds;
use crate::cli::setup::{Writing, assignment};
use crate::limits::threshold::Threshold;

#[derive(Debug, Default, Args)]
pub struct LimitsArgs {
    /// Whose limits; the active provider's when left out
    pub providers: Vec<String>,
    /// Every configured provider; with --offline every one that is documented
    #[arg(long, conflicts_with = "providers")]
    pub all: bool,
    /// Only what is documented: no network, no keychain
    #[arg(long, conflicts_with_all = ["watch", "fail_under"])]
    pub offline: bool,
    /// Keep showing it, asking again every so many seconds (60), until Ctrl-C
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60",
        conflicts_with_all = ["json", "fail_under"]
    )]
    pub watch: Option<Duration>,
    /// Exit with 10 when less than this is left, such as 2usd or 10%
    #[arg(long, value_name = "AMOUNT")]
    pub fail_under: Option<Threshold>,
    /// Write a setting that helps, as the advice names it, to goose's config; empty takes it away (repeatable)
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_parser = assignment,
        conflicts_with_all = ["providers", "all", "offline", "watch", "fail_under"]
    )]
    pub set: Vec<(String, String)>,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// Whose models; the active provider's when left out
    pub provider: Option<String>,
    /// Only models whose id or name contains this
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only models that cost nothing
    #[arg(long)]
    pub free: bool,
    /// Also models that cannot call tools, which goose needs
    #[arg(long)]
    pub any: bool,
    /// The cheapest first, or the largest context first, instead of the provider's order
    #[arg(long, value_enum, value_name = "BY")]
    pub sort: Option<SortBy>,
    /// Show what an hour of goose costs at least, and how that is worked out
    #[arg(long)]
    pub cost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    Price,
    Context,
}

#[derive(Debug, Default, Args)]
pub struct FallbackArgs {
    /// One to three models, in the order to try them; without any they are asked for, or shown where nobody can be asked
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Take the fallback models away; other OpenRouter parameters stay
    #[arg(long, conflicts_with_all = ["models", "max_price", "free"])]
    pub clear: bool,
    /// Refuse models that cost more for a million tokens, in or out
    #[arg(long, value_name = "USD_PER_MILLION", value_parser = price)]
    pub max_price: Option<f64>,
    /// Only free models; without a MODEL and with --yes, the three with the largest context
    #[arg(long)]
    pub free: bool,
    #[command(flatten)]
    pub writing: Writing,
}

fn price(text: &str) -> Result<f64, String> {
    text.trim_start_matches('$')
        .parse()
        .ok()
        .filter(|price: &f64| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| "give US dollars for a million tokens, such as 5".to_owned())
}
