//! README.md says what the program says.

use super::world::answers::openrouter_key;
use super::world::goose::{Goose, NEWEST};
use super::world::home::Home;
use super::world::http::Answer;
use super::world::internet::Internet;
use super::world::keyring::Keyring;
use super::world::provider::OPENROUTER;
use super::world::pty::{Key, Person};
use super::world::run::Setup;
use serde_json::{Value, json};
use std::time::Duration;

const CONFIG: &str = "\
active_provider: openrouter
providers:
  openrouter:
    enabled: true
    model: openai/gpt-4o
    configured: true
GOOSE_DISABLE_KEYRING: 'true'
";

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// `goose-setup`, every command of its help, and every command below those.
fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = all.get(next).cloned() {
        for name in section(&help(&command), "Commands:").filter_map(first_word) {
            all.push([command.clone(), vec![name.to_owned()]].concat());
        }
        next += 1;
    }
    all
}

fn help(command: &[String]) -> String {
    let home = Home::new();
    Setup::new(&home)
        .args(command)
        .args(["--help"])
        .code(0)
        .run()
        .stdout
}

/// The indented lines below a heading of a help text.
fn section<'t>(help: &'t str, heading: &str) -> impl Iterator<Item = &'t str> {
    help.lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| line.starts_with(' ') || line.is_empty())
}

fn first_word(line: &str) -> Option<&str> {
    let word = line.strip_prefix("  ")?;
    (!word.starts_with(' ')).then(|| word.split_whitespace().next())?
}

/// Every `--flag` a help text lists.
fn flags(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| {
            line.split([' ', ',', '['])
                .find(|word| word.starts_with("--"))
        })
}

#[test]
fn every_command_and_every_flag_is_in_the_readme() {
    let readme = readme();
    let commands = commands();
    assert!(commands.len() > 12, "{commands:?}");
    for command in commands {
        let typed = command.join(" ");
        assert!(
            readme.contains(&format!("`{typed}")) || typed.is_empty(),
            "`{typed}` is missing"
        );
        let help = help(&command);
        for flag in flags(&help) {
            let is_there = readme
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .any(|word| word == flag);
            assert!(is_there, "{flag} of `{typed}` is missing");
        }
    }
}

#[test]
fn every_exit_code_of_the_help_is_in_the_readme() {
    let readme = readme();
    let help = help(&[]);
    let (_, codes) = help.split_once("Exit codes:").unwrap();
    let mut count = 0;
    for code in codes
        .split(',')
        .filter_map(|part| part.split_whitespace().next())
    {
        assert!(code.parse::<u8>().is_ok(), "{code}");
        assert!(
            readme.contains(&format!("\n| {code} |")),
            "{code} is missing"
        );
        count += 1;
    }
    assert!(count >= 11);
}

#[test]
fn every_json_field_is_in_the_readme() {
    let internet = Internet::new();
    let key = OPENROUTER.key("readme");
    internet.knows(OPENROUTER, &key);
    let home = Home::new()
        .online(&internet)
        .with_config(CONFIG)
        .with_secrets(&format!("OPENROUTER_API_KEY: {key}\n"));
    let readme = readme();
    let (_, rest) = readme.split_once("\n## JSON\n").unwrap();
    let (chapter, _) = rest.split_once("\n## ").unwrap();
    for (code, command) in [
        (0, "openrouter --dry-run"),
        (0, "switch openrouter --dry-run"),
        (0, "status"),
        (0, "check"),
        (0, "models"),
        (0, "limits"),
        (0, "limits --offline openai"),
        (0, "limits --set GOOSE_MAX_TOKENS=8192 --dry-run"),
        (0, "providers"),
        (0, "key set openrouter --no-check --key-stdin --dry-run"),
        (0, "key remove openrouter --dry-run"),
        (0, "env --install --dry-run"),
        (0, "key remove openrouter --yes"),
        (0, "undo --list"),
        (0, "undo --yes"),
        (0, "undo --forget --yes"),
        (0, "remove-all --dry-run"),
        (10, "doctor"),
        (0, "fallback openai/gpt-4o --dry-run"),
        (0, "gateway status"),
        (0, "custom list"),
        (0, "import --dry-run"),
        (2, "switch nobody"),
        (3, "key set openrouter --key-stdin --yes"),
    ] {
        let outcome = Setup::new(&home)
            .args(command.split(' '))
            .args(["--json"])
            .env("GOOSE_MODEL", "another")
            .stdin("sk-or-v1-of-nobody")
            .code(code)
            .run();
        for field in fields(&outcome.json()) {
            let is_there = chapter
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .any(|word| word == field);
            assert!(is_there, "{field} of `{command}` is missing");
        }
    }
}

/// The names of all fields, at any depth.
fn fields(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], fields(value)].concat())
            .collect(),
        Value::Array(list) => list.iter().flat_map(fields).collect(),
        _ => Vec::new(),
    }
}

/// The first screenful: three answers, on a terminal of 100 columns, with a keychain and goose there.
#[test]
fn the_transcript_in_the_readme_is_what_the_program_shows() {
    let (Some(keyring), Some(goose)) = (Keyring::unlocked(), Goose::version(NEWEST)) else {
        return;
    };
    let internet = Internet::new();
    let key = OPENROUTER.key("readme");
    internet.knows(OPENROUTER, &key);
    let account = openrouter_key(&json!(20.0), &json!(14.2), 5.8);
    internet.answers("openrouter.ai", "/api/v1/key", Answer::json(200, &account));
    let home = Home::new()
        .online(&internet)
        .with_keyring(&keyring)
        .with_goose(&goose);
    home.keeps_secret(&key);
    let mut person = Person::at(&home, (50, 100), &["openrouter"]);
    let mut shown = String::new();
    let mut look = |person: &Person| {
        shown.push_str(&person.screen());
        shown.push('\n');
    };
    person.sees("API key (hidden").waits_for_hidden_input();
    look(&person);
    // The question throws away what was typed before it listens, which is just after it is seen.
    std::thread::sleep(Duration::from_millis(300));
    person.types(&key).presses(Key::Enter);
    person.sees("type to filter").sees("gpt-4o");
    look(&person);
    person.presses(Key::Enter);
    person.sees("Make these changes?");
    look(&person);
    person.presses(Key::Enter);
    assert_eq!(person.leaves(), 0, "{}", person.screen());
    look(&person);
    let readme = readme();
    let (_, rest) = readme
        .split_once("```console\n$ goose-setup openrouter\n")
        .unwrap();
    let (transcript, _) = rest.split_once("```").unwrap();
    for line in transcript.lines().filter(|line| !line.trim().is_empty()) {
        assert!(
            shown.lines().any(|seen| seen.trim_end() == line.trim_end()),
            "{line:?} is not on the screen:\n{shown}"
        );
    }
}
