//! Who else can get at goose's files: read the keys in them, or change where goose sends the keys.

use std::path::PathBuf;

use crate::env::Env;
use crate::fsio::{self, Ownership};
use crate::goose::paths::Paths;
use crate::plan::ModeChange;
use crate::process;
use crate::view;

/// What others may not do with a file of secrets: anything.
const OTHERS: u32 = 0o077;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
/// In a folder with this bit only the owner of a file may replace it.
const STICKY: u32 = 0o1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Others can read the keys.
    Read,
    /// Others can write.
    Write,
    /// It is another user's.
    Owned,
}

/// One way in for others, by one file or folder.
#[derive(Clone, Debug)]
pub struct Opening {
    pub way: Way,
    path: PathBuf,
    ownership: Ownership,
}

pub fn openings(paths: &Paths) -> Vec<Opening> {
    let mut found = Vec::new();
    // A custom provider names the host that gets a key.
    let custom = fsio::list(&paths.custom_providers).unwrap_or_default();
    let own = [
        &paths.secrets,
        &paths.config,
        &paths.config_dir,
        &paths.custom_providers,
    ];
    for path in own.into_iter().chain(&custom) {
        let Some(ownership) = fsio::ownership(path) else {
            continue;
        };
        let holds_secrets = *path == paths.secrets;
        let mut add = |way| {
            found.push(Opening {
                way,
                path: path.clone(),
                ownership,
            });
        };
        if holds_secrets && ownership.mode & OTHERS != 0 {
            add(Way::Read);
        }
        if !holds_secrets && writers(ownership) != 0 && ownership.mode & STICKY == 0 {
            add(Way::Write);
        }
        if process::user().is_some_and(|me| ownership.user != me) {
            add(Way::Owned);
        }
    }
    found
}

/// The bits by which others write. Many systems give each user a group with
/// the same number, and nobody else is in it.
fn writers(ownership: Ownership) -> u32 {
    let is_group_private = ownership.group == ownership.user;
    let bits = if is_group_private {
        OTHERS_WRITE
    } else {
        GROUP_WRITES | OTHERS_WRITE
    };
    ownership.mode & bits
}

impl Opening {
    pub fn sentence(&self, env: &Env) -> String {
        let path = self.named(env);
        let mode = self.ownership.mode;
        match self.way {
            Way::Read => format!("{path} can be read by others (mode {mode:o})"),
            Way::Write => format!(
                "{path} can be written by others (mode {mode:o}), who can change where goose sends your keys"
            ),
            Way::Owned => format!(
                "{path} belongs to another user ({}), who can change where goose sends your keys",
                self.ownership.user
            ),
        }
    }

    pub fn fix(&self, env: &Env) -> String {
        let path = self.named(env);
        match self.way {
            Way::Read => format!("chmod 600 {path}"),
            Way::Write => format!("chmod go-w {path}"),
            Way::Owned => {
                format!("chown it to yourself, such as `sudo chown \"$USER\" {path}`")
            }
        }
    }

    /// What closes it, where its owner asks.
    pub fn closed(&self) -> Option<ModeChange> {
        let before = self.ownership.mode;
        let after = match self.way {
            Way::Read => before & !OTHERS,
            Way::Write => before & !(GROUP_WRITES | OTHERS_WRITE),
            Way::Owned => return None,
        };
        let is_mine = process::user() == Some(self.ownership.user);
        is_mine.then(|| ModeChange {
            path: self.path.clone(),
            before,
            after,
        })
    }

    fn named(&self, env: &Env) -> String {
        view::path(&self.path, env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_ones_own_is_nobody_else() {
        let of = |group, mode| {
            writers(Ownership {
                user: 1000,
                group,
                mode,
            })
        };
        assert_eq!(of(1000, 0o664), 0);
        assert_eq!(of(100, 0o664), 0o020);
        assert_eq!(of(1000, 0o666), 0o002);
        assert_eq!(of(100, 0o644), 0);
    }
}
