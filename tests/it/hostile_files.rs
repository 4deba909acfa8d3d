//! Files, links and environments of somebody who means no good: refused or contained, with words.

use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::stage::Stage;
use crate::world::tools::announce;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::time::Duration;

#[test]
fn a_config_that_would_fill_the_memory_is_refused_in_time() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![below; 10].join(", ")
        ));
    }
    let deep = format!("a: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let maps = format!("a: {}1{}\n", "{a: ".repeat(5_000), "}".repeat(5_000));
    let steps = format!("a:\n  {}1\n", "- ".repeat(20_000));
    let huge = "a: b\n# ".to_owned() + &"x".repeat(17 << 20);
    for (name, text, code) in [
        ("an alias bomb", bomb, 6),
        ("a deep list", deep, 6),
        ("deep maps", maps, 6),
        ("deep steps", steps, 6),
        ("more than 16 MiB", huge, 1),
    ] {
        let stage = Stage::on_a_server();
        stage.home.write_config(&text);
        stage.home.write_secrets(&format!(
            "OPENROUTER_API_KEY: '{}'\n",
            OPENROUTER.key("stored")
        ));
        let before = stage.home.tree();
        for args in [["switch", "openrouter"], ["status", "--json"]] {
            let told = stage.runs(args).within(Duration::from_secs(10)).run();
            assert_eq!(told.code, code, "{name}: {told}");
            assert!(format!("{told}").contains("config.yaml"), "{name}: {told}");
        }
        let told = stage
            .runs(["doctor", "--json"])
            .code(10)
            .within(Duration::from_secs(10))
            .run();
        assert!(told.stdout.contains("config-broken"), "{name}: {told}");
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn a_config_of_ten_megabytes_is_changed_in_time() {
    let stage = Stage::on_a_server();
    let text = format!(
        "GOOSE_DISABLE_KEYRING: true\n{}",
        "# a line that says nothing at all\n".repeat(300_000)
    );
    assert!(text.len() > 10_000_000);
    stage.home.write_config(&text);
    stage.home.write_secrets(&format!(
        "OPENROUTER_API_KEY: '{}'\n",
        OPENROUTER.key("stored")
    ));
    stage
        .runs(["switch", "openrouter", "--model", "m"])
        .code(0)
        .within(Duration::from_secs(55))
        .run();
    assert!(stage.home.config().starts_with(&text[..1000]));
    assert_eq!(stage.home.config_yaml()["active_provider"], OPENROUTER.id);
}

#[test]
fn under_sudo_nothing_is_written_into_the_home_of_another() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    chown(stage.home.path(), Some(12345), None).unwrap();
    let before = stage.home.tree();
    let told = stage
        .runs(["switch", "openrouter", "--model", "another/model"])
        .env("SUDO_USER", "ann")
        .code(2)
        .run();
    assert!(
        told.stderr.contains("sudo") && told.stderr.contains("ann"),
        "{told}"
    );
    before.assert_same(&stage.home.tree());
    let told = stage
        .runs(["doctor", "--json"])
        .env("SUDO_USER", "ann")
        .code(10)
        .run();
    assert!(told.stdout.contains("sudo-home"), "{told}");
    // A container's root with a mounted home is nobody's sudo.
    stage
        .runs(["switch", "openrouter", "--model", "another/model"])
        .code(0)
        .run();
}

/// A folder in which everybody can make files, as /tmp.
fn shared(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o1777)).unwrap();
}

const STRANGER: Option<u32> = Some(12345);

#[test]
fn a_link_that_a_stranger_laid_where_we_write_leads_nowhere() {
    // Only root can make a file that belongs to somebody else.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let trapped = [
        "config/config.yaml",
        "config/secrets.yaml",
        "config/secrets.yaml.lock",
        "goose-setup/state/lock",
        "goose-setup/state/journal.json",
        "goose-setup/state/former-secrets.json",
        "goose-setup/config/env.sh",
    ];
    for name in trapped {
        for is_there in [true, false] {
            let mut stage = Stage::on_a_server();
            stage.home.set("SHELL", "/bin/bash");
            let root = stage.home.path().join("shared");
            for folder in [
                "",
                "config",
                "goose-setup",
                "goose-setup/state",
                "goose-setup/config",
            ] {
                shared(&root.join(folder));
            }
            stage.home.set("GOOSE_PATH_ROOT", root.to_str().unwrap());
            let key = stage.good_key(OPENROUTER, "mine");
            let other = stage.good_key(OPENROUTER, "other");
            let set_up = |key: &str| {
                stage
                    .sets_up(OPENROUTER, key)
                    .args(["--model", OPENROUTER.model, "--shell-env"])
            };
            if name.contains("former") {
                // It only counts once there is a key to replace.
                set_up(&other).code(0).run();
            }
            let victim = stage.home.path().join("victim");
            if is_there {
                fs::write(&victim, "{}").unwrap();
            }
            let link = root.join(name);
            drop(fs::remove_file(&link));
            symlink(&victim, &link).unwrap();
            lchown(&link, STRANGER, None).unwrap();
            let outcome = set_up(&key).run();
            assert_ne!(outcome.code, 0, "{name}: {outcome}");
            let last = Path::new(name).file_name().unwrap().to_str().unwrap();
            assert!(outcome.stderr.contains(last), "{name}: {outcome}");
            let now = fs::read_to_string(&victim).ok();
            assert_eq!(
                now.as_deref(),
                is_there.then_some("{}"),
                "{name}: {outcome}"
            );
            let kept = stage.home.files_with(&key);
            assert!(kept.is_empty(), "{name}: {kept:?}");
        }
    }
    announce(&format!(
        "{0} of {0} links laid by strangers lead nowhere",
        trapped.len() * 2
    ));
}

#[test]
fn a_change_that_a_stranger_wrote_down_is_not_finished() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut stage = Stage::on_a_server();
    let root = stage.home.path().join("shared");
    shared(&root);
    stage.home.set("GOOSE_PATH_ROOT", root.to_str().unwrap());
    let key = stage.good_key(OPENROUTER, "mine");
    let victim = stage.home.path().join(".bashrc");
    fs::write(&victim, "alias a=b\n").unwrap();
    let journal = serde_json::json!({
        "id": "00000000000000000001", "made": {"secs": 1, "nanos": 0}, "title": "evil",
        "former_provider": null, "undoes": null, "secrets": null, "commit_point": null,
        "files": [{"path": victim, "before": "alias a=b\n", "after": "evil\n", "private": false}],
    });
    let state = root.join("goose-setup/state");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("journal.json"), journal.to_string()).unwrap();
    let set_up = || {
        stage
            .sets_up(OPENROUTER, &key)
            .args(["--model", OPENROUTER.model])
    };
    for path in [
        root.join("goose-setup"),
        state.clone(),
        state.join("journal.json"),
    ] {
        chown(path, STRANGER, None).unwrap();
    }
    let refused = set_up().run();
    assert_ne!(refused.code, 0, "{refused}");
    assert!(refused.stderr.contains("another user"), "{refused}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "alias a=b\n");
    // Were it ours, it would be.
    chown(state.join("journal.json"), Some(0), None).unwrap();
    set_up().code(0).run();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "evil\n");
}

#[test]
fn whoever_else_can_change_where_the_keys_go_is_named_before_a_key_is_stored() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let folder = stage.home.path().join(".config/goose");
    let new = stage.good_key(OPENROUTER, "new");
    let runs = |words: &str| {
        let set = stage.runs(["key", "set", "openrouter", "--key-stdin", "--yes"]);
        let set = set.stdin(new.as_str()).code(0).run();
        let switched = stage.runs(["switch", "anthropic", "--json"]).code(0).run();
        for told in [set, switched] {
            assert_eq!(
                told.stderr.contains("can change where goose"),
                !words.is_empty(),
                "{told}"
            );
            assert!(told.stderr.contains(words), "{told}");
        }
    };
    runs("");
    stage.home.set_mode(&folder, 0o777);
    runs("chmod go-w ");
    stage.home.set_mode(&folder, 0o755);
    stage.home.set_mode(&stage.home.config_file(), 0o666);
    runs("config.yaml can be written by others (mode 666)");
    stage.home.set_mode(&stage.home.config_file(), 0o644);
    if chown(stage.home.config_file(), STRANGER, None).is_ok() {
        runs("belongs to another user (12345)");
    }
}

#[test]
fn nothing_in_a_file_steers_the_terminal() {
    const EVIL: &str = "\u{1b}]52;c;cm0gLXJm\u{7}\u{9b}2J\u{202e}evil\u{2066}\r\u{1b}[2J";
    let is_calm =
        |text: &str| !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\r']);
    let stage = Stage::on_a_server();
    let key = stage.has(OPENROUTER);
    let quoted = serde_json::to_string(EVIL).unwrap();
    stage.home.write_config(format!(
        "active_provider: {quoted}\nproviders:\n  {quoted}: {{enabled: true, model: {quoted}, configured: true}}\n  openrouter: {{enabled: true, model: {quoted}, configured: true}}\nGOOSE_DISABLE_KEYRING: true\nOPENROUTER_PARAMETERS: {{models: [{quoted}]}}\n"
    ));
    stage.home.write_secrets(&format!(
        "OPENROUTER_API_KEY: '{key}'\n{quoted}: {quoted}\n"
    ));
    let mut count = 0;
    for args in [
        &["status"][..],
        &["providers"],
        &["doctor"],
        &["limits", "--all"],
        &["check", "--all"],
        &["models", "openrouter"],
        &["fallback"],
        &["switch", "openrouter", "--dry-run"],
        &["switch", EVIL],
        &["key", "set", EVIL, "--yes"],
        &["undo", "--list"],
        &["custom", EVIL, "--yes"],
    ] {
        for more in [&[][..], &["--json"]] {
            let told = stage.runs(args).args(more).run();
            assert!(
                is_calm(&told.stdout) && is_calm(&told.stderr),
                "{args:?}: {told:?}"
            );
            count += 1;
        }
    }
    announce(&format!("{count} of {count} outputs steer no terminal"));
}
