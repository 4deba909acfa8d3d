//! Who may read and write goose's files, and whose they are.

use super::{Finding, Mend, Severity};
use crate::access::{self, Opening, Way};
use crate::borrowed;
use crate::context::Context;
use crate::goose::paths::Paths;

pub(super) fn examine(paths: &Paths, cx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(user) = borrowed::lender(&cx.env) {
        findings.push(Finding::error(
            "sudo-home",
            borrowed::sentence(user, &cx.env),
            "run goose and goose-setup without sudo, or with `sudo -H`",
        ));
    }
    let openings = access::openings(paths);
    findings.extend(openings.iter().map(|opening| finding(opening, cx)));
    findings
}

fn finding(opening: &Opening, cx: &Context) -> Finding {
    let (id, severity) = match opening.way {
        Way::Read => ("secrets-open", Severity::Error),
        Way::Write => ("config-open", Severity::Warning),
        Way::Owned => ("config-foreign", Severity::Warning),
    };
    let finding = Finding::of(
        id,
        severity,
        opening.sentence(&cx.env),
        opening.fix(&cx.env),
    );
    match opening.closed() {
        Some(mode) => finding.mended_by(Mend::Close(mode)),
        None => finding,
    }
}
