//! What setup is told, and what other commands are told in the same words: where a key comes from, how it is written.

use clap::Args;

use crate::secrets::StoreKind;

#[derive(Clone, Debug, Default, Args)]
pub struct SetupArgs {
    /// Which provider to set up, such as openrouter or anthropic; asked for when left out
    pub provider: Option<String>,
    /// The model goose shall use
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// A model for OpenRouter to fall over to (repeatable, at most three)
    #[arg(long, value_name = "MODEL")]
    pub fallback: Vec<String>,
    #[command(flatten)]
    pub key: KeySource,
    /// Sign in with the browser, where the provider makes a key that way; waits up to 3 minutes for you
    #[arg(long, conflicts_with = "KeySource")]
    pub login: bool,
    /// The provider's address, where goose has a setting for it
    #[arg(long, value_name = "URL")]
    pub host: Option<String>,
    /// Another goose setting that the provider needs (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// A secret setting, taken from the environment variable VAR (repeatable)
    #[arg(long, value_name = "NAME=VAR", value_parser = assignment)]
    pub set_env: Vec<(String, String)>,
    /// Where the key is kept: the keychain, or secrets.yaml in plain text
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreKind>,
    /// Also load the key into new shells, by one line in the shell's rc file
    #[arg(long, overrides_with = "no_shell_env")]
    pub shell_env: bool,
    /// Leave the shell's rc file alone (this is the default)
    #[arg(long)]
    pub no_shell_env: bool,
    /// Store the key without asking the provider about it
    #[arg(long)]
    pub no_check: bool,
    #[command(flatten)]
    pub writing: Writing,
}

/// Where a key comes from when it is not typed. There is no flag for the key itself: it would stand in the shell's history.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = false)]
pub struct KeySource {
    /// Read the key from standard input
    #[arg(long)]
    pub key_stdin: bool,
    /// Take the key from an environment variable
    #[arg(long, value_name = "VAR")]
    pub key_env: Option<String>,
    /// Take the key from what a command prints
    #[arg(long, value_name = "CMD")]
    pub key_command: Option<String>,
}

impl KeySource {
    pub fn is_given(&self) -> bool {
        self.key_stdin || self.key_env.is_some() || self.key_command.is_some()
    }
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Writing {
    /// Do not ask whether to go ahead
    #[arg(short, long)]
    pub yes: bool,
    /// Show what would be changed and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write it as NAME=VALUE".to_owned())?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        Err(format!("`{name}` is not the name of a setting"))
    }
}
