//! `check` of several providers answers for each of them.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::personality::Personality;
use crate::world::provider::{ANTHROPIC, GROQ, MISTRAL, OPENAI, OPENROUTER};
use crate::world::stage::Stage;

#[test]
fn a_provider_without_a_key_is_a_row_among_the_others() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let said = stage
        .runs(["check", "groq", "openrouter", "--json"])
        .code(4)
        .run();
    let rows = said.json()["results"].clone();
    assert_eq!(rows[0]["provider"], "groq");
    assert_eq!(rows[0]["verdict"], "unproven");
    assert_eq!(rows[0]["requests"], 0);
    assert!(
        rows[0]["detail"].to_string().contains("GROQ_API_KEY"),
        "{said}"
    );
    assert!(
        rows[0]["action"].to_string().contains("goose-setup groq"),
        "{said}"
    );
    assert_eq!(rows[1]["provider"], "openrouter");
    assert_eq!(rows[1]["verdict"], "valid");
    assert!(
        stage
            .internet
            .requests()
            .iter()
            .all(|seen| seen.host != GROQ.host)
    );
    let said = stage.runs(["check", "groq", "openrouter"]).code(4).run();
    for words in ["no key of Groq is stored", "→ run `goose-setup groq`"] {
        assert!(said.stdout.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_refused_key_weighs_more_than_a_missing_one() {
    let stage = Stage::on_a_server();
    let wrong = stage.wrong_key(OPENROUTER, "wrong");
    stage
        .sets_up(OPENROUTER, &wrong)
        .args(["--model", OPENROUTER.model, "--no-check"])
        .code(0)
        .run();
    stage.runs(["check", "groq", "openrouter"]).code(3).run();
}

#[test]
fn naming_nobody_who_has_a_key_is_a_mistake() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    for named in [&["groq"][..], &["groq", ANTHROPIC.id]] {
        let said = stage.runs(["check", "--json"]).args(named).code(2).run();
        assert_eq!(said.json()["error"]["kind"], "usage", "{said}");
        assert!(said.stdout.contains("GROQ_API_KEY"), "{said}");
    }
}

/// Somebody's own server that speaks like OpenAI's, its API below `path`.
fn proxy(stage: &Stage, path: &str, key: &str) -> String {
    stage.internet.plays_here(Personality {
        key: Some(key.to_owned()),
        model: OPENAI.model.to_owned(),
        models: Some(format!("{path}/models")),
        is_open: false,
        pages: Vec::new(),
    })
}

#[test]
fn what_is_set_in_the_environment_is_asked_where_goose_asks() {
    let stage = Stage::on_a_server();
    let key = stage.wrong_key(OPENAI, "environment");
    let url = proxy(&stage, "/v1", &key);
    let environment = [
        ("GOOSE_PROVIDER", "openai"),
        ("GOOSE_MODEL", OPENAI.model),
        ("OPENAI_API_KEY", key.as_str()),
        ("OPENAI_HOST", url.as_str()),
    ];
    let at_the_proxy = || {
        let mut seen = stage.internet.requests().into_iter();
        seen.all(|seen| url.ends_with(&seen.host))
    };
    let check = stage.runs(["check", "--json"]);
    let said = environment
        .iter()
        .fold(check, |run, (name, value)| run.env(name, value))
        .code(0)
        .run();
    assert_eq!(said.json()["results"][0]["verdict"], "valid", "{said}");
    assert!(at_the_proxy(), "{:?}", stage.internet.requests());
    if let Some(goose) = Goose::version(NEWEST) {
        let run = goose.start(&stage.home);
        let said = environment
            .iter()
            .fold(run, |run, (name, value)| run.env(name, value))
            .run();
        assert!(said.stdout.contains(MARKER), "{said}");
        assert!(at_the_proxy());
    }
}

#[test]
fn the_key_that_goose_uses_is_the_one_that_is_proven() {
    let stage = Stage::on_a_server();
    stage.has(OPENAI);
    let stale = stage.wrong_key(OPENAI, "stale");
    let said = stage
        .runs(["check", "openai"])
        .env("OPENAI_API_KEY", &stale)
        .code(3)
        .run();
    assert!(said.stdout.contains("OPENAI_API_KEY"), "{said}");
}

#[test]
fn a_base_address_in_goose_s_config_is_where_the_key_is_proven() {
    let goose = Goose::version(NEWEST);
    for path in ["/v1", "/team/v1", "/team"] {
        let stage = Stage::on_a_server();
        let key = stage.wrong_key(OPENAI, "proxy");
        let url = proxy(&stage, path, &key);
        stage.home.write_config(format!(
            "GOOSE_DISABLE_KEYRING: true\nOPENAI_BASE_URL: {url}{path}\nOPENAI_HOST: https://nobody.example\n"
        ));
        stage
            .sets_up(OPENAI, &key)
            .args(["--model", OPENAI.model])
            .code(0)
            .run();
        stage.runs(["check"]).code(0).run();
        let is_there = |path: &str| {
            let seen = stage.internet.requests();
            seen.iter()
                .all(|seen| url.ends_with(&seen.host) && seen.path().starts_with(path))
        };
        assert!(is_there(path), "{:?}", stage.internet.requests());
        if let Some(goose) = &goose {
            let said = goose.hi(&stage.home);
            assert!(said.stdout.contains(MARKER), "{path}: {said}");
            assert!(is_there(path), "{:?}", stage.internet.requests());
        }
        let alone = stage
            .runs(["exec", "openai", "--", "env"])
            .shows_key()
            .run();
        assert!(!alone.stdout.contains("OPENAI_HOST="), "{}", alone.stdout);
        // The address that is given now takes its place, and a stored key was not meant for that.
        stage
            .runs(["openai", "--yes", "--host", "https://api.openai.com"])
            .code(2)
            .run();
        let own = stage.good_key(OPENAI, "own");
        stage
            .sets_up(OPENAI, &own)
            .args(["--host", "https://api.openai.com"])
            .code(0)
            .run();
        assert_eq!(stage.home.config_yaml().get("OPENAI_BASE_URL"), None);
        if let Some(goose) = &goose {
            stage.assert_goose_uses(goose, OPENAI, &own, OPENAI.model);
        }
    }
}

#[test]
fn an_address_that_nobody_set_is_named_with_its_flag() {
    let stage = Stage::on_a_server();
    let key = stage.wrong_key(MISTRAL, "azure");
    stage.home.write_config(
        "GOOSE_DISABLE_KEYRING: true\nproviders:\n  azure_openai: {enabled: true, model: gpt-4o, configured: true}\n",
    );
    stage
        .home
        .write_secrets(&format!("AZURE_OPENAI_API_KEY: {key}\n"));
    let before = stage.home.config();
    let check = stage.runs(["check", "azure_openai"]).code(4).run();
    let switch = stage.runs(["switch", "azure_openai"]).code(2).run();
    for said in [check.stdout, switch.stderr] {
        for words in [
            "the address of Azure OpenAI is not set",
            "goose-setup azure_openai --host URL",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let switch = stage
        .runs(["switch", "azure_openai"])
        .env("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com")
        .code(2)
        .run();
    assert!(
        switch
            .stderr
            .contains("--set AZURE_OPENAI_DEPLOYMENT_NAME="),
        "{switch}"
    );
    assert_eq!(stage.home.config(), before);
    assert!(stage.internet.requests().is_empty());
}
