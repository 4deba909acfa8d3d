//! The models OpenRouter falls over to: chosen with care, sent by the real goose, taken away without a trace.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, MIDDLE, NEWEST, OLDEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::models;
use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::{Value, json};

const SONNET: &str = "anthropic/claude-sonnet-4";
const GPT: &str = "openai/gpt-4o";
const FREE: &str = "meta-llama/llama-3.3-70b-instruct:free";

const CONFIG: &str = "active_provider: openrouter\nproviders:\n  openrouter: {enabled: true, model: 'anthropic/claude-sonnet-4', configured: true}\nGOOSE_DISABLE_KEYRING: true\n";

/// A home in which goose uses OpenRouter, with these lines more in its config.
fn home(internet: &Internet, more: &str) -> Home {
    let key = OPENROUTER.key("fallback");
    internet.knows(OPENROUTER, &key);
    let home = Home::new()
        .online(internet)
        .with_config(&format!("{CONFIG}{more}"))
        .with_secrets(&format!("OPENROUTER_API_KEY: '{key}'\n"));
    home.keeps_secret(&key);
    home
}

fn fallback<'a>(home: &'a Home, args: &[&str]) -> Setup<'a> {
    Setup::new(home)
        .args(["fallback"])
        .args(args.iter().copied())
}

/// What the chats so far carried as `name`.
fn carried(internet: &Internet, name: &str) -> Vec<Value> {
    internet
        .chats()
        .iter()
        .map(|chat| serde_json::from_str::<Value>(&chat.body).unwrap()[name].clone())
        .collect()
}

/// goose answers, and its chat and the request that names the session carry `models`. The second is not waited for by goose
/// itself, so it may be lost with a run; then there is another run.
#[track_caller]
fn goose_sends(goose: &Goose, home: &Home, internet: &Internet, models: &Value) {
    for _ in 0..5 {
        internet.clear();
        let said = goose.hi(home);
        assert!(said.stdout.contains(MARKER), "{said}");
        let sent = carried(internet, "models");
        assert!(sent.iter().all(|sent| sent == models), "{sent:?}");
        if sent.len() >= 2 {
            return;
        }
    }
    panic!("goose never sent its second request");
}

#[track_caller]
fn fast_ones_were_asked_for(internet: &Internet) {
    let sent = carried(internet, "provider");
    let fast = json!({"sort": "throughput"});
    assert!(sent.iter().all(|sent| *sent == fast), "{sent:?}");
}

#[test]
fn goose_sends_the_chain_with_both_requests_and_none_once_it_is_cleared() {
    for version in [NEWEST, MIDDLE] {
        let Some(goose) = Goose::version(version) else {
            return;
        };
        let internet = Internet::new();
        let home = home(&internet, "# mine\n").with_goose(&goose);
        let before = home.config();
        let told = fallback(&home, &[SONNET, GPT, "--yes"]).code(0).run();
        assert!(!told.stdout.contains("note:"), "{told}");
        goose_sends(&goose, &home, &internet, &json!([SONNET, GPT]));
        fallback(&home, &["--clear", "--yes"]).code(0).run();
        assert_eq!(home.config(), before);
        goose_sends(&goose, &home, &internet, &Value::Null);
    }
}

#[test]
fn foreign_parameters_survive_in_both_forms_and_goose_sends_them_too() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for foreign in [
        "OPENROUTER_PARAMETERS:\n  provider: # fast ones\n    sort: throughput\n",
        "OPENROUTER_PARAMETERS: '{\"provider\": {\"sort\": \"throughput\"}}'\n",
    ] {
        let internet = Internet::new();
        let home = home(&internet, foreign).with_goose(&goose);
        fallback(&home, &[GPT, "--yes"]).code(0).run();
        goose_sends(&goose, &home, &internet, &json!([GPT]));
        fallback(&home, &["--clear", "--yes"]).code(0).run();
        goose_sends(&goose, &home, &internet, &Value::Null);
        fast_ones_were_asked_for(&internet);
    }
}

#[test]
fn the_same_chain_twice_changes_nothing_and_a_dry_run_only_shows() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let before = home.tree();
    let shown = fallback(&home, &[GPT, "--dry-run"]).code(0).run();
    assert!(shown.stdout.contains(GPT), "{shown}");
    before.assert_same(&home.tree());
    fallback(&home, &[GPT, "--yes"]).code(0).run();
    let after = home.tree();
    let told = fallback(&home, &[GPT, "--yes"]).code(0).run();
    assert!(told.stdout.contains("nothing to change"), "{told}");
    after.assert_same(&home.tree());
}

#[test]
fn four_models_a_typo_a_silent_talker_and_a_dear_one_are_refused_and_nothing_is_written() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let before = home.tree();
    let refused = |args: &[&str], word: &str| {
        let told = fallback(&home, args).args(["--yes"]).code(2).run();
        assert!(told.stderr.contains(word), "{told}");
    };
    refused(&["a", "b", "c", "d"], "at most 3");
    refused(&["anthropic/claude-sonet-4"], SONNET);
    refused(&["old/talker-without-tools"], "tools");
    refused(&[SONNET, "--max-price", "5"], "--max-price 5");
    refused(&[GPT, "--free"], "billed");
    before.assert_same(&home.tree());
    fallback(&home, &[GPT, "--max-price", "10", "--yes"])
        .code(0)
        .run();
}

#[test]
fn a_model_this_key_may_not_use_is_told_from_one_that_does_not_exist() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let mut own = models::openrouter();
    own["data"]
        .as_array_mut()
        .unwrap()
        .retain(|model| model["id"] != json!(GPT));
    internet.answers(
        OPENROUTER.host,
        "/api/v1/models/user",
        Answer::json(200, &own),
    );
    let told = fallback(&home, &[GPT, "--yes"]).code(2).run();
    assert!(told.stderr.contains("this key may not use it"), "{told}");
}

#[test]
fn the_public_list_serves_where_the_keys_own_does_not_answer_and_a_refused_key_is_refused() {
    let internet = Internet::new();
    let home = home(&internet, "");
    internet.answers(
        OPENROUTER.host,
        "/api/v1/models/user",
        Answer::text(404, "no such page"),
    );
    let told = fallback(&home, &[GPT, "--yes"]).code(0).run();
    assert!(told.stdout.contains("public list"), "{told}");
    let internet = Internet::new();
    let home = self::home(&internet, "");
    internet.forgets(OPENROUTER, &OPENROUTER.key("fallback"));
    fallback(&home, &[SONNET, "--yes"]).code(3).run();
}

#[test]
fn a_free_chain_is_put_together_by_itself() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let told = fallback(&home, &["--free", "--yes", "--json"])
        .code(0)
        .run();
    let told = told.json();
    assert_eq!(told["models"], json!([FREE]));
    assert!(told["notes"].to_string().contains("is billed"), "{told}");
}

#[test]
fn a_chain_in_the_environment_outranks_the_file_and_that_is_said() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let told = fallback(&home, &[GPT, "--yes", "--json"])
        .env("OPENROUTER_PARAMETERS", r#"{"models": ["x/y"]}"#)
        .code(9)
        .run();
    assert_eq!(told.json()["goose_agrees"], json!(false));
    assert!(home.config().contains(GPT));
    fallback(&home, &[GPT, "--yes"])
        .env(
            "OPENROUTER_PARAMETERS",
            &json!({"models": [GPT]}).to_string(),
        )
        .code(0)
        .run();
}

#[test]
fn without_a_model_the_chain_is_shown_and_status_shows_it_too() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let told = fallback(&home, &[]).code(0).run();
    assert!(told.stdout.contains("no fallback models"), "{told}");
    fallback(&home, &[GPT, SONNET, "--yes"]).code(0).run();
    internet.clear();
    let told = fallback(&home, &["--json"]).code(0).run().json();
    assert_eq!(told["models"], json!([GPT, SONNET]));
    assert!(internet.requests().is_empty());
    let status = Setup::new(&home).args(["status", "--json"]).code(0).run();
    assert_eq!(status.json()["fallback"], json!([GPT, SONNET]));
    let status = Setup::new(&home).args(["status"]).code(0).run();
    assert!(
        status.stdout.contains(&format!("{GPT}, then {SONNET}")),
        "{status}"
    );
}

#[test]
fn a_goose_that_is_too_old_and_another_active_provider_are_said() {
    let Some(goose) = Goose::version(OLDEST) else {
        return;
    };
    let internet = Internet::new();
    let home = home(&internet, "").with_goose(&goose);
    home.write(
        ".config/goose/config.yaml",
        CONFIG.replace("active_provider: openrouter", "active_provider: anthropic"),
    );
    let told = fallback(&home, &[GPT, "--yes"]).code(0).run();
    assert!(told.stdout.contains("1.37.0 does not send"), "{told}");
    assert!(
        told.stdout.contains("goose-setup switch openrouter"),
        "{told}"
    );
}

#[test]
fn a_person_picks_one_model_after_the_other() {
    let internet = Internet::new();
    let home = home(&internet, "");
    let mut person = Person::at(&home, (30, 110), &["fallback"]);
    person
        .sees("First model")
        .types("gpt-4o")
        .sees("❯ openai/gpt-4o");
    person.presses(Key::Enter);
    person
        .sees("Second model")
        .sees("that is enough")
        .presses(Key::Enter);
    person.sees("Make these changes?").presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    let models = &home.config_yaml()["OPENROUTER_PARAMETERS"]["models"];
    assert_eq!(
        models,
        &serde_yaml::from_str::<serde_yaml::Value>(&format!("['{GPT}']")).unwrap()
    );
}

#[test]
fn setup_takes_the_chain_by_flag_and_by_a_key_on_the_plan_screen() {
    let internet = Internet::new();
    let home = home(&internet, "");
    Setup::new(&home)
        .args([
            "openrouter",
            "--fallback",
            GPT,
            "--fallback",
            SONNET,
            "--yes",
        ])
        .code(0)
        .run();
    assert_eq!(
        home.config_yaml()["OPENROUTER_PARAMETERS"]["models"][1],
        serde_yaml::Value::from(SONNET)
    );
    Setup::new(&home)
        .args(["openrouter", "--fallback", "openai/gpt-4oo", "--yes"])
        .code(2)
        .run();
    internet.knows(ANTHROPIC, &ANTHROPIC.key("x"));
    let told = Setup::new(&home)
        .args(["anthropic", "--fallback", GPT, "--key-stdin", "--yes"])
        .stdin(ANTHROPIC.key("x"))
        .code(2)
        .run();
    assert!(told.stderr.contains("OpenRouter"), "{told}");

    let mut person = Person::at(&home, (40, 110), &["openrouter", "--model", GPT]);
    person.waits_for_hidden_input();
    person.sees("key").presses(Key::Enter);
    person.sees("falls over to").types("f");
    person
        .sees("First model")
        .types("llama")
        .sees("❯ meta-llama");
    person.presses(Key::Enter);
    person.sees("that is enough").presses(Key::Enter);
    person
        .sees(FREE)
        .sees("Make these changes?")
        .presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    assert_eq!(
        home.config_yaml()["OPENROUTER_PARAMETERS"]["models"][0],
        serde_yaml::Value::from(FREE)
    );
}

#[test]
fn clearing_keeps_out_a_chain_from_a_file_below_and_undo_lets_it_in_again() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    let mut home = home(&internet, "").with_goose(&goose);
    let below = home.path().join("below.yaml").display().to_string();
    home.write(
        "below.yaml",
        format!("OPENROUTER_PARAMETERS: {{models: ['{GPT}'], provider: {{sort: throughput}}}}\n"),
    );
    home.set("GOOSE_ADDITIONAL_CONFIG_FILES", &below);
    let before = home.config();
    goose_sends(&goose, &home, &internet, &json!([GPT]));
    let told = fallback(&home, &["--clear", "--yes"]).code(0).run();
    assert!(told.stdout.contains("taken away"), "{told}");
    assert!(told.stdout.contains("below.yaml names"), "{told}");
    goose_sends(&goose, &home, &internet, &Value::Null);
    fast_ones_were_asked_for(&internet);
    let after = home.tree();
    let told = fallback(&home, &["--clear", "--yes"]).code(0).run();
    assert!(told.stdout.contains("nothing to change"), "{told}");
    after.assert_same(&home.tree());
    fallback(&home, &[SONNET, "--yes"]).code(0).run();
    fallback(&home, &["--clear", "--yes"]).code(0).run();
    goose_sends(&goose, &home, &internet, &Value::Null);
    for _ in 0..3 {
        Setup::new(&home).args(["undo", "--yes"]).code(0).run();
    }
    assert_eq!(home.config(), before);
    goose_sends(&goose, &home, &internet, &json!([GPT]));
}
