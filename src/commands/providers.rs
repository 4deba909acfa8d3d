//! `goose-setup providers`: the catalogue. Reads no secrets, so it never waits for a keychain.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::report::Report;

pub fn run(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let configured = state.config.configured();
    let is_configured = |id: &str| configured.iter().any(|known| known.id == id);
    let widest = |text: fn(&Provider) -> &str| {
        let lengths = catalog::all().iter().map(|it| text(it).chars().count());
        lengths.max().unwrap_or_default()
    };
    let (ids, titles, keys) = (
        widest(|it| it.id),
        widest(|it| it.title),
        widest(|it| it.key.as_ref().map_or("", |key| key.variable)),
    );
    let mut text = String::new();
    let mut rows = Vec::new();
    for provider in catalog::known() {
        let mark = if is_configured(provider.id) { "*" } else { " " };
        let key = provider.key.as_ref().map(|key| key.variable);
        text.push_str(&format!(
            "{mark} {:<ids$} {:<titles$} {:<keys$} {}\n",
            provider.id,
            provider.title,
            key.unwrap_or("no key"),
            provider.why
        ));
        rows.push(json!({
            "id": provider.id,
            "title": provider.title,
            "kind": provider.kind,
            "key": key,
            "configured": is_configured(provider.id),
        }));
    }
    Ok(Report::new(Exit::Done, json!({"providers": rows}), text))
}
