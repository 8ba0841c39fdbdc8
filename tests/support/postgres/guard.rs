//! Keeps a server from outliving the tests, even where they are killed.
//!
//! A small shell holds the other end of a pipe. When this process ends, however it ends, the pipe closes, and the shell
//! stops the server and removes its folder.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use super::install::Installation;

const SCRIPT: &str = r#"
bin=$1 port=$2 folder=$3
"$bin/postgres" -D data -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 </dev/null >>log 2>&1 &
server=$!
word=end
read -r word
kill -QUIT $server 2>/dev/null
wait $server
[ "$word" = keep ] || rm -rf "$folder"
"#;

pub struct Guard {
    shell: Child,
}

impl Guard {
    pub fn start(installation: &Installation, folder: &Path, port: u16) -> Result<Guard, String> {
        let mut shell = installation.command("/bin/sh", folder);
        shell.arg("-c").arg(SCRIPT).arg("sh").arg(installation.program("")).arg(port.to_string()).arg(folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Guard { shell: shell.spawn().map_err(|error| format!("sh: {error}"))? })
    }

    pub fn end_keeping_the_folder(mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            let _ = pipe.write_all(b"keep\n");
        }
        let _ = self.shell.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
