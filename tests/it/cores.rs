//! No picture of a process's memory is left by a crash, and the programs of the user keep the limit that the user set.

use crate::world::provider::OPENROUTER;
use crate::world::run::Setup;
use crate::world::stage::Stage;

/// Runs in a shell that allows pictures of memory.
fn run(stage: &Stage, arguments: &str) -> String {
    let line = format!(
        "ulimit -c unlimited && exec '{}' {arguments}",
        env!("CARGO_BIN_EXE_goose-setup")
    );
    Setup::program(&stage.home, "/bin/sh")
        .args(["-c", &line])
        .code(0)
        .run()
        .stdout
}

#[test]
fn memory_with_keys_in_it_is_never_written_out() {
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "mine");
    stage.home.write("key", &key);
    // The command that gives the key looks at the process which asks it, its parent.
    let ask = "grep 'core file' /proc/$PPID/limits >limits; ulimit -c >>limits; cat key";
    run(
        &stage,
        &format!(
            "openrouter --key-command \"{}\" --yes --store file --no-check",
            ask.replace('$', "\\$")
        ),
    );
    let limits = stage.home.read("limits");
    let words: Vec<&str> = limits.split_whitespace().collect();
    assert_eq!(
        words[..6],
        ["Max", "core", "file", "size", "0", "unlimited"],
        "{limits}"
    );
    assert_eq!(words.last(), Some(&"0"), "it is given a key, too");

    let said = run(&stage, "exec openrouter -- sh -c 'ulimit -c'");
    assert_eq!(said.trim_end(), "unlimited");
}
