//! What can be typed. Everything the wizard asks has a flag here.

mod custom;
mod gateway;
mod key;
mod limits;
mod setup;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use custom::{
    CustomArgs, CustomCommand, CustomEditArgs, CustomRemoveArgs, CustomWishes, EngineArg,
    ImportArgs, YesNo,
};
pub use gateway::{
    GatewayCommand, GatewayRunArgs, GatewayServiceArgs, GatewaySetupArgs, Limit, ServiceKind,
};
pub use key::{KeyCommand, KeyPrintArgs, KeyRemoveArgs, KeySetArgs};
pub use limits::{FallbackArgs, LimitsArgs, ModelsArgs, SortBy};
pub use setup::{KeySource, SetupArgs, Writing};

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
