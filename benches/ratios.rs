//! How long whole processes take, beside `true` and `goose --version` in the same run: `cargo bench`.
//!
//! The programs take turns, so that a busy moment of the machine hits all of them alike; what counts is the ratio.
#![cfg(unix)]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark is no part of the program: it starts it, prints, and may stop at the first surprise"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SETUP: &str = env!("CARGO_BIN_EXE_goose-setup");
const ROUNDS: usize = 200;
const WARM_UP: usize = 10;

const CONFIG: &str = "\
active_provider: openrouter
providers:
  openrouter:
    enabled: true
    model: anthropic/claude-sonnet-4.5
    configured: true
  anthropic:
    enabled: true
    model: claude-sonnet-4-5
    configured: true
GOOSE_DISABLE_KEYRING: 'true'
";
const SECRETS: &str = "\
OPENROUTER_API_KEY: sk-or-v1-0000000000000000000000000000000000000000000000000000000000000000
ANTHROPIC_API_KEY: sk-ant-api03-made-up
";

struct Contestant {
    name: &'static str,
    program: PathBuf,
    /// One set of arguments for each turn, over and over.
    turns: &'static [&'static [&'static str]],
    took: Vec<Duration>,
}

fn main() {
    // `cargo test --benches` comes here too, with a slow build that says nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let home = home();
    let mut contestants = contestants();
    for round in 0..WARM_UP + ROUNDS {
        for contestant in &mut contestants {
            let arguments = contestant.turns[round % contestant.turns.len()];
            let took = run(&contestant.program, arguments, home.path());
            if round >= WARM_UP {
                contestant.took.push(took);
            }
        }
    }
    print(&mut contestants);
    let size = fs::metadata(SETUP).unwrap().len();
    println!(
        "size of the program: {:.2} MB ({size} bytes)",
        size as f64 / 1e6
    );
}

fn contestants() -> Vec<Contestant> {
    let contestant = |name, program: &Path, turns| Contestant {
        name,
        program: program.to_owned(),
        turns,
        took: Vec::new(),
    };
    let setup = Path::new(SETUP);
    let mut all = vec![contestant("true", &on_path("true").unwrap(), &[&[]])];
    match goose() {
        Some(goose) => all.push(contestant("goose --version", &goose, &[&["--version"]])),
        None => {
            eprintln!("goose is not there (tests/run fetches it), so nothing is compared with it")
        }
    }
    all.extend([
        contestant("goose-setup --version", setup, &[&["--version"]]),
        contestant("goose-setup status --json", setup, &[&["status", "--json"]]),
        // To the other provider every time, so that there is always something to write.
        contestant(
            "goose-setup switch",
            setup,
            &[&["switch", "anthropic"], &["switch", "openrouter"]],
        ),
        contestant("goose-setup env", setup, &[&["env", "--shell", "bash"]]),
    ]);
    all
}

/// A home with two providers and goose's file store.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = home.path().join(".config/goose");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.yaml"), CONFIG).unwrap();
    let secrets = folder.join("secrets.yaml");
    fs::write(&secrets, SECRETS).unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn run(program: &Path, arguments: &[&str], home: &Path) -> Duration {
    let mut path = Vec::new();
    path.extend(goose().and_then(|goose| Some(goose.parent()?.to_owned())));
    path.extend(["/usr/bin", "/bin"].map(PathBuf::from));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("SHELL", "/bin/bash")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let start = Instant::now();
    let outcome = command.output().unwrap();
    let took = start.elapsed();
    assert!(
        outcome.status.success(),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&outcome.stderr)
    );
    took
}

fn print(contestants: &mut [Contestant]) {
    for contestant in contestants.iter_mut() {
        contestant.took.sort();
    }
    let median_of = |name: &str| {
        let found = contestants.iter().find(|other| other.name == name)?;
        Some(quantile(&found.took, 0.5))
    };
    let (nothing, goose) = (median_of("true"), median_of("goose --version"));
    println!("{ROUNDS} runs each, in turn; ms");
    println!(
        "{:<28} {:>8} {:>8} {:>8}  {:>8} {:>10}",
        "", "median", "10 %", "90 %", "÷ true", "÷ goose"
    );
    for contestant in contestants.iter() {
        let median = quantile(&contestant.took, 0.5);
        let ratio =
            |other: Option<f64>| other.map_or("-".into(), |other| format!("{:.2}", median / other));
        println!(
            "{:<28} {median:>8.2} {:>8.2} {:>8.2}  {:>8} {:>10}",
            contestant.name,
            quantile(&contestant.took, 0.1),
            quantile(&contestant.took, 0.9),
            ratio(nothing),
            ratio(goose)
        );
    }
}

/// In milliseconds.
fn quantile(sorted: &[Duration], part: f64) -> f64 {
    let at = (sorted.len() as f64 * part) as usize;
    sorted[at.min(sorted.len() - 1)].as_secs_f64() * 1e3
}

/// The one that `tests/run` fetched, else the one that typing `goose` starts.
fn goose() -> Option<PathBuf> {
    let tools = std::env::var_os("GOOSE_SETUP_TEST_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools"),
        PathBuf::from,
    );
    let fetched = tools.join("goose-1.52.0/goose");
    if fetched.is_file() {
        Some(fetched)
    } else {
        on_path("goose")
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
