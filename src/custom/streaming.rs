//! Whether answers come piece by piece: what tells it, and what goose is told.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::goose::custom::Engine;

/// What an endpoint tells, without a token spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub streams: bool,
    /// The half sentence that tells it.
    pub by: String,
}

impl Told {
    pub fn of(streams: bool, by: impl Into<String>) -> Self {
        let by = by.into();
        Self { streams, by }
    }
}

/// What goose is told, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Streaming {
    pub used: bool,
    /// `None`: nothing tells it.
    pub known: Option<bool>,
    pub source: Option<String>,
    #[serde(skip)]
    pub note: Option<String>,
}

/// A person's word counts most; then a no that the file says already, then the endpoint's. Where nobody says anything
/// goose's own assumption stands, and is called one.
pub fn decide(
    engine: Engine,
    said: Option<bool>,
    before: Option<bool>,
    told: Option<Told>,
) -> Result<Streaming> {
    let must = !engine.can_do_without_streaming();
    if said == Some(false) && must {
        return Err(Error::usage(
            format!(
                "goose cannot do without streaming where it speaks like {}",
                engine.title()
            ),
            "leave --streaming no out",
        ));
    }
    let known = told.as_ref().map(|told| told.streams);
    let kept = before.filter(|streams| !streams);
    let used = must || said.or(kept).or(known).unwrap_or(true);
    let source = told.map(|told| told.by);
    let note = match (said, known, &source) {
        (Some(_), _, _) => None,
        (None, None, _) if used => Some(
            "nothing tells whether it streams its answers; goose is set to assume so (`--streaming no` if it does not)"
                .into(),
        ),
        (None, Some(false), Some(source)) if used => {
            Some(format!("{source}, and goose cannot do without"))
        }
        (None, Some(false), Some(source)) => {
            Some(format!("{source}, so goose asks for them in one piece"))
        }
        (None, _, _) if !used => Some(
            "goose asks for answers in one piece, as its file says; `--streaming yes` changes that"
                .into(),
        ),
        _ => None,
    };
    Ok(Streaming {
        used,
        known,
        source,
        note,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn what_goose_is_told_follows_from_who_says_what() {
        use Engine::{Anthropic, Ollama, Openai};
        let yes = || Some(Told::of(true, "it is a vLLM, which streams"));
        let no = || Some(Told::of(false, "its list says that it does not stream"));
        for (engine, said, before, told, used, is_noted) in [
            (Openai, None, None, None, true, true),
            (Openai, None, Some(true), None, true, true),
            (Openai, None, Some(false), None, false, true),
            (Openai, None, None, yes(), true, false),
            (Openai, None, Some(false), yes(), false, true),
            (Openai, None, Some(true), no(), false, true),
            (Openai, Some(true), Some(false), no(), true, false),
            (Openai, Some(false), None, yes(), false, false),
            (Anthropic, None, None, None, true, true),
            (Anthropic, None, None, no(), true, true),
            (Ollama, None, Some(false), yes(), true, false),
            (Ollama, Some(true), None, yes(), true, false),
        ] {
            let case = format!("{engine:?} {said:?} {before:?} {told:?}");
            let decided = decide(engine, said, before, told).unwrap();
            assert_eq!(decided.used, used, "{case}");
            assert_eq!(decided.note.is_some(), is_noted, "{case}: {decided:?}");
        }
        assert!(decide(Anthropic, Some(false), None, None).is_err());
    }
}
