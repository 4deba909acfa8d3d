//! A person's home directory, fresh for each test, and the environment a program started there gets.

use super::canary;
use super::goose::Goose;
use super::internet::Internet;
use super::keyring::Keyring;
use super::tree::{self, Tree};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(crate) struct Home {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    secrets: Mutex<Vec<String>>,
    /// What the test itself wrote, keys and all.
    planted: Mutex<Vec<PathBuf>>,
}

impl Home {
    /// Nothing in it; PATH, HOME, LANG and TERM in the environment; no D-Bus, no network but loopback's.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("home-").tempdir().unwrap();
        let home = folder.path().display().to_string();
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", home.as_str()),
            ("LANG", "C.UTF-8"),
            ("TERM", "xterm-256color"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            folder,
            environment: environment.into(),
            secrets: Mutex::default(),
            planted: Mutex::default(),
        }
    }

    /// The home's programs reach the small internet, and trust it.
    pub(crate) fn online(mut self, internet: &Internet) -> Self {
        for (name, value) in internet.environment() {
            self.set(&name, &value);
        }
        self
    }

    /// The home's programs find this Secret Service.
    pub(crate) fn with_keyring(mut self, keyring: &Keyring) -> Self {
        self.set("DBUS_SESSION_BUS_ADDRESS", keyring.address());
        self
    }

    /// This goose is on PATH.
    pub(crate) fn with_goose(mut self, goose: &Goose) -> Self {
        let folder = goose.path().parent().unwrap().display().to_string();
        self.put_on_path(&folder);
        self
    }

    pub(crate) fn with_config(self, text: &str) -> Self {
        self.write_config(text);
        self
    }

    pub(crate) fn with_secrets(self, text: &str) -> Self {
        self.write_secrets(text);
        self
    }

    pub(crate) fn write_config(&self, text: impl AsRef<[u8]>) {
        self.write(".config/goose/config.yaml", text);
    }

    /// As goose makes it: mode 0600.
    pub(crate) fn write_secrets(&self, text: &str) {
        self.write(".config/goose/secrets.yaml", text);
        self.set_mode(&self.secrets_file(), 0o600);
    }

    /// A variable for every program started in this home from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Registers a string that no run in this home may ever show on stdout, stderr, a screen or a command line.
    pub(crate) fn keeps_secret(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.path().join(".config/goose/config.yaml")
    }

    pub(crate) fn secrets_file(&self) -> PathBuf {
        self.path().join(".config/goose/secrets.yaml")
    }

    pub(crate) fn config(&self) -> String {
        fs::read_to_string(self.config_file()).unwrap_or_default()
    }

    pub(crate) fn config_yaml(&self) -> serde_yaml::Value {
        serde_yaml::from_str(&self.config()).unwrap()
    }

    pub(crate) fn secrets_yaml(&self) -> serde_yaml::Value {
        serde_yaml::from_str(&fs::read_to_string(self.secrets_file()).unwrap_or_default()).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.planted.lock().unwrap().push(path);
    }

    /// A secret gets there, a file or a folder, by other means than `write`: from the test, or from goose itself.
    pub(crate) fn plants(&self, path: &str) {
        self.planted.lock().unwrap().push(self.path().join(path));
    }

    /// A script that can be started.
    pub(crate) fn write_program(&self, path: &str, text: &str) -> PathBuf {
        self.write(path, text);
        let path = self.path().join(path);
        self.set_mode(&path, 0o755);
        path
    }

    /// Programs in this folder of the home are found before all others.
    pub(crate) fn put_on_path(&mut self, folder: &str) {
        let first = self.path().join(folder).display().to_string();
        let names = self.environment.iter().find(|(name, _)| name == "PATH");
        let path = names.map(|(_, value)| value.clone()).unwrap();
        self.set("PATH", &format!("{first}:{path}"));
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn set_mode(&self, path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn mode(&self, path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree::of(self.path())
    }

    /// The files in here that contain `needle`, relative to the home.
    pub(crate) fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        tree::files_with(self.path(), needle)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let planted = self.planted.lock().map(|it| it.clone()).unwrap_or_default();
        canary::search(self, &planted);
    }
}
