//! The keychain item belongs to goose and to everything else the user keeps in it.

use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{ANTHROPIC, DEEPSEEK, OLLAMA, OPENROUTER, Provider};
use crate::world::run::Setup;
use crate::world::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

/// Values a store may hold that no rewriting must touch; as they stand in the item.
const FOREIGN: [(&str, &str); 7] = [
    ("ELSEWHERE_TOKEN", r#""an \"odd\" one: ü ☃""#),
    ("PORT", "12345678"),
    ("PRICE", "-1.5"),
    ("HUGE", "18446744073709551615"),
    ("FLAG", "true"),
    ("NOTHING", "null"),
    ("NESTED", r#"{"b":[1,2.5,{"a":"x"}],"a":{}}"#),
];

fn foreign_item() -> String {
    let entries = FOREIGN.map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", entries.join(","))
}

#[track_caller]
fn assert_foreign_values_stand_in(item: &str) {
    for (name, value) in FOREIGN {
        let entry = format!("\"{name}\":{value}");
        assert!(item.contains(&entry), "{entry} is not in {item}");
    }
}

#[test]
fn what_others_keep_in_the_item_is_kept_to_the_byte() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.keyring().store(&foreign_item());
    let key = stage.has(OPENROUTER);
    assert_foreign_values_stand_in(&stage.keyring().item().unwrap());
    assert_eq!(stage.keyring().secrets()["OPENROUTER_API_KEY"], key);

    let next = stage.good_key(OPENROUTER, "next");
    let set = ["key", "set", "openrouter", "--key-stdin", "--yes"];
    stage.runs(set).stdin(next.as_str()).code(0).run();
    assert_foreign_values_stand_in(&stage.keyring().item().unwrap());
    assert_eq!(stage.keyring().secrets()["OPENROUTER_API_KEY"], next);

    stage
        .runs(["key", "remove", "openrouter", "--yes"])
        .code(0)
        .run();
    assert_foreign_values_stand_in(&stage.keyring().item().unwrap());
    assert_eq!(stage.keyring().secrets()["OPENROUTER_API_KEY"], Value::Null);
}

#[test]
fn there_is_one_item_afterwards_with_the_attributes_goose_gives_it() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.has(OPENROUTER);
    stage.has(ANTHROPIC);
    let found = stage.keyring().search(&[("service", "goose")]);
    assert_eq!(found.matches("[/").count(), 1, "{found}");
    for attribute in ["username = secrets", "target = default", "service = goose"] {
        assert!(found.contains(attribute), "{attribute}: {found}");
    }
}

#[test]
fn an_item_of_an_older_goose_is_updated_where_it_is() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    let attributes = [("service", "goose"), ("username", "secrets")];
    stage
        .keyring()
        .store_as("secrets@goose", &attributes, &foreign_item());
    let key = stage.has(OPENROUTER);
    let found = stage.keyring().search(&attributes);
    assert_eq!(found.matches("[/").count(), 1, "{found}");
    assert_foreign_values_stand_in(&stage.keyring().item().unwrap());
    assert_eq!(stage.keyring().secrets()["OPENROUTER_API_KEY"], key);
}

#[test]
fn the_first_item_takes_over_what_the_file_held() {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::on_a_desktop()) else {
        return;
    };
    let former = stage.good_key(ANTHROPIC, "former");
    let file = format!("# mine\nANTHROPIC_API_KEY: '{former}'\nPORT: 8080\nOTHER: 'yes'\n");
    stage.home.write_secrets(&file);
    stage
        .home
        .write_config("GOOSE_PROVIDER: anthropic\nGOOSE_MODEL: claude-opus-4-5\n");
    let key = stage.has(OPENROUTER);
    assert_eq!(
        stage.keyring().secrets(),
        json!({"ANTHROPIC_API_KEY": former, "PORT": 8080, "OTHER": "yes", "OPENROUTER_API_KEY": key})
    );
    assert_eq!(
        stage.home.read(".config/goose/secrets.yaml"),
        file,
        "the file stays as it is"
    );
    stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
    stage.runs(["switch", "anthropic"]).code(0).run();
    stage.assert_goose_uses(&goose, ANTHROPIC, &former, ANTHROPIC.other_model);
}

#[test]
fn the_file_store_takes_the_items_entries_along_and_goose_reads_it() {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::on_a_desktop()) else {
        return;
    };
    let former = stage.good_key(ANTHROPIC, "former");
    stage
        .keyring()
        .store(&json!({"ANTHROPIC_API_KEY": former, "PORT": 8080}).to_string());
    let item = stage.keyring().item();
    stage
        .home
        .write_config("GOOSE_PROVIDER: anthropic\nGOOSE_MODEL: claude-opus-4-5\n");
    let key = stage.good_key(OPENROUTER, "new");
    let setup = |flag: &str| {
        stage
            .sets_up(OPENROUTER, &key)
            .args(["--model", OPENROUTER.model, "--store", "file", flag])
            .code(0)
            .run()
    };
    let plan = setup("--dry-run").stdout;
    for named in [
        "ANTHROPIC_API_KEY",
        "PORT",
        "OPENROUTER_API_KEY",
        "GOOSE_DISABLE_KEYRING: true",
    ] {
        assert!(plan.contains(named), "the plan names {named}: {plan}");
    }
    assert_eq!(setup("--json").json()["store"], "file");
    assert_eq!(
        stage.keyring().item(),
        item,
        "the item belongs to every profile"
    );
    assert_eq!(stage.home.config_yaml()["GOOSE_DISABLE_KEYRING"], true);
    let secrets = stage.home.secrets_yaml();
    assert_eq!(secrets["ANTHROPIC_API_KEY"], former.as_str());
    assert_eq!(secrets["PORT"], 8080);
    stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
    stage.runs(["switch", "anthropic"]).code(0).run();
    stage.assert_goose_uses(&goose, ANTHROPIC, &former, ANTHROPIC.other_model);
}

#[test]
fn the_keychain_store_takes_the_line_for_the_file_out_again() {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::on_a_desktop()) else {
        return;
    };
    let former = stage.good_key(DEEPSEEK, "former");
    stage
        .home
        .write_secrets(&format!("DEEPSEEK_API_KEY: '{former}'\n"));
    stage
        .home
        .write_config("# kept\nGOOSE_DISABLE_KEYRING: true\n");
    let key = stage.good_key(OPENROUTER, "new");
    stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--store", "keychain"])
        .code(0)
        .run();
    let config = stage.home.config();
    assert!(
        !config.contains("GOOSE_DISABLE_KEYRING") && config.contains("# kept"),
        "{config}"
    );
    assert_eq!(
        stage.keyring().secrets(),
        json!({"DEEPSEEK_API_KEY": former, "OPENROUTER_API_KEY": key})
    );
    stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
}

/// The states in which a keychain cannot be used.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    NoBus,
    NoService,
    /// There is no item, and a first one cannot be made.
    Locked,
    /// There is an item, and the dialog that should unlock it is closed without an answer.
    Dismissed,
    Denied,
    Hung,
    Twins,
    NotJson,
}

const TROUBLES: [(Trouble, &str); 8] = [
    (Trouble::NoBus, "store-absent"),
    (Trouble::NoService, "store-absent"),
    (Trouble::Locked, "store-locked"),
    (Trouble::Dismissed, "store-locked"),
    (Trouble::Denied, "store-denied"),
    (Trouble::Hung, "store-timed-out"),
    (Trouble::Twins, "store-broken"),
    (Trouble::NotJson, "store-broken"),
];

/// A home in that state; the keyring lives as long as it does.
fn troubled(internet: &Internet, trouble: Trouble) -> Option<(Home, Option<Keyring>)> {
    let home = Home::new().online(internet);
    let keyring = match trouble {
        Trouble::NoBus => return Some((home, None)),
        Trouble::NoService => Keyring::without_provider()?,
        Trouble::Denied => Keyring::forbidden()?,
        _ => Keyring::unlocked()?,
    };
    match trouble {
        Trouble::Locked => keyring.lock(),
        Trouble::Dismissed => {
            keyring.store(&foreign_item());
            keyring.lock();
        }
        Trouble::Hung => keyring.hang(),
        Trouble::Twins => {
            keyring.store(&foreign_item());
            let twin = [
                ("service", "goose"),
                ("username", "secrets"),
                ("target", "default"),
                ("application", "another"),
            ];
            keyring.store_as("secrets@goose", &twin, &foreign_item());
        }
        Trouble::NotJson => keyring.store("not json"),
        Trouble::NoBus | Trouble::NoService | Trouble::Denied => {}
    }
    let home = home.with_keyring(&keyring);
    Some((home, Some(keyring)))
}

/// Longer than this nobody believes that anything goes on.
const A_FEW_SECONDS: Duration = Duration::from_secs(8);

#[test]
fn every_state_of_a_keychain_has_its_cause_and_way_out_and_nothing_is_written() {
    let internet = Internet::new();
    let key = OPENROUTER.key("new");
    internet.knows(OPENROUTER, &key);
    let mut messages = Vec::new();
    for (trouble, kind) in TROUBLES {
        let Some((home, _keyring)) = troubled(&internet, trouble) else {
            return;
        };
        home.keeps_secret(&key);
        let before = home.tree();
        let outcome = Setup::new(&home)
            .args(["openrouter", "--key-stdin", "--yes", "--json"])
            .stdin(key.as_str())
            .within(A_FEW_SECONDS)
            .code(5)
            .run();
        let failure = outcome.json();
        assert_eq!(failure["error"]["kind"], kind, "{trouble:?}: {failure}");
        let action = failure["error"]["action"].as_str().unwrap();
        assert!(action.contains("--store file"), "{trouble:?}: {failure}");
        messages.push(failure["error"]["message"].as_str().unwrap().to_owned());
        before.assert_same(&home.tree());
    }
    messages.sort();
    let all = messages.len();
    messages.dedup();
    assert_eq!(
        messages.len(),
        all,
        "each has words of its own: {messages:#?}"
    );
}

#[test]
fn status_answers_in_every_state_of_the_keychain() {
    let internet = Internet::new();
    for (trouble, _) in TROUBLES {
        let Some((home, _keyring)) = troubled(&internet, trouble) else {
            return;
        };
        home.write_config("GOOSE_PROVIDER: openrouter\nGOOSE_MODEL: m\n");
        let status = Setup::new(&home)
            .args(["status", "--json"])
            .within(A_FEW_SECONDS)
            .code(0)
            .run()
            .json();
        assert_eq!(status["active"]["provider"], "openrouter", "{trouble:?}");
        let key = &status["providers"][0]["key"];
        let seen = match trouble {
            // Nothing hides a key where there is no keychain at all: goose reads the file then.
            Trouble::NoBus | Trouble::NoService => {
                key["present"].is_boolean() || key["present"].is_null()
            }
            // That there is no item can be seen from outside.
            Trouble::Locked => key["present"] == false,
            _ => key["present"].is_null(),
        };
        assert!(seen, "{trouble:?}: unknown is null: {status}");
    }
}

#[test]
fn an_item_that_is_not_json_is_left_alone() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    for broken in ["not json", "[1,2]", "{\"A\": "] {
        stage.keyring().store(broken);
        let key = stage.good_key(OPENROUTER, "new");
        let before = stage.home.tree();
        let failure = stage
            .sets_up(OPENROUTER, &key)
            .args(["--json"])
            .code(5)
            .run()
            .json();
        assert_eq!(
            failure["error"]["kind"], "store-broken",
            "{broken}: {failure}"
        );
        assert_eq!(stage.keyring().item().as_deref(), Some(broken));
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn a_provider_without_a_key_touches_no_keychain() {
    let internet = Internet::new();
    for trouble in [Trouble::Hung, Trouble::Locked, Trouble::NoBus] {
        let Some((home, _keyring)) = troubled(&internet, trouble) else {
            return;
        };
        let url = internet.local(OLLAMA);
        let outcome = Setup::new(&home)
            .args([
                "ollama",
                "--host",
                &url,
                "--model",
                OLLAMA.model,
                "--yes",
                "--json",
            ])
            .code(0)
            .run();
        assert!(
            outcome.took < Duration::from_secs(2),
            "{trouble:?}: {:?}",
            outcome.took
        );
        assert_eq!(outcome.json()["goose_agrees"], true);
    }
}

#[test]
fn a_change_that_cannot_be_finished_leaves_the_item_as_it_was() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.keyring().store(&foreign_item());
    let item = stage.keyring().item();
    // goose's folder is a file: the keychain can be written and config.yaml cannot.
    stage.home.write(".config/goose", "in the way");
    let key = stage.good_key(OPENROUTER, "new");
    let outcome = stage.sets_up(OPENROUTER, &key).args(["--json"]).run();
    assert!(![0, 9].contains(&outcome.code), "{outcome}");
    assert_eq!(stage.keyring().item(), item, "{outcome}");
    assert_eq!(stage.home.read(".config/goose"), "in the way");
}

#[test]
fn plain_text_is_written_in_no_state_of_a_keychain_unless_it_is_asked_for() {
    let internet = Internet::new();
    let key = OPENROUTER.key("new");
    internet.knows(OPENROUTER, &key);
    for (trouble, _) in TROUBLES {
        let Some((home, _keyring)) = troubled(&internet, trouble) else {
            return;
        };
        let set_up = |store: &[&str], code: i32| {
            Setup::new(&home)
                .args(["openrouter", "--key-stdin", "--yes"])
                .args(["--model", OPENROUTER.model])
                .args(store)
                .stdin(key.as_str())
                .within(A_FEW_SECONDS * 2)
                .code(code)
                .run()
        };
        home.keeps_secret(&key);
        set_up(&[], 5);
        assert!(home.files_with(&key).is_empty(), "{trouble:?}");
        let said = set_up(&["--store", "file"], 0);
        assert_eq!(
            home.secrets_yaml()["OPENROUTER_API_KEY"],
            key.as_str(),
            "{said}"
        );
        assert_eq!(home.config_yaml()["GOOSE_DISABLE_KEYRING"], true);
    }
}

#[test]
fn neither_store_goes_because_the_other_one_is_chosen() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    let former = stage.good_key(ANTHROPIC, "former");
    let text = json!({"ANTHROPIC_API_KEY": former}).to_string();
    stage.keyring().store(&text);
    let key = stage.good_key(OPENROUTER, "new");
    let set_up = |store: &str| {
        stage
            .sets_up(OPENROUTER, &key)
            .args(["--model", OPENROUTER.model, "--store", store])
            .code(0)
            .run()
    };
    let said = set_up("file");
    assert!(said.stdout.contains("the keychain item stays"), "{said}");
    assert_eq!(stage.keyring().item(), Some(text));
    let file = stage.home.read(".config/goose/secrets.yaml");
    let said = set_up("keychain");
    assert!(said.stdout.contains("secrets.yaml stays"), "{said}");
    assert_eq!(stage.home.read(".config/goose/secrets.yaml"), file);

    // What stays is taken away where it is named, and the other store is left as it is.
    let remove = ["key", "remove", "openrouter", "--yes"];
    let said = stage.runs(remove).code(0).run();
    assert!(
        said.stdout.contains("secrets.yaml holds one, too"),
        "{said}"
    );
    assert!(said.stdout.contains("undo --forget"), "{said}");
    assert_eq!(
        stage.keyring().secrets(),
        json!({"ANTHROPIC_API_KEY": former})
    );
    assert_eq!(stage.home.read(".config/goose/secrets.yaml"), file);
    stage.runs(remove).args(["--store", "file"]).code(0).run();
    let left = stage.home.secrets_yaml();
    assert_eq!(left["ANTHROPIC_API_KEY"], former.as_str());
    assert!(left.get("OPENROUTER_API_KEY").is_none());
    assert_eq!(
        stage.keyring().secrets(),
        json!({"ANTHROPIC_API_KEY": former})
    );
}

#[test]
fn a_key_removed_from_the_file_is_looked_for_in_the_keychain_that_is_off() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    let key = stage.has(OPENROUTER);
    stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--store", "file"])
        .code(0)
        .run();
    let remove = ["key", "remove", "openrouter", "--yes"];
    let said = stage.runs(remove).code(0).run();
    assert!(
        said.stdout.contains("the keychain holds one, too"),
        "{said}"
    );
    assert_eq!(stage.keyring().secrets()["OPENROUTER_API_KEY"], key);
    stage
        .runs(remove)
        .args(["--store", "keychain"])
        .code(0)
        .run();
    assert_eq!(stage.keyring().secrets(), json!({}));
    stage.keyring().lock();
    let said = stage.runs(remove).code(0).run();
    assert!(
        !said.stdout.contains("holds one"),
        "nobody is asked for a password: {said}"
    );
}

/// The key of `provider` is read from the keychain by everything that needs it.
#[test]
fn a_stored_key_is_used_again_without_being_given() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    let key = stage.has(OPENROUTER);
    let asked = |provider: Provider| {
        let seen = stage.internet.requests();
        seen.iter()
            .any(|seen| seen.host == provider.host && seen.key() == Some(&key))
    };
    stage
        .runs(["openrouter", "--model", OPENROUTER.other_model, "--yes"])
        .code(0)
        .run();
    assert!(asked(OPENROUTER), "a stored key is checked again");
    assert_eq!(
        stage.home.config_yaml()["providers"]["openrouter"]["model"],
        OPENROUTER.other_model
    );
    let printed = stage
        .runs(["key", "print", "openrouter"])
        .shows_key()
        .code(0)
        .run();
    assert_eq!(printed.stdout.trim_end(), key);
}

#[test]
fn the_key_that_is_given_wins_over_an_older_one_in_the_item_though_the_file_has_it_already() {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::on_a_desktop()) else {
        return;
    };
    let old = stage.good_key(OPENROUTER, "old");
    let new = stage.good_key(OPENROUTER, "new");
    let other = stage.good_key(ANTHROPIC, "other");
    let item = json!({"OPENROUTER_API_KEY": old, "ANTHROPIC_API_KEY": other});
    stage.keyring().store(&item.to_string());
    stage
        .home
        .write_secrets(&format!("OPENROUTER_API_KEY: {new}\n"));
    stage
        .sets_up(OPENROUTER, &new)
        .args(["--model", OPENROUTER.model, "--store", "file"])
        .code(0)
        .run();
    let secrets = stage.home.secrets_yaml();
    assert_eq!(secrets["OPENROUTER_API_KEY"], new.as_str());
    assert_eq!(secrets["ANTHROPIC_API_KEY"], other.as_str());
    assert_eq!(stage.keyring().secrets(), item);
    stage.assert_goose_uses(&goose, OPENROUTER, &new, OPENROUTER.model);
}

/// The same desktop, seen from a session that does not reach its keychain.
const OUT_OF_SIGHT: &str = "DBUS_SESSION_BUS_ADDRESS";

#[test]
fn a_key_in_a_keychain_out_of_sight_is_not_said_to_be_missing() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.has(OPENROUTER);
    let item = stage.keyring().item();
    let removes = || stage.runs(["key", "remove", "openrouter", "--yes", "--json"]);
    let refused = |run: Setup<'_>, kind: &str| {
        let error = run.code(5).run().json()["error"].clone();
        assert_eq!(error["kind"], kind, "{error}");
        let action = error["action"].as_str().unwrap();
        assert!(!action.contains("--store file"), "{error}");
    };
    refused(removes().without_env(OUT_OF_SIGHT), "store-absent");
    stage.keyring().hang();
    refused(removes(), "store-timed-out");
    stage.keyring().wake();
    stage.keyring().lock();
    refused(removes(), "store-locked");
    stage.keyring().revive();
    assert_eq!(stage.keyring().item(), item);

    // Where goose reads the file in such a session, its keys are what there is; the other ones stay, and that is said.
    let key = stage.good_key(OPENROUTER, "plain");
    stage
        .home
        .write_secrets(&format!("OPENROUTER_API_KEY: {key}\nOTHER: x\n"));
    for _ in 0..2 {
        let done = removes().without_env(OUT_OF_SIGHT).code(0).run().json();
        assert_eq!(done["store"], "file");
        let notes = done["notes"].to_string();
        assert!(notes.contains("if it holds OPENROUTER_API_KEY"), "{notes}");
    }
    assert_eq!(stage.home.read(".config/goose/secrets.yaml"), "OTHER: x\n");
    removes().code(0).run();
    assert_eq!(stage.keyring().secrets(), json!({}));
}

#[test]
fn neither_a_gateway_nor_an_endpoint_leaves_its_key_behind_in_a_keychain_out_of_sight() {
    let Some(stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let setup = ["gateway", "setup"].into_iter();
    let models = [
        "openrouter/anthropic/claude-sonnet-4",
        "anthropic/claude-sonnet-4-5",
    ];
    let setup: Vec<_> = setup.chain(models).chain(["--yes"]).collect();
    stage.runs(&setup).code(0).run();
    let definition = json!({
        "name": "custom_box", "engine": "openai", "display_name": "Box", "api_key_env": "CUSTOM_BOX_API_KEY",
        "base_url": "https://llm.example.com/v1/chat/completions", "models": [{"name": "m", "context_limit": 1000}],
    });
    let path = ".config/goose/custom_providers/custom_box.json";
    stage.home.write(path, definition.to_string());
    let mut item = stage.keyring().secrets();
    item["CUSTOM_BOX_API_KEY"] = "box".into();
    stage.keyring().store(&item.to_string());

    let removals = [
        ["gateway", "remove", "--yes"].as_slice(),
        &["custom", "remove", "custom_box", "--yes"],
    ];
    let before = stage.home.tree();
    for removal in removals {
        stage.runs(removal).without_env(OUT_OF_SIGHT).code(5).run();
    }
    before.assert_same(&stage.home.tree());
    for removal in removals {
        stage.runs(removal).code(0).run();
    }
    let names = stage.keyring().secrets();
    let names: Vec<_> = names.as_object().unwrap().keys().collect();
    assert_eq!(names, ["ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"]);
    stage.runs(&setup).code(0).run();
}

#[test]
fn an_env_file_keeps_the_keys_of_a_keychain_out_of_sight() {
    let Some(mut stage) = Stage::on_a_desktop() else {
        return;
    };
    stage.home.set("SHELL", "/bin/bash");
    for provider in [ANTHROPIC, OPENROUTER] {
        stage.has(provider);
    }
    let install = ["env", "--install", "--yes", "--json"];
    stage.runs(install).code(0).run();
    let env_file = || stage.home.read(".config/goose-setup/env.sh");
    let full = env_file();

    let there = stage.runs(["doctor", "--json"]).run();
    let away = || stage.runs(["doctor", "--json"]).without_env(OUT_OF_SIGHT);
    assert!(!there.stdout.contains("env-file-stale"), "{there}");
    let said = away().run();
    assert!(!said.stdout.contains("env-file-stale"), "{said}");
    away().args(["--fix", "--yes"]).run();
    let said = stage.runs(install).without_env(OUT_OF_SIGHT).code(0).run();
    assert!(
        said.json()["notes"]
            .to_string()
            .contains("is added or taken out"),
        "{said}"
    );
    assert_eq!(env_file(), full);

    // A setup over SSH adds its own.
    let key = stage.good_key(DEEPSEEK, "new");
    stage
        .sets_up(DEEPSEEK, &key)
        .args(["--model", DEEPSEEK.model, "--store", "file"])
        .without_env(OUT_OF_SIGHT)
        .code(0)
        .run();
    for name in ["ANTHROPIC", "OPENROUTER", "DEEPSEEK"] {
        assert!(
            env_file().contains(&format!("key {name}_API_KEY")),
            "{name}"
        );
    }
}
