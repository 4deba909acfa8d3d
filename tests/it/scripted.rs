//! Everything the wizard asks can be said with a flag, and no prompt appears without a terminal. (There is none in these runs.)

use crate::world::goose::{Goose, NEWEST, OLDEST};
use crate::world::http::Answer;
use crate::world::provider::{
    ALL, ANTHROPIC, DEEPSEEK, GOOGLE, GROQ, LITELLM, OLLAMA, OPENAI, OPENROUTER, XAI,
};
use crate::world::run::Outcome;
use crate::world::stage::{Stage, Store};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The fields a JSON object has to have; more are allowed.
#[track_caller]
fn assert_fields(object: &Value, names: &[&str]) {
    let object_ = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"));
    for name in names {
        assert!(object_.contains_key(*name), "{name} is missing in {object}");
    }
}

#[track_caller]
fn assert_failure(outcome: &Outcome, command: &str, kind: &str) -> Value {
    let failure = outcome.json();
    assert_eq!(
        failure["schema"],
        format!("goose-setup/{command}/1"),
        "{outcome}"
    );
    assert_eq!(failure["error"]["kind"], kind, "{outcome}");
    for field in ["message", "action"] {
        let text = failure["error"][field].as_str().unwrap();
        assert!(!text.is_empty(), "{field}: {outcome}");
    }
    failure
}

#[test]
fn a_missing_answer_is_exit_2_and_names_its_flag() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    let before = stage.home.tree();
    for (args, flag) in [
        (&[][..], "goose-setup openrouter"),
        (&["--yes"], "goose-setup openrouter"),
        (&["openrouter", "--store", "file", "--key-stdin"], "--yes"),
        (&["openrouter", "--store", "file", "--yes"], "--key-stdin"),
        (&["switch"], "goose-setup"),
        (
            &["key", "set", "openrouter", "--store", "file", "--key-stdin"],
            "--yes",
        ),
        (
            &["key", "set", "openrouter", "--store", "file", "--yes"],
            "--key-stdin",
        ),
        (&["key", "remove", "openrouter"], "--yes"),
        (&["env", "--install", "--shell", "bash"], "--yes"),
        (&["env", "--remove", "--shell", "bash"], "--yes"),
    ] {
        let outcome = stage.runs(args).stdin(key.as_str()).code(2).run();
        assert!(
            outcome.stderr.contains(flag),
            "{args:?} names {flag}: {outcome}"
        );
        assert_eq!(outcome.stdout, "", "{args:?}");
        let json = stage
            .runs(args)
            .args(["--json"])
            .stdin(key.as_str())
            .code(2)
            .run();
        assert!(
            json.json()["error"]["action"].is_string(),
            "{args:?}: {json}"
        );
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn setup_answers_with_the_fields_of_the_contract() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    let done = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(done["schema"], "goose-setup/setup/1");
    assert_eq!(done["provider"], "openrouter");
    assert_eq!(done["model"], OPENROUTER.model);
    assert_eq!(done["verdict"], "valid");
    assert_eq!(done["store"], "file");
    assert_eq!(done["dry_run"], false);
    assert_eq!(done["goose_agrees"], true);
    assert!(done["notes"].is_array());
    let changes = done["changes"].as_array().unwrap();
    let secret = json!({"kind": "secret", "name": "OPENROUTER_API_KEY", "action": "create"});
    assert!(changes.iter().any(|change| has(change, &secret)), "{done}");
    let config = json!({"kind": "file", "path": stage.home.config_file(), "action": "create"});
    assert!(changes.iter().any(|change| has(change, &config)), "{done}");

    let next = stage.good_key(OPENROUTER, "next");
    let done = stage
        .sets_up(OPENROUTER, &next)
        .args(["--json"])
        .code(0)
        .run()
        .json();
    let secret = json!({"kind": "secret", "name": "OPENROUTER_API_KEY", "action": "update"});
    assert!(
        done["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|change| has(change, &secret)),
        "{done}"
    );
    assert_eq!(
        done["model"], OPENROUTER.model,
        "without --model the configured one stays"
    );
}

/// Whether `whole` has every field of `part`, with its value.
fn has(whole: &Value, part: &Value) -> bool {
    part.as_object()
        .unwrap()
        .iter()
        .all(|(name, value)| &whole[name] == value)
}

#[test]
fn a_failure_is_an_object_too() {
    let stage = Stage::on_a_server();
    let wrong = stage.wrong_key(OPENROUTER, "wrong");
    let refused = stage
        .sets_up(OPENROUTER, &wrong)
        .args(["--json"])
        .code(3)
        .run();
    let failure = assert_failure(&refused, "setup", "check");
    assert_eq!(failure["verdict"], "invalid");
    stage.internet.is_unreachable(OPENROUTER.host);
    let away = stage
        .sets_up(OPENROUTER, &wrong)
        .args(["--json"])
        .code(4)
        .run();
    let failure = assert_failure(&away, "setup", "check");
    assert_eq!(
        (&failure["verdict"], &failure["cause"]),
        (&json!("unreachable"), &json!("proxy"))
    );
    assert_failure(
        &stage.runs(["switch", "-", "--json"]).code(2).run(),
        "switch",
        "usage",
    );
    assert_failure(
        &stage.runs(["check", "--json"]).code(2).run(),
        "check",
        "usage",
    );
    assert_failure(
        &stage.runs(["models", "nobody", "--json"]).code(2).run(),
        "models",
        "usage",
    );
    stage.home.write_config("a: [\n");
    for args in [&["status"][..], &["providers"], &["switch", "openrouter"]] {
        let broken = stage.runs(args).args(["--json"]).run();
        if broken.code != 0 {
            assert_eq!(broken.code, 6, "{args:?}: {broken}");
            assert_failure(&broken, args[0], "broken-file");
        }
    }
}

#[test]
fn a_mistyped_flag_is_exit_2_even_with_json() {
    let stage = Stage::on_a_server();
    for args in [
        &["--nonsense"][..],
        &["openrouter", "--key", "x"],
        &["openrouter", "--store", "pocket"],
        &["openrouter", "--timeout", "soon"],
        &["openrouter", "--key-stdin", "--key-env", "X"],
        &["openrouter", "--set", "no-equals-sign"],
    ] {
        stage.runs(args).code(2).run();
        let outcome = stage.runs(args).args(["--json"]).code(2).run();
        assert!(outcome.json()["error"]["message"].is_string(), "{outcome}");
    }
}

#[test]
fn status_answers_with_the_fields_of_the_contract() {
    for store in [Store::File, Store::Keychain] {
        let Some(stage) = Stage::with(store) else {
            return;
        };
        let word = if store == Store::File {
            "file"
        } else {
            "keychain"
        };
        stage.has(ANTHROPIC);
        let key = stage.has(OPENROUTER);
        let status = stage.runs(["status", "--json"]).code(0).run().json();
        assert_eq!(status["schema"], "goose-setup/status/1");
        assert_fields(&status["goose"], &["path", "version"]);
        assert_eq!(
            status["config"],
            json!({"path": stage.home.config_file(), "layout": "structured"})
        );
        assert_eq!(
            status["active"],
            json!({"provider": "openrouter", "model": OPENROUTER.model, "source": "config"})
        );
        assert_eq!(status["shadows"], json!([]));
        let rows = status["providers"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{status}");
        let row = rows.iter().find(|row| row["id"] == "openrouter").unwrap();
        let fingerprint: String = Sha256::digest(&key)
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            row,
            &json!({"id": "openrouter", "model": OPENROUTER.model, "active": true,
                "key": {"name": "OPENROUTER_API_KEY", "present": true, "store": word, "fingerprint": fingerprint}})
        );
        assert!(stage.internet.requests().is_empty(), "status asks nobody");
    }
}

#[test]
fn status_and_setup_tell_which_goose_there_is() {
    for version in [NEWEST, OLDEST] {
        let Some(goose) = Goose::version(version) else {
            return;
        };
        let mut stage = Stage::on_a_server();
        let key = stage.good_key(OPENROUTER, "new");
        let none = stage.sets_up(OPENROUTER, &key).code(0).run();
        assert!(
            none.stdout.contains("install goose"),
            "a note, no stop: {none}"
        );
        stage.home = stage.home.with_goose(&goose);
        let done = stage.sets_up(OPENROUTER, &key).code(0).run();
        assert!(
            done.stdout.contains("goose session") && !done.stdout.contains("install goose"),
            "{done}"
        );
        let status = stage.runs(["status", "--json"]).code(0).run().json();
        assert_eq!(
            status["goose"],
            json!({"path": goose.path(), "version": version})
        );
    }
}

#[test]
fn status_tells_layout_and_source_apart() {
    for (config, layout, source) in [
        ("", "none", "none"),
        ("GOOSE_MODE: auto\n", "none", "none"),
        (
            "GOOSE_PROVIDER: openrouter\nGOOSE_MODEL: m\n",
            "flat",
            "config",
        ),
        (
            "active_provider: openrouter\nproviders:\n  openrouter: {model: m}\n",
            "structured",
            "config",
        ),
    ] {
        let stage = Stage::on_a_server();
        if !config.is_empty() {
            stage.home.write_config(config);
        }
        let status = stage.runs(["status", "--json"]).code(0).run().json();
        assert_eq!(status["config"]["layout"], layout, "{config:?}");
        assert_eq!(status["active"]["source"], source, "{config:?}");
        let status = stage
            .runs(["status", "--json"])
            .env("GOOSE_PROVIDER", "groq")
            .code(0)
            .run()
            .json();
        assert_eq!(status["active"]["source"], "env", "{config:?}");
        assert_eq!(status["active"]["provider"], "groq", "{config:?}");
    }
}

#[test]
fn switch_answers_with_the_fields_of_the_contract() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let done = stage
        .runs(["switch", "anthropic", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(done["schema"], "goose-setup/switch/1");
    assert_fields(
        &done,
        &[
            "provider",
            "model",
            "verdict",
            "store",
            "dry_run",
            "changes",
            "notes",
            "goose_agrees",
        ],
    );
    assert_eq!(
        (&done["provider"], &done["model"]),
        (&json!("anthropic"), &json!(ANTHROPIC.model))
    );
    assert_eq!(done["goose_agrees"], true);
    assert!(
        stage.internet.requests().is_empty(),
        "switch needs no network"
    );
    let done = stage
        .runs(["switch", "-", "--check", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(done["verdict"], "valid");
    assert!(!stage.internet.requests().is_empty(), "--check asks");

    stage.internet.forgets(ANTHROPIC, &ANTHROPIC.key("stored"));
    let before = stage.home.tree();
    stage.runs(["switch", "anthropic", "--check"]).code(3).run();
    before.assert_same(&stage.home.tree());
    let open = stage.runs(["switch"]).code(2).run();
    assert!(
        open.stderr.contains("`-`"),
        "which one is asked of nobody: {open}"
    );
    let unknown = stage.runs(["switch", "groq"]).code(2).run();
    assert!(
        unknown.stderr.contains("goose-setup groq"),
        "the next step: {unknown}"
    );
    before.assert_same(&stage.home.tree());
}

#[test]
fn check_answers_for_each_provider_and_the_worst_exit_wins() {
    let stage = Stage::on_a_server();
    for provider in [OPENROUTER, ANTHROPIC, OPENAI] {
        stage.has(provider);
    }
    let check = |args: &[&str], code| {
        stage
            .runs(["check", "--json"])
            .args(args)
            .code(code)
            .run()
            .json()
    };
    let all = check(&["--all"], 0);
    assert_eq!(all["schema"], "goose-setup/check/1");
    let results = all["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "{all}");
    for result in results {
        assert_fields(
            result,
            &["provider", "verdict", "detail", "action", "requests"],
        );
        assert_eq!(result["verdict"], "valid");
        assert_eq!(result["http_status"], 200);
        assert_eq!(result["requests"], 1);
    }
    assert_eq!(
        check(&[], 0)["results"][0]["provider"],
        "openai",
        "without names: the active one"
    );

    stage.internet.is_unreachable(OPENAI.host);
    let one = check(&["openai"], 4);
    assert_eq!(one["results"][0]["cause"], "proxy");
    check(&["--all"], 4);
    let poor = Answer::json(402, &json!({"error": {"message": "pay", "code": 402}}));
    stage
        .internet
        .answers(OPENROUTER.host, OPENROUTER.check_path(), poor);
    check(&["--all"], 8);
    stage.internet.forgets(ANTHROPIC, &ANTHROPIC.key("stored"));
    let all = check(&["--all"], 3);
    assert_eq!(all["results"].as_array().unwrap().len(), 3);
    check(&["openai", "openrouter"], 8);
    assert!(stage.internet.chats().is_empty());
}

#[test]
fn several_checks_wait_side_by_side() {
    let stage = Stage::on_a_server();
    for provider in [OPENROUTER, ANTHROPIC, OPENAI, DEEPSEEK] {
        stage.has(provider);
    }
    let delay = Duration::from_millis(700);
    stage.internet.is_slow(delay);
    let took = stage.runs(["check", "--all"]).code(0).run().took;
    assert!(took < delay * 3, "{took:?}");
}

/// The key's proof and the model list overlap. One of three runs has to show it: the machine may be busy with other tests.
#[test]
fn setup_waits_for_one_round_trip() {
    let delay = Duration::from_millis(1500);
    for provider in [OPENROUTER, OPENAI, DEEPSEEK, XAI] {
        let is_one_round_trip = || {
            let stage = Stage::on_a_server();
            let key = stage.good_key(provider, "new");
            stage.internet.is_slow(delay);
            let setup = stage
                .sets_up(provider, &key)
                .args(["--model", provider.model]);
            setup.code(0).run().took < delay.mul_f32(1.6)
        };
        assert!((0..3).any(|_| is_one_round_trip()), "{}", provider.id);
    }
}

#[test]
fn models_answers_with_the_fields_of_the_contract() {
    for provider in ALL {
        let stage = Stage::on_a_server();
        stage.has(provider);
        let list = |args: &[&str]| {
            let listed = stage
                .runs(["models", provider.id, "--json"])
                .args(args)
                .code(0)
                .run()
                .json();
            assert_eq!(listed["schema"], "goose-setup/models/1");
            listed["models"].as_array().unwrap().clone()
        };
        let models = list(&[]);
        for model in &models {
            assert_fields(
                model,
                &[
                    "id",
                    "context",
                    "input_price",
                    "output_price",
                    "tools",
                    "free",
                ],
            );
            assert_ne!(model["tools"], false, "only what calls tools");
        }
        let ids = |models: &[Value]| {
            models
                .iter()
                .map(|model| model["id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        // Ollama's own default tag goes without saying.
        let model = provider.model.trim_end_matches(":latest").to_owned();
        assert!(ids(&models).contains(&model), "{}: {models:?}", provider.id);
        let found = list(&["--search", &provider.other_model.to_uppercase()]);
        assert_eq!(ids(&found), [provider.other_model], "{}", provider.id);
        assert!(list(&["--any"]).len() >= models.len());
    }
}

#[test]
fn openrouter_models_come_with_context_price_and_tools() {
    let stage = Stage::on_a_server();
    let list = |args: &[&str]| {
        stage
            .runs(["models", "openrouter", "--json"])
            .args(args)
            .code(0)
            .run()
            .json()
    };
    let models = list(&["--any"]);
    let named = |id: &str| {
        let models = models["models"].as_array().unwrap();
        models
            .iter()
            .find(|model| model["id"] == id)
            .unwrap()
            .clone()
    };
    assert!(has(
        &named("anthropic/claude-sonnet-4"),
        &json!({"id": "anthropic/claude-sonnet-4", "context": 1_000_000, "input_price": 3.0, "output_price": 15.0, "tools": true, "free": false})
    ));
    assert_eq!(named("old/talker-without-tools")["tools"], false);
    assert_eq!(
        named("openrouter/auto")["input_price"],
        Value::Null,
        "unknown is null"
    );
    let free = list(&["--free"]);
    assert_eq!(free["models"].as_array().unwrap().len(), 1, "{free}");
    assert_eq!(
        free["models"][0]["id"],
        "meta-llama/llama-3.3-70b-instruct:free"
    );
}

#[test]
fn providers_answers_with_the_catalogue_and_asks_nobody() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let listed = stage.runs(["providers", "--json"]).code(0).run().json();
    assert_eq!(listed["schema"], "goose-setup/providers/1");
    let rows = listed["providers"].as_array().unwrap();
    for provider in ALL {
        let row = rows.iter().find(|row| row["id"] == provider.id).unwrap();
        assert_fields(row, &["id", "title", "kind", "key", "configured"]);
        assert_eq!(row["key"], json!(provider.key_variable));
        assert_eq!(row["configured"], provider == OPENROUTER);
    }
    assert!(stage.internet.requests().is_empty());
}

#[test]
fn a_key_comes_from_a_variable_or_a_command_as_well() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    stage.home.write("vault", &key);
    let setup = |source: &[&str]| {
        stage
            .runs([
                "openrouter",
                "--store",
                "file",
                "--yes",
                "--dry-run",
                "--json",
            ])
            .args(source)
            .env("VAULT", &key)
    };
    for source in [
        &["--key-env", "VAULT"][..],
        &["--key-command", "cat vault"],
        &["--key-command", "cat vault | tr -d x"],
    ] {
        assert_eq!(
            setup(source).code(0).run().json()["verdict"],
            "valid",
            "{source:?}"
        );
    }
    for (source, named) in [
        (&["--key-env", "NOBODY_SET_THIS"][..], "NOBODY_SET_THIS"),
        (&["--key-command", "exit 3"], "--key-command"),
        (&["--key-command", "no-such-program-here"], "--key-command"),
    ] {
        let outcome = setup(source).code(2).run();
        let error = outcome.json()["error"].to_string();
        assert!(error.contains(named), "{source:?}: {outcome}");
    }
}

#[test]
fn other_settings_are_written_and_secret_ones_only_from_the_environment() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENAI, "new");
    stage.home.keeps_secret("X-Team=classified");
    let setup = |flags: &[&str]| {
        let setup = stage.sets_up(OPENAI, &key).args(["--json"]).args(flags);
        setup
            .env("HEADERS", "X-Team=classified")
            .env("OTHER_KEY", "sk-1")
    };
    let before = stage.home.tree();
    for (flags, named) in [
        (&["--set", "OPENAI_API_KEY=x"][..], "--set-env"),
        (&["--set", "OPENAI_CUSTOM_HEADERS=A=1"], "--set-env"),
        (&["--set", "GOOSE_PROVIDER=groq"], "GOOSE_PROVIDER"),
        (&["--set", "GOOSE_MODEL=x"], "--model"),
        (&["--set", "GOOSE_DISABLE_KEYRING=true"], "--store"),
        (&["--set", "active_provider=groq"], "PROVIDER"),
        (&["--set", "OPENAI_HOST=http://127.0.0.1:9"], "--host"),
        (&["--set", "openai_base_url=http://127.0.0.1:9"], "--host"),
        (
            &["--set", "OPENROUTER_HOST=http://127.0.0.1:9"],
            "goose-setup openrouter --host",
        ),
        (&["--set-env", "OPENAI_HOST=OTHER_KEY"], "--host"),
        (&["--set-env", "OPENAI_API_KEY=OTHER_KEY"], "--key-env"),
        (
            &["--set-env", "OPENAI_CUSTOM_HEADERS=NOBODY_SET_THIS"],
            "NOBODY_SET_THIS",
        ),
    ] {
        let refused = setup(flags).code(2).run();
        assert!(
            refused.json()["error"].to_string().contains(named),
            "{flags:?}: {refused}"
        );
        before.assert_same(&stage.home.tree());
    }
    setup(&[
        "--set",
        "OPENAI_ORGANIZATION=org-1",
        "--set",
        "OPENAI_TIMEOUT=60",
        "--set-env",
        "OPENAI_CUSTOM_HEADERS=HEADERS",
    ])
    .code(0)
    .run();
    let config = stage.home.config_yaml();
    assert_eq!(config["OPENAI_ORGANIZATION"], "org-1");
    assert_eq!(config["OPENAI_TIMEOUT"], "60", "values go in as strings");
    assert_eq!(
        stage.home.secrets_yaml()["OPENAI_CUSTOM_HEADERS"],
        "X-Team=classified"
    );
    let odd = setup(&["--set", "OPENAI_ORGANISATION=org-1"])
        .code(0)
        .run()
        .json();
    assert!(
        odd["notes"].to_string().contains("OPENAI_ORGANISATION"),
        "an unknown name is a note: {odd}"
    );
}

#[test]
fn a_host_is_normalised_to_what_goose_calls() {
    for (typed, written) in [
        ("{}", "{}"),
        ("{}/", "{}"),
        (" {}// ", "{}"),
        ("{}/v1", "{}"),
        ("{}/v1/chat/completions", "{}"),
    ] {
        let stage = Stage::on_a_server();
        let key = stage.good_key(LITELLM, "new");
        let url = stage.url(LITELLM).unwrap();
        let typed = typed.replace("{}", &url);
        stage
            .runs([
                "litellm",
                "--key-stdin",
                "--yes",
                "--store",
                "file",
                "--host",
                &typed,
            ])
            .stdin(key)
            .code(0)
            .run();
        assert_eq!(
            stage.home.config_yaml()["LITELLM_HOST"],
            written.replace("{}", &url),
            "{typed:?}"
        );
    }
    let stage = Stage::on_a_server();
    for bad in [
        "",
        "ftp://x",
        "http://",
        "http://user:pass@host",
        "http://a b",
        "javascript:x",
    ] {
        let setup = [
            "litellm",
            "--key-stdin",
            "--yes",
            "--store",
            "file",
            "--host",
            bad,
        ];
        stage.runs(setup).stdin(LITELLM.key("new")).code(2).run();
    }
}

#[test]
fn a_new_host_asks_for_the_key_again() {
    let stage = Stage::on_a_server();
    let key = stage.has(LITELLM);
    let before = stage.home.tree();
    let elsewhere = stage.internet.local(LITELLM);
    let moved = || stage.runs(["litellm", "--yes", "--host", &elsewhere]);
    let refused = moved().code(2).run();
    assert!(refused.stderr.contains("--key-stdin"), "{refused}");
    assert!(
        stage.internet.requests().is_empty(),
        "the old key was not meant for the new host"
    );
    before.assert_same(&stage.home.tree());
    stage
        .runs(["litellm", "--yes", "--host", &stage.url(LITELLM).unwrap()])
        .code(0)
        .run();
    moved().args(["--key-stdin"]).stdin(key).code(0).run();
    assert_eq!(stage.home.config_yaml()["LITELLM_HOST"], elsewhere.as_str());
}

#[test]
fn a_provider_without_a_host_setting_takes_no_host() {
    let stage = Stage::on_a_server();
    for provider in ALL
        .into_iter()
        .filter(|provider| provider.host_variable.is_none())
    {
        let key = stage.good_key(provider, "new");
        let refused = stage
            .sets_up(provider, &key)
            .args(["--host", "https://x.example"])
            .code(2)
            .run();
        assert!(
            refused.stderr.contains("host"),
            "{}: {refused}",
            provider.id
        );
        assert!(stage.internet.requests().is_empty());
    }
}

#[test]
fn usual_names_are_understood_and_near_names_suggested() {
    for (name, provider) in [
        ("deepseek", DEEPSEEK),
        ("gemini", GOOGLE),
        ("grok", XAI),
        ("claude", ANTHROPIC),
        ("OpenRouter", OPENROUTER),
    ] {
        let stage = Stage::on_a_server();
        let key = stage.good_key(provider, "new");
        let setup = [name, "--key-stdin", "--yes", "--store", "file", "--json"];
        let done = stage.runs(setup).stdin(key).code(0).run().json();
        assert_eq!(
            done["provider"], provider.id,
            "goose's own id in what is printed"
        );
        assert_eq!(stage.home.config_yaml()["active_provider"], provider.id);
        stage.runs(["switch", name]).code(0).run();
        stage.runs(["check", name]).code(0).run();
    }
    let stage = Stage::on_a_server();
    for (typo, meant) in [
        ("openruter", "openrouter"),
        ("antropic", "anthropic"),
        ("opnai", "openai"),
        ("mistrall", "mistral"),
    ] {
        let refused = stage.runs([typo, "--yes"]).code(2).run();
        assert!(refused.stderr.contains(meant), "{typo}: {refused}");
    }
    let refused = stage.runs(["zzzzzz", "--yes"]).code(2).run();
    assert!(
        refused.stderr.contains("goose-setup providers"),
        "{refused}"
    );
}

#[test]
fn without_a_check_nobody_is_asked_and_the_report_says_unproven() {
    let stage = Stage::on_a_server();
    let wrong = stage.wrong_key(OPENROUTER, "whatever");
    let done = stage
        .sets_up(OPENROUTER, &wrong)
        .args(["--no-check", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(done["verdict"], "unproven");
    assert_eq!(done["goose_agrees"], true);
    assert!(stage.internet.requests().is_empty() && stage.internet.strays().is_empty());
    let set = [
        "key",
        "set",
        "openrouter",
        "--key-stdin",
        "--yes",
        "--no-check",
        "--json",
    ];
    let other = stage.wrong_key(OPENROUTER, "other");
    let done = stage.runs(set).stdin(other).code(0).run().json();
    assert_eq!(done["verdict"], "unproven");
    assert!(stage.internet.requests().is_empty());
}

#[test]
fn the_model_is_the_given_one_else_the_configured_one_else_the_default() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    let setup = |flags: &[&str]| {
        let done = stage
            .sets_up(OPENROUTER, &key)
            .args(["--json"])
            .args(flags)
            .code(0)
            .run()
            .json();
        (
            done["model"].as_str().unwrap().to_owned(),
            done["notes"].to_string(),
        )
    };
    let (default, _) = setup(&[]);
    assert!(!default.is_empty());
    assert_eq!(setup(&["--model", "openai/gpt-4o"]).0, "openai/gpt-4o");
    assert_eq!(setup(&[]).0, "openai/gpt-4o");
    let (model, notes) = setup(&["--model", "nobody/has-this"]);
    assert!(
        model == "nobody/has-this" && notes.contains("nobody/has-this"),
        "a note, no stop: {notes}"
    );
    let (_, notes) = setup(&["--model", "old/talker-without-tools"]);
    assert!(notes.contains("tool"), "{notes}");
}

#[test]
fn an_empty_model_is_no_model() {
    let stage = Stage::on_a_server();
    let key = stage.has(GROQ);
    let before = stage.home.tree();
    for empty in ["", "  "] {
        let said = stage
            .sets_up(GROQ, &key)
            .args(["--model", empty])
            .code(2)
            .run();
        assert!(said.stderr.contains("--model"), "{said}");
        let switch = ["switch", "groq", "--model", empty];
        let said = stage.runs(switch).code(2).run();
        assert!(said.stderr.contains("--model"), "{said}");
    }
    before.assert_same(&stage.home.tree());
}

#[test]
fn text_for_other_programs_is_never_json() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    for args in [
        &["env", "--shell", "bash"][..],
        &["key", "print", "openrouter"],
        &["exec", "--", "true"],
        &["completions", "bash"],
    ] {
        let mut all = vec!["--json"];
        all.extend(args);
        let refused = stage.runs(&all).code(2).run();
        assert_eq!(refused.json()["error"]["kind"], "usage", "{args:?}");
    }
}

#[test]
fn exec_hands_over_the_variables_and_passes_the_exit_code_on() {
    for provider in [OPENROUTER, LITELLM, OLLAMA] {
        let stage = Stage::on_a_server();
        let key = stage.has(provider);
        stage
            .runs(["exec", "--", "sh", "-c", "exit 7"])
            .code(7)
            .run();
        let child = stage
            .runs(["exec", provider.id, "--", "env"])
            .shows_key()
            .code(0)
            .run();
        let has = |name: &str, value: &str| {
            child
                .stdout
                .lines()
                .any(|line| line == format!("{name}={value}"))
        };
        assert!(
            has("GOOSE_PROVIDER", provider.id) && has("GOOSE_MODEL", provider.model),
            "{}",
            child.stdout
        );
        if let Some(variable) = provider.key_variable {
            assert!(has(variable, &key), "{variable}");
        }
        if let (Some(variable), Some(url)) = (provider.host_variable, stage.url(provider)) {
            assert!(has(variable, &url), "{}", child.stdout);
        }
        assert!(stage.internet.requests().is_empty());
        let missing = stage.runs(["exec", "--", "no-such-program-here"]).run();
        assert!(
            missing.code != 0 && missing.stderr.contains("no-such-program-here"),
            "{missing}"
        );
    }
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    let missing = stage
        .runs(["exec", "openrouter", "--", "true"])
        .code(2)
        .run();
    assert!(
        missing.stderr.contains("goose-setup openrouter"),
        "{missing}"
    );
}

#[test]
fn a_key_is_printed_to_a_pipe_replaced_when_proven_and_removed() {
    for store in [Store::File, Store::Keychain] {
        let Some(stage) = Stage::with(store) else {
            return;
        };
        let key = stage.has(OPENROUTER);
        let print = |code| {
            stage
                .runs(["key", "print", "openrouter"])
                .shows_key()
                .code(code)
                .run()
                .stdout
        };
        assert_eq!(print(0), format!("{key}\n"));

        let set = |key: &str, code| {
            let set = stage.runs(["key", "set", "openrouter", "--key-stdin", "--yes", "--json"]);
            set.stdin(key).code(code).run().json()
        };
        let wrong = stage.wrong_key(OPENROUTER, "wrong");
        assert_eq!(set(&wrong, 3)["verdict"], "invalid");
        assert_eq!(print(0), format!("{key}\n"), "the old one stays");
        let next = stage.good_key(OPENROUTER, "next");
        let config = stage.home.config();
        assert_eq!(set(&next, 0)["changes"][0]["kind"], "secret");
        assert_eq!(print(0), format!("{next}\n"));
        assert_eq!(stage.home.config(), config, "only the key was meant");
        assert_eq!(set(&next, 0)["changes"], json!([]));

        let remove = || {
            stage
                .runs(["key", "remove", "openrouter", "--yes", "--json"])
                .code(0)
                .run()
                .json()
        };
        assert_eq!(remove()["changes"][0]["action"], "remove");
        assert_eq!(print(2), "");
        assert_eq!(remove()["changes"], json!([]));
        let check = stage.runs(["check", "openrouter"]).code(2).run();
        assert!(check.stderr.contains("goose-setup openrouter"), "{check}");
    }
}

#[test]
fn completions_come_for_six_shells() {
    let stage = Stage::on_a_server();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        let script = stage.runs(["completions", shell]).code(0).run().stdout;
        assert!(
            script.contains("goose-setup") && script.contains("switch"),
            "{shell}"
        );
    }
    stage.runs(["completions", "cmd"]).code(2).run();
    assert!(stage.internet.requests().is_empty());
}

#[test]
fn help_and_version_answer_without_looking_at_anything() {
    let stage = Stage::on_a_server();
    stage.home.write_config("a: [\n");
    let version = stage.runs(["--version"]).code(0).run();
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")));
    for command in [
        "switch",
        "status",
        "check",
        "models",
        "providers",
        "key",
        "env",
        "exec",
        "completions",
    ] {
        let help = stage.runs([command, "--help"]).code(0).run();
        assert!(help.stdout.contains("Usage"), "{command}");
    }
}
