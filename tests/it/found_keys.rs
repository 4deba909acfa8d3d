//! The guided flow on a machine where keys lie about: they come early, are taken by Enter alone, and never without it.

use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::provider::{ANTHROPIC, GROQ, Provider, XAI};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::json;
use sha2::{Digest, Sha256};

const WIDE: (u16, u16) = (30, 120);

/// A machine with goose's secrets in a file, on an internet that knows these keys.
fn machine(keys: &[(Provider, &str)]) -> (Internet, Home) {
    let internet = Internet::new();
    let mut home = Home::new()
        .online(&internet)
        .with_config("GOOSE_DISABLE_KEYRING: true\n");
    home.set("SHELL", "/bin/bash");
    for (provider, key) in keys {
        internet.knows(*provider, key);
        home.keeps_secret(key);
    }
    (internet, home)
}

fn fingerprint(key: &str) -> String {
    Sha256::digest(key)[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn is_sent(internet: &Internet, key: &str) -> bool {
    internet
        .requests()
        .iter()
        .any(|request| request.key() == Some(key))
}

#[test]
fn a_key_in_another_tools_file_makes_its_provider_the_second_and_enter_takes_it() {
    let key = GROQ.key("mine");
    let (internet, home) = machine(&[(GROQ, &key)]);
    let rc = format!("alias l=ls\nexport GROQ_API_KEY={key}\n");
    home.write(".bashrc", &rc);
    let mut person = Person::at(&home, WIDE, &[]);
    person.sees("Which provider?").sees("Esc cancel");
    let screen = person.screen();
    let rows: Vec<&str> = screen.lines().skip(1).collect();
    assert!(rows[0].starts_with("❯ OpenRouter"), "{screen}");
    assert!(
        rows[1].starts_with("  Groq") && rows[1].contains("key found in ~/.bashrc:2"),
        "{screen}"
    );
    person.presses(Key::Down).sees("❯ Groq").presses(Key::Enter);
    person
        .sees(&format!(
            "Enter takes {} from ~/.bashrc:2",
            fingerprint(&key)
        ))
        .waits_for_hidden_input();
    assert!(!is_sent(&internet, &key), "nobody agreed yet");
    person
        .presses(Key::Enter)
        .sees("Groq accepts the key")
        .says_yes_to_the_rest()
        .sees("still stands in plain text at ~/.bashrc:2");
    person.gives_the_terminal_back(0);
    assert_eq!(home.secrets_yaml()["GROQ_API_KEY"], key.as_str());
    assert_eq!(home.read(".bashrc"), rc, "the copy is named, never deleted");
}

#[test]
fn the_key_in_the_environment_is_taken_by_enter_and_is_no_copy_to_warn_of() {
    let key = GROQ.key("mine");
    let (_internet, mut home) = machine(&[(GROQ, &key)]);
    home.set("GROQ_API_KEY", &key);
    let mut person = Person::at(&home, WIDE, &["groq"]);
    person
        .sees("from $GROQ_API_KEY")
        .waits_for_hidden_input()
        .presses(Key::Enter)
        .says_yes_to_the_rest()
        .sees("next:");
    assert!(!person.screen().contains("plain text at"));
    person.gives_the_terminal_back(0);
    assert_eq!(home.secrets_yaml()["GROQ_API_KEY"], key.as_str());
}

#[test]
fn every_kind_of_tool_is_looked_at() {
    let key = XAI.key("mine");
    for (path, text) in [
        (".env", format!("XAI_API_KEY={key}\n")),
        (
            ".local/share/opencode/auth.json",
            json!({"xai": {"type": "api", "key": key}}).to_string(),
        ),
        (
            ".config/crush/crushrc",
            format!("provider add xai --api-key {key}\n"),
        ),
        (
            ".config/io.datasette.llm/keys.json",
            json!({"xai": key}).to_string(),
        ),
    ] {
        let (_internet, home) = machine(&[(XAI, &key)]);
        home.write(path, text);
        let mut person = Person::at(&home, WIDE, &["xai"]);
        let name = path.rsplit('/').next().unwrap();
        person
            .sees(&format!("Enter takes {} from", fingerprint(&key)))
            .sees(&format!("{name}:1"))
            .waits_for_hidden_input()
            .presses(Key::Enter)
            .sees("xAI accepts the key")
            .presses(Key::CtrlC);
        person.gives_the_terminal_back(130);
    }
}

#[test]
fn a_found_key_that_is_refused_is_not_offered_again_but_the_next_one_is() {
    let (old, new) = (GROQ.key("old"), GROQ.key("new"));
    let (_internet, mut home) = machine(&[(GROQ, &new)]);
    home.keeps_secret(&old);
    home.set("GROQ_API_KEY", &old);
    home.write(".bashrc", format!("export GROQ_API_KEY={new}\n"));
    let mut person = Person::at(&home, WIDE, &["groq"]);
    person
        .sees(&format!(
            "Enter takes {} from $GROQ_API_KEY",
            fingerprint(&old)
        ))
        .waits_for_hidden_input()
        .presses(Key::Enter)
        .sees("Groq does not accept this key")
        .sees(&format!(
            "Enter takes {} from ~/.bashrc:1",
            fingerprint(&new)
        ))
        .presses(Key::Enter)
        .says_yes_to_the_rest()
        // The old one is still exported, and goose would take that.
        .sees("unset GROQ_API_KEY");
    person.gives_the_terminal_back(9);
    assert_eq!(home.secrets_yaml()["GROQ_API_KEY"], new.as_str());
}

#[test]
fn a_pasted_key_goes_before_a_found_one_and_a_stored_key_before_both() {
    let (found, pasted) = (GROQ.key("found"), GROQ.key("pasted"));
    let (internet, home) = machine(&[(GROQ, &found), (GROQ, &pasted)]);
    home.write(".bashrc", format!("export GROQ_API_KEY={found}\n"));
    let mut person = Person::at(&home, WIDE, &["groq"]);
    person
        .sees("from ~/.bashrc:1")
        .waits_for_hidden_input()
        .types(&format!("{pasted}\r"))
        .says_yes_to_the_rest()
        .sees("next:");
    assert!(!person.screen().contains("plain text at"));
    person.gives_the_terminal_back(0);
    assert_eq!(home.secrets_yaml()["GROQ_API_KEY"], pasted.as_str());

    let mut person = Person::at(&home, WIDE, &["groq"]);
    person
        .sees("Enter keeps the stored one")
        .presses(Key::CtrlC);
    person.gives_the_terminal_back(130);
    assert!(!is_sent(&internet, &found));
}

#[test]
fn whoever_leaves_has_nothing_stored_and_nobody_was_told_the_key() {
    let key = GROQ.key("mine");
    let (internet, home) = machine(&[(GROQ, &key)]);
    home.write(".env", format!("GROQ_API_KEY={key}\n"));
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["groq"]);
    person.sees("Enter takes").presses(Key::CtrlC);
    person.gives_the_terminal_back(130);
    before.assert_same(&home.tree());
    assert!(!is_sent(&internet, &key));
}

#[test]
fn the_menu_offers_keys_of_providers_that_are_not_set_up_and_only_those() {
    let (groq, anthropic) = (GROQ.key("mine"), ANTHROPIC.key("mine"));
    let (_internet, home) = machine(&[(GROQ, &groq), (ANTHROPIC, &anthropic)]);
    Setup::new(&home)
        .args(["groq", "--key-stdin", "--yes"])
        .stdin(groq.as_str())
        .code(0)
        .run();
    home.write(".env", format!("GROQ_API_KEY={groq}\n"));
    let mut person = Person::at(&home, WIDE, &[]);
    person.sees("What would you like to do?").sees("Esc cancel");
    assert!(!person.screen().contains("take over"));
    person.presses(Key::Esc);
    person.gives_the_terminal_back(130);

    home.write(".bashrc", format!("export ANTHROPIC_API_KEY={anthropic}\n"));
    let mut person = Person::at(&home, WIDE, &[]);
    person
        .sees("take over keys that other tools have")
        .sees("Anthropic")
        .types("take")
        .sees("1 of ")
        .presses(Key::Enter)
        .sees("Take over the key of Anthropic")
        .types("y")
        .sees("Make these changes?")
        .presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(home.secrets_yaml()["ANTHROPIC_API_KEY"], anthropic.as_str());
    assert_eq!(home.config_yaml()["active_provider"], "groq");
}
