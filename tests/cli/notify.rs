//! `domcaps notify`, `collect --notify` and what is retried: each fact is told, and once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Fakes, Output, Sandbox, document, output, valid};

const NARROW: [&str; 6] = ["--machine", "pc", "--arch", "x86_64", "--retries", "0"];

/// A server that answers each request with 200, or with 500 while `is_down` holds; what it took.
struct Server {
    port: u16,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
    is_down: Arc<Mutex<bool>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, taken: Arc::default(), is_down: Arc::default() };
        let (taken, is_down) = (Arc::clone(&server.taken), Arc::clone(&server.is_down));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head.push_str(&line);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let is_down = *is_down.lock().unwrap();
                let status = if is_down { "500 no" } else { "200 yes" };
                // A server that repeats what it was sent.
                let answer = head.replace("\r\n", " ");
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .unwrap();
                if !is_down {
                    taken.lock().unwrap().push((head, serde_json::from_slice(&body).unwrap()));
                }
            }
        });
        server
    }

    fn notices(&self) -> Vec<Value> {
        self.taken.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

/// What a command appended, a notice a line.
fn lines(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    let text = String::from_utf8(sandbox.read(file).unwrap_or_default()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How often each fact was told.
fn facts(notices: &[Value]) -> BTreeMap<String, usize> {
    let mut facts = BTreeMap::new();
    let mut add = |fact: String| *facts.entry(fact).or_default() += 1;
    for notice in notices {
        valid("notice", notice);
        for part in ["failing", "recovered"] {
            let hosts = notice[part].as_array().unwrap().iter();
            hosts.for_each(|it| add(format!("{part} {}", it["host"].as_str().unwrap())));
        }
        for host in notice["new_hosts"].as_array().unwrap() {
            add(format!("new {}", host.as_str().unwrap()));
        }
        for change in notice["changes"].as_array().unwrap() {
            add(format!("{} {} on {}", change["kind"], change["text"], change["host_count"]));
        }
    }
    facts
}

#[test]
fn over_several_nights_each_sink_is_told_each_fact_once() {
    let fakes = Fakes::new();
    let server = Server::start();
    fakes.sandbox.write(
        "domcaps.toml",
        format!(
            "[[notify.sink]]\nname = 'cmd'\ncommand = 'cat >> cmd; echo >> cmd'\n\
             [[notify.sink]]\nname = 'web'\ntype = 'webhook'\nurl = 'http://127.0.0.1:{}/in'\n\
             token = 't0p-s3cret'\n\
             [[notify.sink]]\nname = 'flaky'\ncommand = 'test ! -e down && cat >> flaky && echo >> flaky'\n",
            server.port
        ),
    );
    fakes.copy("snapshots/debian-12", "later");
    fakes.edit("later/x86_64.pc-i440fx-7.2.qemu.xml", "<value>usb</value>", "<value>usb2</value>");
    let night = |hosts: [&str; 4], is_down: bool| {
        let entry = |(name, does): (&str, &str)| {
            let uri = fakes.uri(does);
            format!("[[host]]\nname = '{name}'\nuri = '{uri}'\n")
        };
        let list = ["a", "b", "dead", "weak"].into_iter().zip(hosts).map(entry).collect::<String>();
        fakes.sandbox.write("hosts.toml", list);
        match is_down {
            true => fakes.sandbox.write("down", ""),
            false => drop(std::fs::remove_file(fakes.sandbox.path("down"))),
        }
        let said = fakes.collect_listed(
            &[&["--hosts", "hosts.toml", "--all", "--notify"], &NARROW[..]].concat(),
        );
        assert_eq!(said.code, Some(3), "{said}");
        assert_eq!(said.stderr.contains("flaky (command): not told"), is_down, "{said}");
        said.stderr
    };
    let (well, new) = ("snapshots/debian-12?", "later?");
    let refused = "snapshots/debian-12?refuse=Connection+refused";
    night([well, well, refused, well], false);
    night([well, well, refused, refused], false);
    night([new, new, refused, refused], true);
    let said = night([new, new, refused, well], false);
    assert!(said.contains("flaky: delivered: domcaps: "), "{said}");
    night([new, new, refused, well], false);
    let told = facts(&lines(&fakes.sandbox, "cmd"));
    for fact in ["new a", "new b", "new weak", "failing dead", "failing weak", "recovered weak"] {
        assert_eq!(told.get(fact), Some(&1), "{fact}: {told:?}");
    }
    assert!(told.keys().any(|fact| fact.contains("on 2")), "{told:?}");
    assert!(told.values().all(|times| *times == 1), "{told:?}");
    assert_eq!(facts(&server.notices()), told);
    // It was not told of weak's failure after it was over: the night on which it failed it was told.
    assert_eq!(facts(&lines(&fakes.sandbox, "flaky")), told);
    assert_eq!(lines(&fakes.sandbox, "cmd").len(), 4, "the last night has nothing new");
    assert_eq!(lines(&fakes.sandbox, "flaky").len(), 3, "two nights in one");
    let (head, _) = server.taken.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /in HTTP") && head.contains("Bearer t0p-s3cret"), "{head}");
}

#[test]
fn a_sink_that_fails_is_named_without_its_secrets_and_told_later() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let sink = |kind: &str| {
        let url = format!("http://127.0.0.1:{}/h00k-path", server.port);
        format!("[[notify.sink]]\nname = 's'\ntype = '{kind}'\nurl = '{url}'\ntoken = 't0ken'\n")
    };
    sandbox.write("domcaps.toml", sink("webhook"));
    sandbox.write("a.xml", document());
    let import = |host: &str| {
        sandbox.run(&["--db", "d.db", "import", "--host", host, "a.xml"]).ok();
    };
    import("a");
    let notify = |arguments: &[&str]| {
        let mut command = sandbox.command(&[&["--db", "d.db", "notify"], arguments].concat());
        command.env("PATH", "/usr/bin:/bin");
        output(command)
    };
    assert_eq!(notify(&[]).ok(), "s: nothing new\n", "what was there before the sink is not new");
    import("b");
    *server.is_down.lock().unwrap() = true;
    let said = notify(&["--format", "json"]);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.stderr.contains("s (webhook): not told: answered with 500"), "{said}");
    assert!(!format!("{said}").contains("t0ken") && !said.stderr.contains("h00k-path"), "{said}");
    let results: Value = serde_json::from_str(&said.stdout).unwrap();
    valid("notify", &results);
    *server.is_down.lock().unwrap() = false;
    let dry = notify(&["--dry-run"]).ok();
    assert!(dry.contains("New hosts\n- b\n") && server.notices().is_empty(), "{dry}");
    assert_eq!(notify(&[]).ok(), "s: delivered: domcaps: 1 new host\n");
    assert_eq!(server.notices()[0]["new_hosts"], serde_json::json!(["b"]));
    assert_eq!(notify(&[]).ok(), "s: nothing new\n");
    notify(&["--test"]).ok();
    assert_eq!(server.notices()[1]["is_test"], true);
    for kind in ["ntfy", "slack", "alertmanager"] {
        sandbox.write("domcaps.toml", sink(kind));
        notify(&["--test"]).ok();
    }
    assert_eq!(server.notices().len(), 5);
}

#[test]
fn secrets_are_on_no_command_line() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "bin/curl",
        "#!/bin/sh\necho \"$@\" > arguments\n/bin/cat > stdin\nprintf '\\n200'\n",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(sandbox.path("bin/curl"), mode).unwrap();
    sandbox.write("etc/room.token", "s3cret\n");
    sandbox.write(
        "etc/domcaps.toml",
        "[[notify.sink]]\nname = 'm'\ntype = 'matrix'\nurl = 'https://h.example'\n\
         room = '!r:h.example'\ntoken_file = 'room.token'\n",
    );
    let mut command =
        sandbox.command(&["--db", "d.db", "notify", "--test", "--config", "etc/domcaps.toml"]);
    command.env("PATH", sandbox.path("bin"));
    output(command).ok();
    let read = |file: &str| String::from_utf8(sandbox.read(file).unwrap()).unwrap();
    assert_eq!(read("arguments"), "-q -K -\n");
    let stdin = read("stdin");
    assert!(stdin.contains("header = \"Authorization: Bearer s3cret\"\n"), "{stdin}");
    assert!(
        stdin.contains("request = \"PUT\"\n") && stdin.contains("/rooms/%21r%3Ah.example/"),
        "{stdin}"
    );
}

#[test]
fn mistakes_in_the_setup_are_named_before_anything_is_done() {
    let fakes = Fakes::new();
    let error = fakes.run(&["notify"]).fails(1);
    assert!(error.contains("no domcaps.toml that names a sink"), "{error}");
    let all = [&["--connect", "fake:///x", "--host", "a", "--notify"], &NARROW[..]].concat();
    let error = fakes.collect_listed(&all).fails(1);
    assert!(error.contains("no domcaps.toml that names a sink"), "{error}");
    fakes.sandbox.write("domcaps.toml", "[[notify.sink]]\nname = 'ops'\ncommand = 'true'\n");
    let error = fakes.run(&["notify", "--sink", "opps"]).fails(1);
    assert!(
        error.contains("it has no sink opps") && error.contains("did you mean ops?"),
        "{error}"
    );
    fakes.sandbox.write("domcaps.toml", "[[notify.sink]]\nname = 'ops'\ncomand = 'true'\n");
    let error = fakes.run(&["notify"]).fails(1);
    assert!(error.contains("domcaps.toml:3:1: unknown field `comand`"), "{error}");
}

#[test]
fn a_digest_is_judged_by_the_site() {
    let sandbox = Sandbox::new();
    let sinks = "[[notify.sink]]\nname = 'all'\ncommand = 'cat > all'\n\
                 [[notify.sink]]\nname = 'bad'\ncommand = 'cat > bad'\nleast = 'breaking'\n";
    sandbox.write("domcaps.toml", sinks);
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("<value>usb</value>", ""));
    let import = |host: &str, file: &str, at: &str| {
        sandbox.run(&["--db", "d.db", "import", "--host", host, "--at", at, file]).ok();
    };
    let notify = || sandbox.run(&["--db", "d.db", "notify"]).ok();
    import("a", "a.xml", "2026-11-01");
    notify();
    import("a", "b.xml", "2026-11-02");
    let dry = sandbox.run(&["--db", "d.db", "notify", "--dry-run", "--format", "json"]).json();
    valid("notify", &dry);
    assert_eq!(dry["sinks"][1]["notice"]["severity"], "breaking", "{dry}");
    let rule = dry["sinks"][1]["notice"]["changes"][0]["rule"].as_str().unwrap();
    sandbox.write("domcaps.toml", format!("[severity]\n{rule} = 'info'\n{sinks}"));
    assert!(notify().contains("bad: nothing new"));
    let all: Value = serde_json::from_slice(&sandbox.read("all").unwrap()).unwrap();
    assert_eq!(all["counts"]["breaking"], 0, "{all}");
    // What was imported later, of an older time, is new too.
    import("z", "a.xml", "2020-01-01");
    assert!(notify().contains("all: delivered: domcaps: 1 new host"));
}

#[test]
fn what_goes_before_it_is_told_is_told_by_what_follows_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "domcaps.toml",
        "[[notify.sink]]\nname = 's'\ncommand = 'cat >> told; echo >> told'\n",
    );
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    let run = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db"], arguments].concat()).ok();
    let import = |file: &str, at: &str| run(&["import", "--host", "a", "--at", at, file]);
    import("a.xml", "2026-11-01");
    run(&["notify"]);
    import("b.xml", "2026-11-02");
    import("b.xml", "2026-11-03");
    run(&["snapshot", "rm", "a@2026-11-02T00:00:00Z", "--reason", "test"]);
    run(&["notify"]);
    run(&["snapshot", "rm", "a@2026-11-01T00:00:00Z", "--reason", "test"]);
    run(&["notify"]);
    let told = lines(&sandbox, "told");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["changes"][0]["text"].as_str().unwrap().contains("vcpu"), "{told:?}");
}

#[test]
fn a_notice_that_was_sent_when_it_was_killed_is_sent_again_under_its_id() {
    let sandbox = Sandbox::new();
    let command =
        "cat >> told; echo >> told; test ! -e kill || { rm kill; kill -9 $PPID; sleep 9; }";
    sandbox.write("domcaps.toml", format!("[[notify.sink]]\nname = 's'\ncommand = '{command}'\n"));
    sandbox.write("a.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]).ok();
    let notify = || sandbox.run(&["--db", "d.db", "notify"]);
    notify().ok();
    sandbox.run(&["--db", "d.db", "import", "--host", "b", "a.xml"]).ok();
    sandbox.write("kill", "");
    let killed: Output = {
        let mut command = sandbox.command(&["--db", "d.db", "notify"]);
        command.stderr(Stdio::null()).stdout(Stdio::null());
        assert_eq!(command.status().unwrap().code(), None);
        notify()
    };
    killed.ok();
    let told = lines(&sandbox, "told");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["id"], told[1]["id"]);
    assert_eq!(notify().ok(), "s: nothing new\n");
}

#[test]
fn nothing_is_lost_when_it_is_killed_at_any_moment() {
    const HOSTS: usize = 24;
    let sandbox = Sandbox::new();
    let command = "n=$(mktemp tmp.XXXXXX) && cat > $n && mv $n told.$n";
    sandbox.write("domcaps.toml", format!("[[notify.sink]]\nname = 's'\ncommand = '{command}'\n"));
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    let run = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db"], arguments].concat()).ok();
    run(&["import", "--host", "first", "a.xml"]);
    run(&["notify"]);
    for number in 0..HOSTS {
        let host = format!("h{number}");
        run(&["import", "--host", &host, "--at", "2026-11-01", "a.xml"]);
        run(&["import", "--host", &host, "--at", "2026-11-02", "b.xml"]);
        let mut command = sandbox.command(&["--db", "d.db", "notify"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // From the start of the process to after its end, in uneven steps.
        std::thread::sleep(Duration::from_millis((number * 7 % HOSTS) as u64 * 4));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run(&["notify"]);
    assert_eq!(run(&["notify"]), "s: nothing new\n");
    // A command that outlived the domcaps that started it.
    std::thread::sleep(Duration::from_millis(500));
    let files = std::fs::read_dir(sandbox.path("")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let told: Vec<Value> = names
        .filter(|name| name.starts_with("told."))
        .map(|name| serde_json::from_slice(&sandbox.read(&name).unwrap()).unwrap())
        .collect();
    for number in 0..HOSTS {
        let host = Value::from(format!("h{number}"));
        let is_new = |it: &Value| it["new_hosts"].as_array().unwrap().contains(&host);
        let is_changed = |it: &Value| {
            let mut changes = it["changes"].as_array().unwrap().iter();
            changes.any(|change| change["hosts"].as_array().unwrap().contains(&host))
        };
        assert!(told.iter().any(is_new) && told.iter().any(is_changed), "{host}");
    }
}

#[test]
fn two_runs_at_once_tell_once() {
    let sandbox = Sandbox::new();
    let command = "sleep 0.3; cat >> told; echo >> told";
    sandbox.write("domcaps.toml", format!("[[notify.sink]]\nname = 's'\ncommand = '{command}'\n"));
    sandbox.write("a.xml", document());
    let run = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db"], arguments].concat());
    run(&["import", "--host", "a", "a.xml"]).ok();
    run(&["notify"]).ok();
    run(&["import", "--host", "b", "a.xml"]).ok();
    std::thread::scope(|scope| {
        let runs = [0, 1, 2].map(|_| scope.spawn(|| drop(run(&["notify"]).ok())));
        runs.into_iter().for_each(|run| run.join().unwrap());
    });
    assert_eq!(lines(&sandbox, "told").len(), 1);
}

#[test]
fn a_command_of_on_change_is_run_again_until_it_succeeds() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "later");
    fakes.edit("later/x86_64.pc-i440fx-7.2.qemu.xml", "<value>usb</value>", "<value>usb2</value>");
    let collect = |folder: &str, command: &str| {
        fakes.collect("a", folder, &[&["--on-change", command], &NARROW[..]].concat())
    };
    collect("snapshots/debian-12?", "echo ran >> told").ok();
    let said = collect("later?", "exit 7").fails(3);
    assert!(said.contains("tries again what failed"), "{said}");
    collect("later?", "exit 7").fails(3);
    // Killed while the command runs: nobody knows whether it was done.
    let killed = collect("later?", "kill -9 $PPID");
    assert_eq!(killed.code, None, "{killed}");
    assert!(fakes.sandbox.read("told").is_none());
    let tells = "cat > told.json; echo $DOMCAPS_HOST $DOMCAPS_SNAPSHOT >> told";
    let outcome = collect("later?", tells).ok();
    assert!(outcome.contains("unchanged"), "{outcome}");
    collect("later?", tells).ok();
    let told = String::from_utf8(fakes.sandbox.read("told").unwrap()).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    let diff: Value = serde_json::from_slice(&fakes.sandbox.read("told.json").unwrap()).unwrap();
    valid("diff", &diff);
    assert!(told.contains(diff["new"]["snapshot"].as_str().unwrap()), "{told}");
}
