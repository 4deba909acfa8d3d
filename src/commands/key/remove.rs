//! `goose-setup key remove`: takes a key out of the store.

use serde_json::json;

use super::key_of;
use crate::cli::KeyRemoveArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::Result;
use crate::interview::provider::named;
use crate::plan::{self, Plan};
use crate::report::{Report, Written};
use crate::secrets::{Places, Seen, StoreKind};
use crate::state::State;
use crate::{running, view};

pub(super) fn run(args: &KeyRemoveArgs, cx: &Context) -> Result<Report> {
    let provider = named(&args.provider)?;
    let fact = key_of(provider)?;
    consent::begin(args.writing, cx)?;
    let state = cx.look()?.with_store(args.store);
    let seen = state.secrets()?;
    // Where goose finds the key now, which before the first keychain item is the file.
    let (store, unseen) = match args.store {
        Some(store) => (seen.usable(store)?, None),
        None => (
            seen.home_of(fact.variable)?,
            seen.stays_unseen(fact.variable),
        ),
    };
    let plan = Plan {
        secrets: plan::secret_removal(seen, store, fact.variable),
        ..Plan::titled(format!("remove the key of {}", provider.title))
    };
    let mut notes = Vec::new();
    if plan.secrets.is_some() {
        notes.push(
            "undo keeps a copy of it for 7 days; `goose-setup undo --forget` takes that away, too"
                .to_owned(),
        );
    }
    notes.extend(unseen);
    let other = other_store(store, fact.variable, seen, &state);
    notes.extend(other.map(|other| {
        format!(
            "{} holds one, too: `goose-setup key remove {} --store {}` removes it there",
            match other {
                StoreKind::Keychain => "the keychain",
                StoreKind::File => "secrets.yaml",
            },
            provider.id,
            other.word()
        )
    }));
    let prompt = cx.prompt();
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    if matches!(outcome, Outcome::Changed) {
        notes.extend(running::note(cx));
    }
    let head = match outcome {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo => format!("nothing to remove: {} is not stored\n", fact.variable),
        Outcome::Changed => format!(
            "the key of {} is removed from {}; `goose-setup {}` sets it up again\n",
            provider.title,
            view::store_name(store, &state.paths.secrets, &cx.env),
            provider.id
        ),
    };
    let written = Written::of(&plan, args.writing.dry_run)
        .noting(notes)
        .against(None);
    let text = format!("{head}{}", written.lines());
    let own = json!({"provider": provider.id, "verdict": null, "store": store});
    Ok(written.report(own, text))
}

/// The other store, where it holds the key as well. A keychain that goose has off is looked into where nobody is asked for it.
fn other_store(store: StoreKind, variable: &str, seen: &Seen, state: &State) -> Option<StoreKind> {
    let (places, patience) = (&state.places, state.patience());
    let other = match store {
        StoreKind::Keychain => StoreKind::File,
        StoreKind::File => StoreKind::Keychain,
    };
    let holds = |seen: &Seen| seen.holds(other, variable).then_some(other);
    if other == StoreKind::Keychain && places.keyring_off && places.is_keychain_open(patience) {
        let with_keychain = Places {
            keyring_off: false,
            ..places.clone()
        };
        return holds(&with_keychain.look(patience).ok()?);
    }
    holds(seen)
}
