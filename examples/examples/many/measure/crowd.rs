//! The process of the clients, as the server's process sees it.

use std::{env, net::SocketAddr, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::talk::{Answer, Order, patience};
use crate::Outcome;

/// The first argument of the process that the clients are in. The second is the server's address.
pub(crate) const CLIENTS: &str = "--clients-of";

/// Obeys orders. Dropped, it is killed; [`Self::end`] is the way to end it.
#[derive(Debug)]
pub(crate) struct Crowd {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    patience: Duration,
}

impl Crowd {
    /// Starts the process, for so many clients.
    pub(crate) fn start(server: SocketAddr, clients: usize) -> Outcome<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args([CLIENTS, &server.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = process.stdin.take().ok_or("the clients take no orders")?;
        let answers = process.stdout.take().ok_or("the clients give no answers")?;
        Ok(Self {
            process,
            orders,
            answers: BufReader::new(answers).lines(),
            // It has to say what is missing when its own patience ends.
            patience: patience(clients) * 2,
        })
    }

    pub(crate) async fn obey(&mut self, order: Order) -> Outcome<usize> {
        self.tell(order).await?;
        self.answer().await
    }

    pub(crate) async fn tell(&mut self, order: Order) -> Outcome {
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        let told = self.orders.write_all(&line).await;
        told.map_err(|error| format!("the process of the clients takes no orders: {error}").into())
    }

    pub(crate) async fn answer(&mut self) -> Outcome<usize> {
        let Ok(line) = timeout(self.patience, self.answers.next_line()).await else {
            return Err(format!("the clients have not done in {:?} what they were told", self.patience).into());
        };
        // It says on its standard error why it ends.
        let line = line?.ok_or("the process of the clients has ended")?;
        Ok(serde_json::from_str::<Answer>(&line)??)
    }

    /// Gives no order for so long.
    pub(crate) async fn rest(&mut self, time: Duration) -> Outcome {
        match timeout(time, self.answers.next_line()).await {
            Err(_elapsed) => Ok(()),
            // It says nothing unasked, so this is the end of what it says.
            Ok(_end) => Err("the process of the clients has ended".into()),
        }
    }

    /// Waits until the process has ended, which it does when there are no more orders.
    pub(crate) async fn end(mut self) -> Outcome {
        drop(self.orders);
        let status = timeout(self.patience, self.process.wait()).await;
        let status = status.map_err(|_elapsed| "the process of the clients does not end")??;
        if status.success() {
            return Ok(());
        }
        Err(format!("the process of the clients ended: {status}").into())
    }
}
