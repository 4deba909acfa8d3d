//! What a configured machine is offered when `goose-setup` is typed alone.

use crate::catalog::{self, Provider, SignIn};
use crate::cli::{
    CheckArgs, DoctorArgs, FallbackArgs, ImportArgs, KeyCommand, KeySetArgs, KeySource, LimitsArgs,
    SetupArgs, SwitchArgs, Writing,
};
use crate::commands::{self, check, doctor, import, key, limits, setup, status, switch};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::fallback;
use crate::goose::binary::Goose;
use crate::interview::Topic;
use crate::login::by_goose;
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
    SignIn,
}

/// What there is to offer on this machine, looked for once.
struct Scene<'a> {
    /// None where goose uses a provider that is not known here.
    active: Option<&'static Provider>,
    /// Whose keys could be taken over.
    found: String,
    /// Where only goose signs in to the active provider.
    sign_in: Option<(&'static SignIn, &'a Goose)>,
    state: &'a State,
}

impl<'a> Scene<'a> {
    fn of(active: &str, writing: Writing, cx: &Context, state: &'a State) -> Self {
        let active = catalog::by_id(active);
        let sign_in = active
            .filter(|provider| provider.key.is_none() && !writing.dry_run)
            .and_then(|provider| provider.sign_in.as_ref());
        Self {
            active,
            found: importable(cx, state),
            sign_in: sign_in.zip(state.goose(&cx.env)),
            state,
        }
    }
}

impl Offer {
    fn makes_sense(self, scene: &Scene<'_>) -> bool {
        let configured = || scene.state.config.configured();
        match self {
            Self::Import => !scene.found.is_empty(),
            Self::SignIn => scene.sign_in.is_some(),
            Self::Switch => configured().len() > 1,
            Self::Model => scene.active.is_some(),
            Self::Key => scene.active.is_some_and(|provider| provider.key.is_some()),
            Self::Fallback => configured()
                .iter()
                .any(|known| known.id == fallback::PROVIDER),
            Self::Add | Self::Check | Self::Limits | Self::Status | Self::Doctor => true,
        }
    }
}

const OFFERS: [(Offer, &str); 11] = [
    (Offer::Switch, "use another provider that is set up"),
    (Offer::Add, "set up a provider"),
    (Offer::Import, "take over keys that other tools have"),
    (Offer::Model, "choose another model"),
    (Offer::Key, "replace the key"),
    (Offer::SignIn, "let goose sign in again"),
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
    let scene = Scene::of(&active, args.writing, cx, state);
    cx.talk.say(format!(
        "  goose uses {} with {model}",
        scene
            .active
            .map_or(active.as_str(), |provider| provider.title)
    ));
    let offers: Vec<_> = OFFERS
        .into_iter()
        .filter(|(offer, _)| offer.makes_sense(&scene))
        .collect();
    let items: Vec<Item> = offers
        .iter()
        .map(|(offer, text)| match offer {
            Offer::Import => Item::new(*text, &scene.found),
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
        Offer::SignIn => {
            if let (Some(provider), Some((sign_in, goose))) = (scene.active, scene.sign_in) {
                by_goose::run(provider, sign_in, goose, &prompt, cx)?;
            }
            status::run(cx)
        }
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
