//! What was changed can be taken back, the last change first, also after goose or a person wrote since; and everything of ours
//! can go.

use crate::world::goose::{Goose, NEWEST};
use crate::world::provider::{GROQ, OPENAI, OPENROUTER};
use crate::world::pty::Person;
use crate::world::run::{Outcome, Setup};
use crate::world::stage::{Stage, Store};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CONFIG: &str = "# mine\nGOOSE_MODE: auto   # and this\n";
const RC: &str = "alias ll='ls -l'";
const FORMER: [(&str, &str); 2] = [("service", "goose-setup"), ("username", "former")];

fn stage(store: Store) -> Option<Stage> {
    let mut stage = Stage::with(store)?;
    stage.home.set("SHELL", "/bin/bash");
    stage.home.write(".config/goose/config.yaml", CONFIG);
    stage.home.write(".bashrc", RC);
    Some(stage)
}

fn server() -> Stage {
    stage(Store::File).unwrap()
}

/// The texts of what a change may touch, and the secrets.
#[derive(Debug, PartialEq)]
struct Facts {
    files: Vec<Option<String>>,
    secrets: Value,
}

fn facts(stage: &Stage, store: Store) -> Facts {
    let read = |path: &str| std::fs::read_to_string(stage.home.path().join(path)).ok();
    let files = [
        ".config/goose/config.yaml",
        ".bashrc",
        ".config/goose-setup/env.sh",
    ];
    let secrets = match store {
        Store::File => serde_json::to_value(stage.home.secrets_yaml()).unwrap(),
        Store::Keychain => stage.keyring().secrets(),
    };
    Facts {
        files: files.map(read).into(),
        // No store is null, an empty one is not.
        secrets,
    }
}

fn undo(stage: &Stage) -> Outcome {
    stage.runs(["undo", "--yes"]).code(0).run()
}

fn key_set<'s>(stage: &'s Stage, key: &str) -> Setup<'s> {
    stage
        .runs(["key", "set", "openrouter", "--key-stdin", "--yes"])
        .stdin(key)
}

/// One of each kind of change, with the facts before each of them.
fn a_history(stage: &Stage, store: Store) -> Vec<Facts> {
    let openai = stage.good_key(OPENAI, "first");
    let [first, second, third] =
        ["first", "second", "third"].map(|name| stage.good_key(OPENROUTER, name));
    let model = ["--model", OPENROUTER.model];
    let steps = [
        stage
            .sets_up(OPENAI, &openai)
            .args(["--model", OPENAI.model]),
        stage.sets_up(OPENROUTER, &first).args(model),
        stage.runs(["env", "--install", "--yes"]),
        stage
            .sets_up(OPENROUTER, &second)
            .args(["--model", OPENROUTER.other_model]),
        stage.runs(["switch", "openai"]),
        key_set(stage, &third),
        stage.runs(["switch", "openrouter", "--model", "some/model"]),
    ];
    steps
        .into_iter()
        .map(|step| {
            let before = facts(stage, store);
            step.code(0).run();
            assert_ne!(facts(stage, store), before);
            before
        })
        .collect()
}

fn every_change_is_taken_back(store: Store) {
    let Some(stage) = stage(store) else { return };
    let mut former = a_history(&stage, store);
    let list = stage.runs(["undo", "--list", "--json"]).code(0).run();
    assert_eq!(list.json()["entries"].as_array().unwrap().len(), 7);
    while let Some(before) = former.pop() {
        let now = stage.home.tree();
        let plan = stage.runs(["undo", "--dry-run"]).code(0).run();
        assert!(plan.stdout.contains("would change"), "{plan}");
        now.assert_same(&stage.home.tree());
        let said = undo(&stage);
        assert!(!said.stdout.contains("note"), "{said}");
        assert_eq!(facts(&stage, store), before, "{said}");
    }
    let said = stage.runs(["undo", "--yes"]).code(2).run();
    assert!(said.stderr.contains("nothing to take back"), "{said}");
    let folder = stage.home.path().join(".local/state/goose-setup");
    assert!(!folder.join("former-secrets.json").exists());
    if store == Store::Keychain {
        assert_eq!(stage.keyring().lookup(&FORMER), None);
    }
}

#[test]
fn every_change_is_taken_back_byte_for_byte_the_last_one_first() {
    every_change_is_taken_back(Store::File);
}

#[test]
fn every_change_is_taken_back_from_the_keychain_too() {
    every_change_is_taken_back(Store::Keychain);
}

#[test]
fn a_store_that_the_first_setup_made_goes_with_it_unless_somebody_else_has_put_something_in() {
    for (added, stays) in [("", false), ("MINE: x\n", true), ("# mine\n", true)] {
        let stage = server();
        stage.has(OPENROUTER);
        let text = stage.home.read(".config/goose/secrets.yaml");
        stage.home.write_secrets(&format!("{text}{added}"));
        let plan = stage.runs(["undo", "--dry-run"]).code(0).run();
        assert_eq!(plan.stdout.contains("the file itself"), !stays, "{plan}");
        undo(&stage);
        assert_eq!(stage.home.secrets_file().exists(), stays, "{added:?}");
        if stays {
            assert!(
                stage
                    .home
                    .read(".config/goose/secrets.yaml")
                    .contains(added)
            );
        }
        assert_eq!(stage.home.config(), CONFIG);
    }
}

#[test]
fn a_first_item_goes_where_the_file_says_the_same_and_stays_where_goose_would_miss_it() {
    for is_file_emptied in [false, true] {
        let Some(stage) = stage(Store::Keychain) else {
            return;
        };
        let mine = stage.good_key(OPENAI, "mine");
        let file = format!("OPENAI_API_KEY: {mine}\n");
        stage.home.write_secrets(&file);
        stage.has(OPENROUTER);
        if is_file_emptied {
            stage.home.write_secrets("{}\n");
        }
        let plan = stage.runs(["undo", "--dry-run"]).code(0).run();
        assert_eq!(
            plan.stdout.contains("the item itself"),
            !is_file_emptied,
            "{plan}"
        );
        undo(&stage);
        let left = if is_file_emptied {
            json!({"OPENAI_API_KEY": mine})
        } else {
            Value::Null
        };
        assert_eq!(stage.keyring().secrets(), left);
        let printed = stage
            .runs(["key", "print", "openai"])
            .shows_key()
            .code(0)
            .run();
        assert_eq!(printed.stdout.trim_end(), mine);
    }
}

#[test]
fn taking_back_a_change_of_the_file_copies_nothing_out_of_the_keychain() {
    for is_gone_already in [false, true] {
        let Some(stage) = stage(Store::Keychain) else {
            return;
        };
        let [mine, new] = ["mine", "new"].map(|name| stage.good_key(OPENROUTER, name));
        let file = format!("OPENAI_API_KEY: {mine}\n");
        stage.home.write_secrets(&file);
        // A session without the keychain, where goose reads the file.
        stage
            .sets_up(OPENROUTER, &new)
            .args(["--model", OPENROUTER.model])
            .without_env("DBUS_SESSION_BUS_ADDRESS")
            .code(0)
            .run();
        if is_gone_already {
            stage.home.write_secrets(&file);
        }
        let kept = stage.good_key(GROQ, "kept");
        let item = json!({"GROQ_API_KEY": kept, "OPENROUTER_API_KEY": mine});
        stage.keyring().store(&item.to_string());
        let said = undo(&stage);
        assert_eq!(
            stage.home.read(".config/goose/secrets.yaml"),
            file,
            "{said}"
        );
        assert_eq!(stage.keyring().secrets(), item);
        assert_eq!(stage.home.config(), CONFIG);
        assert!(stage.home.files_with(&kept).is_empty());
    }
}

/// The real goose rewrites its whole config, without comments and with all its extensions.
fn goose_rewrites_its_config(stage: &Stage, goose: &Goose) {
    let said = goose.writes_config(&stage.home);
    assert!(stage.home.config().contains("extensions"), "{said}");
}

#[test]
fn what_the_real_goose_wrote_since_stays_and_ours_goes() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let stage = server();
    let old = stage.has(OPENAI);
    let new = stage.has(OPENROUTER);
    goose_rewrites_its_config(&stage, &goose);
    stage.assert_goose_uses(&goose, OPENROUTER, &new, OPENROUTER.model);
    let said = undo(&stage);
    let config = stage.home.config_yaml();
    assert_eq!(config["active_provider"], "openai", "{said}");
    assert!(config["providers"].get("openrouter").is_none(), "{said}");
    assert_eq!(config["GOOSE_MODE"], "approve");
    assert!(config["extensions"].is_mapping());
    assert!(
        stage.home.files_with(&new).is_empty(),
        "the new key is gone"
    );
    stage.assert_goose_uses(&goose, OPENAI, &old, OPENAI.model);
}

#[test]
fn a_key_that_somebody_changed_since_stays_and_is_named() {
    let stage = server();
    let first = stage.has(OPENROUTER);
    let second = stage.good_key(OPENROUTER, "second");
    key_set(&stage, &second).code(0).run();
    let mine = stage.good_key(OPENROUTER, "mine");
    let text = stage.home.read(".config/goose/secrets.yaml");
    stage
        .home
        .write(".config/goose/secrets.yaml", text.replace(&second, &mine));
    let now = stage.home.tree();
    let plan = stage.runs(["undo", "--dry-run"]).code(0).run();
    assert!(plan.stdout.contains("was changed since"), "{plan}");
    // A yes to taking it back is no yes to forgetting the key that it replaced.
    let said = stage.runs(["undo", "--yes", "--json"]).code(7).run();
    let error = &said.json()["error"];
    assert_eq!(error["kind"], "overwritten", "{said}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("OPENROUTER_API_KEY was changed since"),
        "{said}"
    );
    now.assert_same(&stage.home.tree());

    let person = |answer: &str| {
        let mut person = Person::at(&stage.home, (30, 110), &["undo"]);
        person.sees("OPENROUTER_API_KEY was changed since");
        person.sees("what it replaced?");
        person.types(answer);
        person.leaves()
    };
    assert_eq!(person("n"), 130);
    assert!(!stage.home.files_with(&first).is_empty());
    assert_eq!(person("y"), 0);
    // And what was kept for this change is gone with it.
    assert!(stage.home.files_with(&first).is_empty());
    assert_eq!(
        stage.home.secrets_yaml()["OPENROUTER_API_KEY"],
        mine.as_str()
    );
    let list = stage.runs(["undo", "--list", "--json"]).code(0).run();
    assert_eq!(list.json()["entries"].as_array().unwrap().len(), 1);
}

fn a_replaced_key_is_kept_aside(store: Store) {
    let Some(stage) = stage(store) else { return };
    let old = stage.has(OPENROUTER);
    let new = stage.good_key(OPENROUTER, "new");
    key_set(&stage, &new).code(0).run();
    match store {
        Store::File => {
            let kept = PathBuf::from(".local/state/goose-setup/former-secrets.json");
            assert_eq!(stage.home.files_with(&old), std::slice::from_ref(&kept));
            assert_eq!(stage.home.mode(&stage.home.path().join(kept)), 0o600);
        }
        Store::Keychain => {
            assert!(stage.home.files_with(&old).is_empty());
            let item = stage.keyring().lookup(&FORMER).unwrap();
            assert!(item.contains(&old) && !item.contains(&new));
        }
    }
    for file in stage.home.files_with(&new) {
        assert_eq!(file, Path::new(".config/goose/secrets.yaml"));
    }
    let said = stage.runs(["undo", "--forget", "--yes"]).code(0).run();
    assert!(said.stdout.contains("2 changes are forgotten"), "{said}");
    assert!(stage.home.files_with(&old).is_empty());
    if store == Store::Keychain {
        assert_eq!(stage.keyring().lookup(&FORMER), None);
    }
    stage.runs(["undo", "--yes"]).code(2).run();
    stage.runs(["undo", "--forget", "--yes"]).code(0).run();
}

#[test]
fn a_replaced_key_is_kept_aside_for_its_owner_alone_until_it_is_forgotten() {
    a_replaced_key_is_kept_aside(Store::File);
}

#[test]
fn a_key_replaced_in_the_keychain_is_kept_in_the_keychain() {
    a_replaced_key_is_kept_aside(Store::Keychain);
}

/// Makes every change this much older.
fn days_pass(stage: &Stage, days: u64) {
    let folder = stage.home.path().join(".local/state/goose-setup/history");
    let former = stage
        .home
        .path()
        .join(".local/state/goose-setup/former-secrets.json");
    let mut kept = std::fs::read_to_string(&former).unwrap_or_default();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let made = id.parse::<u64>().unwrap() - days * 24 * 60 * 60 * 1_000_000;
        let older = format!("{made:020}");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            folder.join(format!("{older}.json")),
            text.replace(&id, &older),
        )
        .unwrap();
        std::fs::remove_file(path).unwrap();
        kept = kept.replace(&id, &older);
    }
    if !kept.is_empty() {
        std::fs::write(former, kept).unwrap();
    }
}

#[test]
fn after_seven_days_a_change_stays_and_the_next_one_drops_what_was_kept_for_it() {
    let stage = server();
    stage.has(OPENAI);
    let old = stage.has(OPENROUTER);
    let new = stage.good_key(OPENROUTER, "new");
    key_set(&stage, &new).code(0).run();
    days_pass(&stage, 6);
    let list = |stage: &Stage| {
        let said = stage.runs(["undo", "--list", "--json"]).code(0).run();
        said.json()["entries"].as_array().unwrap().len()
    };
    assert_eq!(list(&stage), 3);
    days_pass(&stage, 1);
    assert_eq!(list(&stage), 0);
    stage.runs(["undo", "--yes"]).code(2).run();
    // The way back to the provider before is no secret, and stays open.
    stage.runs(["switch", "-"]).code(0).run();
    assert_eq!(stage.home.config_yaml()["active_provider"], "openai");
    assert!(stage.home.files_with(&old).is_empty());
    assert_eq!(list(&stage), 1);
}

#[test]
fn after_seven_days_a_command_that_only_reads_forgets_the_replaced_key_and_not_the_way_back() {
    let stage = server();
    stage.has(OPENAI);
    let old = stage.has(OPENROUTER);
    let new = stage.good_key(OPENROUTER, "new");
    key_set(&stage, &new).code(0).run();
    days_pass(&stage, 8);
    assert!(!stage.home.files_with(&old).is_empty());
    let before = stage.home.tree();
    stage.runs(["doctor"]).run();
    before.assert_same(&stage.home.tree());
    stage.runs(["status"]).code(0).run();
    assert!(stage.home.files_with(&old).is_empty());
    let settled = stage.home.tree();
    stage.runs(["status"]).code(0).run();
    settled.assert_same(&stage.home.tree());
    stage.runs(["switch", "-"]).code(0).run();
    assert_eq!(stage.home.config_yaml()["active_provider"], "openai");
}

/// A change of a key in the keychain that was killed before it was made or taken back.
fn interrupted() -> Option<Stage> {
    let stage = stage(Store::Keychain)?;
    stage.has(OPENAI);
    stage.has(OPENROUTER);
    let new = stage.good_key(OPENROUTER, "new");
    key_set(&stage, &new).code(0).run();
    let folder = stage.home.path().join(".local/state/goose-setup");
    let newest = std::fs::read_dir(folder.join("history"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max();
    std::fs::rename(newest.unwrap(), folder.join("journal.json")).unwrap();
    Some(stage)
}

#[test]
fn an_interrupted_change_that_waits_for_the_keychain_says_so_and_goes_on_when_it_is_back() {
    let Some(stage) = interrupted() else { return };
    stage.keyring().hang();
    let said = stage.runs(["switch", "openai", "--json"]).code(5).run();
    let error = &said.json()["error"];
    assert_eq!(error["kind"], "interrupted", "{said}");
    for words in ["replace the key of OpenRouter", "does not answer"] {
        assert!(error["message"].to_string().contains(words), "{said}");
    }
    let action = error["action"].as_str().unwrap();
    assert!(
        action.contains("undo --forget") && !action.contains("--store file"),
        "{said}"
    );
    assert!(said.stderr.contains("waiting for the keychain"), "{said}");
    stage.keyring().wake();
    let said = stage.runs(["switch", "openai"]).code(0).run();
    assert!(said.stderr.contains("finished now"), "{said}");
}

#[test]
fn an_interrupted_change_whose_keychain_never_comes_back_can_be_given_up() {
    for way_out in [
        ["undo", "--forget", "--yes"].as_slice(),
        &["remove-all", "--yes"],
    ] {
        let Some(mut stage) = interrupted() else {
            return;
        };
        stage
            .home
            .set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        let install = ["env", "--install", "--yes"];
        let said = stage.runs(install).code(5).run();
        assert!(said.stderr.contains("interrupted"), "{said}");
        let said = stage.runs(way_out).run();
        assert!(said.stderr.contains("it is given up"), "{said}");
        stage.runs(install).code(0).run();
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_change_which_change_is_the_last() {
    let stage = server();
    stage.has(OPENAI);
    let folder = stage.home.path().join(".local/state/goose-setup/history");
    let path = std::fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let later = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
    let text = std::fs::read_to_string(&path).unwrap();
    let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let ahead = format!("{:020}", later.as_micros());
    std::fs::write(
        folder.join(format!("{ahead}.json")),
        text.replace(&id, &ahead),
    )
    .unwrap();
    std::fs::remove_file(path).unwrap();
    stage.has(OPENROUTER);
    let said = undo(&stage);
    assert!(said.stdout.contains("OpenRouter"), "{said}");
    assert_eq!(stage.home.config_yaml()["active_provider"], "openai");
}

#[test]
fn after_an_undo_the_dash_means_the_provider_before_the_one_that_is_back() {
    let stage = server();
    for provider in [GROQ, OPENAI, OPENROUTER] {
        stage.has(provider);
    }
    let active = || stage.home.config_yaml()["active_provider"].clone();
    undo(&stage);
    assert_eq!(active(), "openai");
    stage.runs(["switch", "-"]).code(0).run();
    assert_eq!(active(), "groq");
    undo(&stage);
    assert_eq!(active(), "openai");
    undo(&stage);
    assert_eq!(active(), "groq");
    let said = stage.runs(["switch", "-"]).code(2).run();
    assert!(said.stderr.contains("no previous provider"), "{said}");
}

#[test]
fn a_step_that_fails_in_the_middle_takes_the_ones_before_it_back_and_says_so() {
    let mut stage = Stage::on_a_server();
    stage.home.set("SHELL", "/bin/bash");
    stage.home.write(".config/goose/config.yaml", CONFIG);
    // Can be read and not be replaced, also by root.
    std::os::unix::fs::symlink("/proc/version", stage.home.path().join(".bashrc")).unwrap();
    let old = stage.has(OPENROUTER);
    let before = facts(&stage, Store::File);
    let new = stage.good_key(OPENROUTER, "new");
    let said = stage
        .sets_up(OPENROUTER, &new)
        .args(["--model", OPENROUTER.other_model, "--shell-env", "--json"])
        .code(7)
        .run();
    assert_eq!(said.json()["error"]["kind"], "rolled-back", "{said}");
    assert!(
        said.stdout.contains("everything is back as it was"),
        "{said}"
    );
    assert_eq!(facts(&stage, Store::File), before);
    assert!(stage.home.files_with(&new).is_empty());
    assert_eq!(
        stage.home.files_with(&old),
        [Path::new(".config/goose/secrets.yaml")]
    );
    let state = stage.home.path().join(".local/state/goose-setup");
    assert!(!state.join("journal.json").exists());
    assert_eq!(std::fs::read_dir(state.join("history")).unwrap().count(), 1);
}

/// A home whose files are links into a folder of dotfiles, where none of them is so far.
fn linked() -> Stage {
    let mut stage = Stage::on_a_server();
    stage.home.set("SHELL", "/bin/zsh");
    stage.home.write("dotfiles/README", "mine");
    stage.home.write(".config/goose/.keep", "");
    for (link, target) in LINKS {
        std::os::unix::fs::symlink(target, stage.home.path().join(link)).unwrap();
    }
    stage
}

const LINKS: [(&str, &str); 3] = [
    (".config/goose/config.yaml", "../../dotfiles/config.yaml"),
    (".config/goose/secrets.yaml", "../../dotfiles/secrets.yaml"),
    (".zshrc", "dotfiles/zshrc"),
];

/// The links are as they were, and nothing of ours is behind them.
#[track_caller]
fn assert_links_lead_nowhere(stage: &Stage, said: &Outcome) {
    for (link, target) in LINKS {
        let link = stage.home.path().join(link);
        assert_eq!(
            std::fs::read_link(&link).ok(),
            Some(target.into()),
            "{said}"
        );
    }
    let folder = std::fs::read_dir(stage.home.path().join("dotfiles")).unwrap();
    let mut left: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
    // goose, too, makes its lock beside the real file and leaves it there.
    left.retain(|name| name != "secrets.yaml.lock");
    assert_eq!(left, ["README"], "{said}");
}

#[test]
fn what_was_made_behind_a_link_goes_and_the_link_stays() {
    let stage = linked();
    stage.has(OPENROUTER);
    assert_links_lead_nowhere(&stage, &undo(&stage));

    stage.has(OPENROUTER);
    stage.runs(["env", "--install", "--yes"]).code(0).run();
    assert!(stage.home.path().join("dotfiles/zshrc").exists());
    stage.runs(["env", "--remove", "--yes"]).code(0).run();
    assert!(!stage.home.path().join("dotfiles/zshrc").exists());
    undo(&stage);
    undo(&stage);
    assert_links_lead_nowhere(&stage, &undo(&stage));

    // The same where a later step fails: this one can be read and not be replaced, also by root.
    let rc = stage.home.path().join(".bashrc");
    std::os::unix::fs::symlink("/proc/version", rc).unwrap();
    let key = stage.good_key(OPENROUTER, "new");
    let said = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--shell-env"])
        .env("SHELL", "/bin/bash")
        .code(7)
        .run();
    assert_links_lead_nowhere(&stage, &said);
}

fn nothing_of_ours_is_left(store: Store) {
    let Some(stage) = stage(store) else { return };
    a_history(&stage, store);
    let now = stage.home.tree();
    stage.runs(["remove-all", "--dry-run"]).code(0).run();
    now.assert_same(&stage.home.tree());
    let before = facts(&stage, store);
    stage.runs(["remove-all", "--yes"]).code(0).run();
    let after = facts(&stage, store);
    assert_eq!(
        after.files,
        [before.files[0].clone(), Some(RC.into()), None]
    );
    assert_eq!(after.secrets, before.secrets);
    assert_eq!(stage.home.files_with("goose-setup"), Vec::<PathBuf>::new());
    for folder in [".config/goose-setup", ".local/state/goose-setup"] {
        assert!(!stage.home.path().join(folder).exists(), "{folder}");
    }
    if store == Store::Keychain {
        assert_eq!(stage.keyring().lookup(&FORMER), None);
    }
    let said = stage.runs(["remove-all", "--yes"]).code(0).run();
    assert!(
        said.stdout.contains("nothing of goose-setup is here"),
        "{said}"
    );
}

#[test]
fn leaving_takes_every_trace_away_and_leaves_goose_as_it_is() {
    nothing_of_ours_is_left(Store::File);
}

#[test]
fn leaving_takes_our_item_out_of_the_keychain_too() {
    nothing_of_ours_is_left(Store::Keychain);
}
