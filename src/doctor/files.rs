//! goose's files: that they parse, have the right names, and are nobody else's.

use std::path::Path;

use super::{Finding, broken, origin};
use crate::catalog;
use crate::context::Context;
use crate::error::Result;
use crate::fsio;
use crate::goose::custom::Custom;
use crate::goose::paths::Paths;
use crate::secrets::SecretsFile;
use crate::shell::{Shell, words};
use crate::view;

/// Folders whose content travels to other machines by itself.
const SYNCED: [&str; 7] = [
    "Dropbox",
    "OneDrive",
    "Google Drive",
    "GoogleDrive",
    "iCloud Drive",
    "Mobile Documents",
    "Nextcloud",
];

pub(super) fn examine(paths: &Paths, cx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(wrong_names(paths, cx));
    findings.extend(left_behind(paths, cx));
    findings
        .extend(custom(paths, cx).unwrap_or_else(|error| vec![broken("custom-broken", &error)]));
    findings.extend(secrets(paths));
    findings.extend(long_link(&paths.config, cx));
    findings.extend(travels(paths, cx));
    findings
}

fn wrong_names(paths: &Paths, cx: &Context) -> Vec<Finding> {
    let files = [
        ("config-misnamed", &paths.config),
        ("secrets-misnamed", &paths.secrets),
    ];
    files
        .into_iter()
        .filter_map(|(id, file)| wrong_name(id, file, cx))
        .collect()
}

fn wrong_name(id: &'static str, file: &Path, cx: &Context) -> Option<Finding> {
    let misnamed = file.with_extension("yml");
    let is_wrong = fsio::is_file(&misnamed) && !fsio::is_file(file);
    is_wrong.then(|| {
        Finding::error(
            id,
            format!("goose does not read {}", view::path(&misnamed, &cx.env)),
            format!(
                "mv {} {}",
                view::path(&misnamed, &cx.env),
                view::path(file, &cx.env)
            ),
        )
    })
}

/// What was set up lies where it always does, and goose looks elsewhere.
fn left_behind(paths: &Paths, cx: &Context) -> Option<Finding> {
    const ROOT: &str = "GOOSE_PATH_ROOT";
    let usual = Paths::of(&cx.env.without(ROOT)).ok()?;
    let is_wrong = usual.config != paths.config
        && fsio::is_file(&usual.config)
        && !fsio::is_file(&paths.config);
    is_wrong.then(|| {
        Finding::error(
            "path-root",
            format!(
                "{ROOT}{} makes goose look for {}, which is not there, and pass over {}",
                origin::phrase(ROOT, cx),
                view::path(&paths.config, &cx.env),
                view::path(&usual.config, &cx.env)
            ),
            format!(
                "{}, or run `goose-setup` to set goose up there",
                words::unset(Shell::detect(&cx.env), ROOT)
            ),
        )
    })
}

fn custom(paths: &Paths, cx: &Context) -> Result<Vec<Finding>> {
    let custom = Custom::read(paths)?;
    let broken = custom.broken.iter().map(|broken| {
        Finding::error(
            "custom-broken",
            format!(
                "{}{} does not load ({}), and with it goose drops all its bundled providers",
                view::path(&broken.path, &cx.env),
                broken
                    .line
                    .map_or_else(String::new, |line| format!(":{line}")),
                broken.reason
            ),
            format!("mend or move {}", view::path(&broken.path, &cx.env)),
        )
    });
    let shadowing = custom
        .providers
        .iter()
        .map(|(definition, path)| (&definition.name, path))
        .filter(|(id, _)| catalog::is_goose_id(id))
        .map(|(id, path)| {
            Finding::warning(
                "custom-shadows",
                format!(
                    "{} takes the place of goose's own {id}, so its key goes where this file says",
                    view::path(path, &cx.env)
                ),
                format!(
                    "rename the `name` in {} if that is not wanted",
                    view::path(path, &cx.env)
                ),
            )
        });
    Ok(broken.chain(shadowing).collect())
}

fn secrets(paths: &Paths) -> Option<Finding> {
    let sound = SecretsFile::read(&paths.secrets).and_then(|file| file.sound());
    sound.err().map(|error| broken("secrets-broken", &error))
}

/// goose follows one link when it writes, and fails at the second.
fn long_link(path: &Path, cx: &Context) -> Option<Finding> {
    (fsio::link_hops(path) > 1).then(|| {
        Finding::warning(
            "config-linked-twice",
            format!(
                "{} is a link to a link: goose reads it, but cannot write it",
                view::path(path, &cx.env)
            ),
            "link it directly to the file",
        )
    })
}

/// A line of some .gitignore on the way names it.
fn is_left_out(file: &Path, repository: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(repository))
        .filter_map(|folder| fsio::read(&folder.join(".gitignore")).ok()?.bytes)
        .any(|text| {
            String::from_utf8_lossy(&text).lines().any(|line| {
                !line.starts_with('!') && line.trim().rsplit('/').next() == Some(&*name)
            })
        })
}

fn travels(paths: &Paths, cx: &Context) -> Option<Finding> {
    let real = fsio::canonical(&paths.secrets)?;
    if !fsio::is_file(&real) {
        return None;
    }
    let home = cx.env.home().and_then(fsio::canonical);
    let carrier = real
        .ancestors()
        .skip(1)
        .take_while(|folder| Some(*folder) != home.as_deref())
        .find(|folder| {
            let name = folder.file_name().map(|name| name.to_string_lossy());
            (fsio::exists(&folder.join(".git")) && !is_left_out(&real, folder))
                || name.is_some_and(|name| SYNCED.iter().any(|synced| name.starts_with(synced)))
        })?;
    Some(Finding::warning(
        "secrets-travel",
        format!(
            "{} is inside {}, which is a git or synced folder",
            view::path(&real, &cx.env),
            view::path(carrier, &cx.env)
        ),
        "keep the keys in the keychain (`goose-setup key set PROVIDER --store keychain`), or leave secrets.yaml out of it",
    ))
}
