//! What still runs on the old values is named after a change.

use crate::world::goose::{Goose, NEWEST};
use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::stage::Stage;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

    /// A program of this name somewhere in `folder` that does nothing.
    fn stand_in(folder: &Path, program: &str, home: &Path) -> Self {
        let path = folder.join(program);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if !path.exists() {
            fs::copy("/bin/sleep", &path).unwrap();
        }
        loop {
            let mut command = Command::new(&path);
            command.arg("600").env_clear().env("HOME", home);
            match command.spawn() {
                Ok(child) => return Self(child),
                // A child that another test is just starting still holds the file open from the copying.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("{error}"),
            }
        }
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

#[test]
fn the_desktop_and_its_server_are_named_with_what_to_do() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    stage.has(OPENROUTER);
    let folder = tempfile::tempdir().unwrap();
    let start = |program: &str| Waiting::stand_in(folder.path(), program, stage.home.path());
    let server = start("lib/goose/resources/bin/goosed");
    // Two processes of one program with a window, under either of the names that packages give it.
    let desktop = [start("lib/goose/goose"), start("lib/goose/goose")];
    let session = start("bin/goose");
    // A program that was replaced by an update while it ran.
    fs::remove_file(folder.path().join("bin/goose")).unwrap();
    let outcome = stage.runs(["switch", "anthropic"]).code(0).run();
    let shown = outcome.to_string();
    let process = |waiting: &Waiting| format!("(process {})", waiting.id());
    for (name, waiting, step) in [
        ("goose Desktop", &desktop[0], "quit it and start it again"),
        ("goosed", &server, "end it and start it again"),
        ("; goose", &session, "end it and start it again"),
    ] {
        let named = format!("{name} {}", process(waiting));
        let place = shown
            .find(&named)
            .unwrap_or_else(|| panic!("{named}: {shown}"));
        assert!(shown[place..].contains(step), "{shown}");
    }
    assert!(!shown.contains(&desktop[1].id()), "{shown}");
}
