//! Who may read and write goose's files, and whose they are.

use std::path::Path;

use super::Finding;
use crate::borrowed;
use crate::context::Context;
use crate::fsio::{self, Ownership};
use crate::goose::paths::Paths;
use crate::process;
use crate::view;

/// Others may not read a file of secrets.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// In a folder with this bit only the owner of a file may replace it.
const STICKY: u32 = 0o1000;

pub(super) fn examine(paths: &Paths, cx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(user) = borrowed::lender(&cx.env) {
        findings.push(Finding::error(
            "sudo-home",
            borrowed::sentence(user, &cx.env),
            "run goose and goose-setup without sudo, or with `sudo -H`",
        ));
    }
    findings.extend(readable_secrets(&paths.secrets, cx));
    for path in [&paths.config, &paths.secrets, &paths.config_dir] {
        let Some(ownership) = fsio::ownership(path) else {
            continue;
        };
        findings.extend(writable(path, ownership, cx));
        findings.extend(foreign(path, ownership, cx));
    }
    findings
}

fn readable_secrets(path: &Path, cx: &Context) -> Option<Finding> {
    let mode = fsio::ownership(path)?.mode;
    (mode & OTHERS != 0).then(|| {
        let path = view::path(path, &cx.env);
        Finding::error(
            "secrets-open",
            format!("{path} can be read by others (mode {mode:o})"),
            format!("chmod 600 {path}"),
        )
    })
}

/// Whoever can write the config can send the keys to a server of their own.
fn writable(path: &Path, ownership: Ownership, cx: &Context) -> Option<Finding> {
    let mode = ownership.mode;
    let is_open = mode & OTHERS_WRITE != 0 && mode & STICKY == 0;
    (is_open && !path.ends_with("secrets.yaml")).then(|| {
        let path = view::path(path, &cx.env);
        Finding::warning(
            "config-open",
            format!("{path} can be written by others (mode {mode:o})"),
            format!("chmod go-w {path}"),
        )
    })
}

fn foreign(path: &Path, ownership: Ownership, cx: &Context) -> Option<Finding> {
    let me = process::user()?;
    (ownership.user != me).then(|| {
        let path = view::path(path, &cx.env);
        Finding::warning(
            "config-foreign",
            format!(
                "{path} belongs to another user ({}), who can change where goose sends your keys",
                ownership.user
            ),
            format!("chown it to yourself, such as `sudo chown \"$USER\" {path}`"),
        )
    })
}
