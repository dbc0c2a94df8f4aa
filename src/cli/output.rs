//! Data on standard output.

use std::io::{ErrorKind, Write};

use super::error::{Exit, Failure};

/// Writes data to standard output. A reader who has seen enough (`| head`) is no error.
pub(crate) fn print(data: &[u8]) -> Result<Exit, Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(data).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::environment(format!("can't write to standard output: {error}")))
        }
        _ => Ok(Exit::Success),
    }
}
