//! Whether a browser of this machine can be shown a page, and doing so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::Env;
use crate::error::Result;
use crate::{fsio, process};

/// Files that container engines leave at the root.
const CONTAINER_MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];
/// Programs that know which browser the desktop uses.
const OPENERS: [&str; 2] = ["xdg-open", "wslview"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// This command shows a page.
    Here(Opener),
    /// The person sits at another machine.
    Remote,
    /// A browser outside would not find this machine's ports.
    Container,
    Nowhere,
}

/// A program and its arguments; `%s` stands for the address, which else comes last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opener {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Reach {
    pub(super) fn of(env: &Env) -> Self {
        Self::with(
            env,
            CONTAINER_MARKS
                .iter()
                .any(|mark| fsio::exists(Path::new(mark))),
        )
    }

    fn with(env: &Env, in_container: bool) -> Self {
        if ["SSH_CONNECTION", "SSH_TTY"]
            .iter()
            .any(|name| env.filled(name).is_some())
        {
            return Self::Remote;
        }
        // Somebody who names a browser has made sure that it can be reached, even from a container.
        if let Some(opener) = named(env) {
            return Self::Here(opener);
        }
        if in_container {
            return Self::Container;
        }
        match of_desktop(env) {
            Some(opener) => Self::Here(opener),
            None => Self::Nowhere,
        }
    }
}

impl Opener {
    pub(super) fn show(&self, url: &str) -> Result<()> {
        let mut command = Command::new(&self.program);
        let has_place = self
            .arguments
            .iter()
            .any(|argument| argument.contains("%s"));
        command.args(
            self.arguments
                .iter()
                .map(|argument| argument.replace("%s", url)),
        );
        if !has_place {
            command.arg(url);
        }
        process::leave(command)
    }
}

/// The first of `$BROWSER`, a list like PATH, that is there.
fn named(env: &Env) -> Option<Opener> {
    let list = env.filled("BROWSER")?;
    let entries: Vec<&str> = if cfg!(windows) {
        vec![list]
    } else {
        list.split(':').collect()
    };
    entries.into_iter().find_map(|entry| {
        let mut words = entry.split_whitespace();
        opener(env, words.next()?, words)
    })
}

fn of_desktop(env: &Env) -> Option<Opener> {
    if cfg!(target_os = "macos") {
        return opener(env, "open", []);
    }
    if cfg!(windows) {
        // `start` would take the ampersands of the address for its own.
        return opener(env, "rundll32", ["url.dll,FileProtocolHandler"]);
    }
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
        .iter()
        .any(|name| env.filled(name).is_some());
    has_display.then(|| OPENERS.iter().find_map(|name| opener(env, name, [])))?
}

fn opener<'a>(
    env: &Env,
    name: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<Opener> {
    let folders = process::search_path(env);
    let program = process::find(name, folders.iter().map(PathBuf::as_path))?;
    Some(Opener {
        program,
        arguments: arguments.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    #![expect(
        clippy::disallowed_methods,
        reason = "a test sets up and reads its own files"
    )]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with these programs in it, and its path.
    fn folder(programs: &[&str]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        for name in programs {
            let path = folder.path().join(name);
            std::fs::write(&path, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = folder.path().display().to_string();
        (folder, path)
    }

    fn program(reach: &Reach) -> String {
        match reach {
            Reach::Here(opener) => {
                let name = opener.program.file_name().unwrap().to_string_lossy();
                format!("{name} {}", opener.arguments.join(" "))
                    .trim()
                    .to_owned()
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_browser_is_where_the_person_is() {
        let (_folder, path) = folder(&["xdg-open", "firefox", "lynx"]);
        let named = format!("missing:{path}/firefox --new-window %s:lynx");
        let at = |vars: [(&str, &str); 2], in_container| {
            let [one, two] = vars;
            let env = Env::of([("PATH", path.as_str()), one, two]);
            program(&Reach::with(&env, in_container))
        };
        let none = ("X", "");
        for (vars, in_container, expected) in [
            ([("DISPLAY", ":0"), none], false, "xdg-open"),
            ([("WAYLAND_DISPLAY", "wayland-0"), none], false, "xdg-open"),
            ([none, none], false, "Nowhere"),
            ([("DISPLAY", ""), none], false, "Nowhere"),
            ([("DISPLAY", ":0"), none], true, "Container"),
            ([("BROWSER", &named), none], true, "firefox --new-window %s"),
            ([("BROWSER", "lynx"), none], false, "lynx"),
            (
                [("BROWSER", "missing"), ("DISPLAY", ":0")],
                false,
                "xdg-open",
            ),
            (
                [("DISPLAY", ":0"), ("SSH_TTY", "/dev/pts/1")],
                false,
                "Remote",
            ),
            (
                [("BROWSER", "lynx"), ("SSH_CONNECTION", "1 2 3 4")],
                false,
                "Remote",
            ),
        ] {
            assert_eq!(at(vars, in_container), expected, "{vars:?}");
        }
    }

    #[test]
    fn a_display_without_an_opener_is_no_browser() {
        let (_folder, path) = folder(&[]);
        let env = Env::of([("PATH", path.as_str()), ("DISPLAY", ":0")]);
        assert_eq!(Reach::with(&env, false), Reach::Nowhere);
    }
}
