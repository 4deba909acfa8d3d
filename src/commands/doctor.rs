//! `goose-setup doctor`: every cause why goose would not work, and the command that mends it.

use console::style;
use serde_json::json;

use crate::cli::DoctorArgs;
use crate::consent::{self, Outcome};
use crate::context::Context;
use crate::doctor::{self, Finding, Mend, Severity};
use crate::env_file;
use crate::error::{Exit, Result};
use crate::goose::activate::Change;
use crate::plan::{self, Plan};
use crate::report::Report;
use crate::state::State;

pub fn run(args: &DoctorArgs, cx: &Context) -> Result<Report> {
    if args.fix {
        consent::begin(args.writing, cx)?;
    }
    let findings = doctor::examine(cx)?;
    let mends: Vec<&Mend> = findings.iter().filter_map(|it| it.mend.as_ref()).collect();
    if !args.fix || mends.is_empty() {
        return Ok(report(&findings, None, text(&findings)));
    }
    let state = cx.look()?;
    let plan = draw_up(&mends, cx, &state)?;
    let prompt = cx.prompt();
    let outcome = consent::carry_out(&plan, args.writing, prompt.as_ref(), cx, &state)?;
    if let Outcome::Shown(shown) = outcome {
        return Ok(report(&findings, Some(&plan), text(&findings) + &shown));
    }
    let left = doctor::examine(cx)?;
    let mended = findings.len().saturating_sub(left.len());
    let text = format!("mended: {mended}\n{}", text(&left));
    Ok(report(&left, Some(&plan), text))
}

fn draw_up(mends: &[&Mend], cx: &Context, state: &State) -> Result<Plan> {
    let mut plan = Plan::titled("mend what doctor found");
    let mut names = Vec::new();
    for mend in mends {
        match mend {
            Mend::Config { provider, model } => {
                // The first one that is written settles the whole file.
                if plan.files.iter().any(|file| file.is_commit_point) {
                    continue;
                }
                plan.change_config(
                    &state.config,
                    &Change {
                        activate: true,
                        provider: provider.clone(),
                        model: Some(model.clone()),
                        settings: Vec::new(),
                        keyring_off: None,
                    },
                )?;
            }
            Mend::Secret(name) => names.push(name),
            Mend::EnvFile(shell) => {
                let files = state.shell_files(&cx.env, *shell)?;
                env_file::write(&mut plan, &files, cx, state)?;
            }
            Mend::Close(mode) => plan.modes.push(mode.clone()),
        }
    }
    if !names.is_empty() {
        let seen = state.secrets()?;
        let store = seen.used()?;
        let as_text = |name: &String| Some((name.clone(), seen.as_text(store, name)?));
        let set: Vec<_> = names.into_iter().filter_map(as_text).collect();
        plan.secrets = plan::secret_change(seen, store, &set, &[]);
    }
    if !plan.modes.is_empty() {
        let note = "`undo` does not open again to others what is closed to them now";
        plan.notes.push(note.into());
    }
    Ok(plan)
}

fn text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing is wrong\n".into();
    }
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.severity {
            Severity::Error => style("✗").red(),
            Severity::Warning => style("!").yellow(),
        };
        let by_itself = if finding.fixable {
            " (or `goose-setup doctor --fix`)"
        } else {
            ""
        };
        text.push_str(&format!(
            "{mark} {}\n  → {}{by_itself}\n",
            finding.what, finding.fix
        ));
    }
    text
}

fn report(findings: &[Finding], plan: Option<&Plan>, text: String) -> Report {
    Report::new(
        if findings.is_empty() {
            Exit::Done
        } else {
            Exit::Found
        },
        json!({"findings": findings, "changes": plan.map(Plan::changes)}),
        text,
    )
}
