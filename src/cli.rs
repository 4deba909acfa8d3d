//! What can be typed. Everything the wizard asks has a flag here.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::import::tools::SOURCES;
use crate::limits::threshold::Threshold;
use crate::secrets::StoreKind;

const EXAMPLES: &str = "\
Examples:
  goose-setup                          choose a provider and set it up
  goose-setup openrouter               set up OpenRouter: paste the key, Enter, Enter
  goose-setup switch anthropic         use a provider that is already set up
  goose-setup status                   what goose will use, and why
  pass show openrouter | goose-setup openrouter --key-stdin --yes

Exit codes: 0 done, 1 unexpected, 2 usage or a missing answer, 3 key refused, 4 not verified, 5 secret store,
6 broken file, 7 changed underneath, 8 no credit or limit reached, 9 outranked by something else, 10 found by doctor
or below a threshold, 130 cancelled";

/// Set up an LLM provider for goose: prove the API key, store it in the keychain, write the config.
#[derive(Debug, Parser)]
#[command(
    name = "goose-setup",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub setup: SetupArgs,
    #[command(flatten)]
    pub general: General,
}

#[derive(Clone, Debug, Args)]
pub struct General {
    /// Print one JSON object on stdout; everything else goes to stderr
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Bound on all network waits together
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        default_value = "15",
        value_parser = seconds,
        help_heading = "Everywhere"
    )]
    pub timeout: Duration,
    /// Say what is asked of whom, and how long it took
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a configured provider the active one; `-` is the previous one
    Switch(SwitchArgs),
    /// Show what goose will use and where each value comes from
    Status,
    /// Prove stored keys with their providers, without spending a token
    Check(CheckArgs),
    /// Show credit, usage and rate limits, what they mean for goose, and what raises them
    Limits(LimitsArgs),
    /// List a provider's models with context, price and tool support
    Models(ModelsArgs),
    /// List the providers that can be set up
    Providers,
    /// Set up an endpoint of your own from any address, or list, change and remove the ones there are
    Custom(Box<CustomArgs>),
    /// Take over keys found in the environment, `.env` and rc files and other tools
    Import(ImportArgs),
    /// Choose the models OpenRouter falls over to when the first is limited or away
    Fallback(FallbackArgs),
    /// Fall over between providers, through a LiteLLM proxy on this machine
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Replace, print or remove a stored key
    #[command(subcommand)]
    Key(KeyCommand),
    /// Print the exports for a shell, or add or remove the line that loads them
    Env(EnvArgs),
    /// Run a command with a provider's variables in its environment and nowhere else
    Exec(ExecArgs),
    /// Find every cause why goose would not work, with the command that mends it
    Doctor(DoctorArgs),
    /// Take back the last change
    Undo(UndoArgs),
    /// Take away everything that goose-setup keeps for itself; goose's own files and keys stay
    RemoveAll(RemoveAllArgs),
    /// Print the completion script for a shell
    Completions(CompletionsArgs),
}

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

#[derive(Debug, Args)]
pub struct SwitchArgs {
    /// The provider to use from now on, or `-` for the previous one; asked for when left out
    pub provider: Option<String>,
    /// The model goose shall use with it
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Prove the stored key first
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The providers to check; the active one when left out
    pub providers: Vec<String>,
    /// Check every configured provider
    #[arg(long, conflicts_with = "providers")]
    pub all: bool,
}

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

#[derive(Debug, Args)]
pub struct EnvArgs {
    /// Whose variables; the active provider's when left out
    pub provider: Option<String>,
    /// bash, zsh, sh, fish, powershell or nushell; by default the one in use
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<String>,
    /// Load the keys of all configured providers into new shells, by one line in the rc file
    #[arg(long, conflicts_with_all = ["remove", "provider"])]
    pub install: bool,
    /// Take that line away again
    #[arg(long, conflicts_with = "provider")]
    pub remove: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct ExecArgs {
    /// Whose variables; the active provider's when left out
    pub provider: Option<String>,
    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Mend what can be mended, after showing how
    #[arg(long)]
    pub fix: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Only list the changes that can be taken back, the newest first
    #[arg(long)]
    pub list: bool,
    /// Forget former keys and texts, so that nothing can be taken back any more
    #[arg(long, conflicts_with = "list")]
    pub forget: bool,
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct RemoveAllArgs {
    #[command(flatten)]
    pub writing: Writing,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: CompletionShell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CompletionShell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    #[value(name = "powershell")]
    PowerShell,
    Zsh,
}

impl Cli {
    /// The word for this command in the schema of its JSON.
    pub fn command_word(&self) -> &'static str {
        match &self.command {
            None => "setup",
            Some(Command::Switch(_)) => "switch",
            Some(Command::Status) => "status",
            Some(Command::Check(_)) => "check",
            Some(Command::Limits(_)) => "limits",
            Some(Command::Models(_)) => "models",
            Some(Command::Providers) => "providers",
            Some(Command::Custom(_)) => "custom",
            Some(Command::Import(_)) => "import",
            Some(Command::Fallback(_)) => "fallback",
            Some(Command::Gateway(_)) => "gateway",
            Some(Command::Key(_)) => "key",
            Some(Command::Env(_)) => "env",
            Some(Command::Exec(_)) => "exec",
            Some(Command::Doctor(_)) => "doctor",
            Some(Command::Undo(_)) => "undo",
            Some(Command::RemoveAll(_)) => "remove-all",
            Some(Command::Completions(_)) => "completions",
        }
    }

    /// The word of the command that was meant by a command line which is not understood.
    pub fn word_in(arguments: &[OsString]) -> String {
        let mut words = arguments.iter().skip(1).map(|word| word.to_str());
        while let Some(Some(word)) = words.next() {
            match word {
                "--timeout" => drop(words.next()),
                flag if flag.starts_with('-') => {}
                name => {
                    let command = Self::command();
                    return command
                        .find_subcommand(name)
                        .map_or("setup", clap::Command::get_name)
                        .to_owned();
                }
            }
        }
        "setup".to_owned()
    }

    /// It opens the store of secrets and never changes anything; `doctor`, which leaves every trace as it is, is not meant.
    pub fn reads_only(&self) -> bool {
        match &self.command {
            Some(
                Command::Status
                | Command::Check(_)
                | Command::Models(_)
                | Command::Key(KeyCommand::Print(_)),
            ) => true,
            Some(Command::Limits(args)) => args.set.is_empty() && !args.offline,
            _ => false,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "give a number of seconds, such as 15".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_secs(3600))
        .ok_or_else(|| "give more than 0 and at most 3600 seconds".to_owned())
}

fn price(text: &str) -> Result<f64, String> {
    text.trim_start_matches('$')
        .parse()
        .ok()
        .filter(|price: &f64| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| "give US dollars for a million tokens, such as 5".to_owned())
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

fn assignment(text: &str) -> Result<(String, String), String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_provider_is_told_from_a_command() {
        let cli = Cli::try_parse_from(["goose-setup", "openrouter", "--yes"]);
        assert!(cli.is_ok_and(
            |cli| cli.command.is_none() && cli.setup.provider.as_deref() == Some("openrouter")
        ));
        let cli = Cli::try_parse_from(["goose-setup", "switch", "-", "--json"]);
        assert!(cli.is_ok_and(|cli| cli.general.json && cli.command_word() == "switch"));
    }

    #[test]
    fn the_command_that_was_meant_is_told_from_a_line_that_is_not_understood() {
        for (line, word) in [
            ("switch --nonsense --json", "switch"),
            ("--json --timeout 5 key set", "key"),
            ("--timeout=x -v check a b", "check"),
            ("openrouter --nonsense", "setup"),
            ("swich openrouter", "setup"),
            ("--json", "setup"),
        ] {
            let words = ["goose-setup"].into_iter().chain(line.split(' '));
            let words: Vec<OsString> = words.map(OsString::from).collect();
            assert_eq!(Cli::word_in(&words), word, "{line}");
        }
    }

    #[test]
    fn an_address_is_told_from_what_to_do_with_an_endpoint() {
        let custom = |line: &[&str]| match Cli::try_parse_from(line).ok()?.command {
            Some(Command::Custom(args)) => Some(args),
            _ => None,
        };
        let set_up = custom(&["goose-setup", "custom", "localhost:8080", "--yes"]);
        assert!(set_up.is_some_and(|args| args.url.is_some() && args.command.is_none()));
        let edit = custom(&["goose-setup", "custom", "edit", "x", "--url", "y", "--json"]);
        assert!(edit.is_some_and(|args| matches!(args.command, Some(CustomCommand::Edit(_)))));
    }

    #[test]
    fn a_key_comes_from_one_place_only_and_never_from_an_argument() {
        let two = ["goose-setup", "x", "--key-stdin", "--key-env", "K"];
        assert!(Cli::try_parse_from(two).is_err());
        assert!(Cli::try_parse_from(["goose-setup", "x", "--login", "--key-stdin"]).is_err());
        assert!(Cli::try_parse_from(["goose-setup", "x", "--key", "sk"]).is_err());
    }
}
