//! Programs of goose that run now, and go on with what they read when they started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::context::Context;
use crate::env::Env;
use crate::fsio;
use crate::goose::paths::Paths;
use crate::process;

/// Linux shows its processes here, with their environment; elsewhere `ps` is asked, which tells less.
const PROCESSES: &str = "/proc";
const PS: &str = "/bin/ps";
const PATIENCE: Duration = Duration::from_secs(2);
/// What decides which files a goose reads.
const PLACES: [&str; 3] = ["HOME", "XDG_CONFIG_HOME", "GOOSE_PATH_ROOT"];
const NAMED: usize = 5;

/// Sorted by what a person would look at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Desktop,
    Server,
    Session,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Desktop, Self::Server, Self::Session];

    fn of(program: &Path) -> Option<Self> {
        let name = program.file_name()?.to_str()?;
        // An update replaces the file under a process that runs.
        match name.strip_suffix(" (deleted)").unwrap_or(name) {
            "Goose" | "goose-desktop" | "goose-app" => Some(Self::Desktop),
            // Some packages name the desktop's program as the command line's; it has its resources beside it.
            "goose" if fsio::is_folder(&program.with_file_name("resources")) => Some(Self::Desktop),
            "goose" => Some(Self::Session),
            "goosed" => Some(Self::Server),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "goose Desktop",
            Self::Server => "the goose server goosed",
            Self::Session => "goose",
        }
    }

    fn step(self) -> &'static str {
        match self {
            Self::Desktop => "quit it and start it again",
            // Where goose Desktop runs one, it goes and comes with it.
            Self::Server | Self::Session => "end it and start it again",
        }
    }
}

/// What to do about the goose processes that were started before a change. Call it only after one.
pub fn note(cx: &Context) -> Option<String> {
    let config = Paths::of(&cx.env).ok()?.config;
    let found = if fsio::is_folder(PROCESSES.as_ref()) {
        of_this_user(&config, cx)
    } else {
        told_by_ps()
    };
    words(&found)
}

fn words(found: &[(Kind, u32)]) -> Option<String> {
    let sentences: Vec<String> = Kind::ALL
        .into_iter()
        .filter_map(|kind| {
            let mut ids: Vec<u32> = found
                .iter()
                .filter(|(other, _)| *other == kind)
                .map(|(_, id)| *id)
                .collect();
            if kind == Kind::Desktop {
                // All of its many processes are the one program that has a window.
                ids.truncate(1);
            }
            let named: Vec<String> = ids.iter().take(NAMED).map(u32::to_string).collect();
            let more = match ids.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            (!ids.is_empty()).then(|| {
                format!(
                    "{} (process {}{more}) was started before and keeps the provider and key it has: {}",
                    kind.name(),
                    named.join(", "),
                    kind.step()
                )
            })
        })
        .collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

fn of_this_user(config: &Path, cx: &Context) -> Vec<(Kind, u32)> {
    let me = process::user();
    let mut found: Vec<_> = fsio::list(PROCESSES.as_ref())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|folder| {
            let id: u32 = folder.file_name()?.to_str()?.parse().ok()?;
            // Readable for this user's own processes only, which spares the other questions.
            let kind = Kind::of(&fsio::link_target(&folder.join("exe"))?)?;
            let is_mine = fsio::ownership(&folder).map(|it| it.user) == me;
            (is_mine && reads(&folder, cx)? == config).then_some((kind, id))
        })
        .collect();
    found.sort_unstable();
    found
}

/// This user's processes, whatever files they read: that cannot be asked here.
fn told_by_ps() -> Vec<(Kind, u32)> {
    let mut ps = Command::new(PS);
    ps.args(["x", "-o", "pid=,comm="]);
    let text = process::ask(ps, PATIENCE, Stdio::null());
    text.map_or_else(|_| Vec::new(), |text| listed(&text))
}

/// A line is the number of a process and the path of its program, which may have blanks in it.
fn listed(text: &str) -> Vec<(Kind, u32)> {
    let mut found: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (id, program) = line.trim().split_once(' ')?;
            Some((Kind::of(Path::new(program.trim()))?, id.parse().ok()?))
        })
        .collect();
    found.sort_unstable();
    found
}

/// The config file that a process of goose reads.
fn reads(folder: &Path, cx: &Context) -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn what_ps_lists_is_told_apart() {
        let text = "  501 /sbin/launchd\n 7301 /Applications/Goose.app/Contents/MacOS/Goose\n\
            7310 /Applications/Goose.app/Contents/Resources/bin/goosed\n99 /Users/a b/.local/bin/goose\n\
            100 /usr/bin/mongoose\n7302 /Applications/Goose.app/Contents/MacOS/Goose\n";
        let found = listed(text);
        assert_eq!(
            found,
            [
                (Kind::Desktop, 7301),
                (Kind::Desktop, 7302),
                (Kind::Server, 7310),
                (Kind::Session, 99),
            ]
        );
        let words = words(&found).unwrap();
        assert!(
            words.contains("goose Desktop (process 7301) was"),
            "{words}"
        );
        assert!(words.contains("goosed (process 7310) was"), "{words}");
        assert!(words.contains("; goose (process 99) was"), "{words}");
    }

    #[test]
    fn nothing_is_said_where_nothing_runs_and_not_all_where_much_does() {
        assert_eq!(words(&[]), None);
        let many: Vec<_> = (1..=8).map(|id| (Kind::Session, id)).collect();
        let words = words(&many).unwrap();
        assert!(words.contains("1, 2, 3, 4, 5 and 3 more"), "{words}");
    }

    #[cfg(unix)]
    #[test]
    fn the_ps_of_this_system_is_understood() {
        // It lists at least the process that asks.
        let mut ps = Command::new(PS);
        ps.args(["x", "-o", "pid=,comm="]);
        let Ok(text) = process::ask(ps, PATIENCE, Stdio::null()) else {
            return;
        };
        let me = std::process::id().to_string();
        assert!(
            text.lines()
                .any(|line| { line.trim().split_once(' ').is_some_and(|(id, _)| id == me) }),
            "{text:?}"
        );
    }
}
