//! `goose-setup fallback`: the models OpenRouter falls over to.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::check::{Finding, Target};
use crate::cli::{FallbackArgs, SetupArgs};
use crate::commands::stored_key;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fallback::{self, Chain, Demands, MOST, Offer, parameters, sentence};
use crate::goose::binary::Version;
use crate::plan::{Choice, Plan};
use crate::prompt::Prompt;
use crate::report::Report;
use crate::shadows::Shadow;
use crate::shell::{Shell, words};
use crate::state::State;

const PROVIDER: &str = "openrouter";
/// The first goose that sends the parameters along.
const FIRST_GOOSE: Version = Version(1, 50, 0);

pub fn run(args: &FallbackArgs, cx: &Context) -> Result<Report> {
    let demands = Demands {
        max_price: args.max_price,
        free: args.free,
    };
    let chain = match args.models.is_empty() {
        true => None,
        false => Some(Chain::parse(&args.models)?),
    };
    let state = cx.look()?;
    let prompt = cx.prompt();
    let says_nothing = chain.is_none() && !args.clear && args.max_price.is_none() && !args.free;
    if says_nothing && prompt.is_none() {
        return Ok(current(cx, &state));
    }
    consent::begin(args.writing, cx)?;
    let mut notes = Vec::new();
    let chain = if args.clear {
        None
    } else {
        let offer = offer(None, cx, &state, &mut notes)?;
        let chain = match chain {
            Some(chain) => {
                judge_all(&chain, &offer, demands)?;
                chain
            }
            None => choose(&offer, demands, prompt.as_ref(), args)?,
        };
        notes.extend(trade_offs(&chain, &state));
        Some(chain)
    };
    let mut plan = Plan::titled(match &chain {
        Some(_) => "choose the fallback models of OpenRouter",
        None => "take the fallback models of OpenRouter away",
    });
    parameters::write(&mut plan, &state.config, chain.as_ref())?;
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    notes.splice(0..0, plan.notes.iter().cloned());
    notes.extend(hindrances(cx, &state));
    let models = chain.as_ref().map_or(&[][..], Chain::models);
    let shadow = shadow(models, cx);
    let head = match outcome {
        Outcome::Shown(text) => text,
        outcome => {
            proven(models, cx)?;
            let unchanged = matches!(outcome, Outcome::NothingToDo);
            headline(models, unchanged)
        }
    };
    Ok(report(
        args.writing.dry_run,
        models,
        &plan,
        notes,
        shadow,
        head,
    ))
}

/// Whether setup is about the one provider that falls over by itself.
pub fn is_for(choice: &Choice) -> bool {
    choice.provider.id == PROVIDER
}

/// The chain that setup was given by flag.
pub fn given(
    args: &SetupArgs,
    choice: &Choice,
    cx: &Context,
    state: &State,
) -> Result<Option<Chain>> {
    if args.fallback.is_empty() {
        return Ok(None);
    }
    if !is_for(choice) {
        return Err(Error::usage(
            format!(
                "only OpenRouter has fallback models, not {}",
                choice.provider.title
            ),
            "leave --fallback out, or see `goose-setup gateway` for falling over between providers",
        ));
    }
    let chain = Chain::parse(&args.fallback)?;
    if !args.no_check {
        let offer = offer(Some(choice), cx, state, &mut Vec::new())?;
        judge_all(&chain, &offer, Demands::default())?;
    }
    Ok(Some(chain))
}

/// The chain from the plan screen; the one so far where the person thinks better of it.
pub fn ask(
    prompt: &Prompt,
    so_far: Option<Chain>,
    choice: &Choice,
    cx: &Context,
    state: &State,
) -> Option<Chain> {
    let picked = offer(Some(choice), cx, state, &mut Vec::new())
        .and_then(|offer| fallback::pick(prompt, &offer, Demands::default()));
    match picked {
        Ok(chain) => Some(chain),
        Err(error) => {
            if !matches!(error, Error::Cancelled) {
                cx.talk.bad(error.to_string());
            }
            so_far
        }
    }
}

/// What OpenRouter offers the key: the stored one, or the one that is being set up.
fn offer(
    choice: Option<&Choice>,
    cx: &Context,
    state: &State,
    notes: &mut Vec<String>,
) -> Result<Offer> {
    let provider = provider()?;
    let fresh = choice.and_then(|choice| {
        let variable = provider.key.as_ref()?.variable;
        choice.secrets.iter().find(|(name, _)| name == variable)
    });
    let key = match fresh {
        Some((_, key)) => Some(key.clone()),
        None => stored_key::in_force(provider, cx, state)?,
    };
    let host = choice.and_then(|choice| {
        let setting = provider.host.as_ref()?.setting;
        choice.settings.iter().find(|(name, _)| name == setting)
    });
    let target = match host {
        Some((_, host)) => Target::new(provider, host.as_deref(), key.as_ref()),
        None => stored_key::target(provider, key.as_ref(), state),
    };
    let http = cx.network()?;
    let offer = {
        let _busy = cx.talk.busy("asking OpenRouter for its models");
        Offer::ask(&http, &target)
    };
    cx.tell_requests(&http);
    let offer = offer.map_err(Finding::into_error)?;
    if !offer.is_own {
        notes.push(
            "the models were looked up in the public list: whether this key may use them is not proven"
                .into(),
        );
    }
    Ok(offer)
}

fn provider() -> Result<&'static Provider> {
    catalog::by_id(PROVIDER)
        .ok_or_else(|| Error::unexpected("the catalogue has no row for OpenRouter"))
}

fn judge_all(chain: &Chain, offer: &Offer, demands: Demands) -> Result<()> {
    chain
        .models()
        .iter()
        .try_for_each(|model| offer.judge(model, demands))
}

fn choose(
    offer: &Offer,
    demands: Demands,
    prompt: Option<&Prompt>,
    args: &FallbackArgs,
) -> Result<Chain> {
    match prompt.filter(|_| !args.writing.yes) {
        Some(prompt) => fallback::pick(prompt, offer, demands),
        None if demands.free => {
            let mut models = offer.fit(demands);
            models.sort_by_key(|model| std::cmp::Reverse(model.context));
            if models.is_empty() {
                return Err(Error::usage(
                    "OpenRouter offers this key no free model that calls tools",
                    "name models, or look at the key's privacy settings, which free models depend on",
                ));
            }
            let models: Vec<String> = models.iter().take(MOST).map(|it| it.id.clone()).collect();
            Chain::parse(&models)
        }
        None => Err(Error::missing(
            "the fallback model",
            "one to three models, or --free",
        )),
    }
}

/// What a person should know of a chain like this one, a line each.
fn trade_offs(chain: &Chain, state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    if chain
        .models()
        .iter()
        .any(|model| model == "openrouter/auto")
    {
        notes.push(
            "openrouter/auto lets OpenRouter choose for each request, so price and quality vary"
                .into(),
        );
    }
    if chain.models().iter().all(|model| is_free(model)) {
        notes.push(
            "free models answer 20 requests a minute and 50 a day, or 1,000 a day once you bought 10 credits"
                .into(),
        );
        if let Some(first) = state.config.model_of(PROVIDER).filter(|it| !is_free(it)) {
            notes.push(format!(
                "{first} comes before them and is billed; choose a free one with `goose-setup switch {PROVIDER} --model MODEL`"
            ));
        }
    }
    notes
}

fn is_free(model: &str) -> bool {
    model.ends_with(":free") || model == "openrouter/free"
}

/// Why goose would not send the chain although its files say it.
fn hindrances(cx: &Context, state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(goose) = state.goose(&cx.env) {
        state.versions.keep(goose);
        if let Some(version) = goose.version.filter(|version| *version < FIRST_GOOSE) {
            notes.push(format!(
                "goose {version} does not send fallback models, {FIRST_GOOSE} and later do: run `goose update`"
            ));
        }
    }
    let active = state.config.active(&cx.env).provider;
    if let Some(other) = active.filter(|active| active.value != PROVIDER) {
        notes.push(format!(
            "goose uses {} now; the chain counts after `goose-setup switch {PROVIDER}`",
            other.value
        ));
    }
    notes
}

fn shadow(models: &[String], cx: &Context) -> Option<Shadow> {
    let in_environment = parameters::in_environment(&cx.env)?;
    (in_environment != models).then(|| Shadow {
        variable: parameters::SETTING.into(),
        hides: "fallback chain",
        fix: words::unset(Shell::detect(&cx.env), parameters::SETTING),
    })
}

fn proven(models: &[String], cx: &Context) -> Result<()> {
    let state = cx.look()?;
    if parameters::in_files(&state.config) == models {
        return Ok(());
    }
    Err(Error::unexpected(format!(
        "{} was written, but goose would read other fallback models from its files",
        state.paths.config.display()
    )))
}

fn headline(models: &[String], unchanged: bool) -> String {
    match (models.is_empty(), unchanged) {
        (true, true) => "nothing to change: there are no fallback models\n".into(),
        (true, false) => "the fallback models are taken away\n".into(),
        (false, true) => format!(
            "nothing to change: OpenRouter falls over to {}\n",
            sentence(models)
        ),
        (false, false) => format!("OpenRouter falls over to {}\n", sentence(models)),
    }
}

fn current(cx: &Context, state: &State) -> Report {
    let models = parameters::in_force(&state.config, &cx.env);
    let text = if models.is_empty() {
        "no fallback models; set them with `goose-setup fallback MODEL…`\n".to_owned()
    } else {
        format!("OpenRouter falls over to {}\n", sentence(&models))
    };
    report(
        false,
        &models,
        &Plan::default(),
        hindrances(cx, state),
        None,
        text,
    )
}

fn report(
    dry_run: bool,
    models: &[String],
    plan: &Plan,
    mut notes: Vec<String>,
    shadow: Option<Shadow>,
    mut text: String,
) -> Report {
    for note in &notes {
        text.push_str(&format!("note: {note}\n"));
    }
    if let Some(shadow) = &shadow {
        text.push_str(&format!("warning: {}\n", shadow.sentence()));
        notes.push(shadow.sentence());
    }
    let is_outranked = shadow.is_some() && !dry_run;
    Report::new(
        if is_outranked {
            Exit::Shadowed
        } else {
            Exit::Done
        },
        json!({
            "provider": PROVIDER,
            "models": models,
            "dry_run": dry_run,
            "changes": plan.changes(),
            "notes": notes,
            "goose_agrees": (!dry_run).then_some(!is_outranked),
            "shadows": shadow.iter().collect::<Vec<_>>(),
        }),
        text,
    )
}
