//! Which Go code follows from a catalog.
//!
//! catalog → view model ([`model`]) → templates that only lay out text → layout as gofmt does it → a set of files in
//! memory → written, compared or listed by [`output`]. Everything before the last step is a function of catalog and options.

pub mod build;
pub mod layout;
pub mod model;
pub mod options;

mod go_types;
mod inflection;
mod methods;
mod names;
