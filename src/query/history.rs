//! Where the prompt keeps what was typed.

use std::path::PathBuf;

/// `$XDG_STATE_HOME/medallion/history`, that is `~/.local/state/medallion/history`. None where there is no home.
pub fn history_path() -> Option<PathBuf> {
    path(|name| std::env::var_os(name).map(PathBuf::from))
}

fn path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative path is invalid by the XDG specification and counts as not set.
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let home = || variable("HOME").filter(|path| path.is_absolute()).map(|home| home.join(".local/state"));
    Some(state.or_else(home)?.join("medallion").join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_then_home_then_nowhere() {
        let found = |variables: &[(&str, &str)]| {
            let path = path(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()));
            path.map(|path| path.display().to_string())
        };
        assert_eq!(found(&[("HOME", "/h")]).as_deref(), Some("/h/.local/state/medallion/history"));
        assert_eq!(found(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]).as_deref(), Some("/s/medallion/history"));
        let relative = found(&[("HOME", "/h"), ("XDG_STATE_HOME", "s")]);
        assert_eq!(relative.as_deref(), Some("/h/.local/state/medallion/history"));
        assert_eq!(found(&[]), None);
    }
}
