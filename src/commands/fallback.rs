//! `goose-setup fallback`: the models OpenRouter falls over to.

use serde_json::json;

use crate::cli::FallbackArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fallback::{self, Chain, Demands, Offer, PROVIDER, parameters, remarks, sentence};
use crate::plan::Plan;
use crate::prompt::Prompt;
use crate::report::{Report, Written};
use crate::state::State;

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
        notes.extend(remarks::outranked(&state, &cx.env)?);
        None
    } else {
        let offer = fallback::offer(None, cx, &state, &mut notes)?;
        let chain = match chain {
            Some(chain) => {
                offer.judge_all(&chain, demands)?;
                chain
            }
            None => choose(&offer, demands, prompt.as_ref(), args)?,
        };
        notes.extend(remarks::trade_offs(&chain, &state));
        Some(chain)
    };
    let mut plan = Plan::titled(match &chain {
        Some(_) => "choose the fallback models of OpenRouter",
        None => "take the fallback models of OpenRouter away",
    });
    parameters::write(&mut plan, &state.config, chain.as_ref())?;
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    notes.extend(remarks::hindrances(cx, &state));
    let models = chain.as_ref().map_or(&[][..], Chain::models);
    let head = match outcome {
        Outcome::Shown(text) => text,
        outcome => {
            proven(models, cx)?;
            let unchanged = matches!(outcome, Outcome::NothingToDo);
            headline(models, unchanged)
        }
    };
    let written = Written::of(&plan, args.writing.dry_run)
        .noting(notes)
        .against(Some(remarks::shadow(models, cx).into_iter().collect()));
    Ok(report(models, written, head))
}

fn choose(
    offer: &Offer,
    demands: Demands,
    prompt: Option<&Prompt>,
    args: &FallbackArgs,
) -> Result<Chain> {
    match prompt.filter(|_| !args.writing.yes) {
        Some(prompt) => fallback::pick(prompt, offer, demands),
        None if demands.free => fallback::free_chain(offer, demands),
        None => Err(Error::missing(
            "the fallback model",
            "one to three models, or --free",
        )),
    }
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
    let written = Written::of(&Plan::default(), false)
        .noting(remarks::hindrances(cx, state))
        .against(Some(Vec::new()));
    report(&models, written, text)
}

fn report(models: &[String], written: Written, head: String) -> Report {
    let text = head + &written.lines();
    written.report(json!({"provider": PROVIDER, "models": models}), text)
}
