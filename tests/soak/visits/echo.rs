//! Sends messages of all kinds and sizes, whole and in fragments, with pings between; gets them back in order; and ends
//! in one of many ways.

use std::time::Duration;

use fastrand::Rng;
use robyn_ws::CloseReason;
use robyn_ws_tests::{BINARY, CLOSE, FIN, PING, TEXT};
use tokio::{sync::mpsc, time::sleep};

use super::pick;
use crate::{
    client::{Client, Frame, Outcome, Reader, Trouble, Writer, check, within},
    ledger::Ticket,
    world::World,
};

pub(super) const PATHS: [&str; 4] = ["/echo", "/echo/async", "/echo/blocking", "/session"];

/// How the client ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Close(u16),
    CloseWithoutCode,
    /// As a client that crashes.
    Reset,
    /// As one whose process ends: in order, but without a Close frame.
    Vanish,
    /// Ends its half, and goes on reading.
    HalfClose,
}

const ENDS: [End; 10] = [
    End::Close(1000),
    End::Close(1001),
    End::Close(1011),
    End::Close(3000),
    End::Close(4321),
    End::Close(4999),
    End::CloseWithoutCode,
    End::Reset,
    End::Vanish,
    End::HalfClose,
];

/// Of all lengths in UTF-8, so that fragments cut through letters.
const LETTERS: [char; 8] = ['a', 'Z', ' ', '"', 'ß', 'й', '漢', '🦀'];

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let path = pick(choices, &PATHS);
    let slow = choices.u8(..8) == 0;
    let (mut client, mut ticket) = world.enter_with(path, "", slow.then_some(4096)).await?;
    let count = choices.u64(0..40);
    let end = pick(choices, &ENDS);
    // How far the client runs ahead of the echoes: not at all, within the read-ahead, or so far that TCP holds it back.
    let window = pick(choices, &[1, 8, 64]);
    let (sent, mut to_come) = mpsc::channel(window);

    let Client { reader, writer } = &mut client;
    let mut pings = 0;
    let talk = async {
        talk(writer, choices, count, &sent, &mut pings).await?;
        drop(sent);
        match end {
            End::Close(code) => writer.close(code, "goodbye").await,
            End::CloseWithoutCode => writer.send(FIN | CLOSE, b"").await,
            End::HalfClose => {
                writer.end().await;
                Ok(())
            }
            End::Reset | End::Vanish => Ok(()),
        }
    };
    let mut listener = Listener {
        world,
        reader,
        slow,
        last_pong: 0,
    };
    match end {
        End::Close(_) | End::CloseWithoutCode => {
            tokio::try_join!(talk, listener.hear_all(&mut to_come))?;
            let last_pong = listener.last_pong;
            check(last_pong == pings, || {
                format!("{pings} pings were sent, the last pong is for {last_pong}")
            })?;
            let code = if let End::Close(code) = end { code } else { 1000 };
            client.reader.closed(code, |frame| Err(unexpected(&frame))).await?;
        }
        End::HalfClose => {
            // The server may drop TCP before it has read everything.
            let (_sent, heard) = tokio::join!(talk, listener.hear_some(&mut to_come));
            heard?;
        }
        End::Reset | End::Vanish => {
            // The echoes of the last messages are still under way.
            tokio::select! {
                talked = talk => talked?,
                heard = listener.hear_all(&mut to_come) => heard?,
            }
            if matches!(end, End::Reset) {
                client.reset();
            } else {
                drop(client);
            }
        }
    }
    part(&mut ticket, end, (path != "/session").then_some(count)).await
}

async fn part(ticket: &mut Ticket, end: End, count: Option<u64>) -> Outcome {
    let reason = match end {
        End::Close(code) => CloseReason::Client {
            code,
            reason: "goodbye".to_owned(),
        },
        End::CloseWithoutCode => CloseReason::Client {
            code: 1005,
            reason: String::new(),
        },
        End::Reset | End::Vanish | End::HalfClose => CloseReason::Abnormal,
    };
    let ended = ticket.ended_because(&reason).await?;
    match (end, count) {
        (End::Close(_) | End::CloseWithoutCode, Some(count)) => check(ended.messages == count, || {
            format!(
                "{count} messages were sent, but the close handler saw {}",
                ended.messages
            )
        }),
        _ => Ok(()),
    }
}

/// Sends messages, and says which echoes are to come.
async fn talk(
    writer: &mut Writer,
    choices: &mut Rng,
    count: u64,
    sent: &mpsc::Sender<Frame>,
    pings: &mut u32,
) -> Outcome {
    for _ in 0..count {
        match choices.u8(..16) {
            0..4 => {
                *pings += 1;
                writer.send(FIN | PING, &pings.to_be_bytes()).await?;
            }
            4 => sleep(Duration::from_millis(choices.u64(..100))).await,
            _ => {}
        }
        let message = message(choices);
        let _ = sent.send(message.clone()).await; // The receiver may have failed.
        let pieces = if choices.u8(..4) == 0 { choices.usize(2..6) } else { 1 };
        writer.fragments(message.first, &message.payload, pieces).await?;
    }
    Ok(())
}

/// Makes a message: most are short, a few are long.
pub(super) fn message(choices: &mut Rng) -> Frame {
    let length = match choices.u8(..100) {
        0..5 => 0,
        5..70 => choices.usize(1..126),
        70..95 => choices.usize(126..2000),
        95..99 => choices.usize(2000..70_000),
        _ => choices.usize(70_000..300_000),
    };
    if choices.bool() {
        let mut payload = vec![0; length];
        choices.fill(&mut payload);
        return Frame {
            first: FIN | BINARY,
            payload,
        };
    }
    let letters = std::iter::repeat_with(|| pick(choices, &LETTERS));
    Frame {
        first: FIN | TEXT,
        payload: letters.take(length / 2).collect::<String>().into_bytes(),
    }
}

struct Listener<'a> {
    world: &'a World,
    reader: &'a mut Reader,
    slow: bool,
    last_pong: u32,
}

impl Listener<'_> {
    /// Waits for all echoes, in order.
    async fn hear_all(&mut self, to_come: &mut mpsc::Receiver<Frame>) -> Outcome {
        while let Some(expected) = to_come.recv().await {
            loop {
                let frame = self.reader.next().await?;
                if frame.is_pong() {
                    self.pong(&frame)?;
                    continue;
                }
                self.echo(&frame, &expected)?;
                break;
            }
            if self.slow {
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }

    /// Waits for the end of TCP. As many echoes as may come before it are in order.
    async fn hear_some(&mut self, to_come: &mut mpsc::Receiver<Frame>) -> Outcome {
        while let Ok(Some(frame)) = within("the end of TCP", self.reader.read()).await? {
            if frame.is_pong() {
                self.pong(&frame)?;
                continue;
            }
            let Some(expected) = to_come.recv().await else {
                return Err(unexpected(&frame));
            };
            self.echo(&frame, &expected)?;
        }
        Ok(())
    }

    fn echo(&self, frame: &Frame, expected: &Frame) -> Outcome {
        self.world.ledger.counts.echoes.add(1);
        check(frame == expected, || {
            format!("expected the echo {expected:?}, got {frame:?}")
        })
    }

    /// In a flood the oldest pings go unanswered, but none is answered twice, or before an earlier one.
    fn pong(&mut self, frame: &Frame) -> Outcome {
        let number = frame.payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let later = number.is_some_and(|number| number > self.last_pong);
        check(later, || {
            format!("{frame:?} came after the pong for {}", self.last_pong)
        })?;
        self.last_pong = number.unwrap_or_default();
        Ok(())
    }
}

fn unexpected(frame: &Frame) -> Trouble {
    Trouble::new(format!("nothing was left to come, but there came {frame:?}"))
}
