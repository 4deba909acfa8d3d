//! `doctor`: every finding has a home in which it is true, and the real goose is asked whether it matters there.

use crate::world::answers;
use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::http::Answer;
use crate::world::provider::{ANTHROPIC, DEEPSEEK, GROQ, OPENAI, OPENROUTER, Provider};
use crate::world::run::{Outcome, Setup};
use crate::world::stage::{Stage, Store};
use crate::world::tools::{self, announce};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::time::Duration;

/// What the real goose does in the home of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    /// Not as it was set up.
    Wrong,
    /// As it was set up; the finding is about what comes later, or about others.
    Well,
    /// There is no goose to ask.
    Unasked,
}

struct Case {
    /// The ids that doctor reports, the one in question first.
    ids: &'static [&'static str],
    /// What its sentence names.
    names: &'static [&'static str],
    provider: Provider,
    store: Store,
    spoil: fn(&mut Stage),
    goose: Goes,
}

impl Case {
    fn new(
        ids: &'static [&'static str],
        names: &'static [&'static str],
        goose: Goes,
        spoil: fn(&mut Stage),
    ) -> Self {
        Self {
            ids,
            names,
            provider: OPENROUTER,
            store: Store::File,
            spoil,
            goose,
        }
    }

    fn of(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    fn on_a_desktop(self) -> Self {
        Self {
            store: Store::Keychain,
            ..self
        }
    }
}

/// A machine on which everything is as it should be, and the key that is set up there.
fn healthy(goose: &Goose, provider: Provider, store: Store) -> Option<(Stage, String)> {
    let mut stage = Stage::with(store)?;
    stage.home = stage.home.with_goose(goose);
    let key = stage.has(provider);
    Some((stage, key))
}

fn goose_goes_well(goose: &Goose, stage: &Stage, provider: Provider, key: &str) -> bool {
    stage.internet.clear();
    let said = goose
        .start(&stage.home)
        .env("GOOSE_PROVIDER_SKIP_BACKOFF", "true")
        .run();
    let chats = stage.internet.chats();
    said.stdout.contains(MARKER)
        && chats.iter().all(|chat| {
            chat.host == provider.host
                && chat.key() == Some(key)
                && chat.model().as_deref() == Some(provider.model)
        })
}

/// Runs it, and sees to it that nothing was written, no token spent and no time wasted.
#[track_caller]
fn examine(stage: &Stage) -> (Outcome, Vec<Value>) {
    stage.internet.clear();
    let before = stage.home.tree();
    let outcome = stage
        .runs(["doctor", "--json"])
        .within(Duration::from_secs(20))
        .run();
    before.assert_same(&stage.home.tree());
    assert!(stage.internet.chats().is_empty(), "a chat request");
    let answer = outcome.json();
    let home = stage.home.path().to_str().unwrap();
    assert!(
        !outcome.stdout.contains(home),
        "not fit for a bug report: {outcome}"
    );
    assert_eq!(answer["schema"], "goose-setup/doctor/1");
    let findings = answer["findings"].as_array().unwrap().clone();
    assert_eq!(
        outcome.code,
        if findings.is_empty() { 0 } else { 10 },
        "{outcome}"
    );
    for finding in &findings {
        assert!(["error", "warning"].contains(&finding["severity"].as_str().unwrap()));
        assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
        assert!(finding["fixable"].is_boolean());
    }
    (outcome, findings)
}

#[track_caller]
fn ids(findings: &[Value]) -> BTreeSet<&str> {
    findings
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect()
}

fn holds(cases: Vec<Case>) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let mut count = 0;
    for case in cases {
        let id = case.ids[0];
        let Some((mut stage, key)) = healthy(&goose, case.provider, case.store) else {
            continue;
        };
        (case.spoil)(&mut stage);
        let (outcome, findings) = examine(&stage);
        assert_eq!(
            ids(&findings),
            case.ids.iter().copied().collect(),
            "{id}: {outcome}"
        );
        let told = findings.iter().find(|finding| finding["id"] == id).unwrap();
        let sentence = format!(
            "{} → {}",
            told["what"].as_str().unwrap(),
            told["fix"].as_str().unwrap()
        );
        for name in case.names {
            assert!(
                sentence.contains(name),
                "{id}: {name} is not named: {sentence}"
            );
        }
        if case.goose != Goes::Unasked {
            let well = goose_goes_well(&goose, &stage, case.provider, &key);
            assert_eq!(
                well,
                case.goose == Goes::Well,
                "{id}: goose is the judge\n{:#?}",
                stage.internet.requests()
            );
        }
        if told["fixable"] == true {
            let fixed = stage.runs(["doctor", "--fix", "--yes"]).code(0).run();
            assert!(fixed.stdout.contains("mended"), "{id}: {fixed}");
            let (after, findings) = examine(&stage);
            assert!(findings.is_empty(), "{id}: {after}");
        }
        count += 1;
    }
    announce(&format!(
        "{count} findings, each in a home where it is true"
    ));
}

/// What OpenRouter answers to every chat.
fn chats_fail(stage: &Stage, code: u16, message: &str) {
    let body = json!({"error": {"code": code, "message": message}});
    let answer = Answer::json(code, &body);
    stage
        .internet
        .answers(OPENROUTER.host, "/api/v1/chat/completions", answer);
}

fn secrets(stage: &Stage, text: &str) {
    stage.home.write_secrets(text);
}

fn custom(name: &str, url: &str) -> String {
    json!({"name": name, "engine": "openai", "display_name": "Mine", "base_url": url,
        "api_key_env": "OPENROUTER_API_KEY", "models": [{"name": OPENROUTER.model, "context_limit": 8192}]})
    .to_string()
}

fn script(stage: &mut Stage, text: &str) {
    stage
        .home
        .write("bin/goose", format!("#!/bin/sh\n{text}\n"));
    let path = stage.home.path().join("bin/goose");
    stage.home.set_mode(&path, 0o755);
    let folder = path.parent().unwrap().display().to_string();
    stage.home.set("PATH", &format!("{folder}:/usr/bin:/bin"));
}

#[test]
fn a_goose_that_does_not_start_is_found() {
    holds(vec![
        Case::new(&["goose-missing"], &["install"], Goes::Unasked, |stage| {
            stage.home.set("PATH", "/usr/bin:/bin");
        }),
        Case::new(
            &["goose-old"],
            &["1.30.0", "goose update"],
            Goes::Unasked,
            |stage| {
                script(stage, "echo ' 1.30.0'");
            },
        ),
        Case::new(&["goose-silent"], &["bin/goose"], Goes::Unasked, |stage| {
            script(stage, "exec sleep 600");
        }),
        Case::new(&["goose-silent"], &["bin/goose"], Goes::Unasked, |stage| {
            script(stage, "sleep 30 & echo");
        }),
    ]);
}

#[test]
fn a_file_that_goose_cannot_use_is_found() {
    holds(vec![
        Case::new(
            &["config-broken"],
            &["config.yaml:3:1"],
            Goes::Wrong,
            |stage| {
                stage.home.write_config("a: 1\nb: [\n");
            },
        ),
        Case::new(
            &["secrets-broken"],
            &["secrets.yaml:2:1"],
            Goes::Wrong,
            |stage| {
                let key = stage.good_key(OPENROUTER, "stored");
                secrets(stage, &format!("OPENROUTER_API_KEY: \"{key}\n"));
            },
        ),
        Case::new(
            &["custom-broken"],
            &["custom_providers/mine.json:2", "drops all its bundled"],
            Goes::Wrong,
            |stage| {
                stage.home.write(
                    ".config/goose/custom_providers/mine.json",
                    "{\"name\": \"mine\",\n oops}",
                );
            },
        )
        .of(DEEPSEEK),
        Case::new(
            &["custom-shadows"],
            &["custom_providers/mine.json", "openrouter"],
            Goes::Wrong,
            |stage| {
                let url = stage.internet.local(OPENAI);
                let text = custom("openrouter", &url);
                stage
                    .home
                    .write(".config/goose/custom_providers/mine.json", text);
            },
        ),
        Case::new(
            &["config-misnamed", "no-provider"],
            &["config.yml", "mv "],
            Goes::Wrong,
            |stage| {
                let config = stage.home.config_file();
                fs::rename(&config, config.with_extension("yml")).unwrap();
                stage.home.set("GOOSE_DISABLE_KEYRING", "1");
            },
        ),
        Case::new(
            &["secrets-misnamed", "key-missing"],
            &["secrets.yml", "mv "],
            Goes::Wrong,
            |stage| {
                let secrets = stage.home.secrets_file();
                fs::rename(&secrets, secrets.with_extension("yml")).unwrap();
                stage.home.plants(".config/goose/secrets.yml");
            },
        ),
        Case::new(&["no-provider"], &["goose-setup"], Goes::Wrong, |stage| {
            stage.home.write_config("GOOSE_DISABLE_KEYRING: true\n");
        }),
        Case::new(&["no-model"], &["without a model"], Goes::Wrong, |stage| {
            stage.home.write_config(
                "active_provider: openrouter\nproviders:\n  openrouter: {enabled: true, configured: true}\nGOOSE_DISABLE_KEYRING: true\n",
            );
        }),
        Case::new(
            &["flat-leftovers"],
            &["GOOSE_PROVIDER and GOOSE_MODEL", "next write"],
            Goes::Well,
            |stage| {
                let flat = format!(
                    "{}GOOSE_PROVIDER: openrouter\nGOOSE_MODEL: m\n",
                    stage.home.config()
                );
                stage.home.write_config(flat);
            },
        ),
        Case::new(
            &["key-doomed"],
            &["my_tool_configured", "next write", "rename"],
            Goes::Well,
            |stage| {
                let more = format!("{}my_tool_configured: 7\n", stage.home.config());
                stage.home.write_config(more);
            },
        ),
        Case::new(&["layer-broken"], &["more.yaml"], Goes::Well, |stage| {
            stage.home.write("more.yaml", "a: [\n");
            let more = stage.home.path().join("more.yaml").display().to_string();
            stage.home.set("GOOSE_ADDITIONAL_CONFIG_FILES", &more);
        }),
        Case::new(
            &["openrouter-parameters"],
            &["OPENROUTER_PARAMETERS", "JSON object"],
            Goes::Wrong,
            |stage| {
                let text = format!("{}OPENROUTER_PARAMETERS: '[1]'\n", stage.home.config());
                stage.home.write_config(text);
            },
        ),
        Case::new(
            &["openrouter-parameters"],
            &["unset OPENROUTER_PARAMETERS"],
            Goes::Wrong,
            |stage| {
                stage.home.set("OPENROUTER_PARAMETERS", "");
            },
        ),
    ]);
}

#[test]
fn a_key_that_goose_does_not_get_is_found() {
    holds(vec![
        Case::new(
            &["key-in-config", "key-missing"],
            &["OPENROUTER_API_KEY", "plain text"],
            Goes::Wrong,
            |stage| {
                let key = stage.good_key(OPENROUTER, "stored");
                secrets(stage, "{}\n");
                let text = format!("{}OPENROUTER_API_KEY: {key}\n", stage.home.config());
                stage.home.write_config(text);
            },
        ),
        Case::new(
            &["key-missing"],
            &["OPENROUTER_API_KEY"],
            Goes::Wrong,
            |stage| secrets(stage, "{}\n"),
        ),
        Case::new(&["key-not-text"], &["number"], Goes::Wrong, |stage| {
            stage.internet.knows(OPENROUTER, "12345678");
            secrets(stage, "OPENROUTER_API_KEY: 12345678\n");
        }),
        Case::new(
            &["keyring-off-by-any-value", "key-missing"],
            &["GOOSE_DISABLE_KEYRING=false"],
            Goes::Wrong,
            |stage| {
                stage.home.set("GOOSE_DISABLE_KEYRING", "false");
            },
        )
        .on_a_desktop(),
        Case::new(
            &["keychain"],
            &["keychain is locked", "unlock it"],
            Goes::Wrong,
            |stage| stage.keyring().lock(),
        )
        .on_a_desktop(),
        Case::new(&["account"], &["spending cap"], Goes::Wrong, |stage| {
            let spent = answers::openrouter_key(&json!(5), &json!(0), 5.0);
            let host = OPENROUTER.host;
            let key = Answer::json(200, &spent);
            stage.internet.answers(host, "/api/v1/key", key);
            chats_fail(stage, 402, "This request requires more credits");
        }),
        Case::new(&["key-refused"], &["OpenRouter"], Goes::Wrong, |stage| {
            let key = stage.good_key(OPENROUTER, "stored");
            stage.internet.forgets(OPENROUTER, &key);
            stage.internet.forgets(OPENROUTER, &key);
        }),
    ]);
}

#[test]
fn a_value_in_the_environment_is_found_with_the_line_that_sets_it() {
    fn set(stage: &mut Stage, file: &str, line: &str) {
        stage.home.write(file, format!("# mine\n{line}\n"));
        stage.home.set("GOOSE_MODEL", "another/model");
    }
    macro_rules! set_in {
        ($file:literal, $line:literal) => {
            Case::new(
                &["shadow"],
                &[concat!($file, ":2"), "GOOSE_MODEL", "unset GOOSE_MODEL"],
                Goes::Wrong,
                |stage| {
                    set(stage, $file, $line);
                },
            )
        };
    }
    holds(vec![
        set_in!(".bashrc", "export GOOSE_MODEL=another/model"),
        set_in!(".bash_profile", "declare -x GOOSE_MODEL=another/model"),
        set_in!(".zshenv", "typeset -x GOOSE_MODEL=another/model"),
        set_in!(
            ".config/fish/config.fish",
            "set -gx GOOSE_MODEL another/model"
        ),
        set_in!(
            ".config/fish/fish_variables",
            "SETUVAR --export GOOSE_MODEL:another/model"
        ),
        set_in!(
            ".config/environment.d/60-mine.conf",
            "GOOSE_MODEL=another/model"
        ),
        set_in!(
            ".config/fish/conf.d/mine.fish",
            "set -x GOOSE_MODEL another/model"
        ),
        Case::new(&["shadow"], &["work/.envrc:1"], Goes::Wrong, |stage| {
            stage
                .home
                .write("work/.envrc", "export GOOSE_MODEL=another/model\n");
            let folder = stage.home.path().join("work/deep").display().to_string();
            stage.home.set("PWD", &folder);
            stage.home.set("GOOSE_MODEL", "another/model");
        }),
        Case::new(&["shadow"], &["OPENROUTER_API_KEY"], Goes::Wrong, |stage| {
            let other = stage.good_key(OPENROUTER, "another");
            stage.home.set("OPENROUTER_API_KEY", &other);
        }),
        Case::new(
            &["env-empty"],
            &["OPENROUTER_API_KEY", ".profile:2"],
            Goes::Wrong,
            |stage| {
                stage
                    .home
                    .write(".profile", "# mine\nexport OPENROUTER_API_KEY=\n");
                stage.home.set("OPENROUTER_API_KEY", "");
            },
        ),
        Case::new(
            &["env-padded"],
            &["OPENROUTER_API_KEY", "blanks"],
            Goes::Wrong,
            |stage| {
                let key = stage.good_key(OPENROUTER, "stored");
                stage.home.set("OPENROUTER_API_KEY", &format!("{key}\n"));
            },
        ),
        Case::new(
            &["path-root"],
            &["GOOSE_PATH_ROOT", "absolute"],
            Goes::Well,
            |stage| {
                stage.home.set("GOOSE_PATH_ROOT", "goose-root");
            },
        ),
        Case::new(
            &["path-root", "no-provider"],
            &[
                "GOOSE_PATH_ROOT (set in ~/.bashrc:1)",
                "pass over ~/.config/goose/config.yaml",
            ],
            Goes::Wrong,
            |stage| {
                let root = stage.home.path().join("elsewhere").display().to_string();
                stage
                    .home
                    .write(".bashrc", format!("export GOOSE_PATH_ROOT={root}\n"));
                stage.home.set("GOOSE_PATH_ROOT", &root);
                stage.home.set("GOOSE_DISABLE_KEYRING", "1");
            },
        ),
    ]);
}

#[test]
fn files_that_others_can_get_at_are_found() {
    holds(vec![
        Case::new(
            &["secrets-open"],
            &["mode 644", "chmod 600"],
            Goes::Well,
            |stage| {
                stage.home.set_mode(&stage.home.secrets_file(), 0o644);
            },
        ),
        Case::new(
            &["config-open"],
            &["config.yaml", "mode 666", "chmod go-w"],
            Goes::Well,
            |stage| {
                stage.home.set_mode(&stage.home.config_file(), 0o666);
            },
        ),
        Case::new(
            &["config-open"],
            &[".config/goose", "mode 777"],
            Goes::Well,
            |stage| {
                stage
                    .home
                    .set_mode(&stage.home.path().join(".config/goose"), 0o777);
            },
        ),
        Case::new(
            &["config-open"],
            &["config.yaml", "mode 664"],
            Goes::Well,
            |stage| {
                // A group that others are in, too.
                drop(chown(stage.home.config_file(), None, Some(100)));
                stage.home.set_mode(&stage.home.config_file(), 0o664);
            },
        ),
        Case::new(
            &["config-open"],
            &["custom_providers/mine.json", "mode 666"],
            Goes::Well,
            |stage| {
                let file = ".config/goose/custom_providers/mine.json";
                stage
                    .home
                    .write(file, custom("mine", "https://llm.example.com"));
                stage.home.set_mode(&stage.home.path().join(file), 0o666);
            },
        ),
        Case::new(
            &["unreadable"],
            &["env.sh", "not a file"],
            Goes::Well,
            |stage| {
                let path = ".config/goose-setup/env.sh/folder";
                stage.home.write(path, "");
            },
        ),
        Case::new(
            &["config-linked-twice"],
            &["link to a link"],
            Goes::Well,
            |stage| {
                let config = stage.home.config_file();
                let at = |name: &str| stage.home.path().join(name);
                fs::rename(&config, at("real.yaml")).unwrap();
                symlink(at("real.yaml"), at("second.yaml")).unwrap();
                symlink(at("second.yaml"), &config).unwrap();
            },
        ),
        Case::new(&["secrets-travel"], &["git"], Goes::Well, |stage| {
            stage
                .home
                .write(".config/goose/.git/HEAD", "ref: refs/heads/main\n");
        }),
        Case::new(&["secrets-travel"], &["Dropbox"], Goes::Well, |stage| {
            let folder = stage.home.path().join(".config/goose");
            let elsewhere = stage.home.path().join("Dropbox/goose");
            fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
            fs::rename(&folder, &elsewhere).unwrap();
            symlink(&elsewhere, &folder).unwrap();
        }),
    ]);
}

#[test]
fn a_config_of_another_user_is_found() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    holds(vec![
        Case::new(
            &["config-foreign"],
            &["config.yaml", "another user (12345)"],
            Goes::Well,
            |stage| {
                chown(stage.home.config_file(), Some(12345), None).unwrap();
            },
        ),
        Case::new(&["sudo-home"], &["sudo", "ann"], Goes::Well, |stage| {
            chown(stage.home.path(), Some(12345), None).unwrap();
            stage.home.set("SUDO_USER", "ann");
        }),
    ]);
}

#[test]
fn trouble_on_the_way_to_the_provider_is_found() {
    fn model_list(tools: &[&str], id: &str) -> Answer {
        Answer::json(
            200,
            &json!({"data": [{"id": id, "name": id, "context_length": 8192,
            "pricing": {"prompt": "0.1", "completion": "0.1"}, "supported_parameters": tools}]}),
        )
    }
    holds(vec![
        Case::new(
            &["provider-unreachable"],
            &["proxy", "127.0.0.1:9"],
            Goes::Wrong,
            |stage| {
                stage.home.set("HTTPS_PROXY", "http://127.0.0.1:9");
            },
        ),
        Case::new(
            &["provider-unreachable"],
            &["certificate"],
            Goes::Wrong,
            |stage| {
                stage.internet.is_untrusted(OPENROUTER.host);
            },
        ),
        Case::new(
            &["network"],
            &["GOOSE_CA_CERT_PATH", "does not exist"],
            Goes::Wrong,
            |stage| {
                stage.home.set("GOOSE_CA_CERT_PATH", "/nowhere/ca.pem");
            },
        ),
        Case::new(
            &["clock"],
            &["ahead", "set the clock"],
            Goes::Well,
            |stage| {
                let key = Answer::json(
                    200,
                    &answers::openrouter_key(&json!(null), &json!(null), 1.0),
                );
                stage.internet.answers(
                    OPENROUTER.host,
                    "/api/v1/key",
                    key.with("date", "Mon, 01 Jan 2024 00:00:00 GMT"),
                );
            },
        ),
        Case::new(
            &["model"],
            &[OPENROUTER.model, "switch openrouter --model"],
            Goes::Wrong,
            |stage| {
                chats_fail(stage, 404, "No endpoints found for it");
                stage.internet.answers(
                    OPENROUTER.host,
                    "/api/v1/models",
                    model_list(&["tools"], "other/model"),
                );
            },
        ),
        Case::new(
            &["model"],
            &[OPENROUTER.model, "tools"],
            Goes::Wrong,
            |stage| {
                chats_fail(stage, 404, "No endpoints found that support tool use");
                stage.internet.answers(
                    OPENROUTER.host,
                    "/api/v1/models",
                    model_list(&["temperature"], OPENROUTER.model),
                );
            },
        ),
    ]);
}

/// What happens to a file that doctor warns about when the real goose writes it.
#[test]
fn what_goose_does_with_its_next_write_was_foretold() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let entry = "{enabled: true, model: m, configured: true}";
    let bare = "{enabled: true, configured: true}";
    let flat = "GOOSE_PROVIDER: groq\nGOOSE_MODEL: flat\nGOOSE_DISABLE_KEYRING: true\n";
    // The file, what doctor foretells, and active provider and its model afterwards.
    for (text, foretold, provider, model) in [
        (
            format!("active_provider: openrouter\nproviders:\n  openrouter: {entry}\n{flat}"),
            "takes them away",
            "openrouter",
            Some("m"),
        ),
        (
            format!("active_provider: openrouter\n{flat}"),
            "makes groq the active provider",
            "groq",
            Some("flat"),
        ),
        (
            format!("active_provider: openrouter\nproviders:\n  openrouter: {bare}\n{flat}"),
            "then it has none",
            "openrouter",
            None,
        ),
        (
            format!("providers:\n  groq: {bare}\n{flat}"),
            "then it has none",
            "groq",
            None,
        ),
        (
            format!(
                "active_provider: openrouter\nproviders:\n  openrouter: {entry}\nmy_tool_configured: 7\n"
            ),
            "takes every such key away",
            "openrouter",
            Some("m"),
        ),
    ] {
        let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
        stage.home.write_config(&text);
        let told = stage.runs(["doctor", "--json"]).code(10).run();
        assert!(told.stdout.contains(foretold), "{text}: {told}");
        let said = goose.writes_config(&stage.home);
        let after = stage.home.config_yaml();
        let shown = format!("{text}\n→\n{}\n{said}", stage.home.config());
        assert_eq!(after["GOOSE_MODE"], "approve", "{shown}");
        assert_eq!(after["active_provider"], provider, "{shown}");
        let now = &after["providers"][provider]["model"];
        assert_eq!(now.as_str().filter(|it| !it.is_empty()), model, "{shown}");
        for gone in ["GOOSE_PROVIDER", "GOOSE_MODEL", "my_tool_configured"] {
            assert!(after.get(gone).is_none(), "{gone}: {shown}");
        }
    }
}

#[test]
fn a_link_to_a_link_keeps_goose_from_writing() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let config = stage.home.config_file();
    let at = |name: &str| stage.home.path().join(name);
    fs::rename(&config, at("real.yaml")).unwrap();
    symlink(at("real.yaml"), at("second.yaml")).unwrap();
    symlink(at("second.yaml"), &config).unwrap();
    let before = stage.home.config();
    let said = goose.writes_config(&stage.home);
    assert_eq!(stage.home.config(), before, "{said}");
    assert!(said.stdout.contains("symlink"), "{said}");
}

#[test]
fn every_kind_of_finding_has_a_home_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor");
    let tests = include_str!("doctor.rs");
    let mut ids = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for start in ["error(", "warning(", "of(", "broken("] {
            for (place, _) in source.match_indices(start) {
                let rest = source[place + start.len()..].trim_start();
                let id = rest
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next());
                ids.extend(id.filter(|id| !id.contains(' ')).map(str::to_owned));
            }
        }
    }
    assert!(ids.len() > 25, "{ids:?}");
    for id in &ids {
        let is_first = tests.contains(&format!("&[\"{id}\""));
        assert!(is_first, "{id} has no home");
    }
    announce(&format!(
        "{0} of {0} kinds of findings have a home",
        ids.len()
    ));
}

/// A shell in a mount namespace of its own, in which `script` first puts something in the place of a system's file.
fn with_mount<'a>(stage: &'a Stage, script: &str) -> Option<Setup<'a>> {
    let unshare = tools::program("unshare")?;
    let can = std::process::Command::new(&unshare)
        .args(["-m", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !can {
        tools::skip("the right to make a mount namespace (root)");
        return None;
    }
    let script = format!("{script} && exec \"$@\"");
    let program = env!("CARGO_BIN_EXE_goose-setup");
    Some(Setup::program(&stage.home, unshare).args(["-m", "/bin/sh", "-c", &script, "sh", program]))
}

#[test]
fn a_value_that_the_system_sets_is_found_with_its_line() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (mut stage, key) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    stage
        .home
        .write("environment", "LANG=C.UTF-8\nGOOSE_MODEL=another/model\n");
    stage.home.set("GOOSE_MODEL", "another/model");
    let script = "mount --bind \"$HOME/environment\" /etc/environment";
    let Some(doctor) = with_mount(&stage, script) else {
        return;
    };
    let told = doctor.args(["doctor", "--json"]).code(10).run();
    assert!(told.stdout.contains("/etc/environment:2"), "{told}");
    assert!(!goose_goes_well(&goose, &stage, OPENROUTER, &key));
}

#[test]
fn a_name_server_that_never_answers_keeps_nobody() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (mut stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    // Port 53 of an address of this machine that nobody else uses; it takes questions and says nothing.
    let Ok(_hole) = std::net::UdpSocket::bind("127.53.53.53:53") else {
        return tools::skip("the right to take port 53 (root)");
    };
    stage.home.set("HTTPS_PROXY", "");
    stage.home.write(
        "resolv.conf",
        "nameserver 127.53.53.53\noptions timeout:30 attempts:5\n",
    );
    let script = "mount --bind \"$HOME/resolv.conf\" \"$(readlink -f /etc/resolv.conf)\"";
    for seconds in [1, 3] {
        let Some(doctor) = with_mount(&stage, script) else {
            return;
        };
        let outcome = doctor
            .args(["doctor", "--json", "--timeout", &seconds.to_string()])
            .code(10)
            .within(Duration::from_secs(20))
            .run();
        let finding = outcome.json()["findings"][0].clone();
        assert_eq!(finding["id"], "provider-unreachable", "{outcome}");
        assert!(
            outcome.took < Duration::from_secs(seconds + 1),
            "{outcome:?}"
        );
    }
}

#[test]
fn what_is_closed_to_others_is_shown_first_and_undo_opens_nothing() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let secrets = stage.home.secrets_file();
    let folder = secrets.parent().unwrap();
    stage.home.set_mode(&secrets, 0o644);
    stage.home.set_mode(folder, 0o777);
    let before = stage.home.tree();
    let shown = stage.runs(["doctor", "--fix", "--dry-run"]).code(10).run();
    for part in ["- 644", "+ 600", "- 777", "+ 755", "`undo` does not"] {
        assert!(shown.stdout.contains(part), "{part}: {shown}");
    }
    before.assert_same(&stage.home.tree());
    let listed = stage.runs(["undo", "--list", "--json"]).code(0).run();
    let fixed = stage
        .runs(["doctor", "--fix", "--yes", "--json"])
        .code(0)
        .run();
    let changes = fixed.json()["changes"].clone();
    assert_eq!(changes[0]["mode"], "600", "{fixed}");
    assert_eq!(changes[0]["action"], "update", "{fixed}");
    assert_eq!(stage.home.mode(&secrets), 0o600);
    assert_eq!(stage.home.mode(folder), 0o755);
    // The change before is still the last one.
    let now = stage.runs(["undo", "--list", "--json"]).code(0).run();
    assert_eq!(listed.stdout, now.stdout);
    stage.runs(["doctor", "--fix", "--yes"]).code(0).run();
}

#[test]
fn every_key_that_is_no_text_is_mended_at_once() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    stage.has(GROQ);
    stage.internet.knows(OPENROUTER, "12345678");
    stage.internet.knows(GROQ, "87654321");
    secrets(
        &stage,
        "OPENROUTER_API_KEY: 12345678\nGROQ_API_KEY: 87654321\n",
    );
    stage.runs(["doctor", "--fix", "--yes"]).run();
    let now = stage.home.secrets_yaml();
    assert_eq!(now["OPENROUTER_API_KEY"], "12345678");
    assert_eq!(now["GROQ_API_KEY"], "87654321");
}

#[test]
fn an_env_file_that_is_behind_is_found_and_mended() {
    holds(vec![Case::new(
        &["env-file-stale"],
        &["env.sh", "env --install"],
        Goes::Well,
        |stage| {
            stage
                .runs(["env", "--install", "--shell", "bash", "--yes"])
                .code(0)
                .run();
            let file = stage.home.path().join(".config/goose-setup/env.sh");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text + "\n# older\n").unwrap();
        },
    )]);
}

#[test]
fn parameters_are_wrong_where_goose_says_so_and_the_advice_mends_them() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, key) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let config = stage.home.config();
    for said in [
        "",
        "''",
        "' '",
        "'not json'",
        "[a]",
        "7",
        "'null'",
        "{provider: {1: 2}}",
        r#"'"{\"models\": []}"'"#,
        "{}",
        "{models: [a/b]}",
        r#"' {"provider": {}}'"#,
    ] {
        stage
            .home
            .write_config(format!("{config}OPENROUTER_PARAMETERS: {said}\n"));
        let (outcome, findings) = examine(&stage);
        assert_eq!(
            findings.is_empty(),
            goose_goes_well(&goose, &stage, OPENROUTER, &key),
            "{said}: goose is the judge: {outcome}"
        );
        if let [finding] = &findings[..] {
            assert_eq!(finding["id"], "openrouter-parameters");
            assert_eq!(finding["fix"], "run `goose-setup fallback --clear`");
            let cleared = stage.runs(["fallback", "--clear", "--yes"]).code(0).run();
            assert!(cleared.stdout.contains("taken away"), "{said}: {cleared}");
            let (outcome, findings) = examine(&stage);
            assert!(findings.is_empty(), "{said}: {outcome}");
            assert_eq!(stage.home.config(), config, "{said}");
        }
    }
}

#[test]
fn parameters_of_a_file_below_are_taken_out_where_they_are() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (mut stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    stage.home.write("more.yaml", "OPENROUTER_PARAMETERS: 7\n");
    let more = stage.home.path().join("more.yaml").display().to_string();
    stage.home.set("GOOSE_ADDITIONAL_CONFIG_FILES", &more);
    let (_, findings) = examine(&stage);
    assert_eq!(
        findings[0]["fix"],
        "take OPENROUTER_PARAMETERS out of ~/more.yaml"
    );
}

#[test]
fn a_fish_user_is_told_what_fish_understands() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (mut stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let away = stage.home.path().join("away").display().to_string();
    for (name, value) in [
        ("SHELL", "/usr/bin/fish"),
        ("OPENROUTER_API_KEY", ""),
        ("OPENROUTER_PARAMETERS", "7"),
        ("GOOSE_DISABLE_KEYRING", "0"),
        ("GOOSE_PATH_ROOT", &away),
    ] {
        stage.home.set(name, value);
        let (outcome, findings) = examine(&stage);
        let mut fixes = findings.iter().map(|finding| finding["fix"].to_string());
        assert!(fixes.all(|fix| !fix.contains("unset ")), "{outcome}");
        if name != "SHELL" {
            let line = format!("set -e {name}");
            assert!(outcome.stdout.contains(&line), "{line}: {outcome}");
        }
    }
}

#[test]
fn a_healthy_home_has_no_finding() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for store in [Store::File, Store::Keychain] {
        for provider in [OPENROUTER, ANTHROPIC, OPENAI, GROQ, DEEPSEEK] {
            let Some((stage, _)) = healthy(&goose, provider, store) else {
                continue;
            };
            let (outcome, findings) = examine(&stage);
            assert!(
                findings.is_empty(),
                "{} in {store:?}: {outcome}",
                provider.id
            );
            let told = stage.runs(["doctor"]).code(0).run();
            assert_eq!(told.stdout, "nothing is wrong\n");
        }
    }
}

#[test]
fn a_repository_that_leaves_the_secrets_out_is_healthy() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    stage
        .home
        .write(".config/.git/HEAD", "ref: refs/heads/main\n");
    let (outcome, findings) = examine(&stage);
    assert_eq!(ids(&findings), ["secrets-travel"].into(), "{outcome}");
    stage
        .home
        .write(".config/.gitignore", "*.log\n/goose/secrets.yaml\n");
    let (outcome, findings) = examine(&stage);
    assert!(findings.is_empty(), "{outcome}");
}

#[test]
fn a_home_that_lives_by_the_environment_alone_is_healthy() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let mut stage = Stage::on_a_server();
    stage.home = stage.home.with_goose(&goose);
    let key = stage.good_key(OPENROUTER, "mine");
    for (name, value) in [
        ("GOOSE_PROVIDER", OPENROUTER.id),
        ("GOOSE_MODEL", OPENROUTER.model),
        ("OPENROUTER_API_KEY", &key),
        ("GOOSE_DISABLE_KEYRING", "1"),
    ] {
        stage.home.set(name, value);
    }
    let (outcome, findings) = examine(&stage);
    assert!(findings.is_empty(), "{outcome}");
    assert!(goose_goes_well(&goose, &stage, OPENROUTER, &key));
}

#[test]
fn one_trouble_hides_no_other() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (mut stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    stage.home.set("PATH", "/usr/bin:/bin");
    stage.home.set("GROQ_API_KEY", "");
    stage.home.write_config("a: [\n");
    stage
        .home
        .write(".config/goose/custom_providers/a.json", "{");
    stage.home.set_mode(&stage.home.secrets_file(), 0o604);
    let (outcome, findings) = examine(&stage);
    let expected = [
        "goose-missing",
        "config-broken",
        "custom-broken",
        "secrets-open",
        "env-empty",
    ];
    assert_eq!(ids(&findings), expected.into_iter().collect(), "{outcome}");
    assert_eq!(
        findings.last().unwrap()["severity"],
        "warning",
        "the worst comes first"
    );
}

#[test]
fn whatever_hangs_doctor_ends_in_time() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for store in [Store::File, Store::Keychain] {
        let Some((mut stage, _)) = healthy(&goose, OPENROUTER, store) else {
            continue;
        };
        stage.internet.answers(OPENROUTER.host, "/", Answer::hang());
        script(&mut stage, "sleep 600");
        if store == Store::Keychain {
            stage.keyring().hang();
        }
        let pipe = stage.home.path().join(".bashrc");
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap();
        stage.home.set("GOOSE_MODEL", "another/model");
        for seconds in [4, 15] {
            let outcome = stage
                .runs(["doctor", "--json", "--timeout", &seconds.to_string()])
                .code(10)
                .within(Duration::from_secs(30))
                .run();
            let limit = Duration::from_secs(seconds) + Duration::from_millis(500);
            assert!(
                outcome.took < limit,
                "{store:?}, {seconds} s: {outcome} {:?}",
                outcome.took
            );
        }
        if store == Store::Keychain {
            stage.keyring().wake();
        }
        fs::remove_file(pipe).unwrap();
    }
}

#[test]
fn a_fix_is_shown_before_it_is_made_and_can_be_declined() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let text = format!("{}GOOSE_MODEL: m\n", stage.home.config());
    stage.home.write_config(text);
    let before = stage.home.tree();
    let shown = stage.runs(["doctor", "--fix", "--dry-run"]).code(10).run();
    assert!(shown.stdout.contains("would change"), "{shown}");
    let refused = stage.runs(["doctor", "--fix"]).code(2).run();
    assert!(refused.stderr.contains("--yes"), "{refused}");
    before.assert_same(&stage.home.tree());
    stage.runs(["doctor", "--fix", "--yes"]).code(0).run();
    assert!(!stage.home.config().contains("GOOSE_MODEL"));
    stage.runs(["undo", "--yes"]).code(0).run();
    assert!(
        stage.home.config().contains("GOOSE_MODEL: m"),
        "a fix can be taken back"
    );
}

#[test]
fn a_file_cannot_steer_the_terminal_through_doctor() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (stage, _) = healthy(&goose, OPENROUTER, Store::File).unwrap();
    let text = custom("x", "http://x").replace("\"Mine\"", "7");
    stage.home.write(
        ".config/goose/custom_providers/\u{1b}]52;c;eA==\u{7}\u{202e}.json",
        text,
    );
    let told = stage.runs(["doctor"]).code(10).run();
    assert!(
        !told.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{told:?}"
    );
}

#[test]
fn numbers_become_the_text_that_was_written_and_undo_makes_numbers_of_them_again() {
    let stage = Stage::on_a_server();
    stage.has(OPENAI);
    stage.has(OPENROUTER);
    let file = "# mine\nOPENROUTER_API_KEY: 12345678\nOPENAI_API_KEY:  1.5\n";
    stage.home.write_secrets(file);
    let fix = ["doctor", "--fix", "--yes"];
    stage.runs(fix).run();
    assert_eq!(
        stage
            .home
            .read(".config/goose/secrets.yaml")
            .replace(['"', '\''], ""),
        file,
    );
    let secrets = stage.home.secrets_yaml();
    assert_eq!(secrets["OPENROUTER_API_KEY"], "12345678");
    assert_eq!(secrets["OPENAI_API_KEY"], "1.5");
    let said = stage.runs(["undo", "--yes"]).code(0).run();
    assert!(!said.stdout.contains("note"), "{said}");
    assert_eq!(stage.home.read(".config/goose/secrets.yaml"), file);
}

#[test]
fn a_number_that_goose_would_print_otherwise_is_left_to_the_person_who_wrote_it() {
    for written in [
        "0x1f2e3d4c",
        "1e5",
        "True",
        "12345678901234567890.50",
        "1_000",
    ] {
        let stage = Stage::on_a_server();
        stage.has(OPENROUTER);
        let file = format!("OPENROUTER_API_KEY: {written}\n");
        stage.home.write_secrets(&file);
        let is_text = stage.home.secrets_yaml()["OPENROUTER_API_KEY"].is_string();
        let said = stage.runs(["doctor", "--fix", "--yes"]).run();
        assert_ne!(said.stdout.contains("put it in quotes"), is_text, "{said}");
        assert_eq!(stage.home.read(".config/goose/secrets.yaml"), file);
    }
}

#[test]
fn a_whole_number_in_the_keychain_becomes_its_text_and_another_one_stays() {
    for (written, is_mended) in [
        ("12345678", true),
        ("-7", true),
        ("1.50", false),
        ("1e5", false),
    ] {
        let Some(stage) = Stage::on_a_desktop() else {
            return;
        };
        stage.has(OPENROUTER);
        stage
            .keyring()
            .store(&format!("{{\"OPENROUTER_API_KEY\":{written}}}"));
        let before = stage.keyring().secrets();
        stage.runs(["doctor", "--fix", "--yes"]).run();
        let after = stage.keyring().secrets();
        if is_mended {
            assert_eq!(after["OPENROUTER_API_KEY"], written);
            stage.runs(["undo", "--yes"]).code(0).run();
        }
        assert_eq!(stage.keyring().secrets(), before);
    }
}
