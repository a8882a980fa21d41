//! Senders, flusher, driver and socket at the same time, in many interleavings.
//!
//! Each frame is written once, and the order of each sender is kept. No task sleeps while there are frames to write:
//! the scheduler reports a thread that is never woken as a deadlock.

use std::{future::poll_fn, sync::Arc, task::Poll};

use shuttle::{
    check_pct, check_random,
    future::block_on,
    thread::{self, JoinHandle},
};

use crate::{
    mailbox::{Mailbox, sender::Sender, writing::Written},
    types::{close::Ending, error::SendError, limits::Bounds, message::Message},
    wire::{
        frame::Frame,
        pipe::PipeEnd,
        writer::{FrameWriter, WriteSide},
    },
};

const SENDERS: u8 = 2;
/// Bytes on the wire of a frame with one byte of payload.
const FRAMES: u8 = 3;

/// Bytes on the wire of a frame with one byte of payload.
const FRAME: usize = 3;

fn open_mailbox(bounds: &Bounds) -> (Arc<Mailbox>, PipeEnd) {
    let (mailbox, pipe) = (Arc::new(Mailbox::new(Arc::new(bounds.clone()))), PipeEnd::new());
    mailbox.finish_connect(None);
    mailbox.connect(FrameWriter::new(WriteSide::Pipe(pipe.clone())));
    (mailbox, pipe)
}

/// These mailboxes are always in direct mode.
fn never_batched() {
    unreachable!("only members of an endpoint are in batched mode");
}

fn frame(byte: u8) -> Frame {
    Frame::message(&Message::from(vec![byte]))
}

/// Writes and sleeps like a connection's driver, until the mailbox is closed and all frames are written.
fn drive(mailbox: &Mailbox) {
    block_on(poll_fn(|cx| {
        loop {
            let signals = mailbox.take_signals();
            let ends = signals.ending.is_some();
            let written = if signals.status.has_frames {
                mailbox.write(Some(cx), &mut { usize::MAX }).written
            } else {
                Written::All
            };
            match written {
                Written::Broken => panic!("this socket does not break"),
                Written::All if ends => return Poll::Ready(()),
                _ if mailbox.sleep(cx, ends) => return Poll::Pending,
                _ => {}
            }
        }
    }));
}

/// Sends numbered frames of `sender`, and calls the flusher if needed.
fn send(mailbox: &Mailbox, sender: u8, flusher: fn(&Mailbox)) {
    for number in 0..FRAMES {
        let pushed = mailbox.push(frame(sender * FRAMES + number), Sender::Other, never_batched);
        if pushed.expect("there is room").needs_flush {
            flusher(mailbox);
        }
    }
}

/// Starts a thread for each sender.
fn all_send(mailbox: &Arc<Mailbox>, flusher: fn(&Mailbox)) -> Vec<JoinHandle<()>> {
    let senders = (0..SENDERS).map(|sender| {
        let mailbox = mailbox.clone();
        thread::spawn(move || send(&mailbox, sender, flusher))
    });
    senders.collect()
}

/// Writes like a flusher.
fn write(mailbox: &Mailbox) {
    mailbox.write(None, &mut { usize::MAX });
}

fn frames_of_all_arrive_in_order() {
    let (mailbox, pipe) = open_mailbox(&Bounds::default());
    let driver = thread::spawn({
        let mailbox = mailbox.clone();
        move || drive(&mailbox)
    });
    let senders = all_send(&mailbox, write);
    let all = usize::from(SENDERS * FRAMES);
    // In parts that are not whole frames.
    let mut bytes = pipe.read(FRAME + 1);
    bytes.extend(pipe.read(all * FRAME - bytes.len()));
    mailbox.close(Ending::shutdown());
    driver.join().expect("the driver ends");
    for sender in senders {
        sender.join().expect("the sender ends");
    }
    let payloads: Vec<u8> = bytes.chunks(FRAME).map(|frame| frame[FRAME - 1]).collect();
    for sender in 0..SENDERS {
        let its: Vec<u8> = payloads
            .iter()
            .copied()
            .filter(|byte| byte / FRAMES == sender)
            .collect();
        let sent: Vec<u8> = (0..FRAMES).map(|number| sender * FRAMES + number).collect();
        assert_eq!(its, sent);
    }
}

#[test]
fn frames_of_all_senders_arrive_once_and_in_order_and_nobody_sleeps_over_them() {
    check_random(frames_of_all_arrive_in_order, 3000);
    check_pct(frames_of_all_arrive_in_order, 3000, 3);
}

fn what_was_taken_is_written_before_the_end() {
    let bounds = Bounds {
        max_outbound_messages: 2,
        ..Bounds::default()
    };
    let (mailbox, pipe) = open_mailbox(&bounds);
    let driver = thread::spawn({
        let mailbox = mailbox.clone();
        move || drive(&mailbox)
    });
    let sender = thread::spawn({
        let mailbox = mailbox.clone();
        move || {
            let mut taken = 0;
            for number in 0..FRAMES {
                match mailbox.push(frame(number), Sender::Other, never_batched) {
                    Ok(pushed) if pushed.needs_flush => drop(mailbox.write(None, &mut { usize::MAX })),
                    Ok(_) => {}
                    // A full queue ends the connection under this policy.
                    Err(error) => {
                        assert!(matches!(error, SendError::QueueFull | SendError::NotConnected));
                        break;
                    }
                }
                taken += 1;
            }
            taken
        }
    });
    // Two frames always fit into the queue.
    let bytes = pipe.read(2 * FRAME);
    assert_eq!([bytes[FRAME - 1], bytes[2 * FRAME - 1]], [0, 1]);
    let taken = sender.join().expect("the sender ends");
    mailbox.close(Ending::shutdown());
    // This waits forever if a queued frame is not written before the end.
    pipe.read((taken - 2) * FRAME);
    driver.join().expect("the driver ends");
}

#[test]
fn what_a_queue_took_is_written_although_it_overflows() {
    check_random(what_was_taken_is_written_before_the_end, 3000);
}

fn hanging_up_drops_the_socket_whoever_writes() {
    let (mailbox, pipe) = open_mailbox(&Bounds::default());
    let sender = thread::spawn({
        let mailbox = mailbox.clone();
        move || {
            if mailbox.push(frame(0), Sender::Own, never_batched).is_ok() {
                mailbox.write(None, &mut { usize::MAX });
            }
        }
    });
    mailbox.drop_socket();
    sender.join().expect("the sender ends");
    assert!(pipe.is_peer_dropped(), "the socket is dropped");
}

/// The runtime of a scheduled flusher has ended: the flusher leaves the frames to the driver.
fn driver_writes_for_a_flusher_that_does_not_come() {
    let (mailbox, pipe) = open_mailbox(&Bounds::default());
    let driver = thread::spawn({
        let mailbox = mailbox.clone();
        move || drive(&mailbox)
    });
    let senders = all_send(&mailbox, Mailbox::leave_to_driver);
    // This waits forever if a frame is not written.
    pipe.read(usize::from(SENDERS * FRAMES) * FRAME);
    mailbox.close(Ending::shutdown());
    for thread in senders.into_iter().chain([driver]) {
        thread.join().expect("the thread ends");
    }
}

#[test]
fn frames_are_written_although_the_flusher_does_not_come() {
    check_random(driver_writes_for_a_flusher_that_does_not_come, 3000);
    check_pct(driver_writes_for_a_flusher_that_does_not_come, 3000, 3);
}

#[test]
fn socket_is_dropped_when_its_connection_ends_while_the_flusher_writes() {
    check_random(hanging_up_drops_the_socket_whoever_writes, 3000);
}
