//! What outranks the files. `goose_agrees` is our own reckoning; the real goose, in the same environment, is the judge of it.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::provider::{ANTHROPIC, OPENAI, OPENROUTER, Provider};
use crate::world::stage::{Stage, Store};
use serde_json::{Value, json};

/// What the environment says when setup runs, and when goose does.
struct Case {
    provider: Provider,
    store: Store,
    variable: &'static str,
    value: Said,
    /// Whether it is in the way; `None` where only the real goose knows.
    shadows: Option<bool>,
}

enum Said {
    Text(&'static str),
    /// The key that is set up, in this form.
    Key(fn(&str) -> String),
    AnotherKey,
    /// The address of another server that plays the provider.
    AnotherServer,
}

impl Said {
    fn value(&self, stage: &Stage, provider: Provider, key: &str) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Key(form) => form(key),
            Self::AnotherKey => stage.good_key(provider, "another"),
            Self::AnotherServer => stage.internet.local(provider),
        }
    }
}

fn cases() -> Vec<Case> {
    let case = |provider, store, variable, value, shadows| Case {
        provider,
        store,
        variable,
        value,
        shadows,
    };
    use Said::{AnotherKey, AnotherServer, Key, Text};
    let file = |variable, value, shadows| case(OPENROUTER, Store::File, variable, value, shadows);
    let same: fn(&str) -> String = str::to_owned;
    let quoted: fn(&str) -> String = |key| format!("\"{key}\"");
    let spaced: fn(&str) -> String = |key| format!(" {key}");
    vec![
        file("GOOSE_PROVIDER", Text("anthropic"), Some(true)),
        file("GOOSE_PROVIDER", Text("openrouter"), Some(false)),
        file("GOOSE_PROVIDER", Text(""), None),
        file("ACTIVE_PROVIDER", Text("anthropic"), Some(true)),
        file("ACTIVE_PROVIDER", Text("openrouter"), Some(false)),
        file("ACTIVE_PROVIDER", Text(""), None),
        file("GOOSE_MODEL", Text(OPENROUTER.other_model), Some(true)),
        file("GOOSE_MODEL", Text(OPENROUTER.model), Some(false)),
        file("GOOSE_MODEL", Text(""), None),
        file("GOOSE_MODEL", Text("12345"), None),
        file("OPENROUTER_API_KEY", AnotherKey, Some(true)),
        file("OPENROUTER_API_KEY", Key(same), Some(false)),
        file("OPENROUTER_API_KEY", Key(quoted), Some(false)),
        file("OPENROUTER_API_KEY", Key(spaced), None),
        file("OPENROUTER_API_KEY", Text(""), Some(true)),
        file("OPENROUTER_API_KEY", Text("12345678"), Some(true)),
        file("OPENROUTER_HOST", AnotherServer, Some(true)),
        file(
            "OPENROUTER_HOST",
            Text("https://openrouter.ai"),
            Some(false),
        ),
        file("OPENROUTER_HOST", Text(""), None),
        case(
            OPENAI,
            Store::File,
            "OPENAI_API_KEY",
            AnotherKey,
            Some(true),
        ),
        case(
            OPENAI,
            Store::File,
            "OPENAI_API_KEY",
            Key(same),
            Some(false),
        ),
        case(
            OPENAI,
            Store::File,
            "OPENAI_API_KEY",
            Key(quoted),
            Some(true),
        ),
        case(OPENAI, Store::File, "OPENAI_API_KEY", Text(""), None),
        case(
            OPENAI,
            Store::File,
            "OPENAI_HOST",
            AnotherServer,
            Some(true),
        ),
        case(
            OPENAI,
            Store::File,
            "OPENAI_BASE_URL",
            AnotherServer,
            Some(true),
        ),
        case(
            OPENROUTER,
            Store::Keychain,
            "GOOSE_DISABLE_KEYRING",
            Text("1"),
            Some(true),
        ),
        case(
            OPENROUTER,
            Store::Keychain,
            "GOOSE_DISABLE_KEYRING",
            Text("false"),
            Some(true),
        ),
        case(
            OPENROUTER,
            Store::Keychain,
            "GOOSE_DISABLE_KEYRING",
            Text(""),
            Some(true),
        ),
        file("GOOSE_DISABLE_KEYRING", Text("1"), Some(false)),
        file("OPENROUTER_API_KEY_OLD", Text("x"), Some(false)),
    ]
}

/// Whether the real goose, with this in its environment, talks as it was set up to.
fn goose_does(
    goose: &Goose,
    stage: &Stage,
    provider: Provider,
    key: &str,
    environment: Option<(&str, &str)>,
) -> bool {
    stage.internet.clear();
    let mut run = goose
        .start(&stage.home)
        .env("GOOSE_PROVIDER_SKIP_BACKOFF", "true");
    if let Some((variable, value)) = environment {
        run = run.env(variable, value);
    }
    let said = run.run();
    let chats = stage.internet.chats();
    said.stdout.contains(MARKER)
        && !chats.is_empty()
        && chats.iter().all(|chat| {
            chat.host == provider.host
                && chat.key() == Some(key)
                && chat.model().as_deref() == Some(provider.model)
        })
}

#[track_caller]
fn assert_named(done: &Value, names: &[&str]) {
    let notes = done["notes"].to_string();
    for name in names {
        assert!(notes.contains(name), "{name} is not named: {done}");
    }
}

fn agrees_with_goose(cases: impl IntoIterator<Item = Case>) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for case in cases {
        let Case {
            provider, variable, ..
        } = case;
        let Some(stage) = Stage::with(case.store) else {
            return;
        };
        let key = stage.good_key(provider, "new");
        let value = case.value.value(&stage, provider, &key);
        let told = format!(
            "{variable}={value:.20?} for {} in {:?}",
            provider.id, case.store
        );
        let mut setup = stage
            .sets_up(provider, &key)
            .args(["--model", provider.model, "--json"]);
        if case.store == Store::Keychain {
            setup = setup.args(["--store", "keychain"]);
        }
        let outcome = setup.env(variable, &value).run();
        let done = outcome.json();
        let agrees = done["goose_agrees"] == true;
        let does = goose_does(&goose, &stage, provider, &key, Some((variable, &value)));
        assert_eq!(
            agrees,
            does,
            "{told}: goose is the judge\n{outcome}\n{:#?}",
            stage.internet.requests()
        );
        if let Some(shadows) = case.shadows {
            assert_eq!(!agrees, shadows, "{told}: {done}");
        }
        assert_eq!(
            outcome.code,
            if agrees { 0 } else { 9 },
            "{told}: {outcome}"
        );

        let status = stage
            .runs(["status", "--json"])
            .env(variable, &value)
            .code(0)
            .run()
            .json();
        let listed = status["shadows"].as_array().unwrap();
        assert_eq!(
            listed.iter().any(|shadow| shadow["variable"] == variable),
            !agrees,
            "{told}: {status}"
        );
        if !agrees {
            let unset = format!("unset {variable}");
            assert_named(&done, &[variable, &unset]);
            assert!(
                listed
                    .iter()
                    .any(|shadow| shadow["fix"].as_str().unwrap().contains(&unset)),
                "{status}"
            );
            assert!(
                listed.iter().all(|shadow| shadow["hides"].is_string()),
                "{status}"
            );
        }
        // What was written is right all the same: without the variable goose does as it was told.
        assert!(
            goose_does(&goose, &stage, provider, &key, None),
            "{told}: without it\n{}",
            stage.home.config()
        );
    }
}

#[test]
fn setup_agrees_with_goose_about_the_environment() {
    agrees_with_goose(cases().into_iter().step_by(2));
}

#[test]
fn setup_agrees_with_goose_about_the_environment_in_the_other_half_of_the_cases() {
    agrees_with_goose(cases().into_iter().skip(1).step_by(2));
}

#[test]
fn a_custom_provider_that_takes_the_name_is_a_shadow() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let stage = Stage::on_a_server();
    let url = stage.internet.local(OPENAI);
    let file = json!({"name": "openrouter", "engine": "openai", "display_name": "Mine", "description": "", "base_url": url,
        "api_key_env": "OPENROUTER_API_KEY", "models": [{"name": OPENROUTER.model, "context_limit": 8192}]});
    stage
        .home
        .write(".config/goose/custom_providers/mine.json", file.to_string());
    let key = stage.good_key(OPENROUTER, "new");
    let outcome = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--json"])
        .code(9)
        .run();
    let done = outcome.json();
    assert_eq!(done["goose_agrees"], false);
    assert_named(&done, &["custom_providers/mine.json"]);
    assert!(
        !goose_does(&goose, &stage, OPENROUTER, &key, None),
        "goose goes elsewhere"
    );
    let status = stage.runs(["status", "--json"]).code(0).run().json();
    assert!(
        status["shadows"]
            .to_string()
            .contains("custom_providers/mine.json"),
        "{status}"
    );
}

#[test]
fn switch_warns_of_what_is_in_its_way() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let outcome = stage
        .runs(["switch", "anthropic", "--json"])
        .env("GOOSE_PROVIDER", "openrouter")
        .code(9)
        .run();
    let done = outcome.json();
    assert_eq!(done["goose_agrees"], false);
    assert_named(&done, &["GOOSE_PROVIDER", "unset GOOSE_PROVIDER"]);
    assert_eq!(
        stage.home.config_yaml()["active_provider"],
        "anthropic",
        "it is written"
    );
}

#[test]
fn a_layer_below_the_users_file_is_no_shadow() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let mut stage = Stage::on_a_server();
    stage.home.write("more.yaml", "active_provider: anthropic\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: m\nproviders:\n  openrouter: {model: other/model}\n");
    let more = stage.home.path().join("more.yaml").display().to_string();
    stage.home.set("GOOSE_ADDITIONAL_CONFIG_FILES", &more);
    let key = stage.good_key(OPENROUTER, "new");
    let done = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(done["goose_agrees"], true, "{done}");
    stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
}
