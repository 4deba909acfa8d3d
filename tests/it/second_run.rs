//! Decide, show, then do: what is shown is what is done, and doing it twice does nothing.

use crate::world::provider::{ALL, ANTHROPIC, OPENROUTER};
use crate::world::stage::{Stage, Store};
use serde_json::json;

#[test]
fn a_second_identical_run_changes_nothing_not_even_a_time_stamp() {
    for store in [Store::File, Store::Keychain] {
        let Some(stage) = Stage::with(store) else {
            return;
        };
        for provider in ALL {
            let key = stage.has(provider);
            let before = stage.home.tree();
            let again = stage
                .sets_up(provider, &key)
                .args(["--model", provider.model, "--json"])
                .code(0)
                .run()
                .json();
            assert_eq!(again["changes"], json!([]), "{}", provider.id);
            assert_eq!(again["goose_agrees"], true);
            before.assert_same(&stage.home.tree());
        }
    }
}

#[test]
fn switching_to_what_is_active_changes_nothing() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let before = stage.home.tree();
    let again = stage
        .runs(["switch", "openrouter", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(again["changes"], json!([]));
    before.assert_same(&stage.home.tree());
}

#[test]
fn a_dry_run_changes_nothing_and_tells_what_the_run_then_does() {
    for store in [Store::File, Store::Keychain] {
        let Some(stage) = Stage::with(store) else {
            return;
        };
        stage
            .home
            .write_config("# mine\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: claude-opus-4-5\n");
        let key = stage.good_key(OPENROUTER, "new");
        let run = |flags: &[&str]| {
            stage
                .sets_up(OPENROUTER, &key)
                .args(["--model", OPENROUTER.model])
                .args(flags)
                .code(0)
                .run()
        };
        let before = stage.home.tree();
        let shown = run(&["--dry-run"]).stdout;
        let told = run(&["--dry-run", "--json"]).json();
        assert_eq!(told["dry_run"], true);
        before.assert_same(&stage.home.tree());
        if store == Store::Keychain {
            assert_eq!(stage.keyring().item(), None);
        }

        let done = run(&["--json"]).json();
        assert_eq!(done["dry_run"], false);
        assert_eq!(told["changes"], done["changes"]);
        assert!(!done["changes"].as_array().unwrap().is_empty());
        let config = stage.home.config();
        let lines = |mark: &str| {
            let mark = format!("    {mark} ");
            let start = shown.find("config.yaml").expect("the plan names the file");
            shown[start..]
                .lines()
                .skip(1)
                .take_while(|line| line.starts_with("    "))
                .filter_map(|line| line.strip_prefix(&mark).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let (added, removed) = (lines("+"), lines("-"));
        assert!(!added.is_empty() && !removed.is_empty(), "{shown}");
        for line in added {
            assert!(
                config.lines().any(|written| written == line),
                "{line:?} in\n{config}"
            );
        }
        for line in removed {
            assert!(
                !config.lines().any(|written| written == line),
                "{line:?} in\n{config}"
            );
        }
    }
}

#[test]
fn every_command_that_writes_can_be_asked_first() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let key = stage.good_key(OPENROUTER, "next");
    let before = stage.home.tree();
    for args in [
        &["switch", "anthropic"][..],
        &["switch", "-"],
        &["switch", "openrouter", "--model", "openai/gpt-4o"],
        &["key", "set", "openrouter", "--key-stdin"],
        &["key", "remove", "openrouter"],
        &["env", "--install", "--shell", "bash"],
    ] {
        let told = stage
            .runs(args)
            .args(["--dry-run", "--json"])
            .stdin(key.as_str())
            .code(0)
            .run()
            .json();
        assert_eq!(told["dry_run"], true, "{args:?}: {told}");
        assert!(
            !told["changes"].as_array().unwrap().is_empty(),
            "{args:?}: {told}"
        );
        before.assert_same(&stage.home.tree());
    }
}
