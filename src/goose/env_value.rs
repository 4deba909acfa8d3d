//! How goose reads an environment variable, and what to export so that it reads exactly what was meant.
//!
//! goose takes most values through a parser that guesses a type: JSON first, then `true`/`false` in any case, then an
//! integer, then a float, and text only when all of these fail. A key such as `12345678` or `1e5` comes out as a number
//! and the provider refuses to start. A few readers take the value as it stands instead; `raw` says so.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::error::{Error, Result};

/// The variables that goose 1.52.0 takes as they stand, as seen with quoted and with numeric values.
const READ_RAW: [&str; 7] = [
    "GOOSE_MODEL",
    "GOOSE_PROVIDER",
    "LITELLM_API_KEY",
    "LITELLM_CUSTOM_HEADERS",
    "OPENAI_API_KEY",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_HOST",
];

/// goose takes this variable as it stands, without guessing a type.
pub fn is_read_raw(variable: &str) -> bool {
    READ_RAW.contains(&variable)
}

/// What goose's guessing parser makes of `value`.
pub fn parsed(value: &str) -> Value {
    if let Ok(json) = serde_json::from_str(value) {
        return json;
    }
    let trimmed = value.trim();
    if trimmed.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if trimmed.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if let Ok(integer) = trimmed.parse::<i64>() {
        return Value::from(integer);
    }
    // Not a number and infinity have no JSON form, so goose leaves `nan`, `inf` and `1e400` as text.
    if let Some(float) = trimmed.parse::<f64>().ok().and_then(Number::from_f64) {
        return Value::Number(float);
    }
    Value::from(value)
}

/// What goose gets as text from this variable, if it can use the value at all.
pub fn as_text(variable: &str, value: &str) -> Option<String> {
    if is_read_raw(variable) {
        return Some(value.to_owned());
    }
    parsed(value).as_str().map(str::to_owned)
}

/// Exported as it stands, goose reads `value` as this very text.
pub fn reads_back_as_text(value: &str) -> bool {
    parsed(value).as_str() == Some(value)
}

/// The form to export so that goose gets exactly `value`, as text.
pub fn env_form(value: &str, raw: bool) -> Result<String> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(Error::usage(
            "a value with a line break or a NUL in it cannot be exported",
            "give a value of one line",
        ));
    }
    Ok(if raw || reads_back_as_text(value) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(Value::from(value).to_string())
    }
    .into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use proptest::prelude::*;

    use super::*;

    /// Each was exported to the real goose 1.52.0; these arrived at the provider unchanged.
    const TEXT: [&str; 21] = [
        "sk-or-v1-abc",
        "0x12",
        "nan",
        "inf",
        "Infinity",
        "1e400",
        "1_000",
        "1e",
        "tru",
        "NULL",
        "{",
        "'",
        "\"",
        "\"half",
        "\"a\\",
        "a'b\"c",
        "$x",
        "`id`",
        "a\\b",
        "\\",
        "k-ü-é",
    ];

    /// These did not: the provider refused to start, or sent something else.
    const NOT_TEXT: [&str; 21] = [
        "12345678",
        "99999999999999999999",
        "00012",
        "+5",
        "-7",
        "0",
        "-0",
        ".5",
        "5.",
        "1.",
        "1e5",
        "true",
        "TRUE",
        "True",
        "FALSE",
        "null",
        "{}",
        "{\"a\":1}",
        "[1]",
        "\"quoted\"",
        "\"\\u0041\"",
    ];

    #[test]
    fn what_goose_reads_as_text_is_exported_as_it_stands() {
        for value in TEXT {
            assert!(reads_back_as_text(value), "{value}");
            assert_eq!(env_form(value, false).unwrap(), value);
        }
    }

    #[test]
    fn what_goose_would_read_as_something_else_is_exported_as_a_json_string() {
        for value in NOT_TEXT {
            assert!(!reads_back_as_text(value), "{value}");
            let form = env_form(value, false).unwrap();
            assert!(form.starts_with('"') && form.ends_with('"'), "{form}");
        }
        assert_eq!(env_form("12345678", false).unwrap(), "\"12345678\"");
        assert_eq!(env_form("\"q\"", false).unwrap(), r#""\"q\"""#);
    }

    #[test]
    fn a_raw_reader_gets_the_value_as_it_stands() {
        for value in TEXT.into_iter().chain(NOT_TEXT) {
            assert_eq!(env_form(value, true).unwrap(), value);
        }
    }

    #[test]
    fn a_value_of_several_lines_is_refused_and_not_shown() {
        for value in ["sk-a\nb", "sk-a\r", "sk-a\0b", "\n"] {
            for raw in [true, false] {
                let error = env_form(value, raw).unwrap_err();
                assert!(!error.to_string().contains("sk-a"));
            }
        }
    }

    #[test]
    fn the_model_is_read_raw_and_most_keys_are_not() {
        assert!(is_read_raw("GOOSE_MODEL"));
        assert!(is_read_raw("OPENAI_API_KEY"));
        assert!(!is_read_raw("OPENROUTER_API_KEY"));
        assert!(!is_read_raw("OPENAI_BASE_PATH"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_exported_form_comes_out_as_the_value(value in r#"[ -~é]{0,12}|[+-]?[0-9.e]{1,6}|["\[{][ -~]{0,5}["\]}]"#) {
            let form = env_form(&value, false).unwrap();
            prop_assert_eq!(parsed(&form), Value::from(value));
        }
    }
}
