//! `goose-setup import`: keys that are here already, each taken over only where somebody says so.

use serde_json::{Value, json};

use crate::check::{self, Finding};
use crate::cli::{ImportArgs, SetupArgs};
use crate::commands::missing;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::goose::activate::Change;
use crate::import::{self, Found, Haul};
use crate::interview::provider::named;
use crate::interview::{Interview, Judged, store};
use crate::plan::{self, Plan, StoreChoice};
use crate::report::{Report, Written};
use crate::secrets::StoreKind;
use crate::shadows;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;

/// What becomes of a key that was found.
struct Item {
    found: Found,
    /// goose has this very key already.
    is_stored: bool,
    /// Another key would go for it.
    replaces: bool,
    is_wanted: bool,
    finding: Option<Finding>,
    is_taken: bool,
}

pub fn run(args: &ImportArgs, cx: &Context) -> Result<Report> {
    consent::begin(args.writing, cx)?;
    let is_scripted = args.writing.yes || !cx.env.can_prompt();
    let is_chosen = args.all || !args.from.is_empty() || !args.provider.is_empty();
    if args.writing.yes && !is_chosen {
        return Err(Error::missing(
            "which keys to take over",
            "--from SOURCE, --provider PROVIDER or --all",
        ));
    }
    let state = cx.look()?.with_store(args.store);
    let Haul { found, mut left } = import::look(&cx.env, &state)?;
    let mut items = items(found, args, &state)?;
    leave_incomplete(&mut items, &mut left, cx, &state)?;
    let setup = SetupArgs {
        store: args.store,
        no_check: args.no_check,
        writing: args.writing,
        ..SetupArgs::default()
    };
    let interview = Interview::new(cx, &setup, &state, cx.prompt());
    for line in &left {
        cx.talk.detail(line);
    }
    if is_scripted {
        for item in &mut items {
            item.is_wanted = is_chosen && !item.is_stored;
        }
        refuse_two_for_one(&items)?;
    } else {
        ask(&mut items, &interview)?;
    }
    if !args.no_check {
        prove(&mut items, cx, &state)?;
    }
    decide(&mut items, &interview)?;
    let is_any = items.iter().any(|item| item.is_taken);
    let store = is_any.then(|| store::decide(&interview)).transpose()?;
    let plan = draw_up(&items, store, cx, &state)?;
    let outcome = consent::carry_out(&plan, args.writing, interview.prompt.as_ref(), cx, &state)?;
    Ok(report(&items, &left, &plan, store, outcome, cx))
}

/// What was found and asked for by flag; one key of several places is one item.
fn items(found: Vec<Found>, args: &ImportArgs, state: &State) -> Result<Vec<Item>> {
    let providers = args
        .provider
        .iter()
        .map(|name| named(name).map(|provider| provider.id))
        .collect::<Result<Vec<_>>>()?;
    let seen = state.secrets()?;
    let is_asked_for = |found: &Found| {
        let from = &args.from;
        let is_from = from.is_empty()
            || found
                .places
                .iter()
                .any(|place| from.iter().any(|it| it == place.source));
        is_from && (providers.is_empty() || providers.contains(&found.provider.id))
    };
    // With `--store` it counts what is there, not what goose reads now.
    let stored = |name: &str| match args.store {
        Some(store) => seen.secret_in(store, name),
        None => seen.secret(name),
    };
    Ok(found
        .into_iter()
        .filter(is_asked_for)
        .map(|found| {
            let stored = stored(found.variable);
            let is_stored = stored
                .as_ref()
                .is_some_and(|stored| stored.is_same_as(&found.key));
            Item {
                is_stored,
                replaces: stored.is_some() && !is_stored,
                found,
                is_wanted: false,
                finding: None,
                is_taken: false,
            }
        })
        .collect())
}

/// A key alone does not let goose start every provider.
fn leave_incomplete(
    items: &mut Vec<Item>,
    left: &mut Vec<String>,
    cx: &Context,
    state: &State,
) -> Result<()> {
    let mut complete = Vec::new();
    for item in items.drain(..) {
        match missing::first(item.found.provider, cx, state)? {
            None => complete.push(item),
            Some(lack) => left.push(format!(
                "the key {} is not taken over, because {lack}: {}",
                described(&item),
                lack.action()
            )),
        }
    }
    *items = complete;
    Ok(())
}

fn refuse_two_for_one(items: &[Item]) -> Result<()> {
    let wanted: Vec<&Item> = items.iter().filter(|item| item.is_wanted).collect();
    for (place, item) in wanted.iter().enumerate() {
        let other = wanted
            .iter()
            .skip(place + 1)
            .find(|other| is_instead(&other.found, &item.found));
        if let Some(other) = other {
            let (first, second) = (item.found.provider, other.found.provider);
            let (whose, flag) = if first.id == second.id {
                (format!("of {}", first.title), "--from SOURCE")
            } else {
                // Providers of one house share a variable.
                let both = format!("of {} and {}", first.title, second.title);
                let whose = format!("{both} for the one place {}", item.found.variable);
                (whose, "--provider PROVIDER")
            };
            return Err(Error::usage(
                format!(
                    "there are two keys {whose}: {} and {}",
                    described(item),
                    described(other)
                ),
                format!("say which with {flag}"),
            ));
        }
    }
    Ok(())
}

/// Another key for the same place: of the two goose can have one.
fn is_instead(one: &Found, other: &Found) -> bool {
    one.variable == other.variable && !one.key.is_same_as(&other.key)
}

fn ask(items: &mut [Item], interview: &Interview<'_>) -> Result<()> {
    let talk = &interview.cx.talk;
    if items.is_empty() {
        return Ok(());
    }
    talk.say(listing(items).trim_end());
    let Some(prompt) = &interview.prompt else {
        return Ok(());
    };
    let mut answered: Vec<&Found> = Vec::new();
    for item in items.iter_mut().filter(|item| !item.is_stored) {
        let provider = item.found.provider;
        if answered.iter().any(|known| is_instead(known, &item.found)) {
            continue;
        }
        let instead = if item.replaces {
            ", instead of the stored one"
        } else {
            ""
        };
        let question = format!(
            "Take over the key of {} {}{instead}?",
            provider.title,
            described(item)
        );
        item.is_wanted = prompt.confirm(&question, !item.replaces)?;
        if item.is_wanted {
            answered.push(&item.found);
        }
    }
    Ok(())
}

/// Asks all providers at once.
fn prove(items: &mut [Item], cx: &Context, state: &State) -> Result<()> {
    let http = cx.network()?;
    let wanted: Vec<&mut Item> = items.iter_mut().filter(|item| item.is_wanted).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let _busy = cx.talk.busy("asking the providers about the keys");
    std::thread::scope(|scope| {
        for item in wanted {
            let http = &http;
            let target = stored_key::target(item.found.provider, Some(&item.found.key), cx, state);
            let finding = &mut item.finding;
            scope.spawn(move || *finding = Some(check::prove(http, &target)));
        }
    });
    cx.tell_requests(&http);
    Ok(())
}

fn decide(items: &mut [Item], interview: &Interview<'_>) -> Result<()> {
    let talk = &interview.cx.talk;
    for item in items.iter_mut().filter(|item| item.is_wanted) {
        let Some(finding) = &item.finding else {
            item.is_taken = true;
            continue;
        };
        let judged = Judged::of(finding.verdict, item.replaces);
        let title = item.found.provider.title;
        if judged == Judged::Good {
            talk.good(format!("{title}: {}", finding.detail));
            item.is_taken = true;
            continue;
        }
        talk.bad(format!("{title}: {}", finding.detail));
        talk.hint(&finding.action);
        let prompt = interview.prompt.as_ref().filter(|_| interview.is_guided());
        if let (Judged::Doubtful, Some(prompt)) = (judged, prompt) {
            item.is_taken = prompt.confirm("Take it over all the same?", false)?;
        }
    }
    Ok(())
}

fn draw_up(
    items: &[Item],
    store: Option<StoreChoice>,
    cx: &Context,
    state: &State,
) -> Result<Plan> {
    let mut plan = Plan::titled("take over keys");
    let Some(store) = store else {
        return Ok(plan);
    };
    let taken = || items.iter().filter(|item| item.is_taken);
    let set: Vec<_> = taken()
        .map(|item| (item.found.variable.to_owned(), item.found.key.clone()))
        .collect();
    plan.secrets = plan::secret_change(state.secrets()?, store.kind, &set, &[]);
    let changes: Vec<Change> = taken()
        .map(|item| {
            let provider = item.found.provider;
            let known = state.config.model_of(provider.id);
            Change {
                activate: false,
                provider: provider.id.to_owned(),
                model: known.or_else(|| provider.default_model.map(str::to_owned)),
                settings: missing::defaults(provider, cx, state),
                keyring_off: store.on_request.then_some(store.kind == StoreKind::File),
            }
        })
        .collect();
    plan.make_known(&state.config, &changes)?;
    Ok(plan)
}

fn described(item: &Item) -> String {
    let found = &item.found;
    format!("{} in {}", found.key.fingerprint(), found.places())
}

fn listing(items: &[Item]) -> String {
    items
        .iter()
        .map(|item| {
            let state = match (item.is_stored, item.replaces) {
                (true, _) => "  (stored already)",
                (_, true) => "  (another one is stored)",
                _ => "",
            };
            format!(
                "  {:<18} {}{state}\n",
                item.found.provider.id,
                described(item)
            )
        })
        .collect()
}

fn report(
    items: &[Item],
    left: &[String],
    plan: &Plan,
    store: Option<StoreChoice>,
    outcome: Outcome,
    cx: &Context,
) -> Report {
    let is_dry = matches!(outcome, Outcome::Shown(_));
    let taken: Vec<&Item> = items.iter().filter(|item| item.is_taken).collect();
    let mut text = match outcome {
        _ if items.is_empty() => "no key was found that goose could use\n".to_owned(),
        Outcome::Shown(shown) => format!("found:\n{}{shown}", listing(items)),
        Outcome::NothingToDo if taken.is_empty() => {
            format!("nothing is taken over:\n{}", listing(items))
        }
        Outcome::NothingToDo => "nothing to change\n".to_owned(),
        Outcome::Changed => taken
            .iter()
            .map(|item| format!("the key of {} is stored\n", item.found.provider.title))
            .collect(),
    };
    let mut notes = left.to_vec();
    notes.extend(taken.iter().flat_map(|item| item.found.copies()));
    let shadows: Vec<_> = taken
        .iter()
        .flat_map(|item| shadows::of_key(&cx.env, item.found.provider, &item.found.key))
        .collect();
    let written = Written::of(plan, is_dry)
        .noting(notes)
        .against(Some(shadows));
    if !is_dry {
        text.push_str(&written.lines());
        if let Some(first) = taken.first() {
            text.push_str(&format!(
                "next: goose-setup switch {}\n",
                first.found.provider.id
            ));
        }
    }
    let refused = items
        .iter()
        .filter(|item| item.is_wanted && !item.is_taken)
        .filter_map(|item| item.finding.clone())
        .map(|finding| finding.into_error().exit());
    let own = json!({
        "found": items.iter().map(row).collect::<Vec<_>>(),
        "store": store.map(|store| store.kind),
    });
    let mut report = written.report(own, text);
    match Exit::worst(refused) {
        Exit::Done => {}
        worst => report.exit = worst,
    }
    report
}

fn row(item: &Item) -> Value {
    let verdict = match (&item.finding, item.is_taken) {
        (Some(finding), _) => Some(finding.verdict),
        (None, true) => Some(Verdict::Unproven),
        (None, false) => None,
    };
    json!({
        "provider": item.found.provider.id,
        "key": item.found.variable,
        "fingerprint": item.found.key.fingerprint(),
        "places": item.found.places.iter().map(|place| json!({
            "source": place.source,
            "at": place.at,
            "plain_text": place.is_plain_text,
        })).collect::<Vec<_>>(),
        "stored": item.is_stored,
        "replaces": item.replaces,
        "verdict": verdict,
        "taken": item.is_taken,
    })
}
