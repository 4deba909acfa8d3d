//! The main promise: after setup, the real goose uses exactly the provider, the key and the model that were set up.

use crate::world::goose::{Goose, NEWEST, OLDEST};
use crate::world::provider::{ALL, ANTHROPIC, LITELLM, OPENROUTER, Provider};
use crate::world::stage::{Stage, Store};
use serde_json::json;

/// What goose's files hold before.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    Flat,
    Structured,
}

/// Who was used before, where somebody was.
fn former(provider: Provider) -> Provider {
    if provider == ANTHROPIC {
        OPENROUTER
    } else {
        ANTHROPIC
    }
}

impl Before {
    fn arrange(self, stage: &Stage, former: Provider, store: Store) {
        let off = match store {
            Store::File => "GOOSE_DISABLE_KEYRING: true\n",
            Store::Keychain => "",
        };
        let (id, model) = (former.id, former.other_model);
        let text = match self {
            Self::Nothing => return,
            Self::Flat => {
                format!("GOOSE_PROVIDER: {id}\nGOOSE_MODEL: {model}\n{off}GOOSE_MODE: auto\n")
            }
            Self::Structured => format!(
                "active_provider: {id}\nproviders:\n  {id}: {{enabled: true, model: '{model}', configured: true}}\n{off}GOOSE_MODE: auto\n"
            ),
        };
        stage.home.write_config(&text);
        let key = stage.good_key(former, "former");
        let variable = former.key_variable.unwrap();
        match store {
            Store::File => stage.home.write_secrets(&format!("{variable}: '{key}'\n")),
            Store::Keychain => stage.keyring().store(&json!({ variable: key }).to_string()),
        }
    }
}

fn is_used_by_goose(provider: Provider, store: Store) {
    let (Some(newest), Some(oldest)) = (Goose::version(NEWEST), Goose::version(OLDEST)) else {
        return;
    };
    for before in [Before::Nothing, Before::Flat, Before::Structured] {
        let Some(stage) = Stage::with(store) else {
            return;
        };
        let former = former(provider);
        before.arrange(&stage, former, store);
        let key = stage.good_key(provider, "new");
        let done = stage
            .sets_up(provider, &key)
            .args(["--model", provider.model, "--json"])
            .code(0)
            .run()
            .json();
        assert_eq!(done["goose_agrees"], true, "{before:?}: {done}");
        assert_eq!(done["verdict"], "valid", "{before:?}: {done}");
        if matches!(before, Before::Nothing) {
            assert_eq!(done["notes"], json!([]), "nothing is out of the ordinary");
        }
        assert!(stage.internet.chats().is_empty(), "a check costs nothing");
        stage.assert_goose_uses(&newest, provider, &key, provider.model);
        stage.assert_goose_uses(&oldest, provider, &key, provider.model);

        let config = stage.home.config_yaml();
        assert_eq!(config["active_provider"], provider.id, "{before:?}");
        if !matches!(before, Before::Nothing) {
            let kept = &config["providers"][former.id]["model"];
            assert_eq!(
                kept,
                former.other_model,
                "{before:?}: {}",
                stage.home.config()
            );
            assert_eq!(config["GOOSE_MODE"], "auto", "{before:?}");
        }
    }
}

macro_rules! each_provider {
    ($($name:ident = $provider:ident),* $(,)?) => {$(
        mod $name {
            #[test]
            fn with_its_key_in_the_file_is_used_by_goose() {
                super::is_used_by_goose(crate::world::provider::$provider, super::Store::File);
            }

            #[test]
            fn with_its_key_in_the_keychain_is_used_by_goose() {
                super::is_used_by_goose(crate::world::provider::$provider, super::Store::Keychain);
            }
        }
    )*};
}

each_provider! {
    openrouter = OPENROUTER,
    openai = OPENAI,
    anthropic = ANTHROPIC,
    google = GOOGLE,
    groq = GROQ,
    deepseek = DEEPSEEK,
    xai = XAI,
    mistral = MISTRAL,
    litellm = LITELLM,
    ollama = OLLAMA,
}

/// Sets up `new` beside a former provider, and goes there and back.
fn the_former_provider_is_one_switch_away(before: Before, store: Store) {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::with(store)) else {
        return;
    };
    let (old, new) = (ANTHROPIC, LITELLM);
    before.arrange(&stage, old, store);
    let old_key = old.key("former");
    let new_key = stage.good_key(new, "new");
    stage
        .sets_up(new, &new_key)
        .args(["--model", new.model])
        .code(0)
        .run();
    stage.internet.clear();
    stage.runs(["switch", old.id]).code(0).run();
    assert!(
        stage.internet.requests().is_empty(),
        "switch needs no network"
    );
    stage.assert_goose_uses(&goose, old, &old_key, old.other_model);
    stage.runs(["switch", "-"]).code(0).run();
    stage.assert_goose_uses(&goose, new, &new_key, new.model);
    stage
        .runs(["switch", "-", "--model", old.model])
        .code(0)
        .run();
    stage.assert_goose_uses(&goose, old, &old_key, old.model);
}

#[test]
fn the_provider_of_a_flat_file_is_one_switch_away() {
    the_former_provider_is_one_switch_away(Before::Flat, Store::File);
}

#[test]
fn the_provider_of_a_structured_file_is_one_switch_away() {
    the_former_provider_is_one_switch_away(Before::Structured, Store::Keychain);
}

/// One home, ten providers: every key is still there when it is needed again.
fn all_ten_live_side_by_side(store: Store) {
    let (Some(goose), Some(stage)) = (Goose::version(NEWEST), Stage::with(store)) else {
        return;
    };
    let keys = ALL.map(|provider| stage.has(provider));
    for (provider, key) in ALL.into_iter().zip(&keys) {
        stage.runs(["switch", provider.id]).code(0).run();
        stage.assert_goose_uses(&goose, provider, key, provider.model);
    }
}

#[test]
fn ten_providers_live_side_by_side_in_the_file() {
    all_ten_live_side_by_side(Store::File);
}

#[test]
fn ten_providers_live_side_by_side_in_the_keychain() {
    all_ten_live_side_by_side(Store::Keychain);
}

/// Forms that YAML, JSON or goose's own parser would take for something else than text.
fn keys_and_models_of_any_form_reach_goose_as_they_are(store: Store) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let forms = [
        "12345678",
        "true",
        "null",
        "~",
        "1e5",
        "0x12",
        "yes",
        "+5",
        ".5",
        "00012",
        "nan",
        "#hash",
        "{a:b}",
        "[a]",
        "*star",
        "&and",
        "!bang",
        "%per",
        "@at",
        "`tick",
        "|pipe",
        ">more",
        "-dash",
        "?ask",
        "a:b",
        "it's",
        "say\"so",
        "back\\slash",
        "$HOME",
        "<<",
        "=",
    ];
    for pair in forms.chunks(2) {
        let (key, model) = (pair[0], pair[pair.len() - 1]);
        let Some(stage) = Stage::with(store) else {
            return;
        };
        stage.internet.knows(LITELLM, key);
        let setup = stage
            .sets_up(LITELLM, key)
            .args([&format!("--model={model}"), "--json"]);
        assert_eq!(setup.code(0).run().json()["goose_agrees"], true, "{pair:?}");
        stage.assert_goose_uses(&goose, LITELLM, key, model);
        let swapped = stage.sets_up(LITELLM, model).args(["--no-check", "--json"]);
        let equals = format!("--model={key}");
        assert_eq!(
            swapped.args([&equals]).code(0).run().json()["goose_agrees"],
            true,
            "{pair:?}"
        );
        stage.internet.knows(LITELLM, model);
        stage.assert_goose_uses(&goose, LITELLM, model, key);
    }
}

#[test]
fn keys_and_models_of_any_form_reach_goose_through_the_file() {
    keys_and_models_of_any_form_reach_goose_as_they_are(Store::File);
}

#[test]
fn keys_and_models_of_any_form_reach_goose_through_the_keychain() {
    keys_and_models_of_any_form_reach_goose_as_they_are(Store::Keychain);
}
