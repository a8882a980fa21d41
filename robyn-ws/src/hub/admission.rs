//! Counts the connections of an app or a sub-router, and refuses those over the limit.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::limits::Bounds;

/// Counts connections against `max_connections` and `max_connections_per_ip`.
#[derive(Debug, Default)]
pub(crate) struct Admission(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Only addresses that have a connection, and only if there is a limit for them.
    by_ip: HashMap<IpAddr, usize>,
}

/// Why a connection was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TooMany,
    TooManyFromThisAddress,
}

impl Admission {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection until the guard is dropped, or says which limit it is over.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>, bounds: &Bounds) -> Result<Admitted, Refused> {
        let mut counts = self.lock();
        if bounds.max_connections.is_some_and(|max| counts.all >= max) {
            return Err(Refused::TooMany);
        }
        let address = address.filter(|_| bounds.max_connections_per_ip.is_some());
        if let (Some(address), Some(max)) = (address, bounds.max_connections_per_ip) {
            let here = counts.by_ip.entry(address).or_default();
            if *here >= max {
                return Err(Refused::TooManyFromThisAddress);
            }
            *here += 1;
        }
        counts.all += 1;
        Ok(Admitted {
            admission: self.clone(),
            address,
        })
    }
}

/// Counts one connection.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        counts.all -= 1;
        if let Some(address) = self.address
            && let Some(here) = counts.by_ip.get_mut(&address)
        {
            *here -= 1;
            if *here == 0 {
                counts.by_ip.remove(&address);
            }
        }
    }
}
