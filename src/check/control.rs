//! The control: the same request with a key that nobody has. Where that is let in as well, being let in proves nothing.

use super::finding::{Finding, Target};
use super::judge::{answers_everybody, if_sure};
use crate::catalog::{Check, Provider};
use crate::secret::Secret;
use crate::verdict::Verdict;

/// How much of the sample is made another.
const CHANGED: usize = 12;

/// The made-up key to send along, where it is not known that the check refuses a wrong one.
pub(super) fn key_for(target: &Target, check: &Check) -> Option<Secret> {
    let key = target.key.filter(|_| check.control)?;
    let made_up = made_up(target.provider.key.as_ref()?.sample);
    (!key.is_same_as(&made_up)).then_some(made_up)
}

/// The sample with its end changed: of the right form, and in no documentation that a provider may have made good.
fn made_up(sample: &str) -> Secret {
    let from = sample.len().saturating_sub(CHANGED);
    let text: String = sample
        .char_indices()
        .map(|(place, c)| if place < from { c } else { next(c) })
        .collect();
    Secret::stored(&text)
}

/// Another character of the same kind; hexadecimal stays hexadecimal.
fn next(c: char) -> char {
    match c {
        '9' => '0',
        'f' => 'a',
        'z' => 'g',
        'Z' => 'A',
        c if c.is_ascii_alphanumeric() => char::from(c as u8 + 1),
        other => other,
    }
}

/// What is left of `finding` beside what the made-up key got.
pub(super) fn weighed(provider: &Provider, finding: Finding, control: &Finding) -> Finding {
    if finding.verdict != Verdict::Valid || control.verdict.is_refusal() {
        return finding;
    }
    let doubt = if control.verdict == Verdict::Valid {
        answers_everybody(provider)
    } else {
        Finding::new(
            Verdict::Unproven,
            format!(
                "{} answers, but it could not be seen whether it refuses a wrong key",
                provider.title
            ),
            format!("try again in a minute, or {}", if_sure(provider)),
        )
    };
    Finding {
        verdict: doubt.verdict,
        detail: doubt.detail,
        action: doubt.action,
        ..finding
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::catalog::{self, Form};

    #[test]
    fn the_made_up_key_is_well_formed_and_not_the_sample() {
        for provider in catalog::all() {
            let Some(row) = &provider.key else { continue };
            let key = made_up(row.sample);
            assert_ne!(key.expose(), row.sample);
            assert_ne!(provider.form_of(&key), Form::Unusual, "{}", provider.id);
            assert_eq!(key.expose().len(), row.sample.len());
        }
    }

    #[test]
    fn only_a_refusal_of_the_made_up_key_lets_a_good_answer_stand() {
        let provider = catalog::find("together").unwrap();
        let said = |verdict| Finding::new(verdict, "detail", "action");
        for (own, control, left) in [
            (Verdict::Valid, Verdict::Invalid, Verdict::Valid),
            (Verdict::Valid, Verdict::Blocked, Verdict::Valid),
            (Verdict::Valid, Verdict::Valid, Verdict::Unproven),
            (Verdict::Valid, Verdict::RateLimited, Verdict::Unproven),
            (Verdict::Valid, Verdict::Unreachable, Verdict::Unproven),
            (Verdict::Valid, Verdict::NotAllowed, Verdict::Unproven),
            (Verdict::Invalid, Verdict::Valid, Verdict::Invalid),
            (Verdict::NoCredit, Verdict::Valid, Verdict::NoCredit),
        ] {
            let weighed = weighed(provider, said(own), &said(control));
            assert_eq!(weighed.verdict, left, "{own:?} beside {control:?}");
        }
    }
}
