//! The floor: one thread and epoll, no library, nothing but what these endpoints need. What it costs is what the kernel
//! costs. The broadcasts of one round of epoll are written together.

use std::{
    io::ErrorKind,
    mem,
    net::{SocketAddr, TcpListener, TcpStream},
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use robyn_ws_bench::{ECHO, FAN_OUT, ROOMS, interest};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    fd::OwnedFd,
    io::Errno,
};
use sha1::{Digest as _, Sha1};
use slab::Slab;

/// As long as the longest burst of the benchmark.
const READ_BUFFER: usize = 256 * 1024;
/// What a client may leave untaken, in bytes, before it is dropped.
const UNSENT: usize = 1024 * 1024;
const LISTENER: u64 = u64::MAX;
const EVENTS: usize = 1024;

#[derive(Clone, Copy)]
enum Role {
    /// The request has not been read yet.
    New,
    Echo,
    Room(u32),
}

struct Client {
    socket: TcpStream,
    role: Role,
    /// The beginning of a frame whose end has not come yet.
    unread: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    /// What was said in this round of epoll, as frames.
    said: Vec<u8>,
}

struct Server {
    epoll: OwnedFd,
    listener: TcpListener,
    clients: Slab<Client>,
    rooms: Vec<Room>,
    /// The rooms in which something was said in this round.
    loud: Vec<u32>,
    replies: Vec<u8>,
}

pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut server = Server {
        epoll,
        listener,
        clients: Slab::new(),
        rooms: Vec::new(),
        loud: Vec::new(),
        replies: Vec::new(),
    };
    let mut buffer = vec![0; READ_BUFFER];
    let mut events = Vec::with_capacity(EVENTS);
    loop {
        events.clear();
        match epoll::wait(&server.epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            match event.data.u64() {
                LISTENER => server.accept()?,
                id => server.serve(usize::try_from(id)?, event.flags, &mut buffer),
            }
        }
        server.broadcast();
    }
}

impl Server {
    fn accept(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(true)?;
                    socket.set_nodelay(true)?;
                    let entry = self.clients.vacant_entry();
                    epoll::add(
                        &self.epoll,
                        &socket,
                        EventData::new_u64(entry.key() as u64),
                        EventFlags::IN,
                    )?;
                    entry.insert(Client {
                        socket,
                        role: Role::New,
                        unread: Vec::new(),
                        unsent: Vec::new(),
                    });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whatever goes wrong with a client is its end.
    fn serve(&mut self, id: usize, flags: EventFlags, buffer: &mut [u8]) {
        if !self.clients.contains(id) {
            return;
        }
        let mut outcome = Ok(());
        if flags.contains(EventFlags::OUT) {
            outcome = self.send(id, &[]);
        }
        if outcome.is_ok() && flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            outcome = self.read(id, buffer);
        }
        if outcome.is_err() {
            self.drop_client(id);
        }
    }

    fn read(&mut self, id: usize, buffer: &mut [u8]) -> Result<()> {
        let client = &mut self.clients[id];
        let kept = mem::take(&mut client.unread);
        buffer[..kept.len()].copy_from_slice(&kept);
        let length = match rustix::io::read(&client.socket, &mut buffer[kept.len()..]) {
            Ok(0) => bail!("the client has gone"),
            Ok(length) => kept.len() + length,
            Err(Errno::AGAIN) => kept.len(),
            Err(error) => return Err(error.into()),
        };
        let data = &mut buffer[..length];
        let mut used = 0;
        if matches!(client.role, Role::New) {
            used = self.shake_hands(id, data)?;
        }
        if !matches!(self.clients[id].role, Role::New) {
            used += self.converse(id, &mut data[used..])?;
        }
        if used < length {
            self.clients[id].unread.extend_from_slice(&data[used..]);
        }
        Ok(())
    }

    /// Handles the whole frames of `data` and gives how long they are.
    fn converse(&mut self, id: usize, data: &mut [u8]) -> Result<usize> {
        let role = self.clients[id].role;
        let mut replies = mem::take(&mut self.replies);
        replies.clear();
        let mut used = 0;
        while let Some((text, length)) = next_frame(&mut data[used..])? {
            used += length;
            match role {
                Role::New => {}
                Role::Echo => push_frame(&mut replies, text),
                Role::Room(room) => {
                    let said = &mut self.rooms[room as usize].said;
                    if said.is_empty() {
                        self.loud.push(room);
                    }
                    push_frame(said, text);
                }
            }
        }
        if !replies.is_empty() {
            self.send(id, &replies)?;
        }
        self.replies = replies;
        Ok(used)
    }

    fn broadcast(&mut self) {
        for room in mem::take(&mut self.loud) {
            let said = mem::take(&mut self.rooms[room as usize].said);
            let members = mem::take(&mut self.rooms[room as usize].members);
            let lost: Vec<usize> = members
                .iter()
                .copied()
                .filter(|&member| self.send(member, &said).is_err())
                .collect();
            self.rooms[room as usize].members = members;
            for id in lost {
                self.drop_client(id);
            }
            self.rooms[room as usize].said = said;
            self.rooms[room as usize].said.clear();
        }
    }

    /// Sends what is unsent and then `data`; what the kernel does not take is kept.
    fn send(&mut self, id: usize, data: &[u8]) -> Result<()> {
        let client = &mut self.clients[id];
        let waited = !client.unsent.is_empty();
        if !waited {
            let sent = write(&client.socket, data)?;
            if sent == data.len() {
                return Ok(());
            }
            client.unsent.extend_from_slice(&data[sent..]);
        } else if data.is_empty() {
            let sent = write(&client.socket, &client.unsent)?;
            client.unsent.drain(..sent);
        } else {
            client.unsent.extend_from_slice(data);
        }
        if client.unsent.len() > UNSENT {
            bail!("the client is too slow");
        }
        let waits = !client.unsent.is_empty();
        if waits != waited {
            epoll::modify(
                &self.epoll,
                &client.socket,
                EventData::new_u64(id as u64),
                interest(waits),
            )?;
        }
        Ok(())
    }

    fn drop_client(&mut self, id: usize) {
        if let Some(client) = self.clients.try_remove(id)
            && let Role::Room(room) = client.role
        {
            self.rooms[room as usize].members.retain(|&member| member != id);
        }
    }

    /// Answers a whole request and gives how long it was, or zero if its end has not come yet.
    fn shake_hands(&mut self, id: usize, data: &[u8]) -> Result<usize> {
        let Some(end) = data.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(0);
        };
        let request = str::from_utf8(&data[..end])?;
        let path = request.split(' ').nth(1).context("a request has a path")?;
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let key = key.context("a request has a key")?;
        let role = match path.strip_prefix(ROOMS) {
            _ if path == ECHO => Role::Echo,
            _ if path == FAN_OUT => Role::Room(0),
            Some(room) => Role::Room(room.parse::<u32>()? + 1),
            None => bail!("there is no {path}"),
        };
        self.clients[id].role = role;
        if let Role::Room(room) = role {
            let room = room as usize;
            if self.rooms.len() <= room {
                self.rooms.resize_with(room + 1, Room::default);
            }
            self.rooms[room].members.push(id);
        }
        let accept = STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.send(id, response.as_bytes())?;
        Ok(end + 4)
    }
}

fn write(socket: &TcpStream, data: &[u8]) -> Result<usize> {
    match rustix::net::send(socket, data, rustix::net::SendFlags::NOSIGNAL) {
        Ok(sent) => Ok(sent),
        Err(Errno::AGAIN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// The text of the first frame, unmasked, and how long the frame is.
fn next_frame(data: &mut [u8]) -> Result<Option<(&[u8], usize)>> {
    let [first, second, ..] = *data else { return Ok(None) };
    if first != 0x81 || second < 0x80 {
        bail!("no whole text of a client");
    }
    let (head, length) = match (second & 0x7f, &data[2..]) {
        (0x7e, &[a, b, ..]) => (8, usize::from(u16::from_be_bytes([a, b]))),
        (0x7e, _) => return Ok(None),
        (0x7f, _) => bail!("longer than anything in the benchmark"),
        (short, _) => (6, usize::from(short)),
    };
    if data.len() < head + length {
        return Ok(None);
    }
    let (header, rest) = data.split_at_mut(head);
    let mask = header.last_chunk::<4>().context("a header ends with the mask")?;
    let text = &mut rest[..length];
    unmask(text, *mask);
    Ok(Some((text, head + length)))
}

fn unmask(text: &mut [u8], mask: [u8; 4]) {
    let (words, rest) = text.as_chunks_mut::<4>();
    let key = u32::from_ne_bytes(mask);
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask) {
        *byte ^= key;
    }
}

fn push_frame(frames: &mut Vec<u8>, text: &[u8]) {
    if let Ok(short @ 0..=125) = u8::try_from(text.len()) {
        frames.extend_from_slice(&[0x81, short]);
    } else {
        let [.., high, low] = text.len().to_be_bytes();
        frames.extend_from_slice(&[0x81, 0x7e, high, low]);
    }
    frames.extend_from_slice(text);
}
