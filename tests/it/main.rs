//! One binary for all integration tests; see CONTRIBUTING.md.
