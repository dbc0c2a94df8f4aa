//! Ctrl-C while a database works for us: the server is told to stop too. Everywhere else it ends the program at once, as it
//! always does.

use pgx_goose::capture::live::connection::Canceller;

use super::error::Failure;

/// Does work that the first Ctrl-C (or SIGTERM) stops by way of the server. A second one ends the program.
#[cfg(unix)]
pub(crate) fn stops<T>(canceller: Canceller, work: impl FnOnce() -> T) -> Result<T, Failure> {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag::register_conditional_default;
    use signal_hook::iterator::Signals;

    /// Whether a signal does what it does by default. A handler, once there, can't be taken away, so it has to be told.
    static AT_EASE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    let failed = |error: std::io::Error| Failure::environment(format!("can't watch for Ctrl-C: {error}"));
    let at_ease = AT_EASE.get_or_init(Arc::default);
    if !at_ease.swap(false, Ordering::AcqRel) {
        // The first time: nobody has put the handlers there yet. They come before the one that wakes the thread below: handlers
        // run in order, and a thread that is quick to say "at ease" would else have the same signal end the program.
        for signal in [SIGINT, SIGTERM] {
            register_conditional_default(signal, Arc::clone(at_ease)).map_err(failed)?;
        }
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let handle = signals.handle();
    let watch = std::thread::spawn({
        let at_ease = Arc::clone(at_ease);
        move || {
            if signals.forever().next().is_some() {
                at_ease.store(true, Ordering::Release);
                // If the server can't be told, the query goes on there until it notices that nobody listens.
                if canceller.cancel().is_err() {
                    let _ = signal_hook::low_level::emulate_default_handler(SIGINT);
                }
            }
        }
    });
    let done = work();
    handle.close();
    let _ = watch.join();
    at_ease.store(true, Ordering::Release);
    Ok(done)
}

/// Does work; Ctrl-C ends the program.
#[cfg(not(unix))]
pub(crate) fn stops<T>(_: Canceller, work: impl FnOnce() -> T) -> Result<T, Failure> {
    Ok(work())
}
