//! Why bytes are no snapshot that can be read.

use super::FORMAT;

/// Why bytes are no snapshot that can be read. None of them has a partial result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The magic is missing.
    #[error("this is no pgx-goose snapshot")]
    NotASnapshot,
    /// The magic is there, changed as programs change text.
    #[error("the snapshot was damaged by a conversion of line endings or characters")]
    Converted,
    /// A later version of the tool wrote it.
    #[error("the snapshot has format {found}; this version of pgx-goose reads up to format {FORMAT}")]
    Newer {
        /// The format of the file.
        found: u32,
    },
    /// The file ends too early.
    #[error("the snapshot is cut off: bytes are missing at its end")]
    Truncated,
    /// The file goes on after its end.
    #[error("the snapshot goes on after its end")]
    Trailing {
        /// How many.
        extra: u64,
    },
    /// A checksum doesn't fit.
    #[error("the snapshot is damaged: the checksum of {part} does not fit")]
    Checksum {
        /// What the checksum is of.
        part: String,
    },
    /// A section that must not be skipped, and that this version doesn't know.
    #[error("the snapshot has a section `{name}` that this version of pgx-goose does not know")]
    UnknownSection {
        /// The section.
        name: String,
    },
    /// The checksums fit, and the content is not what the tool writes: made by something else, or with intent.
    #[error("the snapshot is not valid: {part}: {reason}")]
    Invalid {
        /// Where.
        part: String,
        /// What is wrong there.
        reason: String,
    },
}

impl DecodeError {
    pub(super) fn invalid(part: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { part: part.into(), reason: reason.into() }
    }

    pub(super) fn not_canonical(part: impl Into<String>) -> Self {
        Self::invalid(part, "it is not in the one form in which snapshots are written")
    }

    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotASnapshot => "snapshots are made with `pgx-goose snapshot create SOURCE -o FILE`",
            Self::Converted => "mark snapshots as binary in .gitattributes (`*.pgsnap binary`), and restore or create the file again",
            Self::Newer { .. } | Self::UnknownSection { .. } => "update pgx-goose, or create the snapshot again with this version",
            Self::Truncated | Self::Trailing { .. } | Self::Checksum { .. } | Self::Invalid { .. } => {
                "restore the file from version control, or create it again with `pgx-goose snapshot create`"
            }
        }
    }
}
