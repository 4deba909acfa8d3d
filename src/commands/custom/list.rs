//! `goose-setup custom list`: what is there, and what keeps goose from it.

use serde_json::json;

use crate::catalog;
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::goose::custom::Custom;
use crate::report::Report;
use crate::view;

pub(super) fn run(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let custom = Custom::read(&state.paths)?;
    let active = state.config.active(&Env::default()).provider;
    let mut text = String::new();
    let mut rows = Vec::new();
    for (definition, path) in &custom.providers {
        let id = &definition.name;
        let is_active = active.as_ref().is_some_and(|active| active.value == *id);
        let takes_place = catalog::is_goose_id(id);
        text.push_str(&format!(
            "{} {id:<28} {:<10} {}\n",
            if is_active { "*" } else { " " },
            definition.engine.word(),
            definition.base_url
        ));
        if takes_place {
            text.push_str(&format!(
                "warning: {} takes the place of goose's own {id}, whose key goes to that address: give it another name in the file, or move it away\n",
                view::path(path, &cx.env)
            ));
        }
        rows.push(json!({
            "id": id,
            "title": definition.display_name,
            "engine": definition.engine,
            "url": definition.base_url,
            "models": definition.models.iter().map(|model| json!({"id": model.name, "context": model.context_limit})).collect::<Vec<_>>(),
            "key": definition.requires_auth.then_some(&definition.api_key_env),
            "headers": definition.headers.iter().flatten().map(|(name, _)| name).collect::<Vec<_>>(),
            "streaming": definition.supports_streaming.unwrap_or(true),
            "active": is_active,
            "takes_place_of_built_in": takes_place,
            "path": path,
        }));
    }
    let mut broken = Vec::new();
    for file in &custom.broken {
        let error = Error::from(file.clone());
        text.push_str(&format!(
            "warning: {error}; goose drops its 48 bundled providers for it: {}\n",
            error.action()
        ));
        broken.push(json!({"path": file.path, "line": file.line, "reason": file.reason}));
    }
    if rows.is_empty() && broken.is_empty() {
        text.push_str("no endpoint of your own yet: `goose-setup custom URL` sets one up\n");
    }
    Ok(Report::new(
        Exit::Done,
        json!({"providers": rows, "broken": broken}),
        text,
    ))
}
