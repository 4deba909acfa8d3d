//! What a configured machine is offered when `goose-setup` is typed alone.

use crate::catalog::{self, Provider};
use crate::cli::{
    CheckArgs, DoctorArgs, FallbackArgs, ImportArgs, KeyCommand, KeySetArgs, KeySource, LimitsArgs,
    SetupArgs, SwitchArgs, Writing,
};
use crate::commands::{self, check, doctor, import, key, limits, setup, status, switch};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::fallback;
use crate::interview::Topic;
use crate::prompt::Prompt;
use crate::prompt::list::Item;
use crate::report::Report;
use crate::state::State;

#[derive(Clone, Copy)]
enum Offer {
    Switch,
    Add,
    Key,
    Model,
    Check,
    Limits,
    Fallback,
    Status,
    Doctor,
    Import,
}

impl Offer {
    /// `active`: none where goose uses a provider that is not known here.
    fn makes_sense(self, active: Option<&Provider>, found: &str, state: &State) -> bool {
        match self {
            Self::Import => !found.is_empty(),
            Self::Switch => state.config.configured().len() > 1,
            Self::Model => active.is_some(),
            Self::Key => active.is_some_and(|provider| provider.key.is_some()),
            Self::Fallback => {
                let configured = state.config.configured();
                configured
                    .iter()
                    .any(|known| known.id == fallback::PROVIDER)
            }
            Self::Add | Self::Check | Self::Limits | Self::Status | Self::Doctor => true,
        }
    }
}

const OFFERS: [(Offer, &str); 10] = [
    (Offer::Switch, "use another provider that is set up"),
    (Offer::Add, "set up a provider"),
    (Offer::Import, "take over keys that other tools have"),
    (Offer::Model, "choose another model"),
    (Offer::Key, "replace the key"),
    (Offer::Check, "check the stored keys"),
    (Offer::Limits, "show credit, usage and rate limits"),
    (Offer::Fallback, "let OpenRouter fall over to other models"),
    (Offer::Status, "show what goose uses, and why"),
    (Offer::Doctor, "find out why goose does not work"),
];

/// Nothing was said but the program's name, and there is something to choose between.
pub fn is_wanted(args: &SetupArgs, state: &State) -> bool {
    let says_nothing = args.provider.is_none()
        && args.model.is_none()
        && args.fallback.is_empty()
        && !args.key.is_given()
        && !args.login
        && args.host.is_none()
        && args.set.is_empty()
        && args.set_env.is_empty()
        && args.store.is_none()
        && !args.shell_env
        && !args.no_check
        && !args.writing.yes;
    says_nothing && active(state).is_some()
}

fn active(state: &State) -> Option<String> {
    let provider = state.config.active(&Env::default()).provider?.value;
    (!provider.is_empty()).then_some(provider)
}

pub fn run(prompt: Prompt, args: &SetupArgs, cx: &Context, state: &State) -> Result<Report> {
    let active = active(state).unwrap_or_default();
    let model = state
        .config
        .model_of(&active)
        .unwrap_or_else(|| "no model".into());
    let provider = catalog::by_id(&active);
    cx.talk.say(format!(
        "  goose uses {} with {model}",
        provider.map_or(active.as_str(), |provider| provider.title)
    ));
    let found = importable(cx, state);
    let offers: Vec<_> = OFFERS
        .into_iter()
        .filter(|(offer, _)| offer.makes_sense(provider, &found, state))
        .collect();
    let items: Vec<Item> = offers
        .iter()
        .map(|(offer, text)| match offer {
            Offer::Import => Item::new(*text, &found),
            _ => Item::new(*text, ""),
        })
        .collect();
    let chosen = prompt.choose("What would you like to do?", &items, 0)?;
    let (offer, _) = offers.get(chosen).ok_or(Error::Cancelled)?;
    let writing = Writing {
        yes: false,
        ..args.writing
    };
    match offer {
        Offer::Switch => switch::run(
            &SwitchArgs {
                provider: None,
                model: None,
                check: false,
                writing,
            },
            cx,
        ),
        Offer::Add => setup::set_up(args, cx, state, Some(prompt), Topic::Everything),
        Offer::Model => {
            let again = SetupArgs {
                provider: Some(active),
                ..args.clone()
            };
            setup::set_up(&again, cx, state, Some(prompt), Topic::Model)
        }
        Offer::Key => key::run(
            &KeyCommand::Set(KeySetArgs {
                provider: active,
                key: KeySource::default(),
                login: false,
                store: None,
                no_check: false,
                writing,
            }),
            cx,
        ),
        Offer::Check => check::run(
            &CheckArgs {
                providers: Vec::new(),
                all: true,
            },
            cx,
        ),
        Offer::Limits => limits::run(&LimitsArgs::default(), cx),
        Offer::Fallback => commands::fallback::run(
            &FallbackArgs {
                writing,
                ..FallbackArgs::default()
            },
            cx,
        ),
        Offer::Status => status::run(cx),
        Offer::Doctor => doctor::run(
            &DoctorArgs {
                fix: false,
                writing,
            },
            cx,
        ),
        Offer::Import => import::run(
            &ImportArgs {
                writing,
                ..ImportArgs::default()
            },
            cx,
        ),
    }
}

/// Whose keys lie about here and are not set up yet. The store is not asked: a menu opens no keychain.
fn importable(cx: &Context, state: &State) -> String {
    let known = state.config.configured();
    let mut titles: Vec<&str> = crate::import::around(&cx.env)
        .found
        .iter()
        .map(|found| found.provider)
        .filter(|provider| !known.iter().any(|known| known.id == provider.id))
        .map(|provider| provider.title)
        .collect();
    titles.dedup();
    titles.join(", ")
}
