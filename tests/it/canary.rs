//! A key is in the store and nowhere else. That no run shows it on a stream or a command line is checked by every run of every
//! test (see `world::run`); here are the files, and the ways of running that say more than usual.

use crate::world::goose::{Goose, NEWEST};
use crate::world::http::Answer;
use crate::world::provider::{ALL, ANTHROPIC, OPENAI, OPENROUTER};
use crate::world::stage::{Stage, Store};
use serde_json::json;
use std::path::PathBuf;

/// The parts of a key that would give it away: all of it, what follows its prefix, its last third.
fn parts(key: &str) -> [&str; 3] {
    [key, &key[key.len() / 3..], &key[key.len() * 2 / 3..]]
}

#[track_caller]
fn assert_only_in_the_store(stage: &Stage, store: Store, key: &str) {
    let expected: &[PathBuf] = match store {
        Store::File => &[PathBuf::from(".config/goose/secrets.yaml")],
        Store::Keychain => &[],
    };
    for part in parts(key) {
        assert_eq!(stage.home.files_with(part), expected);
    }
}

/// Everything that has to do with keys, in the order in which somebody may do it.
fn a_long_day(store: Store) {
    let Some(mut stage) = Stage::with(store) else {
        return;
    };
    for (name, value) in [
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("SHELL", "/bin/bash"),
    ] {
        stage.home.set(name, value);
    }
    let key = stage.good_key(OPENROUTER, "canary");
    let other = stage.good_key(ANTHROPIC, "canary");
    for part in parts(&key).into_iter().chain(parts(&other)) {
        stage.home.keeps_secret(part);
    }
    let model = ["--model", OPENROUTER.model];
    stage
        .sets_up(OPENROUTER, &key)
        .args(model)
        .args(["--dry-run", "-v"])
        .code(0)
        .run();
    stage
        .sets_up(OPENROUTER, &key)
        .args(model)
        .args(["--dry-run", "--json"])
        .code(0)
        .run();
    stage
        .sets_up(OPENROUTER, &key)
        .args(model)
        .args(["-v", "--shell-env"])
        .code(0)
        .run();
    stage
        .sets_up(ANTHROPIC, &other)
        .args(["--json", "-v"])
        .code(0)
        .run();
    for (args, code) in [
        (&["status", "-v"][..], 0),
        (&["status", "--json"], 0),
        (&["switch", "-", "-v"], 0),
        (&["switch", "anthropic", "--check", "-v"], 0),
        (&["check", "--all", "-v"], 0),
        (&["check", "--all", "--json"], 0),
        (&["models", "openrouter", "-v"], 0),
        (&["models", "anthropic", "--json"], 0),
        (&["providers", "--json"], 0),
        (&["env", "--shell", "bash"], 0),
        (&["env", "--shell", "fish"], 0),
        (&["env", "--install", "--shell", "zsh", "--yes", "-v"], 0),
        (&["env", "--remove", "--shell", "zsh", "--yes", "-v"], 0),
        (&["exec", "--", "true"], 0),
        (&["key", "print", "nobody"], 2),
        (&["switch", "groq"], 2),
    ] {
        stage.runs(args).code(code).run();
    }
    assert_only_in_the_store(&stage, store, &key);
    assert_only_in_the_store(&stage, store, &other);

    // Every other source of a key.
    for source in [
        &["--key-env", "MY_KEY"][..],
        &["--key-command", "printenv MY_KEY"],
    ] {
        let set = stage
            .runs(["key", "set", "openrouter", "--yes", "-v"])
            .args(source);
        set.env("MY_KEY", &key).code(0).run();
    }
    // A key that is refused, and one that cannot be checked.
    let wrong = stage.wrong_key(OPENROUTER, "wrong");
    let set = || {
        let set = stage.runs(["key", "set", "openrouter", "--key-stdin", "--yes", "-v"]);
        set.stdin(wrong.as_str())
    };
    set().code(3).run();
    set().args(["--json"]).code(3).run();
    stage.internet.is_unreachable(OPENROUTER.host);
    set().code(4).run();
    set().args(["--json"]).code(4).run();
    assert!(stage.home.files_with(&wrong).is_empty());
    assert_only_in_the_store(&stage, store, &key);

    if let Some(goose) = Goose::version(NEWEST) {
        stage.assert_goose_uses(&goose, ANTHROPIC, &other, "claude-sonnet-4-5");
    }
    stage
        .runs(["key", "remove", "openrouter", "--yes", "-v"])
        .code(0)
        .run();
    stage
        .runs(["key", "remove", "anthropic", "--yes", "--json"])
        .code(0)
        .run();
    for file in [&key, &other]
        .into_iter()
        .flat_map(|key| stage.home.files_with(key))
    {
        // `undo` could bring it back: what it keeps is of the same kind as the store, and for its owner alone.
        let is_history = store == Store::File && file.starts_with(".local/state/goose-setup");
        assert!(is_history, "{}", file.display());
        assert_eq!(stage.home.mode(&stage.home.path().join(file)), 0o600);
    }
}

#[test]
fn a_long_day_leaves_the_keys_in_the_file_alone() {
    a_long_day(Store::File);
}

#[test]
fn a_long_day_leaves_the_keys_in_the_keychain_alone() {
    a_long_day(Store::Keychain);
}

#[test]
fn a_provider_that_repeats_the_key_in_its_answer_does_not_make_us_repeat_it() {
    for provider in ALL
        .into_iter()
        .filter(|provider| provider.key_variable.is_some())
    {
        let stage = Stage::on_a_server();
        let key = stage.wrong_key(provider, "echoed");
        let said = format!("Incorrect API key provided: {key}. It is {key}!");
        let bodies = [
            (
                401,
                json!({"error": {"message": said, "type": said, "code": "invalid_api_key"}}),
            ),
            (
                500,
                json!({"error": {"message": said}, "message": said, "detail": said}),
            ),
        ];
        for (status, body) in bodies {
            let answer = Answer::json(status, &body);
            stage
                .internet
                .answers(&stage.host(provider), provider.check_path(), answer);
            let failed = stage.sets_up(provider, &key).args(["-v", "--json"]).run();
            assert!([3, 4].contains(&failed.code), "{}: {failed}", provider.id);
        }
        assert!(stage.home.files_with(&key).is_empty(), "{}", provider.id);
    }
}

#[test]
fn a_key_travels_in_a_header_and_never_in_an_address() {
    let stage = Stage::on_a_server();
    for provider in ALL {
        let key = stage.good_key(provider, "new");
        stage
            .sets_up(provider, &key)
            .args(["--model", provider.model])
            .code(0)
            .run();
        stage.runs(["models", provider.id]).code(0).run();
        stage.runs(["check", provider.id]).code(0).run();
        for seen in stage.internet.requests() {
            assert!(key.is_empty() || !seen.target.contains(&key), "{seen:?}");
            assert!(seen.encrypted || provider.is_local(), "{seen:?}");
            assert!(!seen.is_chat(), "{seen:?}");
        }
        stage.internet.clear();
    }
}

#[test]
fn a_key_that_is_typed_in_a_wrong_place_is_not_repeated() {
    let mut stage = Stage::on_a_server();
    let typed = "sk-or-v1-Canary0123456789abcdef";
    stage.home.set("SHELL", "/bin/bash");
    let assigned = format!("X={typed}");
    for args in [
        &["openrouter", typed][..],
        &[typed],
        &["switch", typed],
        &["key", "set", "openrouter", typed],
        &["key", "print", "openrouter", "--env", typed],
        &["import", "--from", typed],
        &["openrouter", "--key-env", typed, "--yes"],
        &["openrouter", "--set-env", &assigned, "--yes"],
    ] {
        for more in [&[][..], &["--json"]] {
            let outcome = stage.runs(args).args(more).run();
            assert_ne!(outcome.code, 0, "{outcome}");
            assert!(!outcome.to_string().contains("anary0123"), "{outcome}");
        }
    }
}

#[test]
fn a_plan_shows_no_key_of_the_user() {
    let mut stage = Stage::on_a_server();
    stage.home.set("SHELL", "/bin/bash");
    for secret in ["canary-in-rc", "canary-in-config", "canary-in-header"] {
        stage.home.keeps_secret(secret);
    }
    stage.home.write(
        ".bashrc",
        "alias a=b\nexport MISTRAL_API_KEY=canary-in-rc\n",
    );
    stage.home.write(
        ".config/goose/config.yaml",
        "extensions:\n  x:\n    headers:\n      X-Api-Key: canary-in-header\nMISTRAL_API_KEY: canary-in-config\n",
    );
    let key = stage.good_key(OPENROUTER, "mine");
    let plan = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--dry-run", "--shell-env"])
        .code(0)
        .run();
    assert!(
        plan.stdout.contains(".bashrc") || plan.stderr.contains(".bashrc"),
        "{plan}"
    );
    assert!(!format!("{plan}").contains("alias a=b"), "{plan}");
}

#[test]
fn where_https_fails_nobody_is_asked_for_a_key_unencrypted() {
    let stage = Stage::on_a_server();
    stage.internet.is_untrusted(OPENAI.host);
    let key = stage.good_key(OPENAI, "mine");
    let add = |address: &str| {
        stage
            .runs(["custom", address, "--key-stdin", "--store", "file"])
            .args(["--model", OPENAI.model, "--dry-run"])
            .stdin(key.as_str())
    };
    let refused = add(OPENAI.host).code(4).run();
    assert!(refused.stderr.contains("GOOSE_CA_CERT_PATH"), "{refused}");
    assert!(!refused.stderr.contains("http://"), "{refused}");
    for seen in stage.internet.requests() {
        assert!(!format!("{seen:?}").contains(&key), "{seen:?}");
    }
}

#[test]
fn an_unencrypted_host_is_said_to_show_the_key() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENAI, "mine");
    for (host, is_said) in [
        ("http://llm.example.com", true),
        ("https://llm.example.com", false),
        ("http://localhost:9", false),
    ] {
        let plan = stage
            .sets_up(OPENAI, &key)
            .args(["--model", OPENAI.model, "--host", host])
            .args(["--no-check", "--dry-run", "--json"])
            .code(0)
            .run();
        assert_eq!(
            plan.to_string().contains("not encrypted"),
            is_said,
            "{plan}"
        );
    }
}
