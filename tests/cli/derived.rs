//! A small input may not mean a large one: what is derived has limits, and costs in proportion.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, document};

const IDENTITY: &str =
    "<path>/q</path><domain>kvm</domain><machine>m5</machine><arch>x86_64</arch>";

/// Empty elements inside others.
fn nested(depth: usize, name: usize, inside: usize) -> String {
    let name = "n".repeat(name);
    let (open, close) = (format!("<{name}>").repeat(depth), format!("</{name}>").repeat(depth));
    let inside = "<b/>".repeat(inside);
    format!("<domainCapabilities>{IDENTITY}{open}{inside}{close}</domainCapabilities>")
}

fn machines(count: usize) -> String {
    let mut list = String::new();
    for nth in 0..count {
        write!(list, "<machine>m{nth}</machine>").unwrap();
    }
    format!(
        "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>hvm</os_type>\
         <arch name='x86_64'><emulator>/q</emulator>{list}<domain type='kvm'/></arch></guest></capabilities>"
    )
}

#[test]
fn documents_that_mean_more_than_they_hold_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("good.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "good", "good.xml"]).ok();
    let before = sandbox.read("d.db");
    let arch = format!("<arch>{}</arch>", "x".repeat(2000));
    for (content, expected) in [
        (nested(60, 2000, 400), "a path longer than 1024 bytes"),
        (nested(10, 90, 12_000), "paths and values of more than 8 MiB"),
        (nested(1, 3, 1).replace("<arch>x86_64</arch>", &arch), "<arch> longer than 1024 bytes"),
    ] {
        sandbox.write("bad.xml", content);
        let started = Instant::now();
        let error = sandbox.run(&["--db", "d.db", "import", "--host", "a", "bad.xml"]).fails(1);
        assert!(error.contains(expected), "{error}");
        assert_eq!(error.lines().filter(|line| line.contains("bad.xml")).count(), 1, "{error}");
        assert!(started.elapsed() < Duration::from_secs(8), "{expected}: {:?}", started.elapsed());
        assert!(sandbox.read("d.db") == before, "{expected}: the database is as it was");
    }
}

#[test]
fn thousands_of_unknown_elements_are_a_few_lines() {
    let sandbox = Sandbox::new();
    let mut inside = String::new();
    for nth in 0..5000 {
        write!(inside, "<a{nth}/>").unwrap();
    }
    sandbox.write("a.xml", format!("<domainCapabilities>{IDENTITY}{inside}</domainCapabilities>"));
    let output = sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]);
    assert_eq!(output.stderr.lines().count(), 52, "{}", output.stderr);
    assert!(
        output.stderr.contains("warning: 4950 more elements are not known"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_documents_of_a_host_are_counted_together() {
    let sandbox = Sandbox::new();
    for nth in 0..8 {
        let name = format!("h/{nth}.xml");
        let content = nested(10, 90, 8_000 + nth).replace("m5", &format!("m{nth}"));
        sandbox.write(&name, content);
    }
    let error = sandbox.run(&["--db", "d.db", "import", "--host", "a", "h"]).fails(1);
    assert!(error.contains("the documents of the host hold more than"), "{error}");
    assert!(sandbox.read("d.db").is_none(), "nothing is stored");
    let error = sandbox.run(&["diff", "h", "h"]).fails(1);
    assert!(error.contains("the documents of the host hold more than"), "{error}");
}

#[test]
fn the_files_of_a_host_are_counted_together() {
    let sandbox = Sandbox::new();
    for nth in 0..9 {
        let file = format!("h/{nth}.xml");
        sandbox.write(&file, "");
        let file = std::fs::File::options().write(true).open(sandbox.path(&file)).unwrap();
        file.set_len(8 << 20).unwrap();
    }
    let error = sandbox.run(&["--db", "d.db", "import", "--host", "a", "h"]).fails(1);
    assert!(error.contains("h: its files are larger than 64 MiB together"), "{error}");
}

#[test]
fn machines_are_counted_and_cost_in_proportion() {
    let sandbox = Sandbox::new();
    sandbox.write("h/m5.xml", nested(1, 3, 1));
    sandbox.write("h/capabilities.xml", machines(30_000));
    let output = sandbox.run(&["--db", "many.db", "import", "--host", "a", "h"]);
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    assert!(output.stderr.contains("more than 20000 machines"), "{}", output.stderr);

    sandbox.write("h/capabilities.xml", machines(19_000));
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "--at", "2026-11-01", "h"]).ok();
    sandbox.write("h/capabilities.xml", machines(19_001));
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "--at", "2026-11-02", "h"]).ok();
    for arguments in [
        &["show", "a:m5"][..],
        &["machines", "a"],
        &["diff", "a@prev", "a"],
        &["diff", "a@prev:m5", "a:m5"],
    ] {
        let started = Instant::now();
        sandbox.run(&[&["--db", "d.db"], arguments].concat()).ok();
        // A second, optimized; a search for each machine took 20 times as long.
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{arguments:?}: {:?}",
            started.elapsed()
        );
    }
}

/// A host with many documents, each with content of its own.
fn host(sandbox: &Sandbox, name: &str, count: usize, content: impl Fn(usize) -> String) {
    for nth in 0..count {
        let identity = IDENTITY.replace("m5", &format!("pc-q35-{nth}"));
        let document =
            format!("<domainCapabilities>{identity}{}</domainCapabilities>", content(nth));
        sandbox.write(&format!("{name}/{nth}.xml"), document);
    }
}

#[test]
fn hosts_of_many_different_documents_cost_in_proportion() {
    let sandbox = Sandbox::new();
    for (side, answer) in [("old", "yes"), ("new", "no")] {
        host(&sandbox, &format!("paths-{side}"), 1000, |nth| {
            format!("<features><x{nth} supported='{answer}'/></features>")
        });
        host(&sandbox, &format!("loaders-{side}"), 1000, |nth| {
            format!(
                "<os supported='yes'><loader supported='yes'><value>/{side}{nth}</value></loader></os>"
            )
        });
    }
    for format in ["text", "html", "json"] {
        for kind in ["paths", "loaders"] {
            let started = Instant::now();
            let [old, new] = ["old", "new"].map(|side| format!("{kind}-{side}"));
            let said = sandbox.run(&["diff", &old, &new, "--format", format]).ok();
            assert!(said.contains(if kind == "paths" { "x999" } else { "old999" }), "{kind}");
            // Each finding went through all targets, and each image through all others: 16 s.
            let took = started.elapsed();
            assert!(took < Duration::from_secs(14), "{kind} {format}: {took:?}");
        }
    }
}

#[test]
fn lists_of_many_members_cost_in_proportion() {
    let sandbox = Sandbox::new();
    // In no order, and nearly equal.
    let members = |last: &str| {
        let mut list = String::new();
        for nth in (0..40_000).rev() {
            write!(list, "<feature name='f{nth}'/>").unwrap();
        }
        format!(
            "<domainCapabilities>{IDENTITY}<cpu><mode name='custom' supported='yes'>\
             <model usable='no'>X</model><blockers model='X'>{list}<feature name='{last}'/></blockers>\
             </mode></cpu></domainCapabilities>"
        )
    };
    sandbox.write("old.xml", members("a"));
    sandbox.write("new.xml", members("b"));
    let images = |side: &str| {
        let mut list = String::new();
        for nth in 0..20_000 {
            write!(list, "<value>/{side}{nth}</value>").unwrap();
        }
        format!(
            "<domainCapabilities>{IDENTITY}<os supported='yes'><loader supported='yes'>{list}\
             </loader></os></domainCapabilities>"
        )
    };
    sandbox.write("old-images.xml", images("old"));
    sandbox.write("new-images.xml", images("new"));
    for (old, new) in [("old.xml", "new.xml"), ("old-images.xml", "new-images.xml")] {
        let started = Instant::now();
        sandbox.run(&["diff", old, new]).ok();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "{old}: {took:?}");
    }
}

#[test]
fn files_without_an_end_are_read_to_a_limit() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    for (arguments, expected) in [
        (&["diff", "a.xml", "a.xml", "--config", "/dev/zero"][..], "/dev/zero: larger than 1 MiB"),
        (&["collect", "--all", "--hosts", "/dev/zero"], "/dev/zero: larger than 16 MiB"),
        (&["collect", "--all", "--ansible", "/dev/zero"], "/dev/zero: larger than 16 MiB"),
        (&["sql", "--file", "/dev/zero"], "/dev/zero: cannot read a statement: larger than 1 MiB"),
        (&["show", "/dev/zero"], "/dev/zero: larger than 8 MiB"),
    ] {
        let error = sandbox.run(arguments).fails(1);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}
