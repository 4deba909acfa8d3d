//! Programs of goose that run now, and go on with what they read when they started.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::context::Context;
use crate::env::Env;
use crate::fsio;
use crate::goose::paths::Paths;
use crate::process;

/// Linux shows its processes here; elsewhere there is no such folder and nothing is said.
const PROCESSES: &str = "/proc";
const PROGRAMS: [&str; 2] = ["goose", "goosed"];
/// What decides which files a goose reads.
const PLACES: [&str; 3] = ["HOME", "XDG_CONFIG_HOME", "GOOSE_PATH_ROOT"];
const NAMED: usize = 5;

/// What to do about the goose processes that were started before a change. Call it only after one.
pub fn note(cx: &Context) -> Option<String> {
    let config = Paths::of(&cx.env).ok()?.config;
    let found: Vec<(u32, &str)> = of_this_user(&config, cx);
    let (first, rest) = found.split_first()?;
    let mut named = format!("{} (process {}", first.1, first.0);
    for (id, _) in rest.iter().take(NAMED - 1) {
        named.push_str(&format!(", {id}"));
    }
    if found.len() > NAMED {
        named.push_str(&format!(" and {} more", found.len() - NAMED));
    }
    Some(format!(
        "{named}) was started before and keeps the provider and key it has: end it and start it again"
    ))
}

fn of_this_user(config: &PathBuf, cx: &Context) -> Vec<(u32, &'static str)> {
    let me = process::user();
    let mut found: Vec<_> = fsio::list(PROCESSES.as_ref())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|folder| {
            let id: u32 = folder.file_name()?.to_str()?.parse().ok()?;
            // Readable for this user's own processes only, which spares the other questions.
            let program = fsio::link_target(&folder.join("exe"))?;
            let name = program.file_name()?.to_str()?;
            // An update replaces the file under a process that runs.
            let name = name.strip_suffix(" (deleted)").unwrap_or(name);
            let name = PROGRAMS.into_iter().find(|known| *known == name)?;
            let is_mine = fsio::ownership(&folder).map(|it| it.user) == me;
            (is_mine && reads(&folder, cx)? == *config).then_some((id, name))
        })
        .collect();
    found.sort_unstable();
    found
}

/// The config file that a process of goose reads.
fn reads(folder: &std::path::Path, cx: &Context) -> Option<PathBuf> {
    let bytes = Zeroizing::new(fsio::read(&folder.join("environ")).ok()?.bytes?);
    let text = |name: &str| {
        bytes
            .split(|byte| *byte == 0)
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    // An empty value is as good as none for all three.
    let [home, xdg, root] = PLACES.map(|name| text(name).unwrap_or_default());
    let home = match (home, cx.env.home()) {
        ("", Some(home)) => home.to_str()?,
        (home, _) => home,
    };
    let env = Env::of([
        ("HOME", home),
        ("XDG_CONFIG_HOME", xdg),
        ("GOOSE_PATH_ROOT", root),
    ]);
    Some(Paths::of(&env).ok()?.config)
}
