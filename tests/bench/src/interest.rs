//! What a socket is watched for.

use rustix::event::epoll::EventFlags;

/// Always for something to read; also for room to write, while something waits for that.
pub fn interest(waits_for_room: bool) -> EventFlags {
    if waits_for_room {
        EventFlags::IN | EventFlags::OUT
    } else {
        EventFlags::IN
    }
}
