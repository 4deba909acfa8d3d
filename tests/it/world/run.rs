//! A run of the program, told as a record: what it is given and what it must answer.
//!
//! ```ignore
//! let outcome = Setup::new(&home).args(["openrouter", "--key-stdin", "--yes"]).stdin(&key).code(0).run();
//! assert!(outcome.stderr.contains("openrouter"));
//! ```
//!
//! There is no terminal, neither as a stream nor behind /dev/tty. Every run checks that the home's secrets appear in nothing it
//! printed and in no command line of it or its children.

use super::home::Home;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Setup<'a> {
    home: &'a Home,
    program: OsString,
    args: Vec<OsString>,
    environment: Vec<(String, Option<String>)>,
    stdin: Vec<u8>,
    code: Option<i32>,
    shows_key: bool,
    limit: Duration,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    /// The one object on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value @ Value::Object(_)) => value,
            Ok(_) => panic!("stdout is JSON but no object\n{self}"),
            Err(error) => panic!("stdout is not one JSON object: {error}\n{self}"),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "exit {}\n-- stdout\n{}\n-- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

impl<'a> Setup<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        Self::program(home, env!("CARGO_BIN_EXE_goose-setup"))
    }

    /// Any other program under the same watch.
    pub(crate) fn program(home: &'a Home, program: impl AsRef<OsStr>) -> Self {
        Self {
            home,
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            environment: Vec::new(),
            stdin: Vec::new(),
            code: None,
            shows_key: false,
            limit: Duration::from_secs(60),
        }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment
            .push((name.to_owned(), Some(value.to_owned())));
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.push((name.to_owned(), None));
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// The exit code it must have.
    pub(crate) fn code(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// Its stdout is a key on purpose (`key print`).
    pub(crate) fn shows_key(mut self) -> Self {
        self.shows_key = true;
        self
    }

    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    #[track_caller]
    pub(crate) fn run(self) -> Outcome {
        let start = Instant::now();
        let mut child = self.start();
        let mut stdin = child.stdin.take().unwrap();
        let input = self.stdin.clone();
        // A program that never reads its stdin breaks the pipe; that is its right.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        let mut lines = String::new();
        let status = loop {
            lines.push_str(&command_lines(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > self.limit {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!(
                    "{:?} {:?} still ran after {:?}\n-- stdout\n{}\n-- stderr\n{}",
                    self.program,
                    self.args,
                    self.limit,
                    stdout.join().unwrap(),
                    stderr.join().unwrap()
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let took = start.elapsed();
        writer.join().unwrap();
        let outcome = Outcome {
            code: code(status),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            took,
        };
        if let Some(code) = self.code {
            assert_eq!(
                outcome.code, code,
                "{:?} {:?}: {outcome}",
                self.program, self.args
            );
        }
        for secret in self
            .home
            .secrets()
            .iter()
            .filter(|secret| !secret.is_empty())
        {
            assert!(
                self.shows_key || !outcome.stdout.contains(secret),
                "a secret on stdout of {:?}",
                self.args
            );
            assert!(
                !outcome.stderr.contains(secret),
                "a secret on stderr of {:?}",
                self.args
            );
            assert!(
                !lines.contains(secret),
                "a secret in a command line under {:?}",
                self.args
            );
        }
        outcome
    }

    fn start(&self) -> Child {
        // A session of its own has no controlling terminal, so opening /dev/tty fails as it does in CI.
        let setsid = Path::new("/usr/bin/setsid");
        let mut command = if setsid.exists() {
            let mut command = Command::new(setsid);
            command.arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command
            .args(&self.args)
            .current_dir(self.home.path())
            .env_clear();
        command.envs(
            self.home
                .environment()
                .iter()
                .map(|(name, value)| (name, value)),
        );
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

/// As a shell reports it: 128 and the signal's number where a signal ended it.
fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn collect(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The command lines of a process and all below it at this moment.
fn command_lines(process: u32) -> String {
    let read = |path: String| {
        std::fs::read(path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    };
    let mut text = read(format!("/proc/{process}/cmdline"));
    text.push('\n');
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return text;
    };
    for task in tasks.flatten() {
        let children = read(task.path().join("children").display().to_string());
        for child in children
            .split_whitespace()
            .filter_map(|child| child.parse().ok())
        {
            text.push_str(&command_lines(child));
        }
    }
    text
}
