//! What a running `gateway run` leaves behind: a lock for as long as somebody watches over LiteLLM, and which process
//! LiteLLM is. Where the watcher was killed the lock is free, the process may live on, and the next command finds it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::check::http::local::{Up, is_up};
use crate::error::{Error, Result};
use crate::fsio::{self, Lock, Privacy};
use crate::gateway::HEALTH;
use crate::gateway::config::Written;
use crate::goose::paths::OwnPaths;
use crate::patience::Patience;
use crate::process;

const POLL: Duration = Duration::from_millis(50);
/// Somebody who only looks holds the lock for less.
const GLANCE: Patience = Patience::of(Duration::from_millis(500));
/// Requests in hand may finish.
const PATIENCE: Duration = Duration::from_secs(10);
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// The process that was started, which also leads the group of whatever it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub pid: u32,
    pub port: u16,
    /// The mark of the configuration that it was started with.
    #[serde(default)]
    pub config: Option<u64>,
}

impl Trace {
    /// It goes on with another configuration than this one, as LiteLLM reads its own only once.
    pub fn is_stale(&self, now: &Written) -> bool {
        self.config.is_some_and(|config| config != now.mark())
    }
}

/// Where both are kept, and the configuration that is on LiteLLM's command line.
#[derive(Clone, Debug)]
pub struct Place {
    lock: PathBuf,
    file: PathBuf,
    config: PathBuf,
    /// What LiteLLM said last.
    pub log: PathBuf,
}

/// LiteLLM, as far as `gateway run` has to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    /// Somebody watches over it; which process it is may not be known yet.
    Watched(Option<Trace>),
    /// Whoever watched over it was killed.
    LeftBehind(Trace),
}

impl Place {
    pub fn of(own: &OwnPaths) -> Self {
        Self {
            lock: own.state_dir.join("gateway.lock"),
            file: own.state_dir.join("gateway-process.json"),
            config: own.config_dir.join("gateway.yaml"),
            log: own.state_dir.join("gateway.log"),
        }
    }

    /// `None`: somebody watches already.
    pub fn watch(&self) -> Option<Watch<'_>> {
        Some(Watch {
            _lock: fsio::lock(&self.lock, GLANCE).ok()?,
            place: self,
            has_trace: false,
        })
    }

    pub fn look(&self) -> Found {
        let trace = self.ours();
        // Where nobody ever watched, the lock's file need not come to be.
        if trace.is_none() && !fsio::exists(&self.lock) {
            return Found::Nothing;
        }
        match (fsio::lock(&self.lock, Patience::NONE), trace) {
            (Err(_), trace) => Found::Watched(trace),
            (Ok(_), Some(trace)) => Found::LeftBehind(trace),
            (Ok(_), None) => Found::Nothing,
        }
    }

    /// Ends what was left behind, with all that it started.
    pub fn end(&self, trace: Trace) -> Result<()> {
        for at_once in [false, true] {
            process::end_group(trace.pid, at_once);
            if settled(PATIENCE, || !self.is_ours(trace.pid)) {
                // A runner may be gone a moment before the program that it ran.
                settled(LAST_MOMENT, || is_up(trace.port, HEALTH) != Up::Yes);
                return fsio::discard(&self.file);
            }
        }
        Err(Error::usage(
            format!(
                "LiteLLM (process {}, port {}) does not end",
                trace.pid, trace.port
            ),
            format!("end it with `kill -9 {}`", trace.pid),
        ))
    }

    /// Takes all of it away, once nobody watches.
    pub fn clear(&self) -> Result<()> {
        [&self.file, &self.log, &self.lock]
            .into_iter()
            .try_for_each(|path| fsio::discard(path))
    }

    /// The process of the trace, if it is still the one that was started.
    fn ours(&self) -> Option<Trace> {
        let bytes = fsio::read(&self.file).ok()?.bytes?;
        let trace: Trace = serde_json::from_slice(&bytes).ok()?;
        self.is_ours(trace.pid).then_some(trace)
    }

    /// A number is given to another process one day, which has not our configuration on its command line.
    fn is_ours(&self, pid: u32) -> bool {
        process::command_line(pid).is_some_and(|line| names(&line, &self.config))
    }
}

/// Held by whoever watches over LiteLLM. Dropped after LiteLLM was ended, so the trace goes with it.
pub struct Watch<'p> {
    _lock: Lock,
    place: &'p Place,
    has_trace: bool,
}

impl Watch<'_> {
    /// What an earlier watcher left behind when it was killed.
    pub fn left_behind(&self) -> Option<Trace> {
        self.place.ours()
    }

    pub fn keep(&mut self, trace: Trace) -> Result<()> {
        let text = serde_json::to_vec(&trace).map_err(|error| {
            Error::unexpected(format!("cannot write which process LiteLLM is: {error}"))
        })?;
        self.has_trace = true;
        fsio::replace(&fsio::read(&self.place.file)?, &text, Privacy::Private)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if self.has_trace {
            // One that stays says nothing: its process is gone.
            let _ = fsio::discard(&self.place.file);
        }
    }
}

fn settled(patience: Duration, is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
}

fn names(command_line: &str, config: &Path) -> bool {
    command_line.contains(&format!("--config {}", config.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn place(folder: &Path) -> Place {
        Place::of(&OwnPaths {
            config_dir: folder.join("config"),
            state_dir: folder.join("state"),
        })
    }

    fn of(pid: u32) -> Trace {
        Trace {
            pid,
            port: 1,
            config: None,
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_was_started_and_no_file_comes_of_looking() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        assert_eq!(place.look(), Found::Nothing);
        assert!(!fsio::exists(&folder.path().join("state")));
    }

    #[test]
    fn somebody_who_watches_is_seen_and_watches_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let held = place.watch();
        assert!(held.is_some());
        assert_eq!(place.look(), Found::Watched(None));
        assert!(place.watch().is_none());
        drop(held);
        assert_eq!(place.look(), Found::Nothing);
    }

    #[test]
    fn another_process_with_the_number_of_ours_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let mut watch = place.watch().unwrap();
        watch.keep(of(std::process::id())).unwrap();
        assert!(fsio::exists(&place.file));
        assert_eq!(watch.left_behind(), None);
        drop(watch);
        assert!(!fsio::exists(&place.file));
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_outlived_its_watcher_is_found_by_its_command_line_and_ended() {
        use std::os::unix::process::CommandExt;
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let config = place.config.display().to_string();
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "sleep 60; :", "litellm", "--config", &config])
            .process_group(0)
            .spawn()
            .unwrap();
        let trace = of(child.id());
        let mut watch = place.watch().unwrap();
        watch.keep(trace).unwrap();
        // A killed watcher takes nothing away.
        watch.has_trace = false;
        assert!(settled(PATIENCE, || place.ours() == Some(trace)));
        assert_eq!(place.look(), Found::Watched(Some(trace)));
        drop(watch);
        assert_eq!(place.look(), Found::LeftBehind(trace));
        let reaper = std::thread::spawn(move || child.wait().unwrap());
        place.end(trace).unwrap();
        assert!(!reaper.join().unwrap().success());
        assert_eq!(place.look(), Found::Nothing);
    }
}
