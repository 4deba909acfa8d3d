//! The exports, in real shells, judged by the real goose and by what the small internet gets to see.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{ANTHROPIC, OPENAI, OPENROUTER, Provider};
use crate::world::pty::Person;
use crate::world::run::{Outcome, Setup};
use crate::world::tools;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE_STORE: &str = "GOOSE_DISABLE_KEYRING: true\n";
/// What a key could hold to break out of its quotes, or out of the form that goose reads.
const HOSTILE: &str = r#"sk-it's"$HOME"`id`\n\"#;

/// A shell as a person has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Dash,
    Nu,
}

impl Shell {
    const ALL: [Self; 5] = [Self::Bash, Self::Zsh, Self::Fish, Self::Dash, Self::Nu];

    /// Those that are here; a missing one is said aloud.
    fn installed() -> Vec<(Self, PathBuf)> {
        Self::ALL
            .into_iter()
            .filter_map(|shell| Some((shell, tools::program(shell.name())?)))
            .collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Dash => "dash",
            Self::Nu => "nu",
        }
    }

    /// What a person types to have the exports in this shell, as the README has it.
    fn evaluates_exports(self) -> &'static str {
        match self {
            Self::Bash | Self::Zsh | Self::Dash => r#"eval "$(goose-setup env)""#,
            Self::Fish => "goose-setup env | source",
            Self::Nu => {
                "^$nu.current-exe -n -c (^goose-setup env --shell nushell) | from json | load-env"
            }
        }
    }

    fn sets(self, name: &str, value: &str) -> String {
        match self {
            Self::Bash | Self::Zsh | Self::Dash => format!("export {name}='{value}'"),
            Self::Fish => format!("set -gx {name} '{value}'"),
            Self::Nu => format!("$env.{name} = '{value}'"),
        }
    }

    /// Runs `command` and says its exit code.
    fn says_code(self, command: &str) -> String {
        match self {
            Self::Bash | Self::Zsh | Self::Dash => format!("{command}; echo code=$?"),
            Self::Fish => format!("{command}; echo code=$status"),
            Self::Nu => {
                format!("try {{ {command} }} catch {{|error| print $\"code=($error.exit_code)\" }}")
            }
        }
    }

    /// The file with the line that loads the keys.
    fn rc(self) -> &'static str {
        match self {
            Self::Bash => ".bashrc",
            Self::Zsh => ".zshrc",
            Self::Fish => ".config/fish/conf.d/goose-setup.fish",
            Self::Dash => ".profile",
            Self::Nu => ".config/nushell/autoload/goose-setup.nu",
        }
    }

    /// A script without anybody's configuration.
    fn runs<'h>(self, home: &'h Home, program: &Path, script: &str) -> Setup<'h> {
        let plain: &[&str] = match self {
            Self::Bash => &["--norc"],
            Self::Zsh => &["-f"],
            Self::Fish => &["--no-config"],
            Self::Nu => &["-n"],
            Self::Dash => &[],
        };
        Setup::program(home, program)
            .args(plain)
            .args(["-c", script])
            .env("SHELL", &program.display().to_string())
            .env("PATH", &path_of(home))
    }

    /// A new terminal in which `script` is typed first; dash is what a login gives.
    fn opens(self, home: &Home, program: &Path, script: &str) -> Person {
        let script = match self {
            Self::Nu => format!("{script}; exit"),
            _ => script.to_owned(),
        };
        let start: &[&str] = match self {
            Self::Nu => &["-e"],
            Self::Dash => &["-l", "-i", "-c"],
            _ => &["-i", "-c"],
        };
        let args: Vec<&str> = start.iter().copied().chain([script.as_str()]).collect();
        let login = program.display().to_string();
        Person::runs(
            home,
            (40, 120),
            &login,
            &args,
            &[("SHELL", &login), ("PATH", &path_of(home))],
        )
    }
}

/// The home's PATH with the program on it.
fn path_of(home: &Home) -> String {
    let own = Path::new(env!("CARGO_BIN_EXE_goose-setup"));
    let path = home
        .environment()
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.clone());
    format!("{}:{}", own.parent().unwrap().display(), path.unwrap())
}

fn sets_up(home: &Home, provider: Provider, key: &str) {
    home.keeps_secret(key);
    Setup::new(home)
        .args([
            provider.id,
            "--key-stdin",
            "--model",
            provider.model,
            "--yes",
        ])
        .stdin(key)
        .code(0)
        .run();
}

fn machine(internet: &Internet, goose: &Goose) -> Home {
    Home::new()
        .online(internet)
        .with_goose(goose)
        .with_config(FILE_STORE)
}

/// What somebody who installed the program has: a login shell starts with the system's PATH.
fn puts_on_login_path(home: &Home) {
    home.write(".profile", format!("PATH='{}'\n", path_of(home)));
}

fn env_command<'h>(home: &'h Home, shell: Shell, program: &Path, args: &[&str]) -> Setup<'h> {
    let setup = Setup::new(home)
        .args(["env"])
        .args(args)
        .env("PATH", &path_of(home));
    // Nushell is the one that tells its children of itself.
    match shell {
        Shell::Nu => setup.env("NU_VERSION", "0.115.1"),
        _ => setup.env("SHELL", &program.display().to_string()),
    }
}

/// goose with its own files out of the way: only the environment is left to tell it anything.
const GOOSE_ALONE: &str = "goose run -t hi --no-session";

fn answers_from_exports_alone(shell: Shell, program: &Path, provider: Provider, key: &str) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    internet.knows(provider, key);
    let home = machine(&internet, &goose);
    sets_up(&home, provider, key);
    let elsewhere = home.path().join("elsewhere").display().to_string();
    let script = format!(
        "{}; {}; {GOOSE_ALONE}",
        shell.evaluates_exports(),
        shell.sets("GOOSE_PATH_ROOT", &elsewhere)
    );
    let said = shell.runs(&home, program, &script).run();
    assert!(
        said.stdout.contains(MARKER),
        "{shell:?} {}: {said}",
        provider.id
    );
    internet.assert_conversation(provider.host, Some(key), provider.model);
}

fn every_shell_hands_over(provider: Provider, key: &str) {
    for (shell, program) in Shell::installed() {
        answers_from_exports_alone(shell, &program, provider, key);
    }
}

#[test]
fn what_env_exports_is_alone_enough_for_goose_to_answer_through_openrouter() {
    every_shell_hands_over(OPENROUTER, &OPENROUTER.key("mine"));
}

#[test]
fn a_hostile_key_comes_out_of_goose_as_it_is_where_goose_guesses_types() {
    every_shell_hands_over(OPENROUTER, HOSTILE);
}

#[test]
fn a_hostile_key_comes_out_of_goose_as_it_is_where_goose_reads_plain_text() {
    every_shell_hands_over(OPENAI, HOSTILE);
}

/// Keys that goose would take for a number or a truth value. The shells differ in nothing here, so one speaks for all.
#[test]
fn a_key_that_looks_like_something_else_comes_out_of_goose_as_it_is() {
    let Some(program) = tools::program(Shell::Dash.name()) else {
        return;
    };
    for provider in [OPENROUTER, OPENAI] {
        for key in ["12345678901234567890", "true", "1e5"] {
            answers_from_exports_alone(Shell::Dash, &program, provider, key);
        }
    }
}

#[test]
fn a_key_with_a_line_break_is_refused_and_the_variable_stays_unset() {
    let home = Home::new()
        .with_config(&format!("{FILE_STORE}active_provider: openrouter\nproviders:\n  openrouter:\n    enabled: true\n    model: m\n    configured: true\n"))
        .with_secrets("OPENROUTER_API_KEY: \"half\\nother\"\n");
    for (shell, program) in Shell::installed() {
        let script = format!(
            "{}; printenv OPENROUTER_API_KEY || true",
            shell.evaluates_exports()
        );
        let script = match shell {
            Shell::Nu => format!(
                "{}; print ($env.OPENROUTER_API_KEY? | default '')",
                shell.evaluates_exports()
            ),
            _ => script,
        };
        let said = shell.runs(&home, &program, &script).code(0).run();
        assert_eq!(said.stdout.trim(), "", "{shell:?}: {said}");
        is_one_line_about_the_key(shell, &said);
    }
}

fn is_one_line_about_the_key(shell: Shell, said: &Outcome) {
    assert_eq!(said.stderr.lines().count(), 1, "{shell:?}: {said}");
    assert!(
        said.stderr.contains("the openrouter key cannot be read")
            && said.stderr.contains("goose-setup check openrouter"),
        "{shell:?}: {said}"
    );
}

#[test]
fn a_new_shell_has_the_key_and_switch_still_decides_the_provider_in_it() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for (shell, program) in Shell::installed() {
        let internet = Internet::new();
        let home = machine(&internet, &goose);
        let keys = [ANTHROPIC, OPENROUTER].map(|provider| {
            let key = provider.key("mine");
            internet.knows(provider, &key);
            sets_up(&home, provider, &key);
            key
        });
        puts_on_login_path(&home);
        env_command(&home, shell, &program, &["--install", "--yes"])
            .code(0)
            .run();
        let script = format!(
            "{GOOSE_ALONE}; goose-setup switch anthropic; {GOOSE_ALONE}; printenv GOOSE_SETUP_EXPORTS"
        );
        let mut person = shell.opens(&home, &program, &script);
        person.waits("a chat through the first provider", |_| {
            internet
                .chats()
                .iter()
                .any(|chat| chat.host == OPENROUTER.host && chat.key() == Some(&keys[1]))
        });
        person.sees("goose uses Anthropic");
        person.waits("a chat through the second provider", |_| {
            internet
                .chats()
                .iter()
                .any(|chat| chat.host == ANTHROPIC.host && chat.key() == Some(&keys[0]))
        });
        person.sees("OPENROUTER_API_KEY");
        assert_eq!(person.leaves(), 0, "{shell:?}\n{}", person.screen());
        let last = person.screen();
        let marked = last.lines().last().unwrap_or_default();
        assert!(
            marked.contains("ANTHROPIC_API_KEY") && !marked.contains("GOOSE_PROVIDER"),
            "{shell:?}: keys only\n{last}"
        );
    }
}

#[test]
fn the_key_of_a_new_shell_is_the_stored_one() {
    let internet = Internet::new();
    let key = OPENROUTER.key("mine");
    internet.knows(OPENROUTER, &key);
    for (shell, program) in Shell::installed() {
        let home = Home::new().online(&internet).with_config(FILE_STORE);
        sets_up(&home, OPENROUTER, &key);
        puts_on_login_path(&home);
        env_command(&home, shell, &program, &["--install", "--yes"])
            .code(0)
            .run();
        let mut person = shell.opens(
            &home,
            &program,
            "sh -c 'printf %s \"$OPENROUTER_API_KEY\" >seen'",
        );
        assert_eq!(person.leaves(), 0, "{shell:?}\n{}", person.screen());
        assert_eq!(home.read("seen"), key, "{shell:?}");
        std::fs::remove_file(home.path().join("seen")).unwrap();
        let elsewhere = home.files_with(&key);
        assert_eq!(
            elsewhere,
            [PathBuf::from(".config/goose/secrets.yaml")],
            "{shell:?}: the key is in no other file"
        );
    }
}

#[test]
fn removing_gives_the_start_up_file_back_byte_for_byte() {
    let internet = Internet::new();
    let key = OPENROUTER.key("mine");
    internet.knows(OPENROUTER, &key);
    let shapes: [Option<&[u8]>; 7] = [
        None,
        Some(b""),
        Some(b"alias ll='ls -l'\n"),
        Some(b"alias ll='ls -l'"),
        Some(b"# one\r\n# two\r\n"),
        Some(b"# one\r\n# two"),
        Some(b"\xef\xbb\xbf# caf\xc3\xa9 \xff\n\n\n"),
    ];
    for (shell, program) in Shell::installed() {
        let home = Home::new().online(&internet).with_config(FILE_STORE);
        sets_up(&home, OPENROUTER, &key);
        let rc = home.path().join(shell.rc());
        for shape in shapes {
            match shape {
                Some(bytes) => home.write(shell.rc(), bytes),
                None => drop(std::fs::remove_file(&rc)),
            }
            env_command(&home, shell, &program, &["--install", "--yes"])
                .code(0)
                .run();
            assert_ne!(std::fs::read(&rc).ok().as_deref(), shape, "{shell:?}");

            let installed = home.tree();
            let again = env_command(&home, shell, &program, &["--install", "--yes"])
                .code(0)
                .run();
            assert!(again.stdout.contains("nothing to change"), "{again}");
            installed.assert_same(&home.tree());

            env_command(&home, shell, &program, &["--remove", "--yes"])
                .code(0)
                .run();
            assert_eq!(
                std::fs::read(&rc).ok().as_deref(),
                shape,
                "{shell:?} {shape:?}"
            );
            let ours = home.path().join(".config/goose-setup");
            let left = std::fs::read_dir(ours).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{shell:?}: an env file is left");
        }
    }
}

#[test]
fn a_keychain_that_does_not_answer_costs_a_new_shell_two_seconds_and_one_line() {
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    let internet = Internet::new();
    let key = OPENROUTER.key("mine");
    internet.knows(OPENROUTER, &key);
    let home = Home::new().online(&internet).with_keyring(&keyring);
    sets_up(&home, OPENROUTER, &key);
    for (shell, program) in Shell::installed() {
        puts_on_login_path(&home);
        env_command(&home, shell, &program, &["--install", "--yes"])
            .code(0)
            .run();
        let usable =
            "sh -c 'echo still alive; test -z \"${OPENROUTER_API_KEY+set}\" && echo unset'";
        let quick = {
            let mut person =
                shell.opens(&home, &program, "sh -c 'echo ${OPENROUTER_API_KEY+has it}'");
            person.sees("has it");
            let start = std::time::Instant::now();
            person.leaves();
            start.elapsed()
        };
        keyring.hang();
        let start = std::time::Instant::now();
        let mut person = shell.opens(&home, &program, usable);
        person.sees("still alive").sees("unset");
        let took = start.elapsed();
        keyring.wake();
        assert_eq!(person.leaves(), 0, "{shell:?}\n{}", person.screen());
        assert!(
            took < quick + Duration::from_millis(3500),
            "{shell:?}: {took:?}"
        );
        let screen = person.screen();
        assert_eq!(
            screen.matches("the openrouter key cannot be read").count(),
            1,
            "{shell:?}\n{screen}"
        );
    }
}

#[test]
fn stale_exports_of_ours_are_recognised_and_the_line_that_is_printed_refreshes_them() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for (shell, program) in Shell::installed() {
        let internet = Internet::new();
        let home = machine(&internet, &goose);
        for provider in [ANTHROPIC, OPENROUTER] {
            let key = provider.key("mine");
            internet.knows(provider, &key);
            sets_up(&home, provider, &key);
        }
        let exports = shell.evaluates_exports();
        let script = format!(
            "{exports}; {}; goose-setup status; {exports}; {GOOSE_ALONE}",
            shell.says_code("goose-setup switch anthropic")
        );
        let said = shell.runs(&home, &program, &script).run();
        assert!(said.stdout.contains("code=9"), "{shell:?}: {said}");
        let refresh = match shell {
            Shell::Bash => r#"eval "$(goose-setup env --shell bash)""#,
            Shell::Zsh => r#"eval "$(goose-setup env --shell zsh)""#,
            Shell::Dash => r#"eval "$(goose-setup env --shell sh)""#,
            Shell::Fish => "goose-setup env --shell fish | source",
            Shell::Nu => exports,
        };
        let (switched, status) = said.stdout.split_once("code=9").unwrap();
        for text in [switched, status] {
            assert!(
                text.contains("GOOSE_PROVIDER") && text.contains(refresh),
                "{shell:?}: {said}"
            );
        }
        assert!(said.stdout.contains(MARKER), "{shell:?}: {said}");
        let key = ANTHROPIC.key("mine");
        internet.assert_conversation(ANTHROPIC.host, Some(&key), ANTHROPIC.model);
    }
}
