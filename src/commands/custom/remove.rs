//! `goose-setup custom remove`: the file, its key, and its place in goose's config.

use serde_json::json;

use crate::catalog;
use crate::cli::CustomRemoveArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::custom::definition;
use crate::env::Env;
use crate::env_file::{self, Turn};
use crate::error::Result;
use crate::fsio;
use crate::goose::custom::Custom;
use crate::plan::{FileChange, Plan};
use crate::report::{Report, Written};
use crate::view;

pub(super) fn run(args: &CustomRemoveArgs, cx: &Context) -> Result<Report> {
    consent::begin(args.writing, cx)?;
    let state = cx.look()?;
    let custom = Custom::read(&state.paths)?;
    let (definition, path) = super::named(&args.id, &custom)?;
    let id = &definition.name;
    let mut plan = Plan::titled(format!("remove {id}"));
    // Its place in the config is goose's own provider's too, which comes back when the file is gone.
    let stands_in = catalog::is_goose_id(id);
    // As goose does it: only a key under the name that it makes up itself belongs to this provider alone.
    if definition::is_keys_only_owner(definition, &custom) {
        plan.take_out(state.secrets()?, &definition.api_key_env)?;
    }
    let turn = if stands_in {
        plan.notes
            .push(format!("{id} is goose's own again, with the key it has"));
        Turn::None
    } else {
        plan.forget(&state.config, id)?;
        Turn::Leaves(id)
    };
    // A link that leads nowhere would make goose pass over every file in that folder.
    let file = fsio::read(path)?.itself();
    plan.files.extend(FileChange::removal(&file));
    env_file::keep_up(&mut plan, None, turn, cx, &state)?;
    let was_active = state
        .config
        .active(&Env::default())
        .provider
        .is_some_and(|active| active.value == *id);
    if was_active && !stands_in {
        plan.notes.push(format!(
            "{id} is the active provider; without it none is, until you run `goose-setup switch`"
        ));
    }
    let prompt = cx.prompt();
    let head = match consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)? {
        Outcome::Shown(text) => text,
        Outcome::NothingToDo => "nothing to remove\n".to_owned(),
        Outcome::Changed => format!("{id} is removed from {}\n", view::path(path, &cx.env)),
    };
    let written = Written::of(&plan, args.writing.dry_run);
    let text = format!("{head}{}", written.lines());
    Ok(written.report(json!({"provider": id}), text))
}
