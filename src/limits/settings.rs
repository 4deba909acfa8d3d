//! Settings of goose that help under limits, written in the one form that goose reads everywhere: as text.

use super::book::{self, SettingKind};
use crate::error::{Error, Result};
use crate::fsio::Privacy;
use crate::goose::config::Config;
use crate::plan::{FileChange, Plan};
use crate::yaml_edit::{self, Edit};

/// What has to change so that goose's config says `wanted`; an empty value takes a setting away.
pub fn plan(config: &Config, wanted: &[(String, String)]) -> Result<Plan> {
    let edits = wanted
        .iter()
        .map(|(name, value)| edit(name, value.trim()))
        .collect::<Result<Vec<_>>>()?;
    let before = config.user.bytes.as_deref().unwrap_or_default();
    let edited = yaml_edit::apply(&config.user.path, before, &edits)?;
    let mut plan = Plan {
        notes: edited.notes(&config.user.path),
        ..Plan::titled("settings for limits")
    };
    // A file that is not there says as little as an empty one.
    if config.user.exists() || !edited.text.is_empty() {
        plan.files
            .extend(FileChange::to(&config.user, edited.text, Privacy::Ordinary));
    }
    Ok(plan)
}

fn edit(name: &str, value: &str) -> Result<Edit> {
    let known = book::settings().iter().find(|known| known.name == name);
    let Some(known) = known else {
        let names: Vec<_> = book::settings().iter().map(|known| known.name).collect();
        return Err(Error::usage(
            format!("{name} is no setting that helps under limits"),
            format!("take one of {}", names.join(", ")),
        ));
    };
    if value.is_empty() {
        return Ok(Edit::remove([name]));
    }
    let (is_good, form) = match known.kind {
        SettingKind::Switch => (["true", "false"].contains(&value), "true or false"),
        SettingKind::Count => (value.parse::<u32>().is_ok(), "a whole number"),
        SettingKind::Factor => (
            value
                .parse::<f64>()
                .is_ok_and(|n| n.is_finite() && n >= 1.0),
            "a number from 1 on, such as 2.0",
        ),
    };
    if is_good {
        Ok(Edit::set([name], value))
    } else {
        Err(Error::usage(
            format!("{name} cannot be `{value}`"),
            format!("give {form}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::goose::config::tests::config;

    fn after(before: &str, wanted: &[(&str, &str)]) -> Result<String> {
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let plan = plan(&config(before), &wanted)?;
        Ok(match plan.files.first() {
            Some(file) => String::from_utf8(file.after.clone().unwrap()).unwrap(),
            None => before.to_owned(),
        })
    }

    #[test]
    fn a_number_is_written_as_text_also_over_a_plain_one() {
        let before = "# mine\nDATABRICKS_MAX_RETRIES: 5 # tries\nGOOSE_PROVIDER: x\n";
        assert_eq!(
            after(
                before,
                &[
                    ("DATABRICKS_MAX_RETRIES", "5"),
                    ("GOOSE_MAX_TOKENS", "8192")
                ]
            )
            .unwrap(),
            "# mine\nDATABRICKS_MAX_RETRIES: '5' # tries\nGOOSE_PROVIDER: x\nGOOSE_MAX_TOKENS: '8192'\n"
        );
    }

    #[test]
    fn what_is_said_already_changes_nothing_and_empty_takes_away() {
        let before = "GOOSE_DISABLE_SESSION_NAMING: 'true'\na: b\n";
        assert_eq!(
            after(before, &[("GOOSE_DISABLE_SESSION_NAMING", "true")]).unwrap(),
            before
        );
        assert_eq!(
            after(before, &[("GOOSE_DISABLE_SESSION_NAMING", "")]).unwrap(),
            "a: b\n"
        );
    }

    #[test]
    fn only_what_helps_and_only_in_its_form_is_written() {
        for (name, value) in [
            ("GOOSE_PROVIDER", "x"),
            ("OPENROUTER_API_KEY", "x"),
            ("GOOSE_MAX_TOKENS", "many"),
            ("GOOSE_MAX_TOKENS", "-1"),
            ("GOOSE_DISABLE_SESSION_NAMING", "yes"),
            ("GCP_BACKOFF_MULTIPLIER", "0"),
        ] {
            assert!(after("", &[(name, value)]).is_err(), "{name}={value}");
        }
    }
}
