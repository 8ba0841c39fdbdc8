//! Connecting again where that may help.

use std::time::Duration;

use super::attempt::attempt;
use super::{Connection, ServerError, Settings};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(16);

/// Opens a connection. What may pass (a server that starts, a full house, a network that fails) is tried again, as often as
/// the output's `retries` says, after longer and longer waits; a wrong password or a missing database is not.
///
/// # Errors
/// Of the last attempt.
pub async fn connect(settings: &Settings) -> Result<Connection, ServerError> {
    let mut retries = 0;
    loop {
        let error = match attempt(settings).await {
            Ok(connection) => return Ok(connection),
            Err(error) if error.kind.may_pass() && retries < settings.retries => error,
            Err(error) => return Err(error),
        };
        let wait = wait(retries);
        retries += 1;
        let of = settings.retries;
        (settings.tell)(&format!("{error}; trying again in {:.1} s ({retries} of {of})", wait.as_secs_f64()));
        tokio::time::sleep(wait).await;
    }
}

/// Twice as long each time, and up to a quarter longer by chance, so that connections refused together do not all come
/// back together.
fn wait(retries: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(retries)).min(LONGEST_WAIT);
    let chance = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    wait + wait / 4 * chance / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert!(wait(0) >= FIRST_WAIT && wait(0) <= FIRST_WAIT * 5 / 4);
        assert!(wait(2) >= FIRST_WAIT * 4);
        assert!(wait(4_000_000) <= LONGEST_WAIT * 5 / 4);
    }
}
