//! The goose program itself: where it is and how old it is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::fsio::{self, Privacy};
use crate::process;

/// goose says its version in a few milliseconds; one that takes this long is not asked again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Older ones do not read the structured config that goose-setup writes.
pub const OLDEST_SUPPORTED: Version = Version(1, 37, 0);

pub const INSTALL_PAGE: &str = "https://goose-docs.ai/docs/getting-started/installation";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `1.52.0`, also with a `v` before it or a suffix behind.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim_start_matches('v').splitn(3, '.').map(|part| {
            let digits = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..digits].parse().ok()
        });
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[derive(Clone, Debug)]
pub struct Goose {
    pub path: PathBuf,
    pub version: Option<Version>,
}

impl Goose {
    /// The goose that typing `goose` starts, else one in the places its installers use.
    pub fn find(env: &Env, cache: &VersionCache) -> Option<Self> {
        let mut folders = process::search_path(env);
        folders.extend(usual_folders(env));
        let path = process::find("goose", folders.iter().map(PathBuf::as_path))?;
        let version = cache.version_of(&path);
        Some(Self { path, version })
    }

    pub fn is_too_old(&self) -> bool {
        self.version
            .is_some_and(|version| version < OLDEST_SUPPORTED)
    }
}

fn usual_folders(env: &Env) -> Vec<PathBuf> {
    let below_home = [".local/bin", ".goose/bin", "goose"]
        .into_iter()
        .filter_map(|folder| Some(env.home()?.join(folder)));
    let system = [
        "/usr/local/bin",
        "/opt/homebrew/bin",
        "/home/linuxbrew/.linuxbrew/bin",
    ];
    below_home
        .chain(system.into_iter().map(PathBuf::from))
        .collect()
}

/// The last answer of `goose --version`, good for as long as the program file is the same.
#[derive(Clone, Debug)]
pub struct VersionCache {
    file: PathBuf,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct Remembered {
    path: PathBuf,
    size: u64,
    changed: Duration,
    version: String,
}

impl VersionCache {
    pub fn at(file: PathBuf) -> Self {
        Self { file }
    }

    fn version_of(&self, path: &Path) -> Option<Version> {
        let (size, changed) = fsio::stamp(path)?;
        if let Some(known) = self.read()
            && (known.path.as_path(), known.size, known.changed) == (path, size, changed)
        {
            return Version::parse(&known.version);
        }
        let version = ask(path)?;
        Some(version)
    }

    /// Keeps the answer for next time. A cache that cannot be written only costs time.
    pub fn keep(&self, goose: &Goose) {
        let (Some(version), Some((size, changed))) = (goose.version, fsio::stamp(&goose.path))
        else {
            return;
        };
        let fresh = Remembered {
            path: goose.path.clone(),
            size,
            changed,
            version: version.to_string(),
        };
        if self.read().as_ref() == Some(&fresh) {
            return;
        }
        if let (Ok(before), Ok(text)) = (fsio::read(&self.file), serde_json::to_vec(&fresh)) {
            let _ = fsio::replace(&before, &text, Privacy::Private);
        }
    }

    fn read(&self) -> Option<Remembered> {
        let bytes = fsio::read(&self.file).ok()?.bytes?;
        serde_json::from_slice(&bytes).ok()
    }
}

fn ask(path: &Path) -> Option<Version> {
    let mut command = Command::new(path);
    command.arg("--version");
    if cfg!(unix) {
        // goose starts a log file even for this; where it cannot, it answers all the same.
        command.env("GOOSE_PATH_ROOT", "/dev/null/none");
    }
    let text = process::ask(command, PATIENCE, Stdio::null()).ok()?;
    text.split_whitespace().rev().find_map(Version::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_goose_prints() {
        assert_eq!(Version::parse("1.52.0"), Some(Version(1, 52, 0)));
        assert_eq!(Version::parse("v1.52.0-rc1"), Some(Version(1, 52, 0)));
        assert_eq!(Version::parse("goose"), None);
        assert!(Version(1, 37, 0) < Version(1, 50, 0));
    }
}
