//! The program `node`, started as a child, and its clients.

use std::{
    collections::HashSet,
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use robyn_ws_tests::{Client, Request, announced_address, within};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

pub(crate) const PREFIX: &str = "nodes";
pub(crate) const SECRET: &str = "a secret of these tests";

/// What a machine with much to do may take longer than is promised.
pub(crate) const LOADED: Duration = Duration::from_secs(10);

/// Time between two questions of the same kind.
const PAUSE: Duration = Duration::from_millis(50);

/// A running node. Dropped, it is killed.
pub(crate) struct Node {
    child: Child,
    address: SocketAddr,
    /// Asks the node, and is in no room.
    control: Client,
    _stdout: BufReader<ChildStdout>,
}

/// What a node has counted, as in `BackplaneCounters`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    pub(crate) dropped: u64,
    pub(crate) repeated: u64,
    pub(crate) gaps: u64,
    pub(crate) late: u64,
    pub(crate) lost: u64,
    pub(crate) ignored: u64,
}

impl Node {
    pub(crate) async fn start(broker: &str) -> Self {
        Self::start_with(broker, PREFIX, SECRET).await
    }

    pub(crate) async fn start_with(broker: &str, prefix: &str, secret: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_node"))
            .args([broker, prefix, secret])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be run");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let listening = async {
            let mut line = String::new();
            loop {
                line.clear();
                let length = stdout.read_line(&mut line).await.expect("lines");
                assert!(length > 0, "the node has ended");
                if let Some(address) = announced_address(&line) {
                    return address;
                }
            }
        };
        let address = within("the node to listen", listening).await;
        let (control, _) = connect(address, "").await;
        Self {
            child,
            address,
            control,
            _stdout: stdout,
        }
    }

    /// Connects a client. Returns it with its id.
    pub(crate) async fn connect(&self, query: &str) -> (Client, String) {
        connect(self.address, query).await
    }

    pub(crate) async fn ask(&mut self, question: &str) -> String {
        self.control.send(question).await;
        self.control.text().await
    }

    pub(crate) async fn say(&mut self, room: &str, text: &str) {
        self.control.send(format!("say {room} {text}")).await;
    }

    /// Returns who is in a room as this node knows it, and with how many connections: `ada:1`.
    pub(crate) async fn people(&mut self, room: &str) -> HashSet<String> {
        let answer = self.ask(&format!("people {room}")).await;
        let people: Vec<_> = answer.split_whitespace().map(str::to_owned).collect();
        let names: HashSet<_> = people.iter().filter_map(|who| who.split(':').next()).collect();
        assert_eq!(names.len(), people.len(), "nobody has a twin: {answer}");
        people.into_iter().collect()
    }

    /// Waits until the node knows exactly these people in a room, and returns how long it took.
    pub(crate) async fn expect_people(&mut self, room: &str, expected: &[&str], most: Duration) -> Duration {
        let expected: HashSet<_> = expected.iter().map(ToString::to_string).collect();
        let start = Instant::now();
        loop {
            let people = self.people(room).await;
            if people == expected {
                return start.elapsed();
            }
            assert!(
                start.elapsed() < most,
                "{people:?} are in {room} after {most:?}, and not {expected:?}"
            );
            sleep(PAUSE).await;
        }
    }

    pub(crate) async fn counters(&mut self) -> Counters {
        let answer = self.ask("counters").await;
        let numbers: Vec<u64> = answer
            .split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [dropped, repeated, gaps, late, lost, ignored] = *numbers else {
            panic!("{answer}");
        };
        Counters {
            dropped,
            repeated,
            gaps,
            late,
            lost,
            ignored,
        }
    }

    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("the node runs").to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status().await;
        assert!(kill.expect("`kill` can be run").success(), "the node gets {signal}");
    }

    /// Stops the node, and waits until it stands still.
    pub(crate) async fn stop(&self) {
        self.signal("STOP").await;
        let id = self.child.id().expect("the node runs").to_string();
        let standing = async {
            loop {
                let state = Command::new("ps").args(["-o", "state=", "-p", &id]).output().await;
                if state.expect("`ps` can be run").stdout.starts_with(b"T") {
                    return;
                }
            }
        };
        within("the node to stand still", standing).await;
    }

    /// Waits until the node has ended.
    pub(crate) async fn ended(&mut self) {
        let ended = within("the node to end", self.child.wait()).await;
        ended.expect("the node can be waited for");
    }
}

async fn connect(address: SocketAddr, query: &str) -> (Client, String) {
    let stream = TcpStream::connect(address).await.expect("the node listens");
    let request = Request::upgrade(&format!("/nodes?{query}"));
    let mut client = request.connect_over(Box::new(stream)).await;
    let id = client.text().await;
    (client, id)
}

/// Waits until what each node says in a room reaches all its members, and all that they were told before has come.
pub(crate) async fn settle(nodes: &mut [Node], room: &str, members: &mut [Client]) {
    for (number, node) in nodes.iter_mut().enumerate() {
        let ready = format!("ready {number}");
        for member in &mut *members {
            let hearing = async {
                node.say(room, &ready).await;
                while timeout(PAUSE, heard(member, &ready)).await.is_err() {
                    node.say(room, &ready).await;
                }
            };
            within("a room to reach all nodes", hearing).await;
        }
    }
    // Nothing is lost from now on.
    for (number, node) in nodes.iter_mut().enumerate() {
        node.say(room, &format!("settled {number}")).await;
    }
    for member in members {
        let mut settled = 0;
        while settled < nodes.len() {
            let text = member.text().await;
            settled += usize::from(text.starts_with("settled"));
        }
    }
}

async fn heard(member: &mut Client, text: &str) {
    while member.text().await != text {}
}
