//! Counts the connections of an app or a sub-router and those that may become one, and refuses what is over the limit.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use crate::{
    types::limits::Bounds,
    util::sync::{Mutex, MutexGuard},
};

/// Counts connections against `max_connections` and `max_connections_per_ip`, and handshakes under way against
/// `max_handshakes`.
#[derive(Debug, Default)]
struct Admission(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    handshakes: usize,
    /// Only holders that have a connection, and only if there is a limit for them.
    by_holder: HashMap<Holder, usize>,
}

/// Who has an address. IPv4 is the same when it comes as IPv6; a customer has all IPv6 addresses that begin with the same
/// 64 bits, and could otherwise come from as many as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Holder(IpAddr);

impl From<IpAddr> for Holder {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Holder {
    /// Returns who has `address`, if connections of one address are limited.
    fn counted(address: Option<IpAddr>, bounds: &Bounds) -> Option<Self> {
        address
            .filter(|_| bounds.max_connections_per_ip.is_some())
            .map(Self::from)
    }
}

/// What there are too many of already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdmissionRefusal {
    Connections,
    ConnectionsOfAddress,
    Handshakes,
}

impl Counts {
    /// Checks whether there is a place for one connection more.
    fn check(&self, address: Option<IpAddr>, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        if bounds.max_connections.is_some_and(|max| self.all >= max) {
            return Err(AdmissionRefusal::Connections);
        }
        let here = address.and_then(|address| self.by_holder.get(&address.into()));
        let here = here.copied().unwrap_or_default();
        if address.is_some() && bounds.max_connections_per_ip.is_some_and(|max| here >= max) {
            return Err(AdmissionRefusal::ConnectionsOfAddress);
        }
        Ok(())
    }
}

impl Admission {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock()
    }

    fn begin(self: &Arc<Self>, address: Option<IpAddr>, bounds: &Bounds) -> Result<Handshake, AdmissionRefusal> {
        let mut counts = self.lock();
        counts.check(address, bounds)?;
        if counts.handshakes >= bounds.max_handshakes {
            return Err(AdmissionRefusal::Handshakes);
        }
        counts.handshakes += 1;
        Ok(Handshake(self.clone()))
    }

    fn admit(&self, address: Option<IpAddr>, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        let mut counts = self.lock();
        counts.check(address, bounds)?;
        if let Some(holder) = Holder::counted(address, bounds) {
            *counts.by_holder.entry(holder).or_default() += 1;
        }
        counts.all += 1;
        Ok(())
    }

    /// Takes back what [`Self::admit`] has counted.
    fn release(&self, address: Option<IpAddr>, bounds: &Bounds) {
        let mut counts = self.lock();
        counts.all -= 1;
        if let Some(holder) = Holder::counted(address, bounds)
            && let Some(here) = counts.by_holder.get_mut(&holder)
        {
            *here -= 1;
            if *here == 0 {
                counts.by_holder.remove(&holder);
            }
        }
    }
}

/// All that the connections of one endpoint count for, each with its limits: the app, and sub-routers with limits of their
/// own. A connection counts for all of them, or for none if one refuses it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admissions(Vec<(Arc<Admission>, Bounds)>);

impl Admissions {
    /// Counts connections from now on for what has these limits, too.
    pub(crate) fn add(&mut self, bounds: &Bounds) {
        self.0.push((Arc::default(), bounds.clone()));
    }

    /// Counts a handshake until the guards are dropped, or says which limit it is over. It takes no place of a connection,
    /// but is refusal where there is none at the moment.
    pub(crate) fn begin(&self, address: Option<IpAddr>) -> Result<Box<[Handshake]>, AdmissionRefusal> {
        let guards = self
            .0
            .iter()
            .map(|(admission, bounds)| admission.begin(address, bounds));
        guards.collect()
    }

    /// Counts a connection until the guard is dropped, or says which limit it is over.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Admitted, AdmissionRefusal> {
        for (index, (admission, bounds)) in self.0.iter().enumerate() {
            if let Err(refusal) = admission.admit(address, bounds) {
                self.release(index, address);
                return Err(refusal);
            }
        }
        let counts_addresses = self.0.iter().any(|(_, bounds)| bounds.max_connections_per_ip.is_some());
        Ok(Admitted {
            admissions: self.clone(),
            address: address.filter(|_| counts_addresses).map(Box::new),
        })
    }

    /// Takes a connection back from the first `count` of them.
    fn release(&self, count: usize, address: Option<IpAddr>) {
        for (admission, bounds) in &self.0[..count] {
            admission.release(address, bounds);
        }
    }
}

/// Counts one handshake.
#[derive(Debug)]
pub(crate) struct Handshake(Arc<Admission>);

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.lock().handshakes -= 1;
    }
}

/// Counts one connection.
#[derive(Debug)]
pub(crate) struct Admitted {
    admissions: Arc<Admissions>,
    /// Only where addresses count. Boxed, since few apps limit them.
    address: Option<Box<IpAddr>>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.admissions
            .release(self.admissions.0.len(), self.address.as_deref().copied());
    }
}
