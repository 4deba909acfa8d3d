//! Thirty-two of us at once, and goose in between: no secret is lost, and no change that was acknowledged is lost to another of ours.

use crate::world::home::Home;
use crate::world::keyring::Keyring;
use crate::world::run::{Outcome, Setup};
use crate::world::tools::announce;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Set up in the storm, each with a model and a setting of its own.
const SET_UP: [(&str, &str); 8] = [
    ("openai", "OPENAI_API_KEY"),
    ("anthropic", "ANTHROPIC_API_KEY"),
    ("google", "GOOGLE_API_KEY"),
    ("groq", "GROQ_API_KEY"),
    ("custom_deepseek", "DEEPSEEK_API_KEY"),
    ("xai", "XAI_API_KEY"),
    ("mistral", "MISTRAL_API_KEY"),
    ("openrouter", "OPENROUTER_API_KEY"),
];
/// Set up before, and switched to with another model.
const SWITCHED: [(&str, &str); 12] = [
    ("together", "TOGETHER_API_KEY"),
    ("cerebras", "CEREBRAS_API_KEY"),
    ("moonshot", "MOONSHOT_API_KEY"),
    ("nvidia", "NVIDIA_API_KEY"),
    ("avian", "AVIAN_API_KEY"),
    ("inception", "INCEPTION_API_KEY"),
    ("minimax", "MINIMAX_API_KEY"),
    ("novita", "NOVITA_API_KEY"),
    ("venice", "VENICE_API_KEY"),
    ("perplexity", "PERPLEXITY_API_KEY"),
    ("friendli", "FRIENDLI_API_KEY"),
    ("nearai", "NEARAI_API_KEY"),
];
/// With a key that is replaced.
const KEY_SET: [(&str, &str); 12] = [
    ("aimlapi", "AIMLAPI_API_KEY"),
    ("sakana", "SAKANA_API_KEY"),
    ("routstr", "ROUTSTR_API_KEY"),
    ("scaleway", "SCW_SECRET_KEY"),
    ("saladcloud", "SALAD_CLOUD_API_KEY"),
    ("opper", "OPPER_API_KEY"),
    ("orcarouter", "ORCAROUTER_API_KEY"),
    ("ovhcloud", "OVHCLOUD_API_KEY"),
    ("saygm", "SAYGM_API_KEY"),
    ("celeris", "CELERIS_API_KEY"),
    ("empiriolabs", "EMPIRIOLABS_API_KEY"),
    ("futurmix", "FUTURMIX_API_KEY"),
];
/// How often goose writes, to each of its files.
const GOOSE_WRITES: usize = 12;

fn old_key(provider: &str) -> String {
    format!("{provider}-0123456789abcdef0123456789-old")
}

fn new_key(provider: &str) -> String {
    format!("{provider}-0123456789abcdef0123456789-new")
}

fn model(provider: &str) -> String {
    format!("model-of-{provider}")
}

/// One of the thirty-two, and what it leaves behind when it says that it did.
struct Change {
    provider: &'static str,
    args: Vec<String>,
    key: Option<(&'static str, String)>,
    has_config: bool,
}

fn changes(more: &[&str]) -> Vec<Change> {
    let change = |(provider, variable): (&'static str, &'static str), line: String, with_key| {
        let key = format!("{line} --key-stdin --yes --no-check");
        Change {
            provider,
            args: if with_key { key } else { line.clone() }
                .split(' ')
                .chain(more.iter().copied().filter(|_| line.starts_with(provider)))
                .map(str::to_owned)
                .collect(),
            key: with_key.then(|| (variable, new_key(provider))),
            has_config: !line.starts_with("key"),
        }
    };
    let mut all = Vec::new();
    for index in 0..SWITCHED.len() {
        if let Some(one) = SET_UP.get(index) {
            let line = format!("{0} --model {1} --set STORM_{0}={1}", one.0, model(one.0));
            all.push(change(*one, line, true));
        }
        let one = SWITCHED[index];
        let line = format!("switch {} --model {}", one.0, model(one.0));
        all.push(change(one, line, false));
        let one = KEY_SET[index];
        all.push(change(one, format!("key set {}", one.0), true));
    }
    assert_eq!(all.len(), 32);
    all
}

/// The home before the storm: everything that is switched to or gets another key has one.
fn home(file_store: bool) -> (Home, Value) {
    let mut config = String::from("# mine\nactive_provider: together\nproviders:\n");
    for (provider, _) in SWITCHED {
        config.push_str(&format!(
            "  {provider}:\n    enabled: true\n    model: m\n    configured: true\n"
        ));
    }
    if file_store {
        config.push_str("GOOSE_DISABLE_KEYRING: true\n");
    }
    let mut secrets = json!({"MINE": "kept"});
    for (provider, variable) in SWITCHED.into_iter().chain(KEY_SET) {
        secrets[variable] = old_key(provider).into();
    }
    (Home::new().with_config(&config), secrets)
}

/// Writes a secret as goose does: under its lock, all of them anew.
fn goose_writes_a_secret(home: &Home, keyring: Option<&Keyring>, round: usize) {
    let path = home.path().join(".config/goose/secrets.yaml.lock");
    let lock = std::fs::File::create(path).unwrap();
    lock.lock().unwrap();
    let name = format!("GOOSE_{round}");
    match keyring {
        Some(keyring) => {
            // An item that could not be read is not an empty one.
            let item = (0..5).find_map(|_| keyring.item()).expect("the item");
            let mut secrets: Value = serde_json::from_str(&item).unwrap();
            secrets[&name] = "kept".into();
            keyring.store(&secrets.to_string());
        }
        None => {
            let mut secrets = home.secrets_yaml();
            secrets[name.as_str()] = "kept".into();
            rewrite(&home.secrets_file(), &secrets);
        }
    }
}

/// As goose does it: a file beside it takes its place, whoever wrote in between. Gives back what was overwritten.
fn rewrite(path: &Path, value: &serde_yaml::Value) -> String {
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, serde_yaml::to_string(value).unwrap()).unwrap();
    renameat_with(CWD, &temporary, CWD, path, RenameFlags::EXCHANGE).unwrap();
    let overwritten = std::fs::read_to_string(&temporary).unwrap();
    std::fs::remove_file(&temporary).unwrap();
    overwritten
}

/// Writes a setting as goose does, without a lock. Gives back what it read and what it overwrote, so that what is lost to
/// goose is known.
fn goose_writes_a_setting(home: &Home, round: usize) -> (serde_yaml::Value, serde_yaml::Value) {
    let read = home.config_yaml();
    let mut config = read.clone();
    config[format!("GOOSE_{round}").as_str()] = "kept".into();
    let overwritten = rewrite(&home.config_file(), &config);
    (read, serde_yaml::from_str(&overwritten).unwrap())
}

struct Storm {
    home: Home,
    outcomes: Vec<(Change, Outcome)>,
    /// What goose's writes of settings read, and what they overwrote.
    overwritten: Vec<(serde_yaml::Value, serde_yaml::Value)>,
    took: Duration,
}

fn storm(
    home: Home,
    more: &[&str],
    keyring: Option<&Keyring>,
    goose_writes_settings: bool,
) -> Storm {
    let start = Instant::now();
    let is_over = AtomicBool::new(false);
    let overwritten = Mutex::new(Vec::new());
    let outcomes = std::thread::scope(|scope| {
        let (home, is_over, overwritten) = (&home, &is_over, &overwritten);
        let writer = scope.spawn(move || {
            for round in 0..GOOSE_WRITES {
                goose_writes_a_secret(home, keyring, round);
                if goose_writes_settings && !is_over.load(Ordering::SeqCst) {
                    let seen = goose_writes_a_setting(home, round);
                    overwritten.lock().unwrap().push(seen);
                }
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let runs: Vec<_> = changes(more)
            .into_iter()
            .map(|change| {
                scope.spawn(move || {
                    let key = change.key.as_ref().map_or("", |(_, key)| key);
                    let run = Setup::new(home).args(&change.args).stdin(key).run();
                    (change, run)
                })
            })
            .collect();
        let outcomes: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        is_over.store(true, Ordering::SeqCst);
        writer.join().unwrap();
        outcomes
    });
    Storm {
        home,
        outcomes,
        overwritten: overwritten.into_inner().unwrap(),
        took: start.elapsed(),
    }
}

fn stands(config: &serde_yaml::Value, provider: &str) -> bool {
    config["providers"][provider]["model"] == model(provider).as_str()
}

/// How many changes were acknowledged, and how many of these goose wrote over.
fn judge(storm: &Storm, secrets: &Value, name: &str) {
    let config = storm.home.config_yaml();
    let (mut done, mut lost_to_goose) = (0, 0);
    for (change, outcome) in &storm.outcomes {
        let told = format!("{:?} {outcome}", change.args);
        assert!([0, 5, 7].contains(&outcome.code), "{told}");
        if let Some((variable, key)) = &change.key {
            let old = old_key(change.provider);
            let stored = &secrets[*variable];
            let is_as_told = if outcome.code == 0 {
                stored == key
            } else {
                stored.is_null() || *stored == old
            };
            assert!(is_as_told, "{told}");
        }
        if outcome.code != 0 {
            continue;
        }
        done += 1;
        if change.has_config && !stands(&config, change.provider) {
            let by_goose = storm.overwritten.iter().any(|(read, before)| {
                !stands(read, change.provider) && stands(before, change.provider)
            });
            assert!(
                by_goose,
                "lost, and not to goose: {told}\n{}",
                storm.home.config()
            );
            lost_to_goose += 1;
        }
    }
    for (provider, variable) in SWITCHED {
        assert_eq!(secrets[variable], old_key(provider), "{variable}");
    }
    assert_eq!(secrets["MINE"], "kept");
    for round in 0..GOOSE_WRITES {
        assert_eq!(
            secrets[format!("GOOSE_{round}")],
            "kept",
            "a secret of goose"
        );
    }
    for round in 0..storm.overwritten.len() {
        assert_eq!(
            config[format!("GOOSE_{round}").as_str()],
            "kept",
            "a setting of goose"
        );
    }
    let active = config["active_provider"].as_str().unwrap();
    let is_known = storm
        .outcomes
        .iter()
        .any(|(change, _)| change.has_config && change.provider == active);
    assert!(is_known || active == "together", "{active}");
    assert!(done >= 8, "{done} of 32 got through");
    announce(&format!(
        "storm, {name}: 32 processes, {done} changes acknowledged, {} turned away; 0 lost to each other, {lost_to_goose} overwritten \
         by goose's {} writes of its config; 0 of {} secrets lost, {GOOSE_WRITES} of them goose's ({:.1} s)",
        32 - done,
        storm.overwritten.len(),
        secrets.as_object().unwrap().len(),
        storm.took.as_secs_f32()
    ));
}

fn in_the_file(goose_writes_settings: bool) -> (Storm, Value) {
    let (home, secrets) = home(true);
    let home = home.with_secrets(&serde_yaml::to_string(&secrets).unwrap());
    let storm = storm(home, &["--store", "file"], None, goose_writes_settings);
    let secrets = serde_json::to_value(storm.home.secrets_yaml()).unwrap();
    (storm, secrets)
}

#[test]
fn thirty_two_at_once_and_a_goose_lose_nothing_in_the_file_store() {
    let (storm, secrets) = in_the_file(false);
    judge(&storm, &secrets, "file store");
    assert!(
        storm.outcomes.iter().all(|(_, outcome)| outcome.code != 7),
        "nobody else wrote the config, so nothing changed underneath"
    );
}

#[test]
fn a_goose_that_writes_its_config_without_a_lock_is_noticed() {
    let (storm, secrets) = in_the_file(true);
    judge(&storm, &secrets, "file store, goose writing its config too");
}

#[test]
fn thirty_two_at_once_and_a_goose_lose_nothing_in_the_keychain() {
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    let (home, secrets) = home(false);
    keyring.store(&secrets.to_string());
    let home = home.with_keyring(&keyring);
    let storm = storm(home, &[], Some(&keyring), false);
    judge(&storm, &keyring.secrets(), "keychain");
}
