//! Killed at any moment, goose works with the old provider or with the new one, and the next run finishes the change or takes
//! it back, and says which.
//!
//! For every command that changes something, and for every call by which it changes anything: SIGKILL in the place of that
//! call, by strace; and in the place of every message to the keychain, by cutting the wire (`world::wire`). There, too, the
//! keychain itself dies or falls silent in the middle.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{GROQ, OPENAI, OPENROUTER, Provider};
use crate::world::run::{Outcome, Setup};
use crate::world::tools::{self, announce};
use crate::world::wire::Wire;
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Everything by which a process may change what others see.
const CALLS: &str = "write,pwrite64,writev,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat,rmdir,mkdir,mkdirat,\
                     chmod,fchmod,fchmodat,ftruncate,link,linkat,symlink,symlinkat,flock";
const WORKERS: usize = 2;

/// A command with the state it starts from.
struct Scenario {
    name: &'static str,
    /// The commands that lead to the old state, each with the key it is given.
    before: Vec<(Vec<String>, String)>,
    command: Vec<String>,
    key: String,
    /// In the end goose is not set up at all.
    leaves_nothing: bool,
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn key(provider: Provider, name: &str) -> String {
    provider.key(name)
}

/// Scripted setup of a provider with this key, on no network.
fn sets_up(provider: Provider, model: &str, more: &str) -> Vec<String> {
    let line = format!(
        "{} --key-stdin --yes --no-check --model {model}{more}",
        provider.id
    );
    words(&line)
}

fn scenarios(store: &str) -> Vec<Scenario> {
    let openai = (sets_up(OPENAI, OPENAI.model, store), key(OPENAI, "old"));
    let openrouter = |name: &str, model: &str, more: &str| {
        (
            sets_up(OPENROUTER, model, &format!("{store}{more}")),
            key(OPENROUTER, name),
        )
    };
    let scenario = |name, before, (command, key): (Vec<String>, String)| Scenario {
        name,
        before,
        command,
        key,
        leaves_nothing: false,
    };
    let (first, other) = (OPENROUTER.model, OPENROUTER.other_model);
    vec![
        scenario(
            "setup of a new provider",
            vec![openai.clone()],
            openrouter("new", first, " --shell-env"),
        ),
        scenario(
            "setup with a new key",
            vec![openai.clone(), openrouter("old", first, " --shell-env")],
            openrouter("new", other, " --shell-env"),
        ),
        scenario(
            "switch",
            vec![openrouter("old", first, ""), openai.clone()],
            (words("switch openrouter"), String::new()),
        ),
        scenario(
            "key set",
            vec![openai.clone(), openrouter("old", first, "")],
            (
                words("key set openrouter --key-stdin --yes --no-check"),
                key(OPENROUTER, "new"),
            ),
        ),
        scenario(
            "env --install",
            vec![openai.clone(), openrouter("old", first, "")],
            (words("env --install --yes"), String::new()),
        ),
        scenario(
            "undo",
            vec![
                openai,
                openrouter("new", first, ""),
                openrouter("old", other, " --shell-env"),
            ],
            (words("undo --yes"), String::new()),
        ),
        scenario(
            "undo of a new provider",
            vec![
                (sets_up(OPENAI, OPENAI.model, store), key(OPENAI, "old")),
                openrouter("old", first, ""),
            ],
            (words("undo --yes"), String::new()),
        ),
        Scenario {
            leaves_nothing: true,
            ..scenario(
                "undo of the first setup",
                vec![openrouter("old", first, "")],
                (words("undo --yes"), String::new()),
            )
        },
    ]
}

/// All that a home holds, to be put back before the next kill.
struct Saved(BTreeMap<PathBuf, (u32, Vec<u8>)>);

impl Saved {
    fn of(home: &Home) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mode = path.metadata().unwrap().mode();
                    let bytes = std::fs::read(&path).unwrap();
                    files.insert(
                        path.strip_prefix(home.path()).unwrap().into(),
                        (mode, bytes),
                    );
                }
            }
        }
        Self(files)
    }

    fn put_back(&self, home: &Home) {
        for entry in std::fs::read_dir(home.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (path, (mode, bytes)) in &self.0 {
            home.write(path.to_str().unwrap(), bytes);
            let permissions = std::fs::Permissions::from_mode(*mode);
            std::fs::set_permissions(home.path().join(path), permissions).unwrap();
        }
    }
}

/// What the change is about, file by file; secrets as values, since another one is added by the run that mends.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    files: BTreeMap<&'static str, Option<String>>,
    secrets: Value,
}

struct Place<'s> {
    scenario: &'s Scenario,
    internet: Internet,
    home: Home,
    keyring: Option<Keyring>,
    saved: Saved,
    /// The keychain's two items in the old state.
    items: [Option<String>; 2],
    old: Facts,
    new: Facts,
}

impl<'s> Place<'s> {
    fn new(scenario: &'s Scenario, keyring: Option<Keyring>) -> Self {
        let internet = Internet::new();
        let mut home = Home::new().online(&internet);
        if let Some(keyring) = &keyring {
            home = home.with_keyring(keyring);
        }
        home.set("SHELL", "/bin/bash");
        if keyring.is_none() {
            // So that the file is meant also where nothing is set up any more.
            home.set("GOOSE_DISABLE_KEYRING", "1");
        }
        home.write(".bashrc", "alias ll='ls -l'\n");
        home.write(".config/goose/config.yaml", "# mine\nGOOSE_MODE: auto\n");
        for (provider, name) in [(OPENAI, "old"), (OPENROUTER, "old"), (OPENROUTER, "new")] {
            let key = key(provider, name);
            home.keeps_secret(&key);
            internet.knows(provider, &key);
        }
        let mut place = Self {
            scenario,
            internet,
            home,
            saved: Saved(BTreeMap::new()),
            items: [None, None],
            keyring,
            old: Facts {
                files: BTreeMap::new(),
                secrets: Value::Null,
            },
            new: Facts {
                files: BTreeMap::new(),
                secrets: Value::Null,
            },
        };
        for (args, key) in &scenario.before {
            Setup::new(&place.home)
                .args(args)
                .stdin(key.as_str())
                .code(0)
                .run();
        }
        place.saved = Saved::of(&place.home);
        place.items = place.keyring.as_ref().map_or([None, None], |keyring| {
            [keyring.item(), keyring.lookup(&FORMER)]
        });
        place.old = place.facts();
        Setup::new(&place.home)
            .args(&scenario.command)
            .stdin(scenario.key.as_str())
            .code(0)
            .run();
        place.new = place.facts();
        assert_ne!(place.old, place.new, "{}", scenario.name);
        place
    }

    fn put_back(&self) {
        self.saved.put_back(&self.home);
        if let (Some(keyring), [Some(item), former]) = (&self.keyring, &self.items) {
            keyring.store(item);
            match former {
                Some(former) => keyring.store_as("former", &FORMER, former),
                None => keyring.clear(&FORMER),
            }
        }
    }

    fn facts(&self) -> Facts {
        let read = |path: &str| std::fs::read_to_string(self.home.path().join(path)).ok();
        let files = [
            ".config/goose/config.yaml",
            ".bashrc",
            ".config/goose-setup/env.sh",
        ];
        let mut secrets = match &self.keyring {
            Some(keyring) => keyring.secrets(),
            None => serde_json::to_value(self.home.secrets_yaml()).unwrap(),
        };
        if let Some(map) = secrets.as_object_mut() {
            map.remove(GROQ.key_variable.unwrap());
            if map.is_empty() {
                secrets = Value::Null;
            }
        }
        Facts {
            files: files.map(|path| (path, read(path))).into(),
            secrets,
        }
    }

    /// All that the next run can meet, without what is different each time.
    fn state(&self) -> String {
        let folder = self.home.path().join(".local/state/goose-setup");
        let journal = std::fs::read_to_string(folder.join("journal.json")).unwrap_or_default();
        let journal: Value = serde_json::from_str(&journal).unwrap_or_default();
        let kept: Value = serde_json::from_str(&self.kept()).unwrap();
        let kept: Vec<&Value> = kept.as_object().unwrap().values().collect();
        let left = names_with(self.home.path(), ".goose-setup-").len();
        format!("{:?} {kept:?} {left} {}", self.facts(), journal["secrets"])
    }

    /// What is kept of former secrets, by the id of the change.
    fn kept(&self) -> String {
        let file = ".local/state/goose-setup/former-secrets.json";
        match &self.keyring {
            Some(keyring) => keyring.lookup(&FORMER),
            None => std::fs::read_to_string(self.home.path().join(file)).ok(),
        }
        .unwrap_or("{}".to_owned())
    }

    /// The next run after a kill is another change altogether.
    fn next_run(&self) -> Outcome {
        Setup::new(&self.home)
            .args(words("key set groq --key-stdin --yes --no-check"))
            .stdin(key(GROQ, "new"))
            .code(0)
            .run()
    }

    /// goose works with the old or the new provider; afterwards the next run makes it all old or all new.
    fn judge(&self, goose: &Goose, tried: &Mutex<HashSet<Vec<u8>>>, told: &str) {
        let mut state = self.home.config().into_bytes();
        state.extend(self.facts().secrets.to_string().bytes());
        if let Some((provider, model)) = self.assert_sound(told)
            && tried.lock().unwrap().insert(state)
        {
            self.assert_goose_answers(goose, provider, &model, told);
        }
        let journal = self
            .home
            .path()
            .join(".local/state/goose-setup/journal.json");
        let was_interrupted = journal.exists();
        let said = self.next_run();
        let is_told = ["finished now", "taken back"].map(|words| said.stderr.contains(words));
        assert_eq!(is_told.contains(&true), was_interrupted, "{told}\n{said}");
        let now = self.facts();
        match is_told {
            [true, _] => assert_eq!(now, self.new, "finished: {told}\n{said}"),
            [_, true] => assert_eq!(now, self.old, "taken back: {told}\n{said}"),
            _ => assert!(now == self.old || now == self.new, "{told}\n{now:#?}"),
        }
        assert!(!journal.exists(), "{told}");
        let left = names_with(self.home.path(), ".goose-setup-");
        assert!(left.is_empty(), "{left:?} {told}");
        self.assert_nothing_is_kept_for_nobody(told);
    }

    /// Both files parse, and the provider that goose is set to has one of its keys; none where none may be left.
    fn assert_sound(&self, told: &str) -> Option<(Provider, String)> {
        let config: Result<serde_yaml::Value, _> = serde_yaml::from_str(&self.home.config());
        assert!(config.is_ok(), "{told}\n{}", self.home.config());
        let status = Setup::new(&self.home)
            .args(["status", "--json"])
            .code(0)
            .run()
            .json();
        let active = &status["active"];
        if self.scenario.leaves_nothing && active["provider"].is_null() {
            return None;
        }
        let provider = [OPENAI, OPENROUTER]
            .into_iter()
            .find(|provider| active["provider"] == provider.id)
            .unwrap_or_else(|| panic!("{told}\n{status}"));
        let prints: Vec<Value> = ["old", "new"]
            .map(|name| {
                let digest = Sha256::digest(key(provider, name).as_bytes());
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                json!(hex[..8])
            })
            .into();
        let rows = status["providers"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == provider.id).unwrap();
        assert!(prints.contains(&row["key"]["fingerprint"]), "{told}\n{row}");
        Some((provider, active["model"].as_str().unwrap().to_owned()))
    }

    fn assert_goose_answers(&self, goose: &Goose, provider: Provider, model: &str, told: &str) {
        let saved = Saved::of(&self.home);
        self.internet.clear();
        let said = goose.hi(&self.home);
        assert!(said.stdout.contains(MARKER), "{told}\n{said}");
        let keys = ["old", "new"].map(|name| key(provider, name));
        for chat in self.internet.chats() {
            assert_eq!(chat.host, provider.host, "{told}");
            assert_eq!(chat.model().as_deref(), Some(model), "{told}");
            assert!(keys.iter().any(|key| chat.key() == Some(key)), "{told}");
        }
        saved.put_back(&self.home);
    }

    /// What is kept of former secrets belongs to a change that can still be taken back.
    fn assert_nothing_is_kept_for_nobody(&self, told: &str) {
        let folder = self.home.path().join(".local/state/goose-setup");
        let kept: Value = serde_json::from_str(&self.kept()).unwrap();
        for id in kept.as_object().unwrap().keys() {
            let entry = folder.join("history").join(format!("{id}.json"));
            assert!(entry.exists(), "{id}: {told}");
        }
    }
}

const FORMER: [(&str, &str); 4] = [
    ("service", "goose-setup"),
    ("username", "former"),
    ("target", "default"),
    ("application", "rust-keyring"),
];

fn names_with(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().contains(needle) {
                found.push(path.clone());
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// The scenario's command under strace.
fn traced(place: &Place<'_>, strace: &Path, trace: &Path, more: &[String]) -> String {
    Setup::program(&place.home, strace)
        .args(["-f", "-s", "0", "-e"])
        .args([format!("trace={CALLS}")])
        .args(more)
        .args(["-o".as_ref(), trace.as_os_str()])
        .args([env!("CARGO_BIN_EXE_goose-setup")])
        .args(&place.scenario.command)
        .stdin(place.scenario.key.as_str())
        .run();
    std::fs::read_to_string(trace).unwrap()
}

/// Every call in the order in which they are made: (name, how many of this name its thread made until then). strace counts
/// the calls of each thread by themselves, so another thread's n-th call may stand in the way; those are left out.
fn kill_points(trace: &str) -> Vec<(String, usize)> {
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    let mut points = Vec::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, _)) = rest.trim_start().split_once('(') else {
            continue;
        };
        if name.chars().all(|c| c.is_ascii_alphanumeric()) {
            let count = counts.entry((thread, name)).or_default();
            *count += 1;
            let point = (name.to_owned(), *count);
            if !points.contains(&point) {
                points.push(point);
            }
        }
    }
    points
}

fn sweep_calls(scenario: &Scenario) {
    let (Some(strace), Some(goose)) = (tools::program("strace"), Goose::version(NEWEST)) else {
        return;
    };
    let start = Instant::now();
    let traces = tempfile::tempdir().unwrap();
    let first = Place::new(scenario, None);
    first.put_back();
    let points = kill_points(&traced(&first, &strace, &traces.path().join("all"), &[]));
    drop(first);
    let tried = Mutex::default();
    let (next, sound) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let trace = traces.path().join(format!("{worker}"));
            let (points, tried, next, sound) = (&points, &tried, &next, &sound);
            let (strace, goose) = (&strace, &goose);
            scope.spawn(move || {
                let place = Place::new(scenario, None);
                while let Some((call, count)) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    place.put_back();
                    let kill = format!("inject={call}:signal=KILL:when={count}");
                    let text = traced(&place, strace, &trace, &["-e".into(), kill]);
                    let told = format!("{}, killed at {call} {count}", scenario.name);
                    assert!(text.contains("killed by SIGKILL"), "{told}\n{text}");
                    place.judge(goose, tried, &told);
                    sound.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    announce(&format!(
        "kill sweep, {}: {} of {} kills left goose with the old or the new provider ({:.1} s)",
        scenario.name,
        sound.into_inner(),
        points.len(),
        start.elapsed().as_secs_f32()
    ));
}

fn sweep_messages(scenario: &Scenario) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let start = Instant::now();
    let (tried, seen) = (Mutex::default(), Mutex::new(HashSet::new()));
    let (next, sound) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            let Some(keyring) = Keyring::unlocked() else {
                return;
            };
            let (goose, tried, seen) = (&goose, &tried, &seen);
            let (next, sound) = (&next, &sound);
            scope.spawn(move || {
                let wire = Wire::to(keyring.address());
                let place = Place::new(scenario, Some(keyring));
                place.put_back();
                let old = place.state();
                loop {
                    let count = next.fetch_add(1, Ordering::SeqCst);
                    wire.cut_after(count);
                    let said = Setup::new(&place.home)
                        .env("DBUS_SESSION_BUS_ADDRESS", wire.address())
                        .args(&scenario.command)
                        .stdin(scenario.key.as_str())
                        .run();
                    if !wire.mend() {
                        assert_eq!(said.code, 0, "{said}");
                        break;
                    }
                    let told = format!("{}, killed at message {count}", scenario.name);
                    // Most messages are questions, and leave what others have left before.
                    let state = place.state();
                    let is_old = state == old;
                    if seen.lock().unwrap().insert(state) {
                        place.judge(goose, tried, &told);
                        place.put_back();
                    } else if !is_old {
                        place.put_back();
                    }
                    sound.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let sound = sound.into_inner();
    assert!(sound > 10, "the wire was hardly used");
    announce(&format!(
        "kill sweep, {} in the keychain: {sound} of {sound} kills at a message, in {} different states, left goose with the old or the new provider ({:.1} s)",
        scenario.name,
        seen.into_inner().unwrap().len(),
        start.elapsed().as_secs_f32()
    ));
}

/// What happens to the keychain while it is spoken to.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is killed, and started again afterwards.
    Dies,
    /// It does not answer, and hears all that was said once it wakes.
    FallsSilent,
}

/// The write to a keychain fails in the middle: what was reported is what is there, or the journal says what is open.
fn sweep_failures(scenario: &Scenario, fate: Fate, step: usize) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    let start = Instant::now();
    let wire = Wire::to(keyring.address());
    let place = Place::new(scenario, Some(keyring));
    let keyring = place.keyring.as_ref().unwrap();
    let journal = place
        .home
        .path()
        .join(".local/state/goose-setup/journal.json");
    let tried = Mutex::default();
    let (mut sound, mut open) = (0, 0);
    for count in (0..).step_by(step) {
        place.put_back();
        let signal = match fate {
            Fate::Dies => Signal::KILL,
            Fate::FallsSilent => Signal::STOP,
        };
        wire.signal_after(count, keyring.service_id(), signal);
        let said = Setup::new(&place.home)
            .env("DBUS_SESSION_BUS_ADDRESS", wire.address())
            .args(&scenario.command)
            .stdin(scenario.key.as_str())
            .run();
        if !wire.mend() {
            assert_eq!(said.code, 0, "{said}");
            break;
        }
        match fate {
            Fate::Dies => keyring.revive(),
            Fate::FallsSilent => keyring.wake(),
        }
        let told = format!("{}, {fate:?} at message {count}: {said}", scenario.name);
        let now = place.facts();
        if said.code == 0 {
            assert_eq!(now, place.new, "{told}");
        } else if journal.exists() {
            open += 1;
            assert!(now == place.old || now == place.new, "{told}\n{now:#?}");
        } else {
            assert_eq!(now, place.old, "{told}");
        }
        place.judge(&goose, &tried, &told);
        sound += 1;
    }
    assert!(sound > 3, "the wire was hardly used");
    assert!(open > 0, "no failure was in the middle");
    announce(&format!(
        "kill sweep, {}, the keychain {}: {sound} of {sound} failures left the former key or the new one, {open} of them with a \
         journal that the next run settled ({:.1} s)",
        scenario.name,
        match fate {
            Fate::Dies => "dies",
            Fate::FallsSilent => "falls silent",
        },
        start.elapsed().as_secs_f32()
    ));
}

/// The scenarios by their place in the list, so that each is a test of its own.
fn nth(index: usize, store: &str) -> Scenario {
    scenarios(store).swap_remove(index)
}

const FILE: &str = " --store file";

#[test]
fn killed_at_any_call_a_first_setup_of_a_provider_is_made_or_not() {
    sweep_calls(&nth(0, FILE));
}

#[test]
fn killed_at_any_call_a_setup_that_replaces_a_key_is_made_or_not() {
    sweep_calls(&nth(1, FILE));
}

#[test]
fn killed_at_any_call_a_switch_is_made_or_not() {
    sweep_calls(&nth(2, FILE));
}

#[test]
fn killed_at_any_call_a_key_is_replaced_or_not() {
    sweep_calls(&nth(3, FILE));
}

#[test]
fn killed_at_any_call_the_line_for_the_shell_is_there_or_not() {
    sweep_calls(&nth(4, FILE));
}

#[test]
fn killed_at_any_call_an_undo_is_made_or_not() {
    sweep_calls(&nth(5, FILE));
}

#[test]
fn killed_at_any_call_an_undo_of_a_new_provider_is_made_or_not() {
    sweep_calls(&nth(6, FILE));
}

#[test]
fn killed_at_any_message_to_the_keychain_an_undo_of_a_new_provider_is_made_or_not() {
    sweep_messages(&nth(6, ""));
}

#[test]
fn killed_at_any_call_an_undo_of_the_first_setup_is_made_or_not() {
    sweep_calls(&nth(7, FILE));
}

#[test]
fn killed_at_any_message_to_the_keychain_an_undo_of_the_first_setup_is_made_or_not() {
    sweep_messages(&nth(7, ""));
}

#[test]
fn killed_at_any_message_to_the_keychain_a_setup_is_made_or_not() {
    sweep_messages(&nth(1, ""));
}

#[test]
fn killed_at_any_message_to_the_keychain_a_key_is_replaced_or_not() {
    sweep_messages(&nth(3, ""));
}

#[test]
fn a_keychain_that_dies_in_the_middle_of_a_write_keeps_the_former_key_or_has_the_new_one() {
    sweep_failures(&nth(3, ""), Fate::Dies, 1);
}

#[test]
fn a_keychain_that_falls_silent_in_the_middle_of_a_write_keeps_the_former_key_or_has_the_new_one() {
    sweep_failures(&nth(3, ""), Fate::FallsSilent, 6);
}
