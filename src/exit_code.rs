//! What the process answers to whoever started it. These numbers are part of the interface: scripts test them.

/// Everything that was asked for was done. Warnings do not change this.
pub const SUCCESS: u8 = 0;

/// The run took place, and a node or test of it failed, or its result could not be published.
pub const NODE_FAILED: u8 = 1;

/// Nothing was run: the command line, the project or the connection is not in order.
pub const USAGE_ERROR: u8 = 2;

/// Stopped by Ctrl-C: 128 and the number of the signal, as shells have it.
pub const INTERRUPTED: u8 = 128 + 2;

/// The exit code of a run that took place.
pub fn of_run(succeeded: bool, interrupted: bool) -> u8 {
    match (interrupted, succeeded) {
        (true, _) => INTERRUPTED,
        (false, true) => SUCCESS,
        (false, false) => NODE_FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_run_is_neither_a_success_nor_a_failure() {
        assert_eq!(of_run(true, false), 0);
        assert_eq!(of_run(false, false), 1);
        assert_eq!(of_run(false, true), 130);
        assert_eq!(of_run(true, true), 130);
    }
}
