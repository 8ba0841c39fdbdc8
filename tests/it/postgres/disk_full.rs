//! A server whose disk is full.

use std::path::PathBuf;
use std::process::Command;

use super::pipeline::{HEADER, Pipeline};

/// A small disk; gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount one.
    fn mount(folder: PathBuf, owner: &std::path::Path) -> Option<SmallDisk> {
        std::fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(&folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let disk = SmallDisk(folder);
        let given = Command::new("chown").arg("--reference").arg(owner).arg(&disk.0).status();
        assert!(given.unwrap().success());
        Some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn records(count: u32) -> String {
    let record = |id: u32| {
        let name = format!("{:0>40}", id * 7919);
        format!("{id},1.0,2023-03-01,1,Product,1.0,2,1,{name},Last,{name}@x.org,+{id},Land,City\n")
    };
    (0..count).map(record).collect()
}

#[test]
fn a_full_disk_is_named_and_nothing_is_half_done() {
    let Some(pipeline) = Pipeline::start() else { return };
    let owner = pipeline.server.socket_folder().to_path_buf();
    let Some(disk) = SmallDisk::mount(owner.join("small"), &owner) else {
        eprintln!("left out: this process may not mount a tmpfs");
        return;
    };
    pipeline.server.sql("postgres", &format!("create tablespace small location '{}'", disk.0.display()));
    pipeline.server.sql("postgres", "alter database pro set default_tablespace = small");
    pipeline.project.write("data/customer_transactions.csv", format!("{HEADER}{}", records(8_000)));
    pipeline
        .run(&["build"])
        .exits(1)
        .says("No space left on device")
        .says("= help: the server's disk is full: free space there, then run again; nothing was published")
        .says_not("panicked");
    let relations =
        "select count(*) from pg_class where relnamespace::regnamespace::text in ('silver', 'gold') and relkind <> 'i'";
    assert_eq!(pipeline.pro(relations), ["0"]);
    pipeline.project.write("data/customer_transactions.csv", format!("{HEADER}{}", records(50)));
    pipeline.run(&["build", "--full-refresh"]).succeeds();
    assert_eq!(pipeline.pro("select count(*) from gold.transaction_fct"), ["50"]);
    pipeline.server.sql("postgres", "alter database pro reset default_tablespace");
}
