//! What the files call a provider that was set up, in both layouts.

use serde_yaml::{Mapping, Value};

use super::FLAT_CONFIGURED;

/// One entry below `providers`. goose passes over a whole entry when one of its fields has the wrong type.
pub(in crate::goose) struct Entry<'a> {
    /// Not empty.
    pub(in crate::goose) model: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(in crate::goose) fn of(value: &'a Value) -> Option<Self> {
        let fields = value.as_mapping()?;
        for switch in ["enabled", "configured"] {
            if fields.get(switch).is_some_and(|value| !value.is_bool()) {
                return None;
            }
        }
        let model = match fields.get("model") {
            Some(model) => Some(model.as_str()?),
            None => None,
        };
        Some(Self {
            model: model.filter(|model| !model.is_empty()),
        })
    }
}

/// The ids that a `<id>_configured` key calls set up.
pub(in crate::goose) fn flat_configured(map: &Mapping) -> impl Iterator<Item = &str> {
    map.iter().filter_map(|(key, value)| {
        let id = key.as_str()?.strip_suffix(FLAT_CONFIGURED)?;
        let truthy = value.as_bool() == Some(true)
            || value
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        (truthy && !id.is_empty()).then_some(id)
    })
}
