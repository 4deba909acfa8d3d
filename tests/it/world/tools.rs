//! Parts of the world that may be missing on a machine: said loudly, and an error where all of them are promised.

use std::io::Write;
use std::path::PathBuf;

/// Where `tests/run` puts what it installs.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("GOOSE_SETUP_TEST_TOOLS") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/test-tools"),
    }
}

/// A program by name, from the tools or from PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(folder().join("bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The same; that it is missing is said on stderr.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        skip(name);
    }
    found
}

/// The running test goes without `what`, which a machine may be unable to install at all.
pub(crate) fn skip_loudly(what: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    announce(&format!("SKIPPED {test}: needs {what}; run tests/run"));
}

/// Prints a line past the test harness, which would keep it to itself for a test that passes.
pub(crate) fn announce(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

/// The running test goes without `what`. Under `GOOSE_SETUP_TEST_ALL=1` that is a failure.
pub(crate) fn skip(what: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(
        std::env::var_os("GOOSE_SETUP_TEST_ALL").is_none_or(|value| value != "1"),
        "{test} needs {what}, and GOOSE_SETUP_TEST_ALL=1 promises it; run tests/run"
    );
    skip_loudly(what);
}
