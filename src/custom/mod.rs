//! Endpoints that goose does not know by name: from a pasted address to a provider of the user's own.

pub mod definition;
pub(crate) mod details;
pub mod endpoint;
pub mod header;
pub(crate) mod probe;
pub mod row;
pub mod streaming;

pub use row::take_in;
