//! The one line that loads our env file when a shell starts, and the file it goes into.
//!
//! The line never changes: what it loads may. Taking it out gives the file back byte for byte, so what would be lost
//! (that the file had no line end before, or was not there) is written into the line's own marker.

use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::shell::Shell;
use crate::shell::quote::quote;

const MARK: &str = "# added by goose-setup";

/// Follows the mark when the text before had no line end of its own.
const OPEN_END: &str = ", which also ended the line before";

/// Follows the mark when there was no file.
const NEW_FILE: &str = ", which also made this file";

/// Our env file's name inside our own configuration directory.
pub fn env_file_name(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => "env.sh",
        Shell::Fish => "env.fish",
        Shell::PowerShell => "env.ps1",
        Shell::Nushell => "env.nu",
    }
}

/// The line that loads `env_file`, if it is still there.
pub fn rc_line(shell: Shell, env_file: &Path, home: Option<&Path>) -> Result<String> {
    let path = word(shell, env_file, home)?;
    Ok(match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => {
            format!("if [ -r {path} ]; then . {path}; fi {MARK}")
        }
        // fish reads its configuration for every script too; a key is only asked for where somebody types.
        Shell::Fish => {
            format!("status is-interactive; and test -r {path}; and source {path}; or true {MARK}")
        }
        Shell::PowerShell => {
            format!("if (Test-Path -LiteralPath {path}) {{ . {path} }} {MARK}")
        }
        // nushell looks for the file before it runs anything, so the guard has to be a constant.
        Shell::Nushell => {
            format!("source (if ({path} | path exists) {{ {path} }} else {{ null }}) {MARK}")
        }
    })
}

/// The start-up file for the line. `exists` tells whether a file is there.
///
/// - bash reads `~/.bashrc`; on macOS, where terminals open login shells, the first of `~/.bash_profile`,
///   `~/.bash_login`, `~/.profile` that exists, since making an earlier one would hide a later one.
/// - PowerShell: the profile of all hosts. On Windows that of PowerShell 7 in `Documents`.
/// - fish and nushell load every file of a folder, so there the file is ours alone.
pub fn rc_file(shell: Shell, env: &Env, exists: &dyn Fn(&Path) -> bool) -> Result<PathBuf> {
    rc_file_on(Platform::current(), shell, env, exists)
}

/// The text of a file that is there for the line alone.
pub fn alone(line: &str) -> Vec<u8> {
    format!("{line}{NEW_FILE}\n").into_bytes()
}

/// The file was made for the line, and nobody wrote anything else into it: it goes away together with the line.
pub fn is_alone(text: &[u8]) -> bool {
    remove(text).is_empty() && lines(text).any(|line| body(line).ends_with(NEW_FILE.as_bytes()))
}

/// `text` with the line at its end. A text that has it is left as it is; another line of ours is replaced.
pub fn add(text: &[u8], line: &str) -> Result<Vec<u8>> {
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        return Err(Error::usage(
            "the shell's start-up file is UTF-16, which a line cannot be added to",
            "save it as UTF-8, then run this again",
        ));
    }
    let ours: Vec<&[u8]> = lines(text).filter_map(active).collect();
    if let [only] = ours[..]
        && only == line.as_bytes()
    {
        return Ok(text.to_vec());
    }
    if is_alone(text) {
        return Ok(alone(line));
    }
    let mut out = remove(text);
    let end: &[u8] = if has_crlf(&out) { b"\r\n" } else { b"\n" };
    let is_open = !out.is_empty() && !out.ends_with(b"\n");
    if is_open {
        out.extend_from_slice(end);
    }
    out.extend_from_slice(line.as_bytes());
    if is_open {
        out.extend_from_slice(OPEN_END.as_bytes());
    }
    out.extend_from_slice(end);
    Ok(out)
}

/// `text` without any line of ours: what it was before `add`.
pub fn remove(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.len();
    for line in lines(text) {
        rest -= line.len();
        if active(line).is_none() {
            out.extend_from_slice(line);
        } else if rest == 0 && body(line).ends_with(OPEN_END.as_bytes()) {
            // What somebody wrote below ours since needs the line end, so it only goes where nothing follows.
            let end: &[u8] = if line.ends_with(b"\r\n") {
                b"\r\n"
            } else {
                b"\n"
            };
            let kept = out.strip_suffix(end).unwrap_or(&out).len();
            out.truncate(kept);
        }
    }
    out
}

/// The line as `rc_line` made it, if it is ours and not commented out.
fn active(line: &[u8]) -> Option<&[u8]> {
    let body = body(line);
    let body = [OPEN_END, NEW_FILE]
        .iter()
        .find_map(|suffix| body.strip_suffix(suffix.as_bytes()))
        .unwrap_or(body);
    let is_comment = body.trim_ascii_start().starts_with(b"#");
    (body.ends_with(MARK.as_bytes()) && !is_comment).then_some(body)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

fn body(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The text's last line end is a Windows one.
fn has_crlf(text: &[u8]) -> bool {
    text.iter()
        .rposition(|byte| *byte == b'\n')
        .is_some_and(|end| end > 0 && text.get(end - 1) == Some(&b'\r'))
}

/// The path as one word; below the home directory it is written so that the file can travel with it.
fn word(shell: Shell, path: &Path, home: Option<&Path>) -> Result<String> {
    let below_home = home.and_then(|home| path.strip_prefix(home).ok());
    match (shell, below_home) {
        (Shell::Bash | Shell::Zsh | Shell::Sh | Shell::Fish, Some(below)) => {
            Ok(format!("\"$HOME\"/{}", quote(shell, text(below)?)?))
        }
        _ => quote(shell, text(path)?),
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::usage(
            format!(
                "{} is not text, so no shell line can name it",
                path.display()
            ),
            "load the env file by hand",
        )
    })
}

#[derive(Clone, Copy)]
enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

fn rc_file_on(
    platform: Platform,
    shell: Shell,
    env: &Env,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<PathBuf> {
    let home = env.home().ok_or_else(|| {
        Error::usage(
            "there is no home directory",
            "set HOME, then run this again",
        )
    })?;
    let config = || {
        env.absolute_dir("XDG_CONFIG_HOME")
            .unwrap_or_else(|| home.join(".config"))
    };
    Ok(match (shell, platform) {
        (Shell::Bash, Platform::MacOs) => {
            let candidates =
                [".bash_profile", ".bash_login", ".profile"].map(|name| home.join(name));
            candidates
                .iter()
                .find(|path| exists(path))
                .unwrap_or(&candidates[0])
                .clone()
        }
        (Shell::Bash, _) => home.join(".bashrc"),
        (Shell::Zsh, _) => env
            .absolute_dir("ZDOTDIR")
            .unwrap_or_else(|| home.to_owned())
            .join(".zshrc"),
        (Shell::Sh, _) => home.join(".profile"),
        (Shell::Fish, _) => config().join("fish/conf.d/goose-setup.fish"),
        (Shell::PowerShell, Platform::Windows) => home.join("Documents/PowerShell/profile.ps1"),
        (Shell::PowerShell, _) => config().join("powershell/profile.ps1"),
        (Shell::Nushell, _) => {
            let own = match platform {
                Platform::Linux => None,
                Platform::MacOs => Some(home.join("Library/Application Support")),
                Platform::Windows => env.absolute_dir("APPDATA"),
            };
            env.absolute_dir("XDG_CONFIG_HOME")
                .or(own)
                .unwrap_or_else(config)
                .join("nushell/autoload/goose-setup.nu")
        }
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use proptest::prelude::*;

    use super::*;

    fn sample() -> String {
        rc_line(
            Shell::Bash,
            Path::new("/home/ann/.config/goose-setup/env.sh"),
            Some(Path::new("/home/ann")),
        )
        .unwrap()
    }

    #[test]
    fn the_line_is_guarded_quoted_and_marked() {
        assert_eq!(
            sample(),
            r#"if [ -r "$HOME"/'.config/goose-setup/env.sh' ]; then . "$HOME"/'.config/goose-setup/env.sh'; fi # added by goose-setup"#
        );
        for shell in Shell::ALL {
            let line = rc_line(shell, Path::new("/a b/it's/env"), None).unwrap();
            assert!(line.ends_with(MARK), "{line}");
            assert!(!line.contains('\n'), "{line}");
            assert!(
                line.contains(&quote(shell, "/a b/it's/env").unwrap()),
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_that_is_there_is_not_added_again() {
        let line = sample();
        for before in ["", "a\n", "a", "a\r\nb"] {
            let once = add(before.as_bytes(), &line).unwrap();
            assert_eq!(add(&once, &line).unwrap(), once);
        }
    }

    #[test]
    fn a_file_that_was_made_for_the_line_is_known_until_somebody_else_writes_into_it() {
        let made = alone(&sample());
        assert!(is_alone(&made));
        assert_eq!(add(&made, &sample()).unwrap(), made);
        let other = rc_line(Shell::Sh, Path::new("/other/env.sh"), None).unwrap();
        assert_eq!(add(&made, &other).unwrap(), alone(&other));
        assert!(!is_alone(&[made.as_slice(), b"alias l=ls\n"].concat()));
        assert!(!is_alone(&add(b"", &sample()).unwrap()));
        assert!(!is_alone(b""));
    }

    #[test]
    fn a_line_that_is_commented_out_does_not_count() {
        let line = sample();
        let before = format!("# {line}\n");
        let after = add(before.as_bytes(), &line).unwrap();
        assert_eq!(after, format!("{before}{line}\n").as_bytes());
        assert_eq!(remove(&after), before.as_bytes());
    }

    #[test]
    fn a_line_that_loads_another_file_is_replaced() {
        let old = rc_line(Shell::Sh, Path::new("/old/env.sh"), None).unwrap();
        let before = add(b"a", &old).unwrap();
        let after = add(&before, &sample()).unwrap();
        assert!(!after.windows(4).any(|part| part == b"/old"));
        assert_eq!(remove(&after), b"a");
    }

    #[test]
    fn windows_line_ends_are_kept() {
        let after = add(b"a\r\nb", &sample()).unwrap();
        assert!(after.starts_with(b"a\r\nb\r\nif "));
        assert!(after.ends_with(b"\r\n"));
        assert_eq!(remove(&after), b"a\r\nb");
    }

    #[test]
    fn what_was_written_below_the_line_stays_on_a_line_of_its_own() {
        let mut text = add(b"a", &sample()).unwrap();
        text.extend_from_slice(b"b\n");
        assert_eq!(remove(&text), b"a\nb\n");
    }

    #[test]
    fn a_utf_16_profile_is_refused() {
        assert!(add(b"\xff\xfea\0", &sample()).is_err());
    }

    #[test]
    fn each_shell_has_its_own_start_up_file() {
        let none = |_: &Path| false;
        let env = Env::of([("HOME", "/h")]);
        for (shell, file) in [
            (Shell::Bash, "/h/.bashrc"),
            (Shell::Zsh, "/h/.zshrc"),
            (Shell::Sh, "/h/.profile"),
            (Shell::Fish, "/h/.config/fish/conf.d/goose-setup.fish"),
            (Shell::PowerShell, "/h/.config/powershell/profile.ps1"),
            (Shell::Nushell, "/h/.config/nushell/autoload/goose-setup.nu"),
        ] {
            let found = rc_file_on(Platform::Linux, shell, &env, &none).unwrap();
            assert_eq!(found, Path::new(file));
        }
        let env = Env::of([("HOME", "/h"), ("ZDOTDIR", "/z"), ("XDG_CONFIG_HOME", "/x")]);
        for (shell, file) in [
            (Shell::Zsh, "/z/.zshrc"),
            (Shell::Fish, "/x/fish/conf.d/goose-setup.fish"),
            (Shell::Nushell, "/x/nushell/autoload/goose-setup.nu"),
        ] {
            let found = rc_file_on(Platform::Linux, shell, &env, &none).unwrap();
            assert_eq!(found, Path::new(file));
        }
        assert!(rc_file(Shell::Bash, &Env::of([]), &none).is_err());
    }

    #[test]
    fn on_macos_no_earlier_bash_profile_hides_the_one_in_use() {
        let env = Env::of([("HOME", "/h")]);
        let file = |exists: &dyn Fn(&Path) -> bool| {
            rc_file_on(Platform::MacOs, Shell::Bash, &env, exists).unwrap()
        };
        assert_eq!(file(&|_| false), Path::new("/h/.bash_profile"));
        assert_eq!(
            file(&|path| path.ends_with(".profile")),
            Path::new("/h/.profile")
        );
    }

    #[test]
    fn on_windows_and_macos_nushell_has_its_own_folder() {
        let env = Env::of([("HOME", "/h"), ("APPDATA", "/app")]);
        for (platform, file) in [
            (Platform::Windows, "/app/nushell/autoload/goose-setup.nu"),
            (
                Platform::MacOs,
                "/h/Library/Application Support/nushell/autoload/goose-setup.nu",
            ),
        ] {
            let found = rc_file_on(platform, Shell::Nushell, &env, &|_| false).unwrap();
            assert_eq!(found, Path::new(file));
        }
    }

    /// Any bytes, and texts made of the pieces that could be mistaken for an end or for our line.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"# x # added by goose-setup".to_vec()),
            Just(OPEN_END.as_bytes().to_vec()),
            Just(NEW_FILE.as_bytes().to_vec()),
            Just(vec![0xff]),
            Just(b"export A=1".to_vec()),
        ];
        let pieces = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        prop_oneof![proptest::collection::vec(any::<u8>(), 0..40), pieces].prop_filter(
            "has no line of ours and is no UTF-16",
            |text| {
                !lines(text).any(|line| active(line).is_some())
                    && !text.starts_with(&[0xff, 0xfe])
                    && !text.starts_with(&[0xfe, 0xff])
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn taking_the_line_out_gives_the_file_back_byte_for_byte(before in text()) {
            let line = sample();
            let after = add(&before, &line).unwrap();
            prop_assert_eq!(&add(&after, &line).unwrap(), &after);
            prop_assert_eq!(remove(&after), before);
        }
    }

    #[test]
    fn fuzz_any_start_up_file_is_given_back() {
        crate::fuzz::fuzz("rc", |text| {
            let line = sample();
            // What is left when every line of ours is gone is somebody's file.
            let theirs = remove(text);
            let Ok(after) = add(&theirs, &line) else {
                return;
            };
            assert_eq!(add(&after, &line).unwrap(), after);
            assert_eq!(remove(&after), theirs);
            let ours = lines(&after).filter_map(active).count();
            assert_eq!(ours, 1);
            // A file that has a line of ours already ends up with this one alone.
            let Ok(again) = add(text, &line) else {
                return;
            };
            assert_eq!(lines(&again).filter_map(active).count(), 1);
        });
    }
}
