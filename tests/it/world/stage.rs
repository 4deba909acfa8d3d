//! A machine put together: the small internet, a home on it, and the store that goose reads there.
//!
//! ```ignore
//! let stage = Stage::on_a_server();
//! let key = stage.good_key(OPENROUTER, "mine");
//! let done = stage.sets_up(OPENROUTER, &key).args(["--model", MODEL]).code(0).run();
//! ```

use super::goose::Goose;
use super::home::Home;
use super::internet::Internet;
use super::keyring::Keyring;
use super::provider::Provider;
use super::run::Setup;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    File,
    Keychain,
}

pub(crate) struct Stage {
    pub(crate) internet: Internet,
    pub(crate) home: Home,
    keyring: Option<Keyring>,
    locals: Mutex<HashMap<&'static str, String>>,
}

impl Stage {
    /// No D-Bus and so no keychain: secrets are kept in the file, on request.
    pub(crate) fn on_a_server() -> Self {
        Self::around(None)
    }

    /// An unlocked keychain; `None` (said on stderr) where there are no parts for one.
    pub(crate) fn on_a_desktop() -> Option<Self> {
        Some(Self::around(Some(Keyring::unlocked()?)))
    }

    pub(crate) fn with(store: Store) -> Option<Self> {
        match store {
            Store::File => Some(Self::on_a_server()),
            Store::Keychain => Self::on_a_desktop(),
        }
    }

    fn around(keyring: Option<Keyring>) -> Self {
        let internet = Internet::new();
        let mut home = Home::new().online(&internet);
        if let Some(keyring) = &keyring {
            home = home.with_keyring(keyring);
        }
        Self {
            internet,
            home,
            keyring,
            locals: Mutex::default(),
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        self.keyring.as_ref().expect("this stage is a desktop")
    }

    /// A key that `provider` knows, and that nobody may show.
    pub(crate) fn good_key(&self, provider: Provider, name: &str) -> String {
        let key = self.wrong_key(provider, name);
        self.internet.knows(provider, &key);
        key
    }

    /// A key of the same form that `provider` does not know.
    pub(crate) fn wrong_key(&self, provider: Provider, name: &str) -> String {
        let key = provider.key(name);
        if !key.is_empty() {
            self.home.keeps_secret(&key);
        }
        key
    }

    /// Where `provider` is asked: its host name, or the address of the port it has here.
    pub(crate) fn host(&self, provider: Provider) -> String {
        match self.url(provider) {
            Some(url) => url.trim_start_matches("http://").to_owned(),
            None => provider.host.to_owned(),
        }
    }

    /// The URL of a provider that runs on this machine.
    pub(crate) fn url(&self, provider: Provider) -> Option<String> {
        provider.is_local().then(|| {
            self.locals
                .lock()
                .unwrap()
                .entry(provider.id)
                .or_insert_with(|| self.internet.local(provider))
                .clone()
        })
    }

    /// The program with these arguments, and no input.
    pub(crate) fn runs<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Setup<'_> {
        Setup::new(&self.home).args(args)
    }

    /// Scripted setup with everything that has to be given; the rest is the test's to add.
    pub(crate) fn sets_up(&self, provider: Provider, key: &str) -> Setup<'_> {
        let mut setup = self.runs([provider.id, "--yes"]);
        if provider.key_variable.is_some() {
            setup = setup.args(["--key-stdin"]).stdin(key);
        }
        if let Some(url) = self.url(provider) {
            setup = setup.args(["--host", &url]);
        }
        if self.keyring.is_none() {
            setup = setup.args(["--store", "file"]);
        }
        setup
    }

    /// The state that a first setup leaves, with nothing asked so far.
    #[track_caller]
    pub(crate) fn has(&self, provider: Provider) -> String {
        let key = self.good_key(provider, "stored");
        self.sets_up(provider, &key)
            .args(["--model", provider.model])
            .code(0)
            .run();
        self.internet.clear();
        key
    }

    /// The real goose, in this home, talks to exactly this provider with this key through this model.
    #[track_caller]
    pub(crate) fn assert_goose_uses(
        &self,
        goose: &Goose,
        provider: Provider,
        key: &str,
        model: &str,
    ) {
        self.internet.clear();
        let said = goose.hi(&self.home);
        assert!(
            said.stdout.contains(super::chat::MARKER),
            "{}: {said}\n{}\n{:#?}",
            provider.id,
            self.home.config(),
            self.internet.requests()
        );
        let key = provider.key_variable.map(|_| key);
        self.internet
            .assert_conversation(&self.host(provider), key, model);
    }
}
