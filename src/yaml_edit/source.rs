//! A scalar as it is written, which is not always what it is understood as: goose's parser takes `0x1f` for 31.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_yaml::Value;

/// The scalar under this name as it is written, before it is understood as a number or anything else.
pub fn source_of(text: &[u8], name: &str) -> Option<String> {
    let deserializer = serde_yaml::Deserializer::from_slice(text);
    Source(name).deserialize(deserializer).ok()?
}

/// Looks for one name in a map.
struct Source<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Source<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Source<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Value>()? {
            if key.as_str() == Some(self.0) {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_given_back_to_the_letter() {
        for written in [
            "31",
            "0x1f",
            "1e5",
            "True",
            "-0.50",
            "12345678901234567890.50",
            "sk-x",
        ] {
            let text = format!("A: [1]\nB: {written} # mine\n1: x\nC: {{B: y}}\n");
            assert_eq!(source_of(text.as_bytes(), "B").as_deref(), Some(written));
        }
        for text in ["B: [1]\n", "A: 1\n", "B", "- B\n", "B: {\n", ""] {
            assert_eq!(source_of(text.as_bytes(), "B"), None, "{text}");
        }
    }
}
