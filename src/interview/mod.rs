//! The questions, in order. What was given by flag is not asked; what cannot be asked is an error that names its flag.

mod key;
pub mod model;
mod nearby;
pub mod provider;
mod settings;
pub mod store;
mod verified;
mod without_key;

use std::cell::OnceCell;

use crate::catalog::{Form, Provider};
use crate::check::Finding;
use crate::cli::SetupArgs;
use crate::context::Context;
use crate::error::Result;
use crate::import::{self, Found};
use crate::plan::Choice;
use crate::prompt::Prompt;
use crate::secret::Secret;
use crate::state::State;

pub use verified::Judged;

pub struct Interview<'a> {
    pub cx: &'a Context,
    pub args: &'a SetupArgs,
    pub state: &'a State,
    pub prompt: Option<Prompt>,
    pub notes: Vec<String>,
    pub topic: Topic,
    /// A key that was typed already, for another provider than it is for.
    brought: Option<Secret>,
    /// Keys that lie about on this machine, looked for the first time they are asked for.
    around: OnceCell<Vec<Found>>,
}

/// What a person came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Everything,
    /// Another model for a provider that works: its stored key is taken as it is.
    Model,
}

/// Every answer, and what the provider said on the way.
pub struct Answers {
    pub choice: Choice,
    /// `None`: there was nobody to ask, or `--no-check`.
    pub finding: Option<Finding>,
    /// goose shall sign in to the provider once it is set up.
    pub signs_in: bool,
    pub notes: Vec<String>,
}

impl<'a> Interview<'a> {
    pub fn new(
        cx: &'a Context,
        args: &'a SetupArgs,
        state: &'a State,
        prompt: Option<Prompt>,
    ) -> Self {
        Self {
            cx,
            args,
            state,
            prompt,
            notes: Vec::new(),
            topic: Topic::Everything,
            brought: None,
            around: OnceCell::new(),
        }
    }

    pub fn on(self, topic: Topic) -> Self {
        Self { topic, ..self }
    }

    /// Somebody is there, and did not say that all questions are settled.
    pub fn is_guided(&self) -> bool {
        self.prompt.is_some() && !self.args.writing.yes
    }

    pub fn is_configured(&self, provider: &Provider) -> bool {
        self.state
            .config
            .configured()
            .iter()
            .any(|configured| configured.id == provider.id)
    }

    /// Keys of this provider in the environment and in other tools' files, for a person to take with Enter. A script says
    /// itself where its key is.
    fn keys_around(&self, provider: &Provider) -> Vec<&Found> {
        let Some(fact) = provider.key.as_ref().filter(|_| self.is_guided()) else {
            return Vec::new();
        };
        let around = self
            .around
            .get_or_init(|| import::around(&self.cx.env).found);
        let is_its = |found: &&Found| found.variable == fact.variable;
        around.iter().filter(is_its).collect()
    }

    pub fn conduct(&mut self) -> Result<Answers> {
        let mut provider = match &self.args.provider {
            Some(name) => provider::named(name)?,
            None => provider::ask(self)?,
        };
        loop {
            match self.about(provider)? {
                About::Settled(answers) => return Ok(*answers),
                About::Rather(other, key) => {
                    provider = other;
                    self.brought = Some(key);
                }
            }
        }
    }

    fn about(&mut self, provider: &'static Provider) -> Result<About> {
        let settings = settings::decide(self, provider)?;
        // Where a key may be left out, no store is looked at before there is one.
        let needs_store =
            provider.key.as_ref().is_some_and(|key| !key.optional) || !settings.secret.is_empty();
        let mut store = needs_store.then(|| store::decide(self)).transpose()?;
        let verified = match key::decide(self, provider, &settings)? {
            key::Decided::Verified(verified) => verified,
            key::Decided::Belongs(other, key) => return Ok(About::Rather(other, key)),
        };
        if store.is_none() && verified.key.is_some() {
            store = Some(store::decide(self)?);
        }
        self.notes.extend(verified.notes);
        let model = model::decide(self, provider, verified.models.as_deref())?;
        let mut secrets = settings.secret;
        if let (Some(fact), Some(key)) = (&provider.key, verified.key) {
            let is_odd = settings.host.is_none() && provider.form_of(&key) == Form::Unusual;
            let stored = self.state.secrets()?.secret(fact.variable);
            if is_odd && !stored.is_some_and(|stored| stored.is_same_as(&key)) {
                self.notes.push(format!(
                    "this {word} does not have the usual form of {} of {}",
                    provider.a_key(),
                    provider.title,
                    word = provider.key_in_short()
                ));
            }
            secrets.insert(0, (fact.variable.to_owned(), key));
        }
        Ok(About::Settled(Box::new(Answers {
            choice: Choice {
                provider,
                model,
                secrets,
                settings: [settings.plain, verified.plain].concat(),
                store,
            },
            finding: verified.finding,
            signs_in: verified.signs_in,
            notes: std::mem::take(&mut self.notes),
        })))
    }
}

enum About {
    Settled(Box<Answers>),
    /// The key turned out to be another provider's, and the person wants that one.
    Rather(&'static Provider, Secret),
}
