//! The keys of a test are canaries: when it is over, they may be in the store and nowhere else.
//!
//! Where `GOOSE_SETUP_TEST_TRACES` names a folder, each home is searched as it goes, and what was found is written there; `tests/run`
//! counts all of them in the end, and searches what the whole run printed and left behind.

use super::home::Home;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Shorter ones turn up by chance.
const SHORTEST: usize = 16;

pub(super) fn search(home: &Home, planted: &[PathBuf]) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let Some(traces) = std::env::var_os("GOOSE_SETUP_TEST_TRACES").map(PathBuf::from) else {
        return;
    };
    let keys: Vec<String> = home
        .secrets()
        .into_iter()
        .filter(|key| key.len() >= SHORTEST)
        .collect();
    let mut files = Vec::new();
    list(home.path(), &mut files);
    let store = fs::canonicalize(home.secrets_file()).ok();
    let mut leaks = String::new();
    for path in &files {
        let file = path.strip_prefix(home.path()).unwrap_or(path);
        let is_store = store.is_some() && fs::canonicalize(path).ok() == store;
        if is_store || planted.iter().any(|place| path.starts_with(place)) || may_hold_keys(file) {
            continue;
        }
        let text = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // Part of a key is as bad as all of it.
        if keys.iter().any(|key| text.contains(&key[key.len() / 3..])) {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            leaks.push_str(&format!("{test}: {}\n", file.display()));
        }
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    append(&traces.join("homes"), &format!("{}\n", files.len()));
    append(
        &traces.join("keys"),
        &keys
            .iter()
            .map(|key| format!("{key}\n"))
            .collect::<String>(),
    );
    append(&traces.join("leaks"), &leaks);
}

/// What vanishes meanwhile holds nothing any more.
fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for item in fs::read_dir(folder).into_iter().flatten().flatten() {
        match item.file_type() {
            Ok(kind) if kind.is_dir() => list(&item.path(), files),
            Ok(kind) if kind.is_file() => files.push(item.path()),
            _ => {}
        }
    }
}

/// goose's file of secrets, and ours of former ones.
fn may_hold_keys(file: &Path) -> bool {
    let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let folder = file.parent().unwrap_or(file);
    match name {
        "secrets.yaml" => folder.ends_with("goose") || folder.ends_with("config"),
        "former-secrets.json" => folder.ends_with("goose-setup") || folder.ends_with("state"),
        _ => false,
    }
}

fn append(path: &Path, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    // A test does not fail over the record of it; a record that is missing is noticed in the end.
    drop(file.and_then(|mut file| file.write_all(text.as_bytes())));
}
