//! What `custom` and `import` are told.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::setup::{KeySource, Writing};
use crate::import::tools::SOURCES;
use crate::secrets::StoreKind;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct CustomArgs {
    #[command(subcommand)]
    pub command: Option<CustomCommand>,
    /// Where it answers: a host, a base address or a full path; asked for when left out
    pub url: Option<String>,
    #[command(flatten)]
    pub wishes: CustomWishes,
}

#[derive(Debug, Subcommand)]
pub enum CustomCommand {
    /// List your own endpoints, and files that keep goose from its providers
    List,
    /// Look at an endpoint again and change what is said here
    Edit(CustomEditArgs),
    /// Remove an endpoint, its key and its place in goose's config
    Remove(CustomRemoveArgs),
}

#[derive(Debug, Args)]
pub struct CustomEditArgs {
    /// Its id, with or without `custom_`
    pub id: String,
    /// Another address
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    #[command(flatten)]
    pub wishes: CustomWishes,
}

#[derive(Debug, Args)]
pub struct CustomRemoveArgs {
    /// Its id, with or without `custom_`
    pub id: String,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Clone, Debug, Default, Args)]
pub struct CustomWishes {
    /// What to call it; its host when left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What it speaks; found out when left out
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub engine: Option<EngineArg>,
    /// A header that goose sends along, in plain text in its file; repeatable; without a VALUE it is taken away
    #[arg(long = "header", value_name = "NAME=VALUE")]
    pub headers: Vec<String>,
    /// Whether it can send answers piece by piece; found out, or assumed, when left out
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub streaming: Option<YesNo>,
    /// The model goose shall use
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    pub key: KeySource,
    /// Where the key is kept: the keychain, or secrets.yaml in plain text
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreKind>,
    /// Ask the endpoint nothing and believe what is said here
    #[arg(long)]
    pub no_check: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    Openai,
    Anthropic,
    Ollama,
}

#[derive(Debug, Default, Args)]
pub struct ImportArgs {
    /// Only keys found there (repeatable)
    #[arg(long, value_name = "SOURCE", value_parser = SOURCES)]
    pub from: Vec<String>,
    /// Only keys of this provider (repeatable)
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Vec<String>,
    /// Every key that is found
    #[arg(long, conflicts_with_all = ["from", "provider"])]
    pub all: bool,
    /// Where the keys are kept: the keychain, or secrets.yaml in plain text
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreKind>,
    /// Store the keys without asking their providers about them
    #[arg(long)]
    pub no_check: bool,
    #[command(flatten)]
    pub writing: Writing,
}
