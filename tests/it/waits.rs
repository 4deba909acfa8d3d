//! Waiting for another process is bounded and says for what, and for whom.

use crate::world::provider::{OPENAI, OPENROUTER};
use crate::world::run::Setup;
use crate::world::stage::Stage;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

const OURS: &str = ".local/state/goose-setup/lock";
const GOOSES: &str = ".config/goose/secrets.yaml.lock";

fn held(path: &Path) -> File {
    let file = File::create(path).unwrap();
    file.lock().unwrap();
    file
}

fn two_providers() -> Stage {
    let stage = Stage::on_a_server();
    stage.has(OPENAI);
    stage.has(OPENROUTER);
    stage
}

#[test]
fn a_change_of_another_process_is_waited_for_with_words_after_a_moment() {
    let stage = two_providers();
    let path = stage.home.path().join(OURS);
    let lock = held(&path);
    let said = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.runs(["switch", "openai"]).code(0).run());
        std::thread::sleep(Duration::from_millis(1600));
        drop(lock);
        run.join().unwrap()
    });
    let process = format!("(process {}) holds", std::process::id());
    for words in ["waiting for", OURS, &process, "at most 60 s"] {
        assert!(said.stderr.contains(words), "{words}: {said}");
    }
    // Nobody is told of a wait that nobody notices.
    let said = stage.runs(["switch", "openrouter"]).code(0).run();
    assert!(!said.stderr.contains("waiting"), "{said}");
}

#[test]
fn a_goose_that_never_lets_go_of_the_secrets_is_named_and_nothing_is_changed() {
    let stage = two_providers();
    let _lock = held(&stage.home.path().join(GOOSES));
    let before = stage.home.tree();
    let key = stage.good_key(OPENROUTER, "new");
    let start = Instant::now();
    let said = Setup::new(&stage.home)
        .args(["key", "set", "openrouter", "--key-stdin", "--yes", "--json"])
        .stdin(key)
        .code(5)
        .run();
    assert!(start.elapsed() < Duration::from_secs(10));
    let error = &said.json()["error"];
    assert_eq!(error["kind"], "store-timed-out", "{said}");
    let process = format!("(process {})", std::process::id());
    for words in ["secrets.yaml.lock for 3 s", &process] {
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{words}: {said}"
        );
    }
    assert!(
        error["action"].as_str().unwrap().contains("wait for it"),
        "{said}"
    );
    assert!(said.stderr.contains("waiting for"), "{said}");
    before.assert_same(&stage.home.tree());
}
