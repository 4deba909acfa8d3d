//! A real Secret Service (gnome-keyring) on a private D-Bus session, in every state a desktop can be in.
//!
//! `Keyring::unlocked()` is `None` (said on stderr) where the parts are not installed. Everything ends with the value.

use super::tools;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(crate) struct Keyring {
    folder: tempfile::TempDir,
    bus: Child,
    service: Mutex<Option<Child>>,
    address: String,
}

/// Without a directory of services: the bus starts nothing by itself, so there is no second, locked daemon to race with.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=FOLDER</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>POLICY</policy>
</busconfig>"#;

impl Keyring {
    /// As after a login: reachable and unlocked.
    pub(crate) fn unlocked() -> Option<Self> {
        tools::program("gnome-keyring-daemon")?;
        tools::program("secret-tool")?;
        let keyring = Self::without_provider()?;
        keyring.provide();
        Some(keyring)
    }

    /// As behind the policy of a sandbox: it is there, and nobody may talk to it.
    pub(crate) fn forbidden() -> Option<Self> {
        tools::program("gnome-keyring-daemon")?;
        let keyring = Self::on_a_bus(r#"<deny send_destination="org.freedesktop.secrets"/>"#)?;
        keyring.provide();
        Some(keyring)
    }

    /// A bus on which nobody keeps secrets: a server, a container.
    pub(crate) fn without_provider() -> Option<Self> {
        Self::on_a_bus("")
    }

    fn on_a_bus(policy: &str) -> Option<Self> {
        tools::program("dbus-daemon")?;
        tools::program("dbus-send")?;
        let folder = tempfile::Builder::new().prefix("bus-").tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        std::fs::write(
            &config,
            BUS.replace("FOLDER", &folder.path().display().to_string())
                .replace("POLICY", policy),
        )
        .unwrap();
        let mut bus = Command::new("dbus-daemon")
            .args([
                "--nofork",
                "--nopidfile",
                "--print-address=1",
                "--config-file",
            ])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "dbus-daemon did not start");
        Some(Self {
            folder,
            bus,
            service: Mutex::default(),
            address,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The user has locked the collection and nobody is there to unlock it.
    pub(crate) fn lock(&self) {
        let path = "array:objpath:/org/freedesktop/secrets/collection/login";
        let output = self.send(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            path,
        );
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The service is there and never answers.
    pub(crate) fn hang(&self) {
        kill_process(self.service_id(), Signal::STOP).unwrap();
    }

    pub(crate) fn wake(&self) {
        kill_process(self.service_id(), Signal::CONT).unwrap();
    }

    /// Writes goose's item as goose does.
    pub(crate) fn store(&self, json: &str) {
        self.store_as(
            "secrets@goose:default (keyring v3.6.3)",
            &[
                ("service", "goose"),
                ("username", "secrets"),
                ("target", "default"),
                ("application", "rust-keyring"),
            ],
            json,
        );
    }

    /// Again where the service is too busy to answer secret-tool, which has little patience.
    pub(crate) fn store_as(&self, label: &str, attributes: &[(&str, &str)], secret: &str) {
        let refused: Vec<String> = (0..5)
            .map_while(|_| self.try_to_store(label, attributes, secret).err())
            .collect();
        assert!(
            refused.len() < 5,
            "secret-tool could not store: {refused:?}"
        );
    }

    fn try_to_store(
        &self,
        label: &str,
        attributes: &[(&str, &str)],
        secret: &str,
    ) -> Result<(), String> {
        let mut child = self
            .command("secret-tool")
            .args(["store", "--label", label])
            .args(attributes.iter().flat_map(|(name, value)| [*name, *value]))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(secret.as_bytes()).unwrap();
        drop(stdin);
        let outcome = child.wait_with_output().unwrap();
        if outcome.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&outcome.stderr).into_owned())
    }

    /// The text of goose's item.
    pub(crate) fn item(&self) -> Option<String> {
        self.lookup(&[("service", "goose"), ("username", "secrets")])
    }

    /// goose's item as goose reads it.
    pub(crate) fn secrets(&self) -> serde_json::Value {
        self.item().map_or(serde_json::Value::Null, |text| {
            serde_json::from_str(&text).unwrap()
        })
    }

    pub(crate) fn lookup(&self, attributes: &[(&str, &str)]) -> Option<String> {
        let mut command = self.command("secret-tool");
        command
            .arg("lookup")
            .args(attributes.iter().flat_map(|(name, value)| [*name, *value]));
        let output = command.output().unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// No item with these attributes is left.
    pub(crate) fn clear(&self, attributes: &[(&str, &str)]) {
        let mut command = self.command("secret-tool");
        command
            .arg("clear")
            .args(attributes.iter().flat_map(|(name, value)| [*name, *value]));
        command.output().unwrap();
    }

    /// How many items carry these attributes, their attributes included: the text `secret-tool search` prints.
    pub(crate) fn search(&self, attributes: &[(&str, &str)]) -> String {
        let mut command = self.command("secret-tool");
        command
            .args(["search", "--all"])
            .args(attributes.iter().flat_map(|(name, value)| [*name, *value]));
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    }

    /// The service is killed, and comes back with what it had written down.
    pub(crate) fn revive(&self) {
        if let Some(mut service) = self.service.lock().unwrap().take() {
            drop(service.kill());
            drop(service.wait());
        }
        let start = Instant::now();
        while self.has_owner() {
            assert!(start.elapsed() < Duration::from_secs(10), "it never went");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.provide();
    }

    fn provide(&self) {
        let mut service = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The password ends where the input ends; a newline would belong to it.
        service.stdin.take().unwrap().write_all(b"test").unwrap();
        *self.service.lock().unwrap() = Some(service);
        // The daemon owns its name some time after it started; a client that comes before would find nobody.
        let start = Instant::now();
        while !self.has_owner() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "the Secret Service never appeared"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn has_owner(&self) -> bool {
        let output = self.send(
            "org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        );
        String::from_utf8_lossy(&output.stdout).contains("boolean true")
    }

    fn send(&self, destination: &str, path: &str, method: &str, argument: &str) -> Output {
        let destination = format!("--dest={destination}");
        self.command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                &destination,
                path,
                method,
                argument,
            ])
            .output()
            .unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    pub(crate) fn service_id(&self) -> Pid {
        Pid::from_child(self.service.lock().unwrap().as_ref().unwrap())
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // SIGKILL ends a stopped process too.
        let mut service = self.service.lock().unwrap().take();
        for child in service.iter_mut().chain([&mut self.bus]) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
