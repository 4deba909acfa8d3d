//! `goose-setup [PROVIDER]`: from nothing to a goose that answers.

use serde_json::json;

use crate::cli::SetupArgs;
use crate::commands::home;
use crate::context::Context;
use crate::elsewhere::{self, Stand};
use crate::env_file::{self, Turn};
use crate::error::{Error, Result};
use crate::fallback::{self, Chain, parameters};
use crate::goose::binary::{INSTALL_PAGE, OLDEST_SUPPORTED};
use crate::interview::{Answers, Interview, Topic};
use crate::login::by_goose;
use crate::plan::{self, Plan};
use crate::prompt::{PlanKey, Prompt};
use crate::proof::{self, Proof};
use crate::report::{Report, Written};
use crate::secret::Secret;
use crate::shadows::{self, Expected};
use crate::shell::Shell;
use crate::state::State;
use crate::verdict::Verdict;
use crate::{apply, consent, recovery, running, view};

pub fn run(args: &SetupArgs, cx: &Context) -> Result<Report> {
    let writing = args.writing;
    if args.provider.is_none() && !cx.env.can_prompt() {
        return Err(Error::missing(
            "the provider",
            "its name, such as `goose-setup openrouter`",
        ));
    }
    consent::begin(writing, cx)?;
    let state = look(args, cx)?;
    match cx.prompt() {
        Some(prompt) if home::is_wanted(args, &state) => home::run(prompt, args, cx, &state),
        prompt => set_up(args, cx, &state, prompt, Topic::Everything),
    }
}

pub fn set_up(
    args: &SetupArgs,
    cx: &Context,
    state: &State,
    prompt: Option<Prompt>,
    topic: Topic,
) -> Result<Report> {
    let mut interview = Interview::new(cx, args, state, prompt).on(topic);
    let answers = interview.conduct()?;
    let is_guided = interview.is_guided();
    let mut extras = Extras {
        with_shell: args.shell_env,
        chain: fallback::given(args, &answers.choice, cx, state)?,
    };
    let mut plan = draw_up(&answers, &extras, cx, state)?;
    if args.writing.dry_run {
        let written = Written::of(&plan, true)
            .noting(answers.notes.clone())
            .against(None);
        let text = consent::preview(&plan, cx, state) + &written.lines();
        return Ok(report(&answers, written, state, text));
    }
    if is_guided {
        warn_of_shadows(&answers, cx, state)?;
    } else {
        cx.talk
            .detail(view::plan(&plan, &state.paths.secrets, &cx.env).trim_end());
    }
    // Held until what was written is read back, so that no other goose-setup comes between.
    let mut held = None;
    loop {
        if let Some(prompt) = interview.prompt.as_ref().filter(|_| is_guided) {
            plan = agree(prompt, plan, &mut extras, &answers, cx, state)?;
        }
        if plan.is_empty() {
            break;
        }
        // The questions took their time, so what is written is planned again on what the files say now.
        let turn = recovery::turn(cx)?;
        let now = look(args, cx)?;
        let fresh = draw_up(&answers, &extras, cx, &now)?;
        let is_agreed = !is_guided || fresh.is_same_change_as(&plan);
        plan = fresh;
        if is_agreed {
            apply::apply(&plan, &now, &turn)?;
            held = Some(turn);
            break;
        }
        cx.talk
            .warn("the files changed meanwhile; this is what would be changed now");
    }
    if is_guided {
        cx.talk.say("");
    }
    if let Some(goose) = state.goose(&cx.env) {
        state.versions.keep(goose);
    }
    let proof = prove(&answers, cx)?;
    drop(held);
    finish(answers, &plan, proof, interview.prompt.as_ref(), cx, state)
}

/// What is no question but a flag, or a key on the plan screen.
struct Extras {
    with_shell: bool,
    chain: Option<Chain>,
}

/// Shows the plan until it is agreed to.
fn agree(
    prompt: &Prompt,
    mut plan: Plan,
    extras: &mut Extras,
    answers: &Answers,
    cx: &Context,
    state: &State,
) -> Result<Plan> {
    if !plan.is_empty() {
        cx.talk.say("");
    }
    while !plan.is_empty() {
        let shown = view::plan(&plan, &state.paths.secrets, &cx.env);
        cx.talk.say(shown.trim_end());
        let shell = legend(extras.with_shell, cx, state)?;
        let mut keys = Vec::new();
        if extras.with_shell || !answers.choice.secrets.is_empty() {
            keys.push(('s', shell.as_str()));
        }
        if fallback::is_for(&answers.choice) {
            keys.push(('f', "choose models that OpenRouter falls over to"));
        }
        match prompt.plan_key(&keys)? {
            PlanKey::Apply => break,
            PlanKey::Cancel => return Err(Error::Cancelled),
            PlanKey::Other('f') => {
                let so_far = extras.chain.take();
                extras.chain = fallback::ask(prompt, so_far, &answers.choice, cx, state);
                plan = draw_up(answers, extras, cx, state)?;
            }
            PlanKey::Other(_) => {
                extras.with_shell = !extras.with_shell;
                plan = draw_up(answers, extras, cx, state)?;
                prompt.take_back(shown.trim_end())?;
            }
        }
    }
    Ok(plan)
}

/// The machine as this setup has to see it: with `--store keychain` the keychain counts although goose has it off.
fn look(args: &SetupArgs, cx: &Context) -> Result<State> {
    Ok(cx.look()?.with_store(args.store))
}

fn draw_up(answers: &Answers, extras: &Extras, cx: &Context, state: &State) -> Result<Plan> {
    let choice = &answers.choice;
    let seen = choice
        .store
        .is_some()
        .then(|| state.secrets())
        .transpose()?;
    let mut plan = plan::setup(choice, &state.config, seen)?;
    if extras.chain.is_some() {
        parameters::write(&mut plan, &state.config, extras.chain.as_ref())?;
    }
    let wanted = extras.with_shell.then(|| Shell::detect(&cx.env));
    env_file::keep_up(&mut plan, wanted, Turn::Joins(choice.provider), cx, state)?;
    Ok(plan)
}

fn legend(with_shell: bool, cx: &Context, state: &State) -> Result<String> {
    if with_shell {
        return Ok("leave the shell alone".into());
    }
    let files = state.shell_files(&cx.env, Shell::detect(&cx.env))?;
    Ok(format!(
        "also load the key into new shells, by a line in {}",
        view::path(&files.rc.path, &cx.env)
    ))
}

/// What will outrank the answers is better known before they are written.
fn warn_of_shadows(answers: &Answers, cx: &Context, state: &State) -> Result<()> {
    let key = active_key(answers);
    let found = shadows::find(&cx.env, state, &expected(answers, key.as_ref()))?;
    // The other values are compared with the files, which are not written yet.
    for shadow in found
        .iter()
        .filter(|shadow| matches!(shadow.hides, "provider" | "model" | "key"))
    {
        cx.talk.warn(shadow.sentence());
    }
    Ok(())
}

fn expected<'a>(answers: &'a Answers, key: Option<&'a Secret>) -> Expected<'a> {
    let choice = &answers.choice;
    Expected {
        id: choice.provider.id,
        provider: Some(choice.provider),
        model: Some(&choice.model),
        key,
        store: choice.store.map(|store| store.kind),
    }
}

fn prove(answers: &Answers, cx: &Context) -> Result<Proof> {
    proof::prove(&cx.env, &expected(answers, active_key(answers).as_ref()))
}

/// goose signs in; a person may have chosen another model there.
fn sign_in(answers: &mut Answers, prompt: &Prompt, cx: &Context, state: &State) -> Result<()> {
    let provider = answers.choice.provider;
    if let (Some(sign_in), Some(goose)) = (&provider.sign_in, state.goose(&cx.env)) {
        by_goose::run(provider, sign_in, goose, prompt, cx)?;
    }
    if let Some(model) = cx.look()?.config.model_of(provider.id) {
        answers.choice.model = model;
    }
    Ok(())
}

fn finish(
    mut answers: Answers,
    plan: &Plan,
    mut proof: Proof,
    prompt: Option<&Prompt>,
    cx: &Context,
    state: &State,
) -> Result<Report> {
    if let Some(prompt) = prompt.filter(|_| answers.signs_in) {
        sign_in(&mut answers, prompt, cx, state)?;
        proof = prove(&answers, cx)?;
    }
    let choice = &answers.choice;
    let agrees = proof.goose_agrees();
    let running = (!plan.is_empty()).then(|| running::note(cx));
    let written = Written::of(plan, false)
        .noting(running.into_iter().flatten())
        .noting(answers.notes.clone())
        .against(Some(proof.shadows));
    let text = format!(
        "{}goose {} {} with {}\n{}{}",
        if plan.is_empty() {
            "nothing to change: "
        } else {
            ""
        },
        written.verb(),
        choice.provider.title,
        choice.model,
        written.lines(),
        next_step(&answers, cx, state, agrees)?
    );
    Ok(report(&answers, written, state, text))
}

fn next_step(answers: &Answers, cx: &Context, state: &State, agrees: bool) -> Result<String> {
    Ok(match state.goose(&cx.env) {
        None => format!("next: install goose ({INSTALL_PAGE}), then run `goose session`\n"),
        Some(goose) if goose.is_too_old() => format!(
            "next: run `goose update`; {} is older than {OLDEST_SUPPORTED}\n",
            view::path(&goose.path, &cx.env)
        ),
        Some(_) if !agrees => {
            "next: take away what the warning names, then run `goose-setup status`\n".into()
        }
        Some(_) => match what_is_left(answers, cx)? {
            Some(step) => format!("next: {step}, then run `goose session`\n"),
            None => "next: goose session\n".into(),
        },
    })
}

/// What goose needs in place of a key, and does not find yet.
fn what_is_left(answers: &Answers, cx: &Context) -> Result<Option<String>> {
    if active_key(answers).is_some() {
        return Ok(None);
    }
    let look = elsewhere::look(answers.choice.provider, &cx.look()?, &cx.env)?;
    Ok(look
        .filter(|look| matches!(look.stand, Stand::SignedOut | Stand::Missing))
        .map(|look| look.finding.action))
}

fn active_key(answers: &Answers) -> Option<Secret> {
    let variable = answers.choice.provider.key.as_ref()?.variable;
    answers
        .choice
        .secrets
        .iter()
        .find(|(name, _)| name == variable)
        .map(|(_, key)| key.clone())
}

fn report(answers: &Answers, written: Written, state: &State, text: String) -> Report {
    let choice = &answers.choice;
    let verdict = answers
        .finding
        .as_ref()
        .map_or(Verdict::Unproven, |finding| finding.verdict);
    let own = json!({
        "provider": choice.provider.id,
        "model": choice.model,
        "verdict": verdict,
        "store": choice.store.map(|store| store.kind),
        "config": state.paths.config,
    });
    written.report(own, text)
}
