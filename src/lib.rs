//! goose-setup: takes a person from "I have heard of goose" to "goose answers me".

pub mod check;
pub mod env;
pub mod error;
pub mod fsio;
pub mod secret;
