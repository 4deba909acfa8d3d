//! goose itself.

use super::Finding;
use crate::context::Context;
use crate::goose::binary::{INSTALL_PAGE, OLDEST_SUPPORTED};
use crate::state::State;
use crate::view;

pub(super) fn examine(cx: &Context, state: &State) -> Option<Finding> {
    let Some(goose) = state.goose(&cx.env) else {
        return Some(Finding::error(
            "goose-missing",
            "goose is not installed, or not where PATH and its installers put it",
            format!("install it: {INSTALL_PAGE}"),
        ));
    };
    let path = view::path(&goose.path, &cx.env);
    match goose.version {
        None => Some(Finding::error(
            "goose-silent",
            format!("{path} does not say its version, so it may not start"),
            format!("run `{path} --version`"),
        )),
        Some(version) if goose.is_too_old() => Some(Finding::error(
            "goose-old",
            format!(
                "goose {version} does not read the config that goose-setup writes; {OLDEST_SUPPORTED} does"
            ),
            "run `goose update`",
        )),
        Some(_) => None,
    }
}
