//! After any failure or kill goose still works with the old or the new provider.
//!
//! strace stops the program at its n-th change of the file system, for every n there is: by a failure of that call, and by
//! SIGKILL in its place.

use crate::world::provider::{ALL, ANTHROPIC, OPENROUTER};
use crate::world::run::{Outcome, Setup};
use crate::world::stage::Stage;
use crate::world::tools;
use serde_json::Value;
use std::path::Path;

/// The calls by which something changes on disk. strace counts each by itself, so each is disturbed by itself.
const CHANGES: [&str; 10] = [
    "rename",
    "renameat",
    "renameat2",
    "fsync",
    "fdatasync",
    "unlink",
    "unlinkat",
    "fchmod",
    "mkdir",
    "flock",
];

/// Sets OpenRouter up where Anthropic was before, with `fault` at call number `step`; `None` when there is no such call.
fn disturbed(
    stage: &Stage,
    strace: &Path,
    key: &str,
    (call, fault, step): (&str, &str, usize),
) -> Option<Outcome> {
    let setup = [
        "openrouter",
        "--key-stdin",
        "--yes",
        "--store",
        "file",
        "--json",
        "--model",
        OPENROUTER.model,
    ];
    let trace = stage.home.path().join("trace");
    let outcome = Setup::program(&stage.home, strace)
        .args(["-f", "-s", "0", "-e", &format!("trace={call}"), "-e"])
        .args([&format!("inject={call}:{fault}:when={step}"), "-o"])
        .args([&trace])
        .args([env!("CARGO_BIN_EXE_goose-setup")])
        .args(setup)
        .stdin(key)
        .run();
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(trace).unwrap();
    (text.contains("(INJECTED)") || text.contains("killed by SIGKILL")).then_some(outcome)
}

/// What goose would use: (provider, the fingerprint of its key).
fn in_use(stage: &Stage) -> (Value, Value) {
    let status = stage.runs(["status", "--json"]).code(0).run().json();
    let active = status["active"]["provider"].clone();
    let rows = status["providers"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["id"] == active)
        .unwrap_or(&Value::Null);
    (active, row["key"]["fingerprint"].clone())
}

/// Runs with the fault at each step of each kind in turn, until a run is not disturbed any more.
fn at_every_step(fault: &str, check: impl Fn(&Stage, &Outcome, &str)) {
    let Some(strace) = tools::program("strace") else {
        return;
    };
    let mut felt = 0;
    for call in CHANGES {
        for step in 1..100 {
            let stage = Stage::on_a_server();
            let old = stage.has(ANTHROPIC);
            let before = in_use(&stage);
            let new = stage.good_key(OPENROUTER, "new");
            let Some(outcome) = disturbed(&stage, &strace, &new, (call, fault, step)) else {
                break;
            };
            felt += 1;
            let told = format!("{call} {step}: {outcome}\n{}", stage.home.config());
            let now = in_use(&stage);
            assert!(now == before || now.0 == "openrouter", "{now:?} {told}");
            assert!(
                now.1.is_string(),
                "the key of what is active is there: {now:?} {told}"
            );
            assert!(
                !stage.home.files_with(&old).is_empty(),
                "the old key is kept: {told}"
            );
            check(&stage, &outcome, &told);
            // The same again without disturbance comes to the end.
            stage
                .sets_up(OPENROUTER, &new)
                .args(["--model", OPENROUTER.model])
                .code(0)
                .run();
            assert_eq!(in_use(&stage).0, "openrouter", "{told}");
        }
    }
    assert!(felt > 5, "the faults were hardly felt");
}

#[test]
fn killed_at_any_step_the_old_or_the_new_provider_works() {
    at_every_step("signal=SIGKILL", |stage, _, told| {
        for file in stage.home.files_with(&OPENROUTER.key("new")) {
            let mode = stage.home.mode(&stage.home.path().join(&file));
            assert_eq!(mode, 0o600, "{}: {told}", file.display());
        }
    });
}

#[test]
fn a_failure_at_any_step_leaves_everything_as_it_was_or_done() {
    at_every_step("error=EIO", |stage, outcome, told| {
        if [0, 9].contains(&outcome.code) {
            assert_eq!(
                in_use(stage).0,
                "openrouter",
                "success was reported: {told}"
            );
        } else {
            assert_eq!(
                in_use(stage).0,
                "anthropic",
                "a failure was reported: {told}"
            );
            let left = stage.home.files_with(&OPENROUTER.key("new"));
            assert!(left.is_empty(), "{left:?}: {told}");
        }
    });
}

#[test]
fn setups_at_the_same_time_lose_nothing_that_was_acknowledged() {
    let stage = Stage::on_a_server();
    let keys = ALL.map(|provider| stage.good_key(provider, "new"));
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = ALL
            .into_iter()
            .zip(&keys)
            .map(|(provider, key)| {
                let stage = &stage;
                scope.spawn(move || {
                    stage
                        .sets_up(provider, key)
                        .args(["--model", provider.model])
                        .run()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let config = stage.home.config_yaml();
    let mut done = 0;
    for ((provider, key), outcome) in ALL.into_iter().zip(&keys).zip(&outcomes) {
        if outcome.code != 0 {
            assert!([5, 7].contains(&outcome.code), "{}: {outcome}", provider.id);
            continue;
        }
        done += 1;
        assert_eq!(
            config["providers"][provider.id]["model"],
            provider.model,
            "{}",
            stage.home.config()
        );
        if let Some(variable) = provider.key_variable {
            assert_eq!(
                stage.home.secrets_yaml()[variable],
                key.as_str(),
                "{}",
                provider.id
            );
        }
    }
    assert!(done > 0, "somebody comes first: {outcomes:#?}");
}
