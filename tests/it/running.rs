//! What still runs on the old values is named after a change.

use crate::world::goose::{Goose, NEWEST};
use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::stage::Stage;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A real goose that waits for its client, in this home.
struct Waiting(Child);

impl Waiting {
    fn goose(goose: &Goose, home: &Path) -> Self {
        let child = Command::new(goose.path())
            .arg("acp")
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin")
            .env("GOOSE_DISABLE_KEYRING", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn id(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_goose_that_runs_on_the_old_values_is_named_with_what_to_do() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let stage = Stage::on_a_server();
    let elsewhere = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let mine = Waiting::goose(&goose, stage.home.path());
    let stranger = Waiting::goose(&goose, elsewhere.home.path());
    let named = |args: &[&str], code: i32| {
        let outcome = stage.runs(args).args(["--json"]).code(code).run();
        let notes = outcome.json()["notes"].to_string();
        assert!(
            !notes.contains(&stranger.id()),
            "another home's goose: {notes}"
        );
        if notes.contains(&mine.id()) {
            assert!(notes.contains("start it again"), "{notes}");
            return true;
        }
        false
    };
    assert!(named(&["switch", "anthropic"], 0));
    assert!(!named(&["switch", "anthropic"], 0), "nothing changed");
    assert!(named(&["undo", "--yes"], 0));
    assert!(named(&["key", "remove", "anthropic", "--yes"], 0));
    let key = stage.good_key(OPENROUTER, "new");
    let set = stage
        .runs(["key", "set", "openrouter", "--key-stdin", "--yes"])
        .stdin(key)
        .code(0)
        .run();
    assert!(set.stdout.contains(&mine.id()), "{set}");
    drop(mine);
}
