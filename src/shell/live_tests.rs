//! The templates judged by the shells themselves, with a stand-in for goose-setup that plays store and printer.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test makes its own files and looks for shells"
)]
#![expect(clippy::panic, reason = "a required shell is missing")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Shell;
use super::exports::{Export, ExportValue, MARKER, PROGRAM, Purpose, refresh_line, render_exports};
use super::quote::quote;
use super::rc::{add, rc_line};

/// What a key or a setting could hold to break out of its quotes. The provider called `locked` has no key.
const HOSTILE: [&str; 14] = [
    "sk-plain",
    "it's",
    "'",
    "''",
    "\"12345678\"",
    "$HOME ${PATH} $(id) `id`",
    "back\\slash\\",
    "\\'",
    "-n",
    "a;b|c&d>e #f",
    "* ? [a] {b,c} ~ =ls !!",
    "'##' '#",
    "%s %d \\n \\t",
    "é\u{2019}\u{1f511}",
];

const STAND_IN: &str = r#"#!/bin/sh
if [ "$1" = env ]; then
  cat "$BLOCK"
elif [ "$#" = 5 ] && [ "$1 $2 $4" = 'key print --env' ] && [ -r "$KEYS/$3.$5" ]; then
  cat "$KEYS/$3.$5"
  echo
else
  echo half a key
  echo 'error: the keychain is locked' >&2
  echo 'hint: unlock it' >&2
  exit 5
fi
"#;

/// zsh options that change how words, globs, errors and assignments behave.
const ODD_ZSH: &str = "errexit nounset errreturn ksharrays shwordsplit globsubst extendedglob rcquotes \
                       warncreateglobal noclobber magicequalsubst noglobalexport ignorebraces allexport";

struct Bench {
    dir: TempDir,
    extra: Vec<(String, String)>,
}

struct Ran {
    vars: BTreeMap<String, String>,
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

impl Bench {
    fn new() -> Self {
        Self::with_program(PROGRAM)
    }

    fn with_program(name: &str) -> Self {
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
            extra: Vec::new(),
        };
        fs::create_dir_all(bench.path("keys")).unwrap();
        let program = bench.path("bin").join(name);
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, STAND_IN).unwrap();
        // By a child, so that no other test's child can hold the file open for writing while it is run.
        assert!(
            Command::new("chmod")
                .arg("755")
                .arg(&program)
                .status()
                .unwrap()
                .success()
        );
        for (index, key) in HOSTILE.iter().enumerate() {
            fs::write(bench.path(&format!("keys/openai.K_{index}")), key).unwrap();
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Writes what goose-setup would print for this shell.
    fn block(&self, shell: Shell, exports: &[Export], purpose: Purpose, program: &str) {
        let text = render_exports(shell, exports, purpose, program).unwrap();
        fs::write(self.path("block"), text).unwrap();
    }

    /// Runs `line` in the shell, then has the environment written down.
    fn run(&self, shell: Shell, program: &Path, options: &[&str], line: &str) -> Ran {
        let vars = self.path("vars");
        let dump = match shell {
            Shell::Nushell => format!("^env -0 | save -f '{}'", vars.display()),
            _ => format!("env -0 >'{}'", vars.display()),
        };
        let plain: &[&str] = match shell {
            Shell::Bash => &["--norc"],
            Shell::Zsh => &["-f"],
            Shell::Fish => &["--no-config"],
            Shell::Nushell => &["-n"],
            Shell::Sh | Shell::PowerShell => &[],
        };
        let output = self
            .command(program)
            .args(plain)
            .args(options)
            .args(["-c", &format!("{line}\n{dump}")])
            .output()
            .unwrap();
        let dumped = fs::read(&vars).unwrap_or_default();
        Ran {
            vars: String::from_utf8(dumped)
                .unwrap()
                .split_terminator('\0')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut path = self.path("bin").into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .env("LC_ALL", "C.UTF-8")
            .env("BLOCK", self.path("block"))
            .env("KEYS", self.path("keys"))
            .envs(self.extra.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }
}

impl Ran {
    fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    fn assert_silent(&self, context: &str) {
        assert_eq!(self.code, Some(0), "{context}: {}", self.stderr);
        assert_eq!(self.stdout, "", "{context}");
        assert_eq!(self.stderr, "", "{context}");
    }
}

const EVERY: [Shell; 5] = [
    Shell::Bash,
    Shell::Zsh,
    Shell::Sh,
    Shell::Fish,
    Shell::Nushell,
];
const POSIX: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Sh];

/// Those of the wanted shells that this machine has; a missing one is said aloud.
fn shells(test: &str, wanted: &[Shell]) -> Vec<(Shell, PathBuf)> {
    let is_strict = std::env::var_os("GOOSE_SETUP_TEST_ALL").is_some_and(|value| value == "1");
    wanted
        .iter()
        .filter_map(|shell| {
            let name = match shell {
                Shell::Nushell => "nu",
                shell => shell.name(),
            };
            let found = on_path(name);
            if found.is_none() {
                skip(test, name);
                if is_strict {
                    panic!("{test} needs {name}");
                }
            }
            Some((*shell, found?))
        })
        .collect()
}

/// Past the capture of the test harness, which hides what a passing test prints.
fn skip(test: &str, needs: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIPPED {test}: needs {needs}").unwrap();
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

fn literal(name: &str, value: &str) -> Export {
    Export {
        name: name.into(),
        value: ExportValue::Literal(value.into()),
    }
}

fn stored(provider: &str, name: &str) -> Export {
    Export {
        name: name.into(),
        value: ExportValue::Stored {
            provider: provider.into(),
            variable: name.into(),
        },
    }
}

/// Every hostile value twice: once written out, once asked from the store.
fn hostile_exports() -> Vec<Export> {
    let values = HOSTILE.iter().enumerate();
    values
        .clone()
        .map(|(index, value)| literal(&format!("V_{index}"), value))
        .chain(values.map(|(index, _)| stored("openai", &format!("K_{index}"))))
        .collect()
}

fn assert_all_exact(ran: &Ran, context: &str) {
    for (index, value) in HOSTILE.iter().enumerate() {
        assert_eq!(
            ran.var(&format!("V_{index}")),
            Some(*value),
            "{context}: literal"
        );
        assert_eq!(
            ran.var(&format!("K_{index}")),
            Some(*value),
            "{context}: key"
        );
    }
    let names: Vec<String> = hostile_exports()
        .into_iter()
        .map(|export| export.name)
        .collect();
    assert_eq!(ran.var(MARKER), Some(names.join(",").as_str()), "{context}");
}

/// The statement that loads a file in this shell, as the rc line does.
fn load(shell: Shell, file: &Path) -> String {
    rc_line(shell, file, None)
        .unwrap()
        .replace("status is-interactive; and ", "")
}

#[test]
fn the_refresh_line_exports_every_value_exactly_and_prints_nothing() {
    for (shell, program) in shells(
        "the_refresh_line_exports_every_value_exactly_and_prints_nothing",
        &EVERY,
    ) {
        let bench = Bench::new();
        bench.block(shell, &hostile_exports(), Purpose::Full, PROGRAM);
        let ran = bench.run(shell, &program, &[], &refresh_line(shell, PROGRAM).unwrap());
        ran.assert_silent(shell.name());
        assert_all_exact(&ran, shell.name());
    }
}

#[test]
fn the_rc_line_loads_the_keys_and_does_nothing_once_the_file_is_gone() {
    for (shell, program) in shells(
        "the_rc_line_loads_the_keys_and_does_nothing_once_the_file_is_gone",
        &EVERY,
    ) {
        let bench = Bench::new();
        bench.block(shell, &hostile_exports(), Purpose::Keys, PROGRAM);
        let file = bench.path("it's the block");
        fs::rename(bench.path("block"), &file).unwrap();
        let line = load(shell, &file);
        let ran = bench.run(shell, &program, &[], &line);
        ran.assert_silent(shell.name());
        assert_all_exact(&ran, shell.name());

        fs::remove_file(&file).unwrap();
        let ran = bench.run(shell, &program, &[], &line);
        ran.assert_silent(shell.name());
        assert_eq!(ran.var(MARKER), None);
    }
}

#[test]
fn strict_and_odd_options_change_nothing() {
    for (shell, program) in shells("strict_and_odd_options_change_nothing", &POSIX) {
        let zsh: Vec<&str> = ODD_ZSH
            .split_whitespace()
            .flat_map(|option| ["-o", option])
            .collect();
        let options: &[&str] = match shell {
            Shell::Bash => &["-euEC", "-o", "pipefail", "-o", "posix"],
            Shell::Zsh => &zsh,
            _ => &["-euC"],
        };
        let bench = Bench::new();
        let mut exports = hostile_exports();
        exports.push(stored("locked", "K_LOCKED"));
        bench.block(shell, &exports, Purpose::Full, PROGRAM);
        let line = refresh_line(shell, PROGRAM).unwrap();
        let line = format!("IFS=abc\n{line}\n");
        let ran = bench.run(shell, &program, options, &line);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert_all_exact(&ran, shell.name());
    }
}

#[test]
fn a_key_that_cannot_be_read_leaves_its_variable_as_it_was_with_one_line() {
    for (shell, program) in shells(
        "a_key_that_cannot_be_read_leaves_its_variable_as_it_was_with_one_line",
        &EVERY,
    ) {
        for before in [None, Some("from before")] {
            let mut bench = Bench::new();
            if let Some(value) = before {
                bench = bench.with("K_LOCKED", value);
            }
            let exports = [stored("locked", "K_LOCKED"), literal("GOOSE_MODEL", "m")];
            bench.block(shell, &exports, Purpose::Full, PROGRAM);
            let ran = bench.run(shell, &program, &[], &refresh_line(shell, PROGRAM).unwrap());
            assert_eq!(ran.code, Some(0), "{shell:?}: {}", ran.stderr);
            assert_eq!(ran.stdout, "", "{shell:?}");
            assert_eq!(
                ran.stderr,
                "goose-setup: the locked key cannot be read, so K_LOCKED is left as it was; \
                 run: goose-setup check locked\n",
                "{shell:?}"
            );
            assert_eq!(ran.var("K_LOCKED"), before, "{shell:?}");
            assert_eq!(ran.var("GOOSE_MODEL"), Some("m"), "{shell:?}");
            assert_eq!(ran.var(MARKER), Some("GOOSE_MODEL"), "{shell:?}");
        }
    }
}

#[test]
fn without_goose_setup_a_shell_still_starts_with_one_line() {
    for (shell, program) in shells(
        "without_goose_setup_a_shell_still_starts_with_one_line",
        &EVERY,
    ) {
        for gone in ["goose-setup-gone", "/nowhere/goose-setup"] {
            let bench = Bench::new();
            bench.block(shell, &[stored("openai", "K_0")], Purpose::Keys, gone);
            let ran = bench.run(shell, &program, &[], &load(shell, &bench.path("block")));
            assert_eq!(ran.code, Some(0), "{shell:?}: {}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{shell:?}: {}", ran.stderr);
            assert_eq!(ran.var("K_0"), None, "{shell:?}");
            assert_eq!(ran.var(MARKER), None, "{shell:?}");
        }
    }
}

#[test]
fn goose_setup_off_the_path_is_called_by_its_quoted_place() {
    for (shell, program) in shells(
        "goose_setup_off_the_path_is_called_by_its_quoted_place",
        &EVERY,
    ) {
        let bench = Bench::with_program("it's $here/goose setup");
        let place = bench.path("bin/it's $here/goose setup");
        let place = place.to_str().unwrap();
        bench.block(shell, &hostile_exports(), Purpose::Full, place);
        let ran = bench.run(shell, &program, &[], &refresh_line(shell, place).unwrap());
        ran.assert_silent(shell.name());
        assert_all_exact(&ran, shell.name());
    }
}

#[test]
fn tracing_never_shows_a_key() {
    for (shell, program) in shells("tracing_never_shows_a_key", &EVERY) {
        let bench = Bench::new().with("fish_trace", "1");
        let options: &[&str] = match shell {
            Shell::Bash | Shell::Zsh | Shell::Sh => &["-x"],
            _ => &[],
        };
        fs::write(bench.path("keys/openai.K_CANARY"), "canary-key").unwrap();
        bench.block(
            shell,
            &[stored("openai", "K_CANARY")],
            Purpose::Full,
            PROGRAM,
        );
        let ran = bench.run(
            shell,
            &program,
            options,
            &refresh_line(shell, PROGRAM).unwrap(),
        );
        assert_eq!(ran.var("K_CANARY"), Some("canary-key"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "{shell:?}: {}", ran.stderr);
        if shell != Shell::Nushell {
            assert!(
                ran.stderr.contains("env -0"),
                "{shell:?} traces again: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn nothing_but_the_exports_is_left_behind() {
    for (shell, program) in shells("nothing_but_the_exports_is_left_behind", &EVERY) {
        let look = match shell {
            Shell::Bash => {
                "{ compgen -v; compgen -A function; set +o; shopt; echo \"$-$#\"; } | grep -v '^BASH_\\|^PIPESTATUS$\\|^_$'"
            }
            Shell::Zsh => "print -l ${(ko)parameters} ${(ko)functions} $- $#; setopt",
            Shell::Sh => {
                "{ set | sed 's/=.*//' | sort; echo \"$-$#\"; type __goose_setup_key || :; } | grep -v '^_$\\|^PIPESTATUS'"
            }
            Shell::Fish => "set --names; functions --all",
            _ => {
                "print (scope variables | get name | append (scope commands | where type == custom | get name) | to text)"
            }
        };
        let bench = Bench::new();
        bench.block(shell, &[stored("openai", "K_0")], Purpose::Keys, PROGRAM);
        // The names are there before, so that only what is foreign can differ.
        let bench = bench.with("K_0", "").with(MARKER, "K_0");
        let before = bench.run(shell, &program, &[], look).stdout;
        let line = load(shell, &bench.path("block"));
        let after = bench
            .run(shell, &program, &[], &format!("{line}\n{look}"))
            .stdout;
        assert!(!before.is_empty());
        assert_eq!(after, before, "{shell:?}");
    }
}

#[test]
fn a_block_without_exports_does_nothing() {
    for (shell, program) in shells("a_block_without_exports_does_nothing", &EVERY) {
        let bench = Bench::new();
        for purpose in [Purpose::Full, Purpose::Keys] {
            bench.block(shell, &[], purpose, PROGRAM);
            let line = match purpose {
                Purpose::Full => refresh_line(shell, PROGRAM).unwrap(),
                Purpose::Keys => load(shell, &bench.path("block")),
            };
            let ran = bench.run(shell, &program, &[], &line);
            ran.assert_silent(shell.name());
            assert_eq!(ran.var(MARKER), None, "{shell:?}");
        }
    }
}

#[test]
fn the_marker_gathers_what_several_blocks_exported() {
    for (shell, program) in shells("the_marker_gathers_what_several_blocks_exported", &EVERY) {
        let bench = Bench::new().with(MARKER, "K_9,V_0");
        bench.block(shell, &hostile_exports()[..2], Purpose::Full, PROGRAM);
        let ran = bench.run(shell, &program, &[], &refresh_line(shell, PROGRAM).unwrap());
        assert_eq!(ran.var(MARKER), Some("K_9,V_0,V_1"), "{shell:?}");
    }
}

#[test]
fn an_export_that_is_wrong_by_now_is_taken_back() {
    for (shell, program) in shells("an_export_that_is_wrong_by_now_is_taken_back", &EVERY) {
        let bench = Bench::new().with("OPENAI_HOST", "http://old");
        let removed = ["OPENAI_HOST", "NEVER_SET"].map(|name| Export {
            name: name.into(),
            value: ExportValue::Removed,
        });
        bench.block(shell, &removed, Purpose::Full, PROGRAM);
        let ran = bench.run(shell, &program, &[], &refresh_line(shell, PROGRAM).unwrap());
        ran.assert_silent(shell.name());
        assert_eq!(ran.var("OPENAI_HOST"), None, "{shell:?}");
    }
}

#[test]
fn an_interactive_zsh_without_comments_takes_the_block() {
    for (shell, program) in shells(
        "an_interactive_zsh_without_comments_takes_the_block",
        &[Shell::Zsh],
    ) {
        let bench = Bench::new();
        bench.block(shell, &hostile_exports(), Purpose::Full, PROGRAM);
        let line = refresh_line(shell, PROGRAM).unwrap();
        let ran = bench.run(shell, &program, &["-i", "+o", "interactivecomments"], &line);
        ran.assert_silent("zsh -i");
        assert_all_exact(&ran, "zsh -i");
    }
}

#[test]
fn an_interactive_fish_loads_our_own_file_and_a_script_does_not() {
    for (shell, program) in shells(
        "an_interactive_fish_loads_our_own_file_and_a_script_does_not",
        &[Shell::Fish],
    ) {
        let bench = Bench::new();
        bench.block(shell, &[stored("openai", "K_1")], Purpose::Keys, PROGRAM);
        let folder = bench.path(".config/fish/conf.d");
        fs::create_dir_all(&folder).unwrap();
        let line = rc_line(shell, &bench.path("block"), Some(bench.dir.path())).unwrap();
        fs::write(folder.join("goose-setup.fish"), add(b"", &line).unwrap()).unwrap();
        for (options, expected) in [(vec!["-i"], "it's\n"), (vec![], "")] {
            let output = bench
                .command(&program)
                .args(options)
                .args(["-c", "printenv K_1"])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        }
    }
}

#[test]
fn shellcheck_finds_nothing_in_the_posix_block() {
    let Some(shellcheck) = on_path("shellcheck") else {
        skip("shellcheck_finds_nothing_in_the_posix_block", "shellcheck");
        return;
    };
    let bench = Bench::new();
    for purpose in [Purpose::Full, Purpose::Keys] {
        let exports = [
            literal("GOOSE_MODEL", "it's"),
            stored("openai", "OPENAI_API_KEY"),
        ];
        bench.block(Shell::Sh, &exports, purpose, PROGRAM);
        let output = Command::new(&shellcheck)
            .args(["-s", "sh"])
            .arg(bench.path("block"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn a_literal_is_one_word_in_every_shell() {
    for (shell, program) in shells("a_literal_is_one_word_in_every_shell", &EVERY) {
        let bench = Bench::new();
        for value in HOSTILE {
            let word = quote(shell, value).unwrap();
            let line = match shell {
                Shell::Nushell => format!("^printf '<%s>' {word}"),
                _ => format!("printf '<%s>' {word}"),
            };
            assert_eq!(
                bench.run(shell, &program, &[], &line).stdout,
                format!("<{value}>"),
                "{shell:?}"
            );
        }
    }
}
