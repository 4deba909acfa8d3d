//! A new endpoint, or another look at one that is set up: find out, ask what is open, plan, show, apply, prove.

use crate::catalog;
use crate::cli::{CustomEditArgs, CustomWishes, SetupArgs};
use crate::commands::custom::answers::{self, Answers};
use crate::commands::custom::former::Former;
use crate::commands::custom::outcome;
use crate::consent;
use crate::context::Context;
use crate::env_file::{self, Turn};
use crate::error::{Error, Result};
use crate::fsio::{self, Privacy};
use crate::goose::activate::Change;
use crate::goose::custom::Custom;
use crate::interview::Interview;
use crate::plan::{self, FileChange, Plan};
use crate::report::Report;
use crate::secrets::StoreKind;
use crate::state::State;
use crate::view;

pub(super) fn add(url: Option<&str>, wishes: &CustomWishes, cx: &Context) -> Result<Report> {
    run(url, wishes, None, cx)
}

pub(super) fn edit(args: &CustomEditArgs, cx: &Context) -> Result<Report> {
    run(args.url.as_deref(), &args.wishes, Some(&args.id), cx)
}

fn run(url: Option<&str>, wishes: &CustomWishes, id: Option<&str>, cx: &Context) -> Result<Report> {
    if url.is_none() && id.is_none() && !cx.env.can_prompt() {
        return Err(Error::missing(
            "the address of the endpoint",
            "it, such as `goose-setup custom https://llm.example.com/v1`",
        ));
    }
    consent::begin(wishes.writing, cx)?;
    let state = cx.look()?.with_store(wishes.store);
    let custom = Custom::read(&state.paths)?;
    // With one of these in the folder goose would not know the new provider's neighbours any more.
    if let Some(broken) = custom.broken.first() {
        return Err(broken.clone().into());
    }
    let former = id.map(|id| Former::read(id, &custom)).transpose()?;
    let args = SetupArgs {
        model: wishes.model.clone(),
        key: wishes.key.clone(),
        store: wishes.store,
        no_check: wishes.no_check,
        writing: wishes.writing,
        ..SetupArgs::default()
    };
    let mut interview = Interview::new(cx, &args, &state, cx.prompt());
    for (definition, path) in &custom.providers {
        if catalog::is_goose_id(&definition.name) {
            interview.notes.push(format!(
                "{} takes the place of goose's own {}",
                view::path(path, &cx.env),
                definition.name
            ));
        }
    }
    let mut answers = answers::decide(&mut interview, url, wishes, former, &custom)?;
    let mut plan = draw_up(&answers, &state)?;
    env_file::keep_up(&mut plan, None, Turn::Joins(answers.row), cx, &state)?;
    let is_guided = interview.is_guided();
    if is_guided {
        cx.talk.say(outcome::facts(&answers));
    }
    let done = consent::carry_out(&plan, wishes.writing, interview.prompt.as_ref(), cx, &state)?;
    answers.notes.append(&mut interview.notes);
    outcome::finish(&answers, &plan, done, is_guided, cx, &state)
}

fn draw_up(answers: &Answers, state: &State) -> Result<Plan> {
    let (wanted, former) = (&answers.wanted, answers.former.as_ref());
    let mut plan = Plan::titled(format!("set up {}", wanted.title));
    let gone = answers.outgrown.as_slice();
    if let (Some(key), Some(name), Some(store)) = (&answers.key, &wanted.key_name, answers.store) {
        let set = [(name.clone(), key.clone())];
        plan.secrets = plan::secret_change(state.secrets()?, store.kind, &set, gone);
    } else if !gone.is_empty() {
        let seen = state.secrets()?;
        if let Some(store) = seen.read_from() {
            plan.secrets = plan::secret_change(seen, store, &[], gone);
        }
    }
    let file = match former {
        Some(former) => former.file.clone(),
        None => fsio::read(
            &state
                .paths
                .custom_providers
                .join(format!("{}.json", wanted.id)),
        )?,
    };
    let text = wanted.text(former.map(|former| &former.fields));
    // Before the config, which names it.
    plan.files
        .extend(FileChange::to(&file, text.into_bytes(), Privacy::Private));
    plan.change_config(
        &state.config,
        &Change {
            activate: answers.activates,
            provider: wanted.id.clone(),
            model: Some(answers.model.clone()),
            settings: Vec::new(),
            keyring_off: answers
                .store
                .filter(|store| store.on_request)
                .map(|store| store.kind == StoreKind::File),
        },
    )?;
    Ok(plan)
}
