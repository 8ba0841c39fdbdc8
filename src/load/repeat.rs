//! How often a load is done again, and after how long.

use std::time::Duration;

use super::Failure;

/// After another run wrote the same table first: each time somebody got ahead.
const RACES: u32 = 30;

/// After the connection broke.
const BREAKS: u32 = 4;

#[derive(Default)]
pub struct Repeats {
    races: u32,
    breaks: u32,
}

impl Repeats {
    /// How long to wait before the load is done again; `None` where that would not help, or was tried often enough.
    pub fn wait_after(&mut self, failure: &Failure) -> Option<Duration> {
        // Loads that got into each other's way do not all come back together.
        let spread = Duration::from_millis(u64::from(uuid::Uuid::new_v4().as_bytes()[0] % 32));
        if failure.is_race() {
            self.races += 1;
            return (self.races < RACES).then(|| Duration::from_millis(10) * self.races.min(20) + spread);
        }
        self.breaks += 1;
        let may_help = failure.may_pass() && self.breaks <= BREAKS;
        may_help.then(|| Duration::from_millis(50) * 2u32.pow(self.breaks) + spread)
    }
}
