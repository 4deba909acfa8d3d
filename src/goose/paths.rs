//! Where goose keeps its files, and where we keep ours.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;

/// goose's files, found as goose finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config_dir: PathBuf,
    pub config: PathBuf,
    pub secrets: PathBuf,
    /// Beside the real secrets file when `secrets` is a link.
    pub secrets_lock: PathBuf,
    pub custom_providers: PathBuf,
    /// What the machine's owner set for everybody.
    pub system_config: PathBuf,
    /// Further files between the system's and the user's, in order.
    pub additional: Vec<PathBuf>,
}

impl Paths {
    pub fn of(env: &Env) -> Result<Self> {
        let mut paths = Self::on(Platform::HERE, env)?;
        let mut lock = fsio::follow_links(&paths.secrets)?.into_os_string();
        lock.push(".lock");
        paths.secrets_lock = lock.into();
        Ok(paths)
    }

    /// Where goose's commands write their logs, a folder for each day. Where that is on Windows was not seen.
    pub fn logs(env: &Env) -> Option<PathBuf> {
        let platform = Platform::HERE;
        let state = match platform.root(env) {
            Some(root) => root.join("state"),
            None if platform == Platform::Windows => return None,
            None => platform.state_home(env).ok()?.join("goose"),
        };
        Some(state.join("logs").join("cli"))
    }

    fn on(platform: Platform, env: &Env) -> Result<Self> {
        let config_dir = match platform.root(env) {
            Some(root) => root.join("config"),
            None if platform == Platform::Windows => platform
                .config_home(env)?
                .join("Block")
                .join("goose")
                .join("config"),
            None => platform.config_home(env)?.join("goose"),
        };
        let secrets = config_dir.join("secrets.yaml");
        Ok(Self {
            config: config_dir.join("config.yaml"),
            secrets_lock: config_dir.join("secrets.yaml.lock"),
            secrets,
            custom_providers: config_dir.join("custom_providers"),
            system_config: platform.system_config(env),
            additional: platform.split(env.text("GOOSE_ADDITIONAL_CONFIG_FILES").unwrap_or("")),
            config_dir,
        })
    }
}

/// Our own folders: the user's, or under `GOOSE_PATH_ROOT` where goose's are there too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPaths {
    pub state_dir: PathBuf,
    pub config_dir: PathBuf,
}

impl OwnPaths {
    pub fn of(env: &Env) -> Result<Self> {
        Self::on(Platform::HERE, env)
    }

    /// What goose last said of its version.
    pub fn version_cache(&self) -> PathBuf {
        self.state_dir.join("goose-version.json")
    }

    fn on(platform: Platform, env: &Env) -> Result<Self> {
        const NAME: &str = "goose-setup";
        if let Some(root) = platform.root(env) {
            let own = root.join(NAME);
            return Ok(Self {
                state_dir: own.join("state"),
                config_dir: own.join("config"),
            });
        }
        let state = platform.state_home(env)?.join(NAME);
        let config = platform.config_home(env)?.join(NAME);
        Ok(match platform {
            // The two homes may be the same folder there.
            Platform::Windows => Self {
                state_dir: state.join("state"),
                config_dir: config.join("config"),
            },
            Platform::Linux | Platform::Mac => Self {
                state_dir: state,
                config_dir: config,
            },
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    Linux,
    Mac,
    Windows,
}

impl Platform {
    const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::Mac
    } else {
        Self::Linux
    };

    fn root(self, env: &Env) -> Option<PathBuf> {
        self.absolute(env.text("GOOSE_PATH_ROOT").map(OsStr::new))
    }

    /// goose keeps to the XDG folders on a Mac too, not to `~/Library`.
    fn config_home(self, env: &Env) -> Result<PathBuf> {
        self.user_dir(
            env,
            match self {
                Self::Linux | Self::Mac => ("XDG_CONFIG_HOME", &[".config"]),
                Self::Windows => ("APPDATA", &["AppData", "Roaming"]),
            },
        )
    }

    fn state_home(self, env: &Env) -> Result<PathBuf> {
        self.user_dir(
            env,
            match self {
                Self::Linux | Self::Mac => ("XDG_STATE_HOME", &[".local", "state"]),
                Self::Windows => ("LOCALAPPDATA", &["AppData", "Local"]),
            },
        )
    }

    fn user_dir(self, env: &Env, (variable, below_home): (&str, &[&str])) -> Result<PathBuf> {
        if let Some(dir) = self.absolute(env.os(variable)) {
            return Ok(dir);
        }
        let home = env.home().ok_or_else(|| {
            Error::usage(
                "there is no home directory",
                "set HOME, then run this again",
            )
        })?;
        Ok(below_home
            .iter()
            .fold(home.to_path_buf(), |dir, name| dir.join(name)))
    }

    fn system_config(self, env: &Env) -> PathBuf {
        match self {
            Self::Linux | Self::Mac => PathBuf::from("/etc/goose/config.yaml"),
            Self::Windows => self
                .absolute(env.os("PROGRAMDATA"))
                .unwrap_or_else(|| PathBuf::from(r"C:\ProgramData"))
                .join("goose")
                .join("config.yaml"),
        }
    }

    fn split(self, list: &str) -> Vec<PathBuf> {
        let separator = if self == Self::Windows { ';' } else { ':' };
        list.split(separator)
            .filter(|part| !part.is_empty())
            .map(PathBuf::from)
            .collect()
    }

    /// Relative and empty values are ignored, and so is `~`, which nobody expands here.
    fn absolute(self, value: Option<&OsStr>) -> Option<PathBuf> {
        let value = value?;
        let absolute = match self {
            Self::Windows => {
                let text = value.to_string_lossy();
                let mut chars = text.chars();
                let drive = chars
                    .next()
                    .is_some_and(|first| first.is_ascii_alphabetic())
                    && chars.next() == Some(':')
                    && matches!(chars.next(), Some('\\' | '/'));
                drive || text.starts_with(r"\\")
            }
            Self::Linux | Self::Mac => Path::new(value).has_root(),
        };
        absolute.then(|| PathBuf::from(value))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    const HOME: (&str, &str) = ("HOME", "/home/ann");

    fn config<const N: usize>(platform: Platform, vars: [(&str, &str); N]) -> PathBuf {
        Paths::on(platform, &Env::of(vars)).unwrap().config
    }

    fn windows(parts: &[&str]) -> PathBuf {
        parts.iter().collect()
    }

    #[test]
    fn linux_and_mac_share_the_xdg_folders() {
        for platform in [Platform::Linux, Platform::Mac] {
            assert_eq!(
                config(platform, [HOME]),
                Path::new("/home/ann/.config/goose/config.yaml")
            );
            assert_eq!(
                config(platform, [HOME, ("XDG_CONFIG_HOME", "/x")]),
                Path::new("/x/goose/config.yaml")
            );
        }
    }

    #[test]
    fn a_relative_or_empty_folder_is_ignored() {
        for value in ["", "x", "./x", "~/x", "~"] {
            assert_eq!(
                config(
                    Platform::Linux,
                    [HOME, ("XDG_CONFIG_HOME", value), ("GOOSE_PATH_ROOT", value)]
                ),
                Path::new("/home/ann/.config/goose/config.yaml"),
                "{value:?}"
            );
        }
    }

    #[test]
    fn the_path_root_beats_everything() {
        let env = Env::of([
            HOME,
            ("XDG_CONFIG_HOME", "/x"),
            ("GOOSE_PATH_ROOT", "/srv/goose"),
        ]);
        let paths = Paths::on(Platform::Linux, &env).unwrap();
        assert_eq!(paths.config_dir, Path::new("/srv/goose/config"));
        assert_eq!(paths.secrets, Path::new("/srv/goose/config/secrets.yaml"));
        assert_eq!(
            paths.secrets_lock,
            Path::new("/srv/goose/config/secrets.yaml.lock")
        );
        assert_eq!(
            paths.custom_providers,
            Path::new("/srv/goose/config/custom_providers")
        );
        assert_eq!(
            OwnPaths::on(Platform::Linux, &env).unwrap(),
            OwnPaths {
                state_dir: "/srv/goose/goose-setup/state".into(),
                config_dir: "/srv/goose/goose-setup/config".into(),
            }
        );
    }

    #[test]
    fn windows_has_its_own_folders() {
        let env = Env::of([
            ("HOME", r"C:\Users\ann"),
            ("APPDATA", r"D:\Roam"),
            ("PROGRAMDATA", r"E:\Data"),
            ("XDG_CONFIG_HOME", "/x"),
            ("GOOSE_PATH_ROOT", "/no/drive"),
            ("GOOSE_ADDITIONAL_CONFIG_FILES", r"C:\a.yaml;D:\b.yaml"),
        ]);
        let paths = Paths::on(Platform::Windows, &env).unwrap();
        assert_eq!(
            paths.config,
            windows(&[r"D:\Roam", "Block", "goose", "config", "config.yaml"])
        );
        assert_eq!(
            paths.system_config,
            windows(&[r"E:\Data", "goose", "config.yaml"])
        );
        assert_eq!(
            paths.additional,
            [Path::new(r"C:\a.yaml"), Path::new(r"D:\b.yaml")]
        );
        assert_eq!(
            config(Platform::Windows, [("HOME", r"C:\Users\ann")]),
            windows(&[
                r"C:\Users\ann",
                "AppData",
                "Roaming",
                "Block",
                "goose",
                "config",
                "config.yaml"
            ])
        );
        assert_eq!(
            config(Platform::Windows, [("GOOSE_PATH_ROOT", r"C:\root")]),
            windows(&[r"C:\root", "config", "config.yaml"])
        );
        let own = OwnPaths::on(Platform::Windows, &env).unwrap();
        assert_eq!(
            own.state_dir,
            windows(&[r"C:\Users\ann", "AppData", "Local", "goose-setup", "state"])
        );
        assert_eq!(
            own.config_dir,
            windows(&[r"D:\Roam", "goose-setup", "config"])
        );
    }

    #[test]
    fn our_own_folders_follow_the_users() {
        assert_eq!(
            OwnPaths::on(Platform::Mac, &Env::of([HOME, ("XDG_CONFIG_HOME", "/x")])).unwrap(),
            OwnPaths {
                state_dir: "/home/ann/.local/state/goose-setup".into(),
                config_dir: "/x/goose-setup".into(),
            }
        );
    }

    #[test]
    fn the_layers_between_are_split_at_the_separator() {
        let env = Env::of([HOME, ("GOOSE_ADDITIONAL_CONFIG_FILES", "/a.yaml::b.yaml")]);
        let paths = Paths::on(Platform::Linux, &env).unwrap();
        assert_eq!(
            paths.additional,
            [Path::new("/a.yaml"), Path::new("b.yaml")]
        );
        assert_eq!(paths.system_config, Path::new("/etc/goose/config.yaml"));
    }

    #[test]
    fn no_home_is_a_problem_with_a_way_out() {
        let error = Paths::on(Platform::Linux, &Env::of([])).unwrap_err();
        assert!(error.action().contains("HOME"));
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_lies_beside_the_real_secrets_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let config = crate::fsio::read(&folder.path().join("config/config.yaml")).unwrap();
        crate::fsio::replace(&config, b"", crate::fsio::Privacy::Ordinary).unwrap();
        std::os::unix::fs::symlink("../elsewhere", folder.path().join("config/secrets.yaml"))
            .unwrap();
        let paths = Paths::of(&Env::of([("GOOSE_PATH_ROOT", root)])).unwrap();
        let lock = paths.secrets_lock.to_str().unwrap();
        assert!(lock.ends_with("elsewhere.lock"), "{lock}");
    }
}
