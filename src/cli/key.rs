//! What `key` is told.

use clap::{Args, Subcommand};

use crate::cli::setup::{KeySource, Writing};
use crate::secrets::StoreKind;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Replace a provider's key: the new one is proven first, the old one stays until then
    Set(KeySetArgs),
    /// Print a stored key to a pipe
    Print(KeyPrintArgs),
    /// Remove a provider's key from the store
    Remove(KeyRemoveArgs),
}

#[derive(Debug, Args)]
pub struct KeySetArgs {
    pub provider: String,
    #[command(flatten)]
    pub key: KeySource,
    /// Sign in with the browser, where the provider makes a key that way; waits up to 3 minutes for you
    #[arg(long, conflicts_with = "KeySource")]
    pub login: bool,
    /// Where the key is kept: the keychain, or secrets.yaml in plain text
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreKind>,
    /// Store the key without asking the provider about it
    #[arg(long)]
    pub no_check: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct KeyPrintArgs {
    pub provider: String,
    /// Print it even to a terminal
    #[arg(long)]
    pub show: bool,
    /// Print this secret of the provider, in the form in which goose reads it back from an environment variable
    #[arg(long, value_name = "VARIABLE")]
    pub env: Option<String>,
}

#[derive(Debug, Args)]
pub struct KeyRemoveArgs {
    pub provider: String,
    /// Remove it there: from the keychain, or from secrets.yaml; else from where goose reads it now
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreKind>,
    #[command(flatten)]
    pub writing: Writing,
}
