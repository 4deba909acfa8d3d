//! goose itself.

use super::Finding;
use crate::context::Context;
use crate::goose::binary::{Goose, INSTALL_PAGE, OLDEST_SUPPORTED, VersionCache};
use crate::goose::paths::OwnPaths;
use crate::view;

pub(super) fn examine(own: &OwnPaths, cx: &Context) -> Option<Finding> {
    let known = VersionCache::at(own.version_cache());
    let Some(goose) = Goose::find(&cx.env, &known) else {
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
